/**
 * `npm run bench:deploy`: deploys against a local AWS whose stack operations take a set time T, through a proxy
 * that makes each call 80 ms slower, and prints calls and the time over T.
 * Ends non-zero when a goal on calls is missed; seconds depend on the machine and are only reported.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { S3Client } from "@aws-sdk/client-s3";
import type { Artifact } from "../../action/core/artifact.ts";
import { deploy } from "../../action/deploy.ts";
import { destroy } from "../../action/destroy.ts";
import { isEnd, isStart } from "../../action/core/operation.ts";
import { startLocalAws } from "../../action/local/aws.ts";
import { artifact, functions, makeArtifactBucket, openWorld, renderedAs } from "../deploy/world.ts";
import { startProxy } from "../support/proxy.ts";
import type { Call, Proxy } from "../support/proxy.ts";

const { values } = parseArgs({
  options: {
    functions: { type: "string", default: "2" },
    latency: { type: "string", default: "80" },
    seconds: { type: "string", default: "12" },
  },
});
const functionCount = Number(values.functions);
const latencyMs = Number(values.latency);
const operationSeconds = Number(values.seconds);

/** Calls that only wait for AWS: their number follows from T, not from the deployer. */
const POLLS: ReadonlySet<string> = new Set(["DescribeChangeSet", "DescribeStackEvents"]);

interface Goal {
  readonly calls: number;
  readonly uploads: number;
}

interface Row {
  readonly name: string;
  readonly calls: number;
  readonly polls: number;
  readonly uploads: number;
  readonly seconds: number;
  /** How long AWS itself worked. */
  readonly operation: number;
  readonly goal: Goal;
}

function rowOf(
  name: string,
  calls: readonly Call[],
  milliseconds: number,
  operation: number,
  goal: Goal,
): Row {
  const polls = calls.filter(({ action }) => POLLS.has(action)).length;
  const uploads = calls.filter(({ action }) => action === "PutObject").length;
  return {
    name,
    calls: calls.length - polls,
    polls,
    uploads,
    seconds: milliseconds / 1_000,
    operation,
    goal,
  };
}

function isMissed({ calls, uploads, goal }: Row): boolean {
  return calls > goal.calls || uploads > goal.uploads;
}

type Ports = ReturnType<typeof openWorld>["ports"];

interface Measured {
  readonly calls: readonly Call[];
  readonly milliseconds: number;
  readonly stackId: string;
}

async function measured(
  proxy: Proxy,
  region: string,
  work: (ports: Ports) => Promise<string>,
): Promise<Measured> {
  // As a new process would: no connection is open and no account is known.
  using world = openWorld({ endpoint: proxy.endpoint, region });
  proxy.take();
  const start = performance.now();
  const stackId = await work(world.ports);
  return { stackId, calls: proxy.take(), milliseconds: performance.now() - start };
}

function built(round: string): Promise<readonly Artifact[]> {
  const names = Array.from({ length: functionCount }, (_, index) => index);
  // One function differs between rounds.
  return Promise.all(names.map((index) => artifact(`Fn${index}`, index === 0 ? round : `constant ${index}`)));
}

async function bench(): Promise<readonly Row[]> {
  await using aws = await startLocalAws({ operationMs: operationSeconds * 1_000 });
  await using proxy = await startProxy(aws.endpoint, { latencyMs });
  const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
  await makeArtifactBucket(aws, s3);
  s3.destroy();

  const stackName = "bench";
  const deployOnce = async (round: string): Promise<Measured> => {
    const artifacts = await built(round);
    const rendered = renderedAs(stackName, { resources: functions(aws, artifacts) });
    return measured(
      proxy,
      aws.region,
      async (ports) => (await deploy({ rendered, artifacts }, ports)).stack.id,
    );
  };
  using observer = openWorld(aws);
  const rows: Row[] = [];
  const note = async (name: string, run: Measured, goal: Goal): Promise<void> => {
    const { calls, milliseconds, stackId } = run;
    const T = isOperation(calls) ? await operationTime(observer.ports, stackId) : 0;
    rows.push(rowOf(name, calls, milliseconds, T, goal));
  };

  const template = 1;
  await note("first", await deployOnce("one"), {
    calls: functionCount + 10,
    uploads: functionCount + template,
  });
  await note("one function changed", await deployOnce("two"), { calls: 10, uploads: 1 + template });
  await note("no-op", await deployOnce("two"), { calls: 1, uploads: 0 });
  // The zips are made anew each round, at another time: the same bytes, so the same names.
  await sleep(1_100);
  await note("no-op after a rebuild", await deployOnce("two"), { calls: 1, uploads: 0 });
  const removal = await measured(proxy, aws.region, async (ports) => {
    const outcome = await destroy({ stackName, protected: false }, ports);
    return outcome.kind === "destroyed" ? outcome.stackId : "";
  });
  // Two looks at the stack, the deletion, and the list of its resources, a hundred a page.
  await note("delete", removal, { calls: 3 + Math.ceil((functionCount + 1) / 100), uploads: 0 });
  return rows;
}

function isOperation(calls: readonly Call[]): boolean {
  return calls.some(({ action }) => action === "ExecuteChangeSet" || action === "DeleteStack");
}

/** Seconds that the last operation really took, by its own events: an emulator's T is never quite the one asked for. */
async function operationTime({ stacks }: Ports, stackId: string): Promise<number> {
  const events = await stacks.events(stackId, () => false);
  const end = events.findLast((event) => isEnd(event, stackId));
  const start = events.findLast((event) => isStart(event, stackId));
  if (!start || !end) throw new Error(`${stackId} tells no operation`);
  return (end.time.getTime() - start.time.getTime()) / 1_000;
}

function line(...cells: readonly (string | number)[]): void {
  const [name = "", ...rest] = cells.map(String);
  console.log([name.padEnd(24), ...rest.map((cell) => cell.padStart(16))].join(""));
}

function print(rows: readonly Row[]): void {
  console.log(
    `${functionCount} functions, ${latencyMs} ms more a call, T = ${operationSeconds} s an operation\n`,
  );
  line("", "calls (goal)", "polls", "uploads (goal)", "over T (goal)", "");
  for (const row of rows) {
    const over = (row.seconds - row.operation).toFixed(2);
    line(
      row.name,
      `${row.calls} (${row.goal.calls})`,
      row.polls,
      `${row.uploads} (${row.goal.uploads})`,
      `${over} s (${row.operation === 0 ? 1 : 1.5})`,
      isMissed(row) ? "MISSED" : "ok",
    );
  }
}

const rows = await bench();
print(rows);
if (rows.some(isMissed)) process.exitCode = 1;
