/**
 * The life of a change, event by event: the built Action as a process, against the local AWS and the stand-in for
 * GitHub's API. The tests of this file follow each other, like the events.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { commentMarker } from "../../action/core/comment.ts";
import { COMMENT_CHARACTERS } from "../../action/core/paper.ts";
import { HOSTILE } from "../github/hostile.ts";
import { PIPELINE, WORKER, type World, openWorld } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld("keys");
});

afterAll(() => world[Symbol.asyncDispose]());

const PREVIEW = /^burrow-feature-a-[0-9a-f]{6}$/;
let number = 0;

test("a push to main deploys production, and GitHub shows the deployment", async () => {
  const run = await world.push("main");
  expect(run.told).toMatchSnapshot("log");
  expect(run.routes).toMatchSnapshot("routes");
  expect(run.outputs).toMatchObject({ result: "deployed", stage: "prod", "stack-name": "burrow-prod" });
  expect(JSON.parse(run.outputs["stack-outputs"] ?? "")).toHaveProperty("JobsUrl");
  expect(world.steady(run.summary)).toMatchSnapshot("summary");
  expect(world.deployments("burrow-prod")).toEqual(["success"]);
  expect([...world.github.state.deployments.values()][0]).toMatchObject({
    environment: "production",
    production: true,
    transient: false,
  });
});

test("a pull request gets a preview, a deployment and one comment", async () => {
  world.github.pushBranch("feature/a");
  ({ number } = world.github.createPullRequest({ branch: "feature/a" }));
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 5 }") });
  const run = await world.pullRequest("opened", number);
  expect(run.told).toMatchSnapshot("log");
  expect(run.routes).toMatchSnapshot("routes");
  expect(world.comments(number).map((body) => world.steady(body))).toMatchSnapshot("comment");
  const [preview] = (await world.stackNames()).filter((name) => PREVIEW.test(name));
  expect(run.outputs).toMatchObject({ result: "deployed", "stack-name": preview });
  expect(world.deployments(preview ?? "")).toEqual(["success"]);
});

test("a push that changes nothing for the reader leaves the comment as it is, and anybody else's with our marker", async () => {
  const forged = `${commentMarker("burrow")}\n# Approved`;
  world.github.addComment(number, "mallory", forged);
  world.github.pushBranch("feature/a");
  const run = await world.pullRequest("synchronize", number);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain(`comment on pull request #${number}: unchanged`);
  expect(world.github.comments(number).map(({ edits }) => edits)).toEqual([0, 0]);
});

test("a push that changes the plan edits the same comment; the older deployments end", async () => {
  world.github.pushBranch("feature/a");
  await world.checkout.write({
    "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 9, retention: 3600 }"),
  });
  const run = await world.pullRequest("synchronize", number);
  expect(run.stdout).toContain(`comment on pull request #${number}: updated`);
  expect(world.github.comments(number).map(({ edits }) => edits)).toEqual([1, 0]);
  expect(world.comments(number)[0]).toContain("`retention` `345600` →");
  expect(world.deployments(run.outputs["stack-name"] ?? "")).toEqual(["inactive", "inactive", "success"]);
});

test("a failed build is told in the comment, with its place in the run", async () => {
  await world.checkout.write({ "functions/worker.ts": 'import "./not-there.ts";\n' });
  const run = await world.pullRequest("synchronize", number);
  expect(run.told).toMatchSnapshot();
  expect(run.outputs).toMatchObject({ result: "failed" });
  expect(world.comments(number)[0]).toContain("not-there");
  await world.checkout.write({ "functions/worker.ts": WORKER });
});

test("closing the pull request takes the preview away, and everybody is told", async () => {
  world.github.closePullRequest(number);
  const run = await world.pullRequest("closed", number);
  expect(run.told).toMatchSnapshot("log");
  expect(run.routes).toMatchSnapshot("routes");
  expect(world.steady(world.comments(number)[0] ?? "")).toMatchSnapshot("comment");
  expect(await world.stackNames()).toEqual(["burrow-prod"]);
  const [removed = ""] = JSON.parse(run.outputs["removed-stacks"] ?? "") as string[];
  expect(removed).toMatch(PREVIEW);
  expect(new Set(world.deployments(removed))).toEqual(new Set(["inactive"]));
});

test("a run that fails after that leaves what the comment says", async () => {
  await world.checkout.write({ "functions/worker.ts": 'import "./not-there.ts";\n' });
  // As the event was before the pull request was closed.
  const pull_request = { ...world.github.pullRequestBody(number), state: "open", closed_at: null };
  const run = await world.act("pull_request", { action: "synchronize", number, pull_request });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "build-failed" } });
  expect(world.comments(number)[0]).toContain("is taken down");
  await world.checkout.write({ "functions/worker.ts": WORKER });
});

test("the branch's deletion after it finds nothing to do", async () => {
  world.github.deleteBranch("feature/a");
  const run = await world.act("delete", { ref: "feature/a", ref_type: "branch" });
  expect(run).toMatchObject({ code: 0, outputs: { result: "swept", "removed-stacks": "[]" } });
  expect(run.routes.filter((route) => !route.startsWith("GET"))).toEqual([]);
});

test("a late event of a pull request that is closed makes no preview", async () => {
  world.github.pushBranch("late");
  const late = world.github.createPullRequest({ branch: "late" }).number;
  const payload = { action: "opened", number: late, pull_request: world.github.pullRequestBody(late) };
  world.github.closePullRequest(late);
  const run = await world.act("pull_request", payload);
  expect(run).toMatchObject({ code: 0, outputs: { result: "skipped", reason: "pull-request-closed" } });
  expect(await world.stackNames()).toEqual(["burrow-prod"]);
});

test("without the permissions to tell, the deploy succeeds and says what is missing", async () => {
  world.github.pushBranch("quiet");
  const quiet = world.github.createPullRequest({ branch: "quiet" }).number;
  const run = await world.pullRequest("opened", quiet, {
    permissions: { contents: "read", "pull-requests": "read" },
  });
  expect(run.told).toMatchSnapshot();
  expect(run.outputs).toMatchObject({ result: "deployed" });
  expect(world.comments(quiet)).toEqual([]);
});

test("GitHub's bad days do not stop a deploy", async () => {
  world.github.inject({
    on: "repos/create-deployment",
    how: { kind: "status", status: 502, carriedOut: true },
  });
  world.github.inject({
    on: "repos/create-deployment-status",
    how: { kind: "status", status: 429, retryAfterSeconds: 1 },
  });
  world.github.pushBranch("main");
  const run = await world.push("main");
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(world.deployments("burrow-prod")).toEqual(["success", "success"]);
});

test("a re-run of an old deploy says that a newer commit is deployed, and stops", async () => {
  const old = world.head("main");
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 7 }") });
  world.github.pushBranch("main");
  expect((await world.push("main")).outputs).toMatchObject({ result: "deployed" });
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE });
  const again = await world.push("main", { after: old, attempt: 2 });
  expect(again.told).toMatchSnapshot();
  expect(again.outputs).toEqual({
    result: "skipped",
    reason: "newer-deployed",
    "outcome-file": expect.any(String),
  });
  const forced = await world.push("main", { after: old, attempt: 2, inputs: { "allow-older": "true" } });
  expect(forced.outputs).toMatchObject({ result: "deployed" });
});

test("a pull request from a fork is built, rendered and checked, and asks nobody for anything", async () => {
  const fork = world.github.createPullRequest({ branch: "theirs", fork: "mallory/rabbit-hole" }).number;
  const run = await world.pullRequest("opened", fork, {
    permissions: {},
    environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
  });
  expect(run.told).toMatchSnapshot();
  expect(run.outputs).toEqual({ result: "checked", reason: "fork", "outcome-file": expect.any(String) });
  expect(run.routes).toEqual([]);
});

test("hostile names of branches reach neither Markdown nor the runner as syntax", async () => {
  const legal = ["a shell's substitution", "a mention", "250 characters", "emoji", "an end of a comment"];
  const branch = legal
    .map((name) => HOSTILE[name] ?? "")
    .join("/")
    .replaceAll(/[ ~^:?*[\\]+/g, "`|")
    .slice(0, 240);
  world.github.pushBranch(branch);
  const hostile = world.github.createPullRequest({ branch, title: HOSTILE["HTML"] ?? "" }).number;
  const run = await world.pullRequest("opened", hostile);
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(run.outputs["stack-name"]).toMatch(/^burrow-[a-z][a-z0-9-]*-[0-9a-f]{6}$/);
  world.github.closePullRequest(hostile);
  const closed = await world.pullRequest("closed", hostile);
  expect(closed.outputs).toMatchObject({ result: "swept" });
  for (const body of world.comments(hostile)) {
    expect(body.length).toBeLessThanOrEqual(COMMENT_CHARACTERS);
    expect(body).not.toMatch(/<img|<script|\$\(curl/);
  }
});

test("a preview that is deployed by hand goes with its branch's pull request, although the branch stays", async () => {
  world.github.pushBranch("by-hand");
  const mine = world.github.createPullRequest({ branch: "by-hand", title: "By hand" }).number;
  const inputs = { command: "deploy", stage: "preview" };
  const sha = world.head("by-hand");
  const asked = { ref: "refs/heads/by-hand", inputs };
  const run = await world.act("workflow_dispatch", asked, { inputs, sha });
  expect(run.outputs).toMatchObject({ result: "deployed" });
  world.github.closePullRequest(mine);
  const closed = await world.pullRequest("closed", mine);
  expect(closed.outputs["removed-stacks"]).toContain(run.outputs["stack-name"]);
});

test("what is wrong in pipeline.yaml is an annotation at its place", async () => {
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "qeue }") });
  const run = await world.push("main");
  expect(run.told).toMatchSnapshot();
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "config-invalid" } });
  // GitHub shows nothing for a path that its repository does not have.
  await world.checkout.write({ "zoo/config/pipeline.yaml": PIPELINE.replace("queue }", "qeue }") });
  for (const directory of ["./zoo/", `${world.checkout.folder}/zoo`]) {
    const { stdout, summary } = await world.push("main", { inputs: { directory } });
    expect(stdout).toContain("::error file=zoo/config/pipeline.yaml,line=");
    expect(summary).toMatch(/\/blob\/[0-9a-f]+\/zoo\/config\/pipeline\.yaml#L/);
  }
});

test("without previews a pull request has its plan in the comment, or why there is none", async () => {
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace(/ {2}preview: .*\n/, "") });
  world.github.pushBranch("planned");
  const { number: planned } = world.github.createPullRequest({ branch: "planned" });
  expect((await world.pullRequest("opened", planned)).code).toBe(0);
  expect(world.comments(planned)[0]).toContain("**Merging into `prod`**");
  await world.checkout.write({ "functions/worker.ts": 'import "./not-there.ts";\n' });
  expect((await world.pullRequest("synchronize", planned)).code).toBe(1);
  expect(world.comments(planned)).toHaveLength(1);
  expect(world.comments(planned)[0]).toContain("there is no plan of the newest commit");
  expect(world.comments(planned)[0]).toContain("not-there");
  await world.checkout.write({ "functions/worker.ts": WORKER, "config/pipeline.yaml": PIPELINE });
});
