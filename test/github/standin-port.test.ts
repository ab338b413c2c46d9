/** The Action's own GitHub port against the stand-in: where their ideas of GitHub differ, one of them is wrong. */
import { expect, test } from "vitest";
import { createGitHubApi } from "../../action/edge/github-api.ts";
import { createGitHub } from "../../action/edge/github.ts";
import { type GitHub, startGitHub } from "../../action/local/github/server.ts";
import type { Permissions } from "../../action/local/github/permissions.ts";
import type { DeploymentInput, GitHub as Port } from "../../action/github-ports.ts";

const MARKER = "<!-- warren -->";
/** What the preview's job is granted. */
const PREVIEW: Permissions = {
  contents: "read",
  "pull-requests": "write",
  deployments: "write",
  "id-token": "write",
};

function portTo(github: GitHub, permissions: Permissions = PREVIEW): Port {
  const settings = {
    token: github.issueToken(permissions),
    repository: github.repository,
    apiUrl: github.url,
  };
  const clock = { now: () => Date.now(), sleep: async () => {} };
  const runUrl = `https://github.com/${github.repository}/actions/runs/1`;
  return createGitHub(createGitHubApi({ ...settings, runUrl }, clock));
}

function pullRequest(github: GitHub): number {
  github.pushBranch("feature/x");
  return github.createPullRequest({ branch: "feature/x" }).number;
}

test("reads branches and pull requests to the last page", async () => {
  await using github = await startGitHub();
  for (let i = 0; i < 120; i += 1) {
    github.pushBranch(`b${i}`);
    github.createPullRequest({ branch: `b${i}` });
  }
  const port = portTo(github);
  expect(await port.branches()).toHaveLength(121);
  expect(await port.openPullRequests()).toHaveLength(120);
  expect(await port.head("b7")).toBe(github.state.branches.get("b7"));
  expect(await port.head("none")).toBeUndefined();
  expect(await port.pullRequest(999)).toBeUndefined();
});

test("finds the pull request of a squashed commit, and what comes before what", async () => {
  await using github = await startGitHub();
  const number = pullRequest(github);
  const before = github.state.branches.get("main") ?? "";
  const merged = github.closePullRequest(number, "squash");
  github.deleteBranch("feature/x");
  const port = portTo(github);
  expect(await port.pullRequestsOf(merged)).toMatchObject([
    { number, open: false, merged: true, branch: "feature/x" },
  ]);
  expect(await port.isAncestor(before, merged)).toBe(true);
  expect(await port.isAncestor(merged, before)).toBe(false);
  expect(await port.isAncestor(github.pushBranch("stranger", undefined, []), merged)).toBe(false);
});

test("writes one comment, also when an answer is lost, and beyond the first page", async () => {
  await using github = await startGitHub();
  const number = pullRequest(github);
  for (let i = 0; i < 101; i += 1) github.addComment(number, "alice", MARKER);
  const port = portTo(github);
  github.inject({ on: "issues/create-comment", how: { kind: "status", status: 502, carriedOut: true } });
  await port.upsertComment(number, MARKER, `${MARKER}\none`);
  expect(await port.upsertComment(number, MARKER, `${MARKER}\none`)).toBe("unchanged");
  expect(await port.upsertComment(number, MARKER, `${MARKER}\ntwo`)).toBe("updated");
  const ours = github.comments(number).filter(({ author }) => author !== "alice");
  expect(ours).toMatchObject([{ body: `${MARKER}\ntwo`, edits: 1 }]);
});

test("keeps one open issue: opened once though an answer is lost, edited on change, found beyond the first page", async () => {
  await using github = await startGitHub();
  const port = portTo(github, { issues: "write" });
  const issue = { marker: MARKER, title: "Drift", body: `${MARKER}\none` };
  github.inject({ on: "issues/create", how: { kind: "status", status: 502, carriedOut: true } });
  await port.upsertIssue(issue);
  for (let i = 0; i < 120; i += 1) {
    github.pushBranch(`b${i}`);
    github.createPullRequest({ branch: `b${i}`, body: `${MARKER}\na pull request is an issue too` });
  }
  expect(await port.upsertIssue({ ...issue, body: `${issue.body}\r\n` })).toBe("unchanged");
  expect(await port.upsertIssue({ ...issue, body: `${MARKER}\ntwo` })).toBe("updated");
  const all = [...github.state.issues.values()];
  expect(all).toMatchObject([{ state: "open", title: "Drift", body: `${MARKER}\ntwo` }]);

  expect(await port.closeIssue(MARKER)).toBe(all[0]?.number);
  expect(await port.closeIssue(MARKER)).toBeUndefined();
  expect(await port.upsertIssue(issue)).toBe("opened");
  expect([...github.state.issues.values()].map(({ state }) => state)).toEqual(["closed", "open"]);
});

test("leaves an issue alone in which somebody else has written the marker", async () => {
  await using github = await startGitHub();
  const port = portTo(github, { issues: "write" });
  await port.upsertIssue({ marker: MARKER, title: "Forged", body: `${MARKER}\nforged` });
  const [forged] = github.state.issues.values();
  github.state.issues.set(forged?.number ?? 0, { ...forged!, author: "mallory" });
  expect(await port.upsertIssue({ marker: MARKER, title: "Drift", body: MARKER })).toBe("opened");
  expect([...github.state.issues.values()].map(({ title, author }) => `${title} ${author}`)).toEqual([
    "Forged mallory",
    "Drift github-actions[bot]",
  ]);
});

test("makes one deployment, also when an answer is lost, and finds it until it is inactive", async () => {
  await using github = await startGitHub();
  const sha = github.pushBranch("feature/x");
  github.pushBranch("main");
  const port = portTo(github);
  const input: DeploymentInput = {
    environment: "preview",
    sha,
    transient: true,
    production: false,
    stack: "rabbit-hole-x-1",
  };
  github.inject({ on: "repos/create-deployment", how: { kind: "reset", carriedOut: true } });
  const id = await port.createDeployment(input);
  expect([...github.state.deployments.keys()]).toEqual([id]);
  await port.setDeploymentState(id, "success", "x".repeat(200), "https://x.example");
  expect(await port.activeDeployments("preview", input.stack)).toEqual([id]);
  expect(await port.activeDeployments("preview", "another")).toEqual([]);
  await port.setDeploymentState(id, "inactive", "gone");
  expect(await port.activeDeployments("preview", input.stack)).toEqual([]);
});

test("says which permission is missing", async () => {
  await using github = await startGitHub();
  const port = portTo(github, { contents: "read" });
  await expect(port.upsertComment(pullRequest(github), MARKER, MARKER)).rejects.toThrow(
    "pull-requests: write",
  );
});
