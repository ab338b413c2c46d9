/**
 * `npm run demo`: the reference pipeline from pipeline.yaml to sentiments in the bucket and back to nothing, on
 * the local AWS; then the life of a change, by the committed workflow (gitops-demo.ts). Every line that it prints
 * is read back from that AWS; it fails if any hop does not happen.
 *
 * `--keep` leaves the pipeline up until Ctrl-C; `--pipeline` shows only the first half.
 */
import { once } from "node:events";
import { UserError, formatProblem } from "../core/problem.ts";
import { report } from "../core/report.ts";
import { terminalConsole } from "../edge/console.ts";
import type { Ports } from "../ports.ts";
import { PIPELINE_FILE } from "../project.ts";
import { type Request, run } from "../run.ts";
import { systemPorts } from "../system.ts";
import { localEnvironment, setUpAccount, tearDownAccount } from "./account.ts";
import { type LocalAws, startLocalAws } from "./aws.ts";
import { gitopsDemo } from "./gitops-demo.ts";
import { everythingIn } from "./inventory.ts";
import { Pipeline, sentimentTable } from "./reference-pipeline.ts";
import { type Wikipedia, startWikipedia } from "./wikipedia.ts";

const root = `${import.meta.dirname}/../..`;
const STAGE = { stage: "prod" };
const STACK = "rabbit-hole-prod";
/** `rate(1 minute)` fires within a minute of its making; the local AWS looks every ten seconds. */
const TIMER_BOUND_SECONDS = 100;
/** Long enough for a message that failed once: its queue hides it for 180 s, six times the function's timeout. */
const WATCH_BOUND_SECONDS = 240;

const screen = terminalConsole();
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());

try {
  const keep = process.argv.includes("--keep");
  await demo(keep);
  if (!keep && !process.argv.includes("--pipeline")) await gitopsDemo(screen, interrupted.signal);
} catch (error) {
  if (interrupted.signal.aborted) {
    screen.info("interrupted: the local AWS and all that was deployed to it are gone");
    process.exitCode = 130;
  } else {
    const problems =
      error instanceof UserError
        ? error.problems.map(formatProblem)
        : [(error as Error).stack ?? String(error)];
    for (const problem of problems) screen.error(problem);
    process.exitCode = 1;
  }
}

async function demo(keep: boolean): Promise<void> {
  chapter("A local AWS, and a Wikipedia to ask");
  await using wikipedia = await startWikipedia();
  await using aws = await startLocalAws({
    lambdaEnvironment: { WIKIPEDIA_URL: wikipedia.url },
    signal: interrupted.signal,
  });
  screen.info(`AWS at ${aws.endpoint} with IAM enforced, Wikipedia at ${wikipedia.url}`);
  await setUpAccount(aws);

  chapter("warren deploy --stage prod");
  await step({ command: "deploy", target: STAGE }, portsFor(aws, [["rate(5 minutes)", "rate(1 minute)"]]));
  using pipeline = await Pipeline.find(aws, STACK);
  await runPipeline(pipeline, wikipedia);
  if (keep) return keepUp(aws);

  chapter("warren destroy --stage prod");
  await refuseProtected(aws);
  screen.info("so it is unprotected in pipeline.yaml first, and that is deployed as any other change:");
  const unprotected = portsFor(aws, [["protected: true", "protected: false"]]);
  await step({ command: "deploy", target: STAGE }, unprotected);
  await step({ command: "destroy", target: STAGE }, unprotected);
  await tearDownAccount(aws);
  await proveNothingLeft(aws);
}

async function runPipeline(pipeline: Pipeline, wikipedia: Wikipedia): Promise<void> {
  const names = await pipeline.names();
  const stop = interrupted.signal;
  chapter("By hand, so that nobody has to wait for the timer");
  const byHand = await pipeline.invoke();
  const options = { names, wikipedia, screen, stop };
  await pipeline.watch(byHand, { ...options, boundSeconds: WATCH_BOUND_SECONDS });
  screen.result(sentimentTable(await pipeline.sentiments()));

  chapter("And now by the timer, which is set to every minute here");
  const byTimer = await pipeline.nextFiring({ not: byHand, boundSeconds: TIMER_BOUND_SECONDS, screen, stop });
  await pipeline.watch(byTimer, { ...options, boundSeconds: WATCH_BOUND_SECONDS });
  screen.result(sentimentTable(await pipeline.sentiments()));
}

/** The repository's own files, but for these words of pipeline.yaml. */
function portsFor(aws: LocalAws, changes: readonly (readonly [string, string])[]): Ports {
  const ports = systemPorts({ root, console: screen, environment: localEnvironment(aws) });
  const read = async (path: string): Promise<string | undefined> => {
    const text = await ports.workspace.read(path);
    if (path !== PIPELINE_FILE || text === undefined) return text;
    return changes.reduce((changed, [from, to]) => {
      if (!changed.includes(from)) throw new Error(`the demo expects \`${from}\` in ${PIPELINE_FILE}`);
      return changed.replace(from, to);
    }, text);
  };
  return { ...ports, workspace: { ...ports.workspace, read } };
}

async function step(request: Request, ports: Ports): Promise<void> {
  interrupted.signal.throwIfAborted();
  for (const line of report(await run(request, ports)).lines) screen.info(line);
}

async function refuseProtected(aws: LocalAws): Promise<void> {
  try {
    await run({ command: "destroy", target: STAGE }, portsFor(aws, []));
  } catch (error) {
    if (!(error instanceof UserError) || error.reason !== "stage-protected") throw error;
    return screen.info(`refused, as it must be: ${error.message}`);
  }
  throw new Error("a protected stage was destroyed");
}

async function proveNothingLeft(aws: LocalAws): Promise<void> {
  chapter("What is left in the account");
  const inventory = await everythingIn(aws);
  for (const [what, names] of Object.entries(inventory)) {
    screen.info(`${what.padEnd(24)}${String(names.length).padStart(3)}  ${names.join(", ")}`.trimEnd());
  }
  const left = Object.values(inventory).flat().length;
  if (left > 0) throw new UserError("left-over", { message: `${left} things are left over` });
  screen.info("nothing: the demo has taken away all that it made");
}

async function keepUp(aws: LocalAws): Promise<void> {
  chapter("Kept up");
  const exports = Object.entries(localEnvironment(aws)).map(([name, value]) => `export ${name}=${value}`);
  screen.info("In another terminal:");
  screen.result(
    [...exports, "npm run warren -- plan --stage prod", `aws s3 ls   # if you have the AWS CLI`].join("\n"),
  );
  screen.info(`The emulator's log is ${aws.logFile}. Ctrl-C ends it all.`);
  if (!interrupted.signal.aborted) await once(interrupted.signal, "abort");
  screen.info("ending the local AWS, with everything in it");
}

function chapter(title: string): void {
  interrupted.signal.throwIfAborted();
  screen.info(`\n── ${title} ${"─".repeat(Math.max(3, 70 - title.length))}`);
}
