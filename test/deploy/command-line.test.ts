/** `warren deploy` as a process that its user walks away from, in one way or the other. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { repositoryRoot } from "../support/shipped.ts";
import { openWorld } from "./world.ts";

const CLI = join(repositoryRoot, "action/cli.ts");
let aws: LocalAws;
let root: string;

beforeAll(async () => {
  aws = await startLocalAws({ operationMs: 1_500 });
  await setUpAccount(aws);
  root = mkdtempSync(join(tmpdir(), "warren-walk-away-"));
  mkdirSync(join(root, "config"));
  const stages = "{ cut: { protected: true }, left: { protected: true } }";
  const pipeline = `name: walk\nstages: ${stages}\ncomponents: { jobs: { kind: queue } }\nflow: []\n`;
  writeFileSync(join(root, "config/pipeline.yaml"), pipeline);
});
afterAll(async () => {
  rmSync(root, { recursive: true, force: true });
  await aws[Symbol.asyncDispose]();
});

function deploy(stage: string): ChildProcess {
  return spawn(process.execPath, [CLI, "deploy", "--stage", stage], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOME: root, ...localEnvironment(aws) },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** The deploy has begun to tell what CloudFormation will do. */
async function begun({ stderr }: ChildProcess): Promise<void> {
  await once(stderr!, "data");
}

async function isProtected(stackName: string): Promise<boolean | undefined> {
  using world = openWorld(aws);
  return (await world.ports.stacks.find(stackName))?.terminationProtection;
}

test("Ctrl-C says that AWS goes on, and the same command does the rest", async () => {
  const child = deploy("cut");
  await begun(child);
  const told = text(child.stderr!);
  child.kill("SIGINT");
  const [code] = await once(child, "exit");
  expect(code).toBe(130);
  expect(await told).toContain("interrupted: what has begun in AWS goes on");
  expect(await isProtected("walk-cut")).toBe(false);

  const again = deploy("cut");
  const [[codeAgain]] = await Promise.all([once(again, "exit"), text(again.stderr!)]);
  expect(codeAgain).toBe(0);
  expect(await isProtected("walk-cut")).toBe(true);
});

test("a deploy whose messages nobody reads any more is finished all the same", async () => {
  const child = deploy("left");
  await begun(child);
  child.stderr!.destroy();
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  expect(await isProtected("walk-left")).toBe(true);
});

test("a port that is taken is told, without a stack trace", async () => {
  await expect(startLocalAws({ port: aws.port })).rejects.toMatchObject({ reason: "port-taken" });
});
