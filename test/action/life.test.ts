/**
 * The life of a change, event by event: the built Action as a process, against the local AWS and the stand-in for
 * GitHub's API. The tests of this file follow each other, like the events.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMENT_CHARACTERS, commentMarker } from "../../action/core/comment.ts";
import type { InputKey } from "../../action/core/inputs.ts";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import type { Permissions } from "../../action/local/github/permissions.ts";
import { type GitHub, startGitHub } from "../../action/local/github/server.ts";
import { HOSTILE } from "../github/hostile.ts";
import { type Bundle, type Checkout, type Step, buildBundle, checkOut, runStep } from "./step.ts";

const PIPELINE = `name: burrow
stages:
  prod: { branch: main, environment: production, protected: true }
  preview: { pull-requests: true, ttl: 7 days }
components:
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts }
flow:
  - jobs -> worker
`;
const WORKER = "export async function handler(): Promise<void> {}\n";
const PERMISSIONS: Permissions = { contents: "read", "pull-requests": "write", deployments: "write" };

let aws: LocalAws;
let github: GitHub;
let bundle: Bundle;
let checkout: Checkout;

beforeAll(async () => {
  [aws, github, bundle, checkout] = await Promise.all([
    startLocalAws(),
    startGitHub(),
    buildBundle(),
    checkOut({ "config/pipeline.yaml": PIPELINE, "functions/worker.ts": WORKER }),
  ]);
  await setUpAccount(aws);
});

afterAll(async () => {
  await Promise.all([aws, github, bundle, checkout].map((one) => one?.[Symbol.asyncDispose]()));
});

interface Given {
  readonly permissions?: Permissions;
  readonly inputs?: Readonly<Partial<Record<InputKey, string>>>;
  readonly sha?: string;
  readonly attempt?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

interface Run extends Step {
  /** What was asked of GitHub, line by line. */
  readonly routes: readonly string[];
}

async function act(event: string, payload: object, given: Given = {}): Promise<Run> {
  const { permissions = PERMISSIONS, attempt = 1, sha = head("main") } = given;
  github.takeRoutes();
  const step = await runStep(bundle, {
    event,
    payload: { repository: github.repositoryBody(), ...payload },
    checkout,
    inputs: { "github-token": github.issueToken(permissions), ...given.inputs },
    environment: {
      ...localEnvironment(aws),
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: github.repository,
      GITHUB_REPOSITORY_ID: String(github.state.repositoryId),
      GITHUB_REPOSITORY_OWNER_ID: String(github.state.ownerId),
      GITHUB_SHA: sha,
      GITHUB_ACTOR: "alice",
      GITHUB_RUN_ID: "4711",
      GITHUB_RUN_ATTEMPT: String(attempt),
      ...given.environment,
    },
  });
  return { ...step, routes: github.takeRoutes().map(steady) };
}

function head(branch: string): string {
  const sha = github.state.branches.get(branch);
  if (sha === undefined) throw new Error(`there is no branch ${branch}`);
  return sha;
}

function push(branch: string, given: Given & { readonly after?: string } = {}): Promise<Run> {
  const { after = head(branch) } = given;
  return act("push", { ref: `refs/heads/${branch}`, after, deleted: false }, { sha: after, ...given });
}

function pullRequest(action: string, number: number, given: Given = {}): Promise<Run> {
  return act("pull_request", { action, number, pull_request: github.pullRequestBody(number) }, given);
}

/** Everything that is different in every run, by what it is. */
function steady(text: string): string {
  const commits = new Map([...github.state.commits.keys()].map((sha, index) => [sha, `<commit ${index}>`]));
  return text
    .replaceAll(/\b[0-9a-f]{40}\b/g, (sha) => commits.get(sha) ?? "<sha>")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>")
    .replaceAll(/ghs_[0-9a-f]+/g, "<token>")
    .replaceAll(/ +\d+\.\d s$/gm, "  <seconds>")
    .replaceAll(/-[0-9A-Z]{13}\b/g, "-<random>")
    .replaceAll(/\b[0-9a-f]{7}\b/g, (short) => commitOf(short) ?? short)
    .replaceAll(aws.endpoint, "<aws>");
}

function commitOf(short: string): string | undefined {
  const index = [...github.state.commits.keys()].findIndex((sha) => sha.startsWith(short));
  return index < 0 ? undefined : `<commit ${index}>`;
}

function told({ code, stdout, stderr }: Step): string {
  return `${steady(stdout)}${stderr === "" ? "" : `--- stderr\n${steady(stderr)}`}--- exit ${code}\n`;
}

function comments(number: number): string[] {
  return github.comments(number).map(({ body }) => body);
}

/** The last state of each of the stack's deployments, oldest first. */
function deployments(stack: string): (string | undefined)[] {
  return [...github.state.deployments.values()]
    .filter(({ task }) => task === `warren:${stack}`)
    .map(({ statuses }) => statuses.at(-1)?.state);
}

async function stackNames(): Promise<string[]> {
  const { CloudFormationClient, DescribeStacksCommand } = await import("@aws-sdk/client-cloudformation");
  const client = new CloudFormationClient(aws.clientConfig());
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
  client.destroy();
  return Stacks.flatMap(({ StackName = "" }) => (StackName.startsWith("burrow-") ? [StackName] : []));
}

const PREVIEW = /^burrow-feature-a-[0-9a-f]{6}$/;
let number = 0;

test("a push to main deploys production, and GitHub shows the deployment", async () => {
  const run = await push("main");
  expect(told(run)).toMatchSnapshot("log");
  expect(run.routes).toMatchSnapshot("routes");
  expect(run.outputs).toMatchObject({ result: "deployed", stage: "prod", "stack-name": "burrow-prod" });
  expect(JSON.parse(run.outputs["stack-outputs"] ?? "")).toHaveProperty("JobsUrl");
  expect(steady(run.summary)).toMatchSnapshot("summary");
  expect(deployments("burrow-prod")).toEqual(["success"]);
  expect([...github.state.deployments.values()][0]).toMatchObject({
    environment: "production",
    production: true,
    transient: false,
  });
});

test("a pull request gets a preview, a deployment and one comment", async () => {
  github.pushBranch("feature/a");
  ({ number } = github.createPullRequest({ branch: "feature/a" }));
  await checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 5 }") });
  const run = await pullRequest("opened", number);
  expect(told(run)).toMatchSnapshot("log");
  expect(run.routes).toMatchSnapshot("routes");
  expect(comments(number).map(steady)).toMatchSnapshot("comment");
  const [preview] = (await stackNames()).filter((name) => PREVIEW.test(name));
  expect(run.outputs).toMatchObject({ result: "deployed", "stack-name": preview });
  expect(deployments(preview ?? "")).toEqual(["success"]);
});

test("a push that changes nothing for the reader leaves the comment as it is, and anybody else's with our marker", async () => {
  const forged = `${commentMarker("burrow")}\n# Approved`;
  github.addComment(number, "mallory", forged);
  github.pushBranch("feature/a");
  const run = await pullRequest("synchronize", number);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain(`comment on pull request #${number}: unchanged`);
  expect(github.comments(number).map(({ edits }) => edits)).toEqual([0, 0]);
});

test("a push that changes the plan edits the same comment; the older deployments end", async () => {
  github.pushBranch("feature/a");
  await checkout.write({
    "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 9, retention: 3600 }"),
  });
  const run = await pullRequest("synchronize", number);
  expect(run.stdout).toContain(`comment on pull request #${number}: updated`);
  expect(github.comments(number).map(({ edits }) => edits)).toEqual([1, 0]);
  expect(comments(number)[0]).toContain("MessageRetentionPeriod");
  expect(deployments(run.outputs["stack-name"] ?? "")).toEqual(["inactive", "inactive", "success"]);
});

test("a failed build is told in the comment, with its place in the run", async () => {
  await checkout.write({ "functions/worker.ts": 'import "./not-there.ts";\n' });
  const run = await pullRequest("synchronize", number);
  expect(told(run)).toMatchSnapshot();
  expect(run.outputs).toMatchObject({ result: "failed" });
  expect(comments(number)[0]).toContain("not-there");
  await checkout.write({ "functions/worker.ts": WORKER });
});

test("closing the pull request takes the preview away, and everybody is told", async () => {
  github.closePullRequest(number);
  const run = await pullRequest("closed", number);
  expect(told(run)).toMatchSnapshot("log");
  expect(run.routes).toMatchSnapshot("routes");
  expect(comments(number)[0]).toMatchSnapshot("comment");
  expect(await stackNames()).toEqual(["burrow-prod"]);
  const [removed = ""] = JSON.parse(run.outputs["removed"] ?? "") as string[];
  expect(removed).toMatch(PREVIEW);
  expect(new Set(deployments(removed))).toEqual(new Set(["inactive"]));
});

test("the branch's deletion after it finds nothing to do", async () => {
  github.deleteBranch("feature/a");
  const run = await act("delete", { ref: "feature/a", ref_type: "branch" });
  expect(run).toMatchObject({ code: 0, outputs: { result: "swept", removed: "[]" } });
  expect(run.routes.filter((route) => !route.startsWith("GET"))).toEqual([]);
});

test("a late event of a pull request that is closed makes no preview", async () => {
  github.pushBranch("late");
  const late = github.createPullRequest({ branch: "late" }).number;
  const payload = { action: "opened", number: late, pull_request: github.pullRequestBody(late) };
  github.closePullRequest(late);
  const run = await act("pull_request", payload);
  expect(run).toMatchObject({ code: 0, outputs: { result: "skipped", reason: "pull-request-closed" } });
  expect(await stackNames()).toEqual(["burrow-prod"]);
});

test("without the permissions to tell, the deploy succeeds and says what is missing", async () => {
  github.pushBranch("quiet");
  const quiet = github.createPullRequest({ branch: "quiet" }).number;
  const run = await pullRequest("opened", quiet, {
    permissions: { contents: "read", "pull-requests": "read" },
  });
  expect(told(run)).toMatchSnapshot();
  expect(run.outputs).toMatchObject({ result: "deployed" });
  expect(comments(quiet)).toEqual([]);
});

test("GitHub's bad days do not stop a deploy", async () => {
  github.inject({ on: "repos/create-deployment", how: { kind: "status", status: 502, carriedOut: true } });
  github.inject({
    on: "repos/create-deployment-status",
    how: { kind: "status", status: 429, retryAfterSeconds: 1 },
  });
  const run = await push("main");
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(deployments("burrow-prod")).toEqual(["success", "success"]);
});

test("a re-run of an old deploy says that a newer commit is deployed, and stops", async () => {
  const old = head("main");
  await checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 7 }") });
  github.pushBranch("main");
  expect((await push("main")).outputs).toMatchObject({ result: "deployed" });
  await checkout.write({ "config/pipeline.yaml": PIPELINE });
  const again = await push("main", { after: old, attempt: 2 });
  expect(told(again)).toMatchSnapshot();
  expect(again.outputs).toEqual({ result: "skipped", reason: "newer-deployed" });
  const forced = await push("main", { after: old, attempt: 2, inputs: { "allow-older": "true" } });
  expect(forced.outputs).toMatchObject({ result: "deployed" });
});

test("a pull request from a fork is built, rendered and checked, and asks nobody for anything", async () => {
  const fork = github.createPullRequest({ branch: "theirs", fork: "mallory/rabbit-hole" }).number;
  const run = await pullRequest("opened", fork, {
    permissions: {},
    environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
  });
  expect(told(run)).toMatchSnapshot();
  expect(run.outputs).toEqual({ result: "checked", reason: "fork" });
  expect(run.routes).toEqual([]);
});

test("hostile names of branches reach neither Markdown nor the runner as syntax", async () => {
  const legal = ["a shell's substitution", "a mention", "250 characters", "emoji", "an end of a comment"];
  const branch = legal
    .map((name) => HOSTILE[name] ?? "")
    .join("/")
    .replaceAll(/[ ~^:?*[\\]+/g, "`|")
    .slice(0, 240);
  github.pushBranch(branch);
  const hostile = github.createPullRequest({ branch, title: HOSTILE["HTML"] ?? "" }).number;
  const run = await pullRequest("opened", hostile);
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(run.outputs["stack-name"]).toMatch(/^burrow-[a-z][a-z0-9-]*-[0-9a-f]{6}$/);
  github.closePullRequest(hostile);
  const closed = await pullRequest("closed", hostile);
  expect(closed.outputs).toMatchObject({ result: "swept" });
  for (const body of comments(hostile)) {
    expect(body.length).toBeLessThanOrEqual(COMMENT_CHARACTERS);
    expect(body).not.toMatch(/<img|<script|\$\(curl/);
  }
});

test("what is wrong in pipeline.yaml is an annotation at its place", async () => {
  await checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "qeue }") });
  const run = await push("main");
  expect(told(run)).toMatchSnapshot();
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "config-invalid" } });
});

test("a command that is not there yet says so", async () => {
  await checkout.write({ "config/pipeline.yaml": PIPELINE });
  const inputs = { command: "drift", stage: "prod" };
  const run = await act("workflow_dispatch", { ref: "refs/heads/main", inputs }, { inputs });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "drift-unavailable" } });
});
