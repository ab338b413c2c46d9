/**
 * Somebody changes production by hand: the built Action notices at night, tells of it in one issue, and puts it back
 * when a person asks. With the roles that bootstrap makes. The tests of this file follow each other.
 */
import { DeleteRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetQueueAttributesCommand, SQSClient, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Issue } from "../../action/local/github/state.ts";
import { type Given, PIPELINE, type Run, type World, openWorld } from "./world.ts";

let world: World;
let sqs: SQSClient;
let queue: string;
let before: string | undefined;

beforeAll(async () => {
  world = await openWorld("oidc");
  sqs = new SQSClient(world.aws.clientConfig());
  const { code, stdout, outputs } = await world.push("main");
  if (code !== 0) throw new Error(stdout);
  queue = (JSON.parse(outputs["stack-outputs"] ?? "") as { JobsUrl: string }).JobsUrl;
  before = await visibilityTimeout();
});

afterAll(async () => {
  sqs.destroy();
  await world[Symbol.asyncDispose]();
});

async function visibilityTimeout(): Promise<string | undefined> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ["VisibilityTimeout"] }),
  );
  return Attributes?.["VisibilityTimeout"];
}

async function changeByHand(attributes: Readonly<Record<string, string>>): Promise<void> {
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: attributes }));
}

function night(given: Given = {}): Promise<Run> {
  return world.act("schedule", { schedule: "23 3 * * *" }, { jobEnvironment: "preview", ...given });
}

/** `workflow_dispatch`; only `production` may assume the role that changes production. */
function ask(revert: boolean, jobEnvironment: string, branch = "main"): Promise<Run> {
  const inputs = { command: "drift", stage: "prod", revert: String(revert) };
  return world.act("workflow_dispatch", { ref: `refs/heads/${branch}`, inputs }, { inputs, jobEnvironment });
}

function issues(): readonly Issue[] {
  return [...world.github.state.issues.values()];
}

/** What was written to GitHub. */
function writes({ routes }: Run): readonly string[] {
  return routes.filter((route) => !route.startsWith("GET "));
}

test("a night in which nothing was changed by hand writes nothing to GitHub", async () => {
  const run = await night();
  expect(run).toMatchObject({ code: 0, outputs: { result: "swept", drifted: "[]" } });
  expect(run.stdout).toContain("burrow-prod is as it was deployed");
  expect(writes(run)).toEqual([]);
});

test("what was changed by hand is an annotation at its line, and one issue", async () => {
  await changeByHand({ VisibilityTimeout: "7" });
  const run = await night();
  expect(run).toMatchObject({ code: 0, outputs: { result: "swept", drifted: '["prod"]' } });
  expect(run.told).toMatchSnapshot("log");
  expect(world.steady(run.summary)).toMatchSnapshot("summary");
  expect(issues()).toMatchObject([
    { state: "open", title: "Stage prod of burrow is not as it was deployed", author: "github-actions[bot]" },
  ]);
  expect(world.steady(issues()[0]?.body ?? "")).toMatchSnapshot("issue");
});

test("a night that finds the same leaves the issue alone, one that finds more edits it", async () => {
  expect(writes(await night())).toEqual([]);
  await changeByHand({ DelaySeconds: "9" });
  const run = await night();
  expect(writes(run)).toEqual([expect.stringMatching(/^PATCH .*\/issues\/1 200$/)]);
  expect(issues()).toHaveLength(1);
  expect(issues()[0]?.body).toContain("DelaySeconds");
});

test("without `issues: write` the night is as good, and says what is missing", async () => {
  await changeByHand({ DelaySeconds: "8" });
  const permissions = { contents: "read", "pull-requests": "write", deployments: "write" } as const;
  const run = await night({ permissions });
  expect(run).toMatchObject({ code: 0, outputs: { drifted: '["prod"]' } });
  expect(run.stdout).toContain("it lacks the permission `issues: write`");
});

test("asked by hand, it is told, and nothing is put back", async () => {
  const run = await ask(false, "preview");
  expect(run).toMatchObject({ code: 0, outputs: { result: "drifted", stage: "prod", drifted: '["prod"]' } });
  expect(await visibilityTimeout()).toBe("7");
});

test("asked on another branch, whose pipeline.yaml has other lines, it leaves the issue alone", async () => {
  world.github.pushBranch("feature");
  await world.checkout.write({ "config/pipeline.yaml": `# one line more\n${PIPELINE}` });
  const run = await ask(false, "preview", "feature");
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE });
  expect(run.stdout).toContain("config/pipeline.yaml:7:3: jobs queue");
  expect(writes(run)).toEqual([]);
});

test("a job that may not deploy production may not put it back either", async () => {
  const run = await ask(true, "preview");
  expect(run).toMatchObject({ code: 1, outputs: { reason: "assume-role-refused" } });
  expect(await visibilityTimeout()).toBe("7");
});

test("no night puts anything back, whatever the workflow file says", async () => {
  const run = await night({ inputs: { command: "drift", stage: "prod", revert: "true" } });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "revert-not-asked" } });
  expect(await visibilityTimeout()).toBe("7");
});

test("`revert` puts it back with the role for deploys, and the issue is closed", async () => {
  const run = await ask(true, "production");
  expect(run.told).toMatchSnapshot();
  expect(run).toMatchObject({ code: 0, outputs: { result: "in-sync", changes: "1", drifted: "[]" } });
  expect(await visibilityTimeout()).toBe(before);
  expect(issues()).toMatchObject([{ state: "closed" }]);
});

test("drift that comes back is a new issue, which goes when somebody has put it back by hand", async () => {
  await changeByHand({ VisibilityTimeout: "7" });
  await night();
  expect(issues().map(({ state }) => state)).toEqual(["closed", "open"]);
  await changeByHand({ VisibilityTimeout: before ?? "" });
  await night();
  expect(issues().map(({ state }) => state)).toEqual(["closed", "closed"]);
});

test("a stage that cannot be looked at makes the night red, after all else is done", async () => {
  const iam = new IAMClient(world.aws.clientConfig());
  const role = { RoleName: "burrow-us-east-1-plan", PolicyName: "warren" };
  await iam.send(new DeleteRolePolicyCommand(role));
  iam.destroy();
  const run = await night();
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "drift-check-failed" } });
  expect(run.stdout).toContain("stacks: 1 wanted");
  expect(run.stdout).toContain("drift of stage prod: AWS refuses: User:");
  expect(writes(run)).toEqual([]);
});
