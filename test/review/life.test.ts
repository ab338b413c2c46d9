/**
 * From the pull request to the merge: what its plan showed is what is deployed. The built Action against the local AWS
 * and the stand-in for GitHub; the tests of this file follow each other, like the events.
 */
import {
  CloudFormationClient,
  DescribeStackResourceCommand,
  ListChangeSetsCommand,
} from "@aws-sdk/client-cloudformation";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseCommentData } from "../../action/core/comment-data.ts";
import { plansIn, readRecord } from "../../action/core/plan-digest.ts";
import type { CommitStatus, MergeMethod } from "../../action/local/github/state.ts";
import { type Given, PIPELINE, type Run, WORKER, type World, openWorld } from "../action/world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld("keys");
  await write({});
  await world.push("main");
});
afterAll(() => world?.[Symbol.asyncDispose]());

const OPEN = "overrides: { Queue: { SqsManagedSseEnabled: false } }";
const QUEUE = { delay: "0", retention: "3600" };

/** What the checkout says, in full: on GitHub, a pull request's is its merge. */
function write(options: Readonly<Record<string, string>>, more = "", key = "name"): Promise<void> {
  const all = Object.entries({ ...QUEUE, ...options }).map(([name, value]) => `${name}: ${value}`);
  const written = [...all, ...(more === "" ? [] : [more])].join(", ");
  const components = `queue, ${written} }\n  fang: { kind: table, key: ${key} }`;
  return world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", components) });
}

async function opened(branch: string): Promise<{ readonly number: number; readonly run: Run }> {
  world.github.pushBranch(branch);
  const { number } = world.github.createPullRequest({ branch });
  return { number, run: await world.pullRequest("opened", number) };
}

/** The event of the closing comes first as often as not, and rewrites the comment. */
async function merged(number: number, how: MergeMethod = "squash", given?: Given): Promise<Run> {
  world.github.closePullRequest(number, how);
  await world.pullRequest("closed", number);
  return world.push("main", given);
}

function pushed(): Promise<Run> {
  world.github.pushBranch("main");
  return world.push("main");
}

function asked(inputs: Given["inputs"]): Promise<Run> {
  const sha = world.head("main");
  return world.act("workflow_dispatch", { ref: "refs/heads/main", inputs }, { inputs: inputs ?? {}, sha });
}

function planOf(number: number): ReturnType<typeof readRecord> {
  return readRecord(plansIn(parseCommentData(world.comments(number)[0] ?? ""))["prod"] ?? {});
}

function statusesOf(number: number): readonly CommitStatus[] {
  const { commitStatuses, pullRequests } = world.github.state;
  const sha = pullRequests.get(number)?.headSha;
  return commitStatuses.filter((one) => one.sha === sha && one.context === "warren/plan: burrow-prod");
}

async function queue(): Promise<Readonly<Record<string, string>>> {
  const cloudFormation = new CloudFormationClient(world.aws.clientConfig());
  const sqs = new SQSClient(world.aws.clientConfig());
  const { StackResourceDetail } = await cloudFormation.send(
    new DescribeStackResourceCommand({ StackName: "burrow-prod", LogicalResourceId: "JobsQueue" }),
  );
  const QueueUrl = StackResourceDetail?.PhysicalResourceId;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
  );
  cloudFormation.destroy();
  sqs.destroy();
  return Attributes;
}

/** Those that are left lying about. */
async function changeSets(): Promise<readonly unknown[]> {
  const client = new CloudFormationClient(world.aws.clientConfig());
  const { Summaries = [] } = await client.send(new ListChangeSetsCommand({ StackName: "burrow-prod" }));
  client.destroy();
  return Summaries.filter(({ ExecutionStatus }) => ExecutionStatus === "AVAILABLE");
}

let delay = 0;
test.each(["merge", "squash", "rebase"] as const)(
  "what a pull request showed is deployed as reviewed, by %s",
  async (how) => {
    delay += 1;
    await write({ delay: String(delay) });
    const { number, run } = await opened(`by-${how}`);
    expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
    const plan = planOf(number);
    const short = plan?.digest.slice(0, 12);
    expect(plan).toMatchObject({ changes: [{ logicalId: "JobsQueue", effect: "changed" }], risks: [] });
    expect(statusesOf(number)).toMatchObject([
      {
        state: "success",
        description: `1 changed · plan ${short}`,
        targetUrl: "https://github.com/warren/rabbit-hole/actions/runs/4711",
      },
    ]);

    const deployed = await merged(number, how);
    expect(deployed).toMatchObject({ code: 0, outputs: { result: "deployed" } });
    expect(deployed.stdout).toContain(`as reviewed in #${number} (plan ${short})`);
    expect(deployed.summary).toContain("**Review:** as reviewed in");
    expect(await queue()).toMatchObject({ DelaySeconds: String(delay) });
  },
);

test("a push to the branch of an equal plan leaves the comment as it is, and its commit has the status too", async () => {
  await write({ delay: "9" });
  const { number } = await opened("twice");
  world.github.pushBranch("twice");
  const run = await world.pullRequest("synchronize", number);
  expect(run.stdout).toContain(`comment on pull request #${number}: unchanged`);
  expect(world.github.comments(number)[0]?.edits).toBe(0);
  expect(statusesOf(number)).toHaveLength(1);
  // A build that fails forgets nothing of what was reviewed.
  const before = planOf(number);
  await world.checkout.write({ "functions/worker.ts": 'import "./not-there.ts";\n' });
  expect(await world.pullRequest("synchronize", number)).toMatchObject({ code: 1 });
  expect(planOf(number)).toEqual(before);
  await world.checkout.write({ "functions/worker.ts": WORKER });
});

test("data at risk is a failed status", async () => {
  await write({ delay: "3" }, "", "symbol");
  const { number, run } = await opened("at-risk");
  expect(run).toMatchObject({ code: 1, outputs: { reason: "data-at-risk" } });
  expect(statusesOf(number)).toMatchObject([{ state: "failure" }]);
  expect(statusesOf(number)[0]?.description).toMatch(/^1 replaced · data at risk · plan [0-9a-f]{12}$/);
  const stopped = await merged(number);
  expect(stopped).toMatchObject({ code: 1, outputs: { reason: "data-at-risk" } });
  expect(await changeSets()).toEqual([]);
});

test("main has moved meanwhile: what differs is said, and as it is not riskier, it is deployed", async () => {
  await write({ delay: "20" });
  const { number } = await opened("slow");
  await write({ delay: "15" });
  const direct = await pushed();
  expect(direct).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(direct.stdout).toMatch(
    /this plan [0-9a-f]{12} was not reviewed: no pull request that was merged into `main` has brought its commit/,
  );

  await write({ delay: "20" });
  const run = await merged(number, "merge");
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  const differs = new RegExp(
    `this plan [0-9a-f]{12} differs from what was reviewed in #${number}, and nothing in it is riskier\n *not as reviewed: queue jobs changed \\(JobsQueue\\)`,
  );
  expect(run.stdout).toMatch(differs);
  expect(run.summary).toContain("- not as reviewed&#58; queue jobs changed &#40;JobsQueue&#41;");
  expect(await queue()).toMatchObject({ DelaySeconds: "20" });
});

test("a plan that is riskier than what was reviewed stops, until a person approves just this one", async () => {
  await write({ delay: "30" });
  const { number } = await opened("harmless");
  // Pushed to main by somebody, whose run has not come yet: the merge brings it along.
  world.github.pushBranch("main");
  await write({ delay: "30" }, OPEN);
  const run = await merged(number);
  const told = run.stdout.slice(run.stdout.indexOf("::error")).replaceAll(/\b[0-9a-f]{12}\b/g, "<plan>");
  expect(told).toMatchInlineSnapshot(`
    "::error::this plan <plan> is riskier than what was reviewed in #7: nothing was changed%0A    not as reviewed: queue jobs changed (JobsQueue)%0AIf it is to be deployed all the same, start the workflow by hand with \`command: deploy\`, \`stage: prod\`, \`approve: <plan>\`: whoever may approve jobs of the stage's environment then decides.
    ::error file=config/pipeline.yaml,line=6,col=3::not reviewed: exposed: queue of \`jobs\`: messages are not encrypted by SQS any more
    "
  `);
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "riskier-than-reviewed" } });
  expect(world.deployments("burrow-prod").at(-1)).toBe("failure");
  expect(await queue()).toMatchObject({ DelaySeconds: "20", SqsManagedSseEnabled: "true" });
  expect(await changeSets()).toEqual([]);

  const order = { command: "deploy", stage: "prod" };
  const again = await asked(order);
  expect(again).toMatchObject({ code: 1, outputs: { reason: "riskier-than-reviewed" } });
  const [, digest = ""] = /`approve: ([0-9a-f]{12})`/.exec(again.stdout) ?? [];
  const other = await asked({ ...order, approve: "0123456789ab" });
  expect(other).toMatchObject({ code: 1, outputs: { reason: "approval-outdated" } });
  expect(await changeSets()).toEqual([]);
  expect(await queue()).toMatchObject({ SqsManagedSseEnabled: "true" });

  const approved = await asked({ ...order, approve: digest });
  expect(approved).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(approved.stdout).toContain(`as approved (plan ${digest})`);
  expect(await queue()).toMatchObject({ DelaySeconds: "30", SqsManagedSseEnabled: "false" });
});

test("a deploy that was pushed out of the queue is made up for: what its pull request showed counts", async () => {
  await write({ delay: "30" });
  await pushed();
  await write({ delay: "30" }, OPEN);
  const { number: open } = await opened("open");
  expect(planOf(open)?.risks).toMatchObject([{ kind: "exposure", logicalId: "JobsQueue" }]);
  await write({ delay: "40" });
  const { number: later } = await opened("later");
  world.github.closePullRequest(open, "squash");
  await write({ delay: "40" }, OPEN);
  const run = await merged(later);
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(run.stdout).toContain(`differs from what was reviewed in #${open} and #${later}, and nothing in it`);
  expect(await queue()).toMatchObject({ DelaySeconds: "40", SqsManagedSseEnabled: "false" });
});

test("what somebody has written into the comment does not count as reviewed", async () => {
  await write({ delay: "40" });
  await pushed();
  const { number } = await opened("forged");
  await write({ delay: "50" }, OPEN);
  const [comment] = world.github.comments(number);
  if (!comment) throw new Error("there is no comment");
  const risk = '["exposure","JobsQueue","queue of `jobs`: messages are not encrypted by SQS any more"]';
  comment.body = comment.body.replace('"risks":[]', `"risks":[${risk}]`);
  expect(planOf(number)?.risks).toHaveLength(1);
  const run = await merged(number);
  expect(run).toMatchObject({ code: 1, outputs: { reason: "riskier-than-reviewed" } });
  expect(run.stdout).toContain(`::warning::what the comment of #${number} remembers of its plan was edited`);
  expect(await queue()).toMatchObject({ DelaySeconds: "40", SqsManagedSseEnabled: "true" });
});

test("a comment that somebody has deleted lets no risk through", async () => {
  await write({ delay: "40" });
  const { number } = await opened("deleted");
  await write({ delay: "50" }, OPEN);
  for (const { id } of world.github.comments(number)) world.github.state.comments.delete(id);
  world.github.closePullRequest(number, "squash");
  const run = await world.push("main");
  expect(run).toMatchObject({ code: 1, outputs: { reason: "riskier-than-reviewed" } });
  expect(run.stdout).toContain(`::warning::the comment of #${number} holds no plan of this stage`);
  expect(await queue()).toMatchObject({ SqsManagedSseEnabled: "true" });
});

test("a job that may not look at pull requests deploys, and says what is missing", async () => {
  await write({ delay: "60" });
  const { number } = await opened("blind");
  const permissions = { contents: "read", deployments: "write" } as const;
  const run = await merged(number, "squash", { permissions });
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(run.stdout).toContain("it lacks the permission `pull-requests: read`");
  expect(run.stdout).toContain("was not reviewed: the job may not look at pull requests");
});

test("where GitHub does not answer, nothing is deployed on a guess", async () => {
  await write({ delay: "70" });
  const { number } = await opened("down");
  world.github.closePullRequest(number, "squash");
  world.github.inject({
    on: "repos/list-pull-requests-associated-with-commit",
    times: Infinity,
    how: { kind: "status", status: 502 },
  });
  const run = await world.push("main");
  expect(run).toMatchObject({ code: 1, outputs: { reason: "github-unavailable" } });
  expect(await changeSets()).toEqual([]);
  expect(await queue()).toMatchObject({ DelaySeconds: "60" });
});
