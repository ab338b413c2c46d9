/** A pipeline deployed to a local AWS of its own, to be tried out; files of the repository can be other than they are. */
import { readFileSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { type Wikipedia, startWikipedia } from "../../action/local/wikipedia.ts";
import type { SmokeOutcome } from "../../action/core/smoke-run.ts";
import type { AwsPorts, StackResource } from "../../action/aws-ports.ts";
import type { Log, Ports } from "../../action/ports.ts";
import { type Target, run } from "../../action/run.ts";
import { systemPorts } from "../../action/system.ts";
import { repository } from "../support/command-line.ts";
import { repositoryRoot } from "../support/shipped.ts";

/** Path -> the file's text with other words. */
export type Edits = Readonly<Record<string, (text: string) => string>>;

export interface World extends AsyncDisposable {
  readonly aws: LocalAws;
  /** What was told, oldest first. */
  readonly lines: string[];
  ports(edits?: Edits): Ports;
  resources(stack: string): Promise<readonly StackResource[]>;
  /** The item of `fang` with that name, as DynamoDB has it. */
  item(table: string, name: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  putItem(table: string, item: Readonly<Record<string, string>>): Promise<void>;
}

const FILES = ["config", "functions"].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder)).map((name) => `${folder}/${name}`),
);

export async function openWorld(): Promise<World> {
  const wikipedia: Wikipedia = await startWikipedia();
  const aws = await startLocalAws({ lambdaEnvironment: { WIKIPEDIA_URL: wikipedia.url } });
  await setUpAccount(aws);
  const dynamodb = new DynamoDBClient(aws.clientConfig());
  const lines: string[] = [];
  const note = (text: string): void => void lines.push(text);
  const console: Log = { info: note, warn: note, error: note, progress: () => undefined };
  // A copy, since esbuild reads from the disk.
  const own = repository({});
  symlinkSync(join(repositoryRoot, "node_modules"), join(own.root, "node_modules"));
  const settings = { root: own.root, console, environment: localEnvironment(aws) };
  return {
    aws,
    lines,
    ports(edits = {}) {
      for (const path of FILES) {
        const text = readFileSync(join(repositoryRoot, path), "utf8");
        own.write(path, edits[path]?.(text) ?? text);
      }
      return systemPorts(settings);
    },
    resources: (stack) => systemPorts(settings).aws(undefined).stacks.resources(stack),
    async item(table, name) {
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName: table, Key: { name: { S: name } }, ConsistentRead: true }),
      );
      return Item;
    },
    async putItem(table, item) {
      const Item = Object.fromEntries(Object.entries(item).map(([key, S]) => [key, { S }]));
      await dynamodb.send(new PutItemCommand({ TableName: table, Item }));
    },
    async [Symbol.asyncDispose]() {
      dynamodb.destroy();
      await aws[Symbol.asyncDispose]();
      await wikipedia[Symbol.asyncDispose]();
      own[Symbol.dispose]();
    },
  };
}

/** The time is over as soon as a log says `text` anew: a slow machine changes nothing, and nobody waits in vain. */
export function overWith(text: string, ports: Ports): Ports {
  let jump = 0;
  /** What there was to see before the run. */
  const old = new Map<string, ReadonlySet<string>>();
  return {
    ...ports,
    clock: { ...ports.clock, now: () => ports.clock.now() + jump },
    aws: (region) => {
      const aws = ports.aws(region);
      const look: AwsPorts["probe"]["look"] = async (call, on, since) => {
        const seen = await aws.probe.look(call, on, since);
        const first = old.get(on) ?? new Set(seen.map(({ id }) => id));
        old.set(on, first);
        if (seen.some((one) => !first.has(one.id) && one.text.includes(text))) jump = 600_000;
        return seen;
      };
      return { ...aws, probe: { ...aws.probe, look } };
    },
  };
}

export async function deployed(target: Target, ports: Ports): Promise<string> {
  const outcome = await run({ command: "deploy", target }, ports);
  if (outcome.kind !== "deployed") throw new Error(`the deploy came to ${outcome.kind}`);
  return outcome.deploy.stack.name;
}

export async function smoked(target: Target, ports: Ports): Promise<SmokeOutcome> {
  const outcome = await run({ command: "smoke", target }, ports);
  if (outcome.kind !== "smoked") throw new Error(`the smoke run came to ${outcome.kind}`);
  return outcome.smoke;
}
