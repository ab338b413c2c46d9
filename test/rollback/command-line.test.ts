/** `deploy --commit`: the steps follow each other, as commits do. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { DeployOutcome } from "../../action/deploy.ts";
import { failureOf } from "../deploy/world.ts";
import { type World, openWorld } from "./world.ts";

const TARGET = { stage: "prod" };
const STACK = "hole-prod";

function pipeline(delay: number, more = ""): string {
  return `name: hole
stages: { prod: { branch: main, protected: true }, preview: { pull-requests: true } }
components:
  jobs: { kind: queue, delay: ${delay} }
  names: { kind: table, key: name, items: names.yaml }
  worker: { kind: function, source: functions/worker.ts }
${more}flow:
  - jobs -> worker
`;
}

function worker(number: number): string {
  return `export async function handler(): Promise<void> { console.log(${number}); }\n`;
}

let world: World;
const sha: Record<"a" | "b" | "idle" | "c", string> = { a: "", b: "", idle: "", c: "" };
const templates: Record<"a" | "b", string> = { a: "", b: "" };

beforeAll(async () => {
  world = await openWorld({ "config/pipeline.yaml": pipeline(1), "config/names.yaml": "- name: Netflix\n" });
});
afterAll(async () => await world?.[Symbol.asyncDispose]());
beforeEach(() => void world.lines.splice(0));

async function deploy(commit?: string): Promise<DeployOutcome> {
  const outcome = await world.run({
    command: "deploy",
    target: TARGET,
    ...(commit !== undefined && { commit }),
  });
  if (outcome.kind !== "deployed") throw new Error(`it came to ${outcome.kind}`);
  return outcome.deploy;
}

async function standings(): Promise<(readonly [string, string])[]> {
  const outcome = await world.run({ command: "releases", target: TARGET });
  if (outcome.kind !== "releases") throw new Error(`it came to ${outcome.kind}`);
  return outcome.releases.map(({ standing, release: { commit } }) => [commit, standing] as const);
}

test("a deploy keeps its release with one call, and one of nothing costs one call as ever", async () => {
  sha.a = world.commit({ "functions/worker.ts": worker(1) });
  await deploy();
  templates.a = await world.template(STACK);
  expect(await standings()).toEqual([[sha.a, "running"]]);

  sha.b = world.commit({ "config/pipeline.yaml": pipeline(5), "functions/worker.ts": worker(2) });
  world.calls();
  await deploy();
  // The zip and the release.
  expect(world.calls()).toMatchObject({ PutObject: 2 });
  templates.b = await world.template(STACK);

  sha.idle = world.commit({});
  await deploy();
  expect(world.calls()).toEqual({ DescribeStacks: 1 });
  expect(await standings()).toEqual([
    [sha.b, "running"],
    [sha.a, "good"],
  ]);
});

test("an earlier release is deployed again by the beginning of its commit, without its tree and without a build", async () => {
  world.files.write("functions/worker.ts", "this is no TypeScript");
  const planned = await world.run({ command: "plan", target: TARGET, commit: sha.a.slice(0, 7) });
  expect(planned).toMatchObject({ kind: "planned", plan: { kind: "update" } });
  const { kind, stack, changes } = await deploy(sha.a.slice(0, 7).toUpperCase());
  expect(kind).toBe("updated");
  expect(changes.map(({ logicalId }) => logicalId).toSorted()).toEqual(["JobsQueue", "WorkerFunction"]);
  expect(await world.template(STACK)).toBe(templates.a);
  expect(stack.tags).toMatchObject({
    "warren:commit": sha.a,
    "warren:branch": "main",
    "warren:stage": "prod",
  });
  expect(stack.terminationProtection).toBe(true);
  expect(world.lines.join("\n")).toMatch(
    new RegExp(`goes back to the release .* ${sha.a.slice(0, 12)}  digest`),
  );
  expect(await standings()).toEqual([
    [sha.a, "running"],
    [sha.b, "good"],
  ]);
});

test("a commit that changed nothing means what had run last before it, and says so", async () => {
  const { stack } = await deploy(sha.idle.slice(0, 10));
  expect(await world.template(STACK)).toBe(templates.b);
  expect(stack.tags["warren:commit"]).toBe(sha.b);
  expect(world.lines.join("\n")).toContain(`commit ${sha.idle.slice(0, 10)} made no release`);
});

test("to go back to what runs is one thing that is done already", async () => {
  expect((await deploy(sha.b)).kind).toBe("unchanged");
});

test("a commit that nobody knows is refused, with the last releases", async () => {
  const error = await failureOf(deploy("0000000"));
  expect(error.reason).toBe("release-unknown");
  expect(error.message).toContain("has no release of commit `0000000`, nor of one before it");
  expect(error.message).toContain(sha.a.slice(0, 12));
  expect(error.message).toContain(`${sha.b.slice(0, 12)}  digest`);
});

test.each(["main", "12", "../../etc"])("`%s` is no commit", async (text) => {
  expect((await failureOf(deploy(text))).reason).toBe("commit-invalid");
});

test("the next deploy deploys what is checked out, and then data is not lost by going back", async () => {
  const second = "  prices: { kind: table, key: name }\n";
  sha.c = world.commit({ "config/pipeline.yaml": pipeline(9, second), "functions/worker.ts": worker(3) });
  await deploy();
  const before = await world.template(STACK);
  const error = await failureOf(deploy(sha.a));
  expect(error.reason).toBe("data-at-risk");
  expect(error.message).toContain("prices");
  expect(await world.template(STACK)).toBe(before);
});

test("a deploy that failed is no release, and what ran before it is still one", async () => {
  const worse = "{ kind: queue, overrides: { Queue: { VisibilityTimeout: 999999 } } }";
  const failing = pipeline(9, `  prices: { kind: table, key: name }\n  worse: ${worse}\n`);
  const failed = world.commit({ "config/pipeline.yaml": failing });
  expect((await failureOf(deploy())).reason).toBe("deploy-failed");
  expect((await standings()).map(([commit]) => commit)).toEqual([sha.c, sha.b, sha.a]);
  const error = await failureOf(deploy(failed));
  expect(error.reason).toBe("release-unknown");
  expect(error.message).toContain("failed, so that there is nothing to go back to");
  expect((await deploy(sha.c)).stack.tags["warren:commit"]).toBe(sha.c);
});
