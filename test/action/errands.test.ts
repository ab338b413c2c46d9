/**
 * What is asked for by hand, what comes by night, and teardowns in every order: the built Action as a process, each step
 * with its log and what it asked of GitHub. The tests of this file follow each other.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { LINT_FOLDER, PATH_WITHOUT_JUDGES } from "../support/judges.ts";
import { PIPELINE, type Run, type World, openWorld } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld("keys");
  const { code, told } = await world.push("main");
  if (code !== 0) throw new Error(told);
});

afterAll(() => world[Symbol.asyncDispose]());

function dispatch(inputs: Readonly<Record<string, string>>): Promise<Run> {
  return world.act("workflow_dispatch", { ref: "refs/heads/main", inputs }, { inputs });
}

/** Opened, with its preview. */
async function openPullRequest(branch: string): Promise<{ number: number; stack: string }> {
  world.github.pushBranch(branch);
  const { number } = world.github.createPullRequest({ branch });
  const run = await world.pullRequest("opened", number);
  expect(run.outputs).toMatchObject({ result: "deployed" });
  return { number, stack: run.outputs["stack-name"] ?? "" };
}

function snapshot({ told, routes }: Run): void {
  expect(told).toMatchSnapshot("log");
  expect(routes).toMatchSnapshot("routes");
}

/** The preview is gone, and everybody who was told of it is told that. */
async function expectGone({ number, stack }: { number: number; stack: string }): Promise<void> {
  expect(await world.stackNames()).toEqual(["burrow-prod"]);
  expect(new Set(world.deployments(stack))).toEqual(new Set(["inactive"]));
  expect(world.comments(number)).toHaveLength(1);
  expect(world.comments(number)[0]).toContain(`the preview \`${stack}\` is taken down`);
}

test("a plan by hand tells what a deploy would change, and changes nothing", async () => {
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 5 }") });
  const run = await dispatch({ command: "plan", stage: "prod" });
  snapshot(run);
  expect(run.outputs).toMatchObject({ result: "planned", stage: "prod", "stack-name": "burrow-prod" });
  expect(Number(run.outputs["changes"])).toBeGreaterThan(0);
  expect(await world.stackNames()).toEqual(["burrow-prod"]);
});

test("a merge: production is deployed, then the pull request's closing takes the preview", async () => {
  const pull = await openPullRequest("merged");
  world.github.closePullRequest(pull.number, "merge");
  const pushed = await world.push("main");
  snapshot(pushed);
  expect(pushed.outputs).toMatchObject({ result: "deployed", stage: "prod" });
  const closed = await world.pullRequest("closed", pull.number);
  snapshot(closed);
  expect(closed.outputs).toMatchObject({ result: "swept", "removed-stacks": JSON.stringify([pull.stack]) });
  await expectGone(pull);
});

test("the branch is deleted first, then the pull request closed: the second finds nothing to do", async () => {
  const pull = await openPullRequest("deleted-first");
  world.github.deleteBranch("deleted-first");
  const deleted = await world.act("delete", { ref: "deleted-first", ref_type: "branch" });
  snapshot(deleted);
  expect(deleted.outputs).toMatchObject({ result: "swept", "removed-stacks": JSON.stringify([pull.stack]) });
  await expectGone(pull);
  const closed = await world.pullRequest("closed", pull.number);
  expect(closed).toMatchObject({ code: 0, outputs: { result: "swept", "removed-stacks": "[]" } });
  expect(closed.routes.filter((route) => !route.startsWith("GET"))).toEqual([]);
  await expectGone(pull);
});

test("a sweep by hand first says what it would delete, then deletes it", async () => {
  const pull = await openPullRequest("lost");
  world.github.deleteBranch("lost");
  const dry = await dispatch({ command: "sweep", "dry-run": "true" });
  snapshot(dry);
  expect(dry.outputs).toMatchObject({ result: "swept", "removed-stacks": "[]" });
  expect(dry.stdout).toContain(`would delete ${pull.stack}`);
  expect(await world.stackNames()).toContain(pull.stack);
  const real = await dispatch({ command: "sweep" });
  snapshot(real);
  expect(real.outputs).toMatchObject({ "removed-stacks": JSON.stringify([pull.stack]) });
  await expectGone(pull);
});

test("the night makes up for events that never came", async () => {
  const pull = await openPullRequest("forgotten");
  world.github.deleteBranch("forgotten");
  const run = await world.act("schedule", { schedule: "23 3 * * *" });
  snapshot(run);
  expect(run.code).toBe(0);
  expect(run.outputs["removed-stacks"]).toBe(JSON.stringify([pull.stack]));
  await expectGone(pull);
});

test("a protected stage is not destroyed by hand; one that is protected no longer is", async () => {
  const refused = await dispatch({ command: "destroy", stage: "prod" });
  snapshot(refused);
  expect(refused).toMatchObject({ code: 1, outputs: { reason: "stage-protected" } });
  await world.checkout.write({
    "config/pipeline.yaml": PIPELINE.replace("protected: true", "protected: false"),
  });
  world.github.pushBranch("main");
  expect((await world.push("main")).outputs).toMatchObject({ result: "deployed" });
  const destroyed = await dispatch({ command: "destroy", stage: "prod" });
  snapshot(destroyed);
  expect(destroyed.outputs).toMatchObject({ result: "destroyed", "removed-stacks": '["burrow-prod"]' });
  expect(await world.stackNames()).toEqual([]);
  expect(new Set(world.deployments("burrow-prod"))).toEqual(new Set(["inactive"]));
});

test("what cfn-lint refuses is not deployed, although no pull request has shown it", async () => {
  const wrong = PIPELINE.replace("queue }", "queue, overrides: { Queue: { NoSuchProperty: 1 } } }");
  await world.checkout.write({ "config/pipeline.yaml": wrong });
  const run = await world.push("main", { environment: { PATH: `${LINT_FOLDER}:${PATH_WITHOUT_JUDGES}` } });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "policy-broken" } });
  expect(run.told).toContain("NoSuchProperty");
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE });
});

test("two pull requests of one branch are both told that the preview is gone", async () => {
  const pull = await openPullRequest("shared");
  const other = world.github.createPullRequest({ branch: "shared" });
  expect(await world.pullRequest("opened", other.number)).toMatchObject({ code: 0 });
  world.github.addComment(other.number, "mallory", "the preview is up");
  // One is closed, and the other still wants it.
  world.github.closePullRequest(pull.number);
  await world.pullRequest("closed", pull.number);
  expect(await world.stackNames()).toContain(pull.stack);
  world.github.deleteBranch("shared");
  expect(await world.act("delete", { ref: "shared", ref_type: "branch" })).toMatchObject({ code: 0 });
  for (const { number } of [pull, other]) {
    expect(world.comments(number)[0]).toContain(`the preview \`${pull.stack}\` is taken down`);
  }
  expect(world.comments(other.number)[1]).toBe("the preview is up");
});
