import { describe, expect, test } from "vitest";
import {
  acceptedPermissions,
  type OperationId,
  operations,
  type Permissions,
} from "../../action/local/github/permissions.ts";
import { type GitHub, startGitHub } from "../../action/local/github/server.ts";
import { ALL, bare, clientOf, here } from "./standin.ts";

const REPOSITORY = "/repos/warren/rabbit-hole";
const SHA = "0123456789012345678901234567890123456789";

/** A request for each operation, legal but for what its permission is needed for. */
const requests: Readonly<Record<OperationId, readonly [method: string, path: string, body?: object]>> = {
  "repos/get": ["GET", REPOSITORY],
  "repos/list-branches": ["GET", `${REPOSITORY}/branches`],
  "repos/get-branch": ["GET", `${REPOSITORY}/branches/main`],
  "repos/compare-commits-with-basehead": ["GET", `${REPOSITORY}/compare/main...main`],
  "git/get-ref": ["GET", `${REPOSITORY}/git/ref/heads%2Fmain`],
  "git/create-ref": ["POST", `${REPOSITORY}/git/refs`, { ref: "refs/heads/new", sha: SHA }],
  "git/delete-ref": ["DELETE", `${REPOSITORY}/git/refs/heads%2Fgone`],
  "pulls/list": ["GET", `${REPOSITORY}/pulls`],
  "pulls/get": ["GET", `${REPOSITORY}/pulls/1`],
  "repos/list-pull-requests-associated-with-commit": ["GET", `${REPOSITORY}/commits/main/pulls`],
  "issues/list-comments": ["GET", `${REPOSITORY}/issues/1/comments`],
  "issues/create-comment": ["POST", `${REPOSITORY}/issues/1/comments`, { body: "text" }],
  "issues/get-comment": ["GET", `${REPOSITORY}/issues/comments/1`],
  "issues/update-comment": ["PATCH", `${REPOSITORY}/issues/comments/1`, { body: "text" }],
  "issues/delete-comment": ["DELETE", `${REPOSITORY}/issues/comments/1`],
  "issues/list-for-repo": ["GET", `${REPOSITORY}/issues`],
  "issues/get": ["GET", `${REPOSITORY}/issues/1`],
  "issues/create": ["POST", `${REPOSITORY}/issues`, { title: "drift" }],
  "issues/update": ["PATCH", `${REPOSITORY}/issues/1`, { state: "closed" }],
  "repos/list-deployments": ["GET", `${REPOSITORY}/deployments`],
  "repos/create-deployment": ["POST", `${REPOSITORY}/deployments`, { ref: "main" }],
  "repos/get-deployment": ["GET", `${REPOSITORY}/deployments/1`],
  "repos/delete-deployment": ["DELETE", `${REPOSITORY}/deployments/1`],
  "repos/list-deployment-statuses": ["GET", `${REPOSITORY}/deployments/1/statuses`],
  "repos/create-deployment-status": ["POST", `${REPOSITORY}/deployments/1/statuses`, { state: "success" }],
  "repos/create-commit-status": ["POST", `${REPOSITORY}/statuses/${SHA}`, { state: "success" }],
  "repos/get-combined-status-for-ref": ["GET", `${REPOSITORY}/commits/main/status`],
  "repos/get-all-environments": ["GET", `${REPOSITORY}/environments`],
  "repos/get-environment": ["GET", `${REPOSITORY}/environments/preview`],
  "repos/list-deployment-branch-policies": [
    "GET",
    `${REPOSITORY}/environments/preview/deployment-branch-policies`,
  ],
  "repos/create-or-update-environment": ["PUT", `${REPOSITORY}/environments/preview`, {}],
  "repos/delete-an-environment": ["DELETE", `${REPOSITORY}/environments/preview`],
  "users/get-authenticated": ["GET", "/user"],
  "actions/get-custom-oidc-sub-claim-for-repo": ["GET", `${REPOSITORY}/actions/oidc/customization/sub`],
  "actions/get-github-actions-default-workflow-permissions-repository": [
    "GET",
    `${REPOSITORY}/actions/permissions/workflow`,
  ],
};

/** What a workflow can give; everybody may read metadata, and nobody can have what is left. */
const grantable = (Object.keys(operations) as OperationId[]).flatMap((id) =>
  operations[id].anyOf
    .filter((name) => !["metadata", "administration", "user"].includes(name))
    .map((name) => ({ id, name, access: operations[id].access })),
);
const restricted = (Object.keys(operations) as OperationId[]).filter((id) => id !== "repos/get");

function attempt(github: GitHub, id: OperationId, permissions: Permissions): Promise<Response> {
  const [method, path, body] = requests[id];
  const token = github.issueToken(permissions);
  return bare(github, { method, path, token, ...(body && { body: JSON.stringify(body) }) });
}

describe("a token", () => {
  test.each(restricted)("without its permission is refused %s, and told which it is", async (id) => {
    await using github = await startGitHub();
    const answer = await attempt(github, id, {});
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      message: "Resource not accessible by integration",
      status: "403",
    });
    expect(answer.headers.get("x-accepted-github-permissions")).toBe(acceptedPermissions(operations[id]));
    expect(github.routes).toMatchObject([{ operation: id, status: 403 }]);
  });

  test.each(grantable)("may do $id with $name: $access alone", async ({ id, name, access }) => {
    await using github = await startGitHub();
    const { status } = await attempt(github, id, { [name]: access });
    expect([200, 201, 204, 404, 422]).toContain(status);
  });

  test.each(grantable.filter(({ access }) => access === "write"))(
    "may not do $id with $name: read",
    async ({ id, name }) => {
      await using github = await startGitHub();
      expect((await attempt(github, id, { [name]: "read" })).status).toBe(403);
    },
  );

  test.each(["administration", "user", "metadata", "pull_request"])("cannot be given %s", async (name) => {
    await using github = await startGitHub();
    expect(() => github.issueToken({ [name]: "read" })).toThrow(
      `a workflow cannot grant the permission ${name}`,
    );
  });

  test("that GitHub never gave is refused", async () => {
    await using github = await startGitHub();
    const answer = await bare(github, { path: REPOSITORY, token: "ghs_made_up" });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ message: "Bad credentials" });
  });

  test("has to be there in a private repository, and may be any for reading a public one", async () => {
    await using secret = await startGitHub();
    expect((await bare(secret, { path: `${REPOSITORY}/pulls` })).status).toBe(401);

    await using open = await startGitHub({ visibility: "public" });
    expect((await bare(open, { path: `${REPOSITORY}/pulls` })).status).toBe(200);
    const client = clientOf(open, {});
    expect((await client.rest.pulls.list(here)).status).toBe(200);
    await expect(client.rest.issues.create({ ...here, title: "x" })).rejects.toMatchObject({ status: 403 });
  });

  test("is of one repository", async () => {
    await using github = await startGitHub();
    const { rest } = clientOf(github);
    await expect(rest.repos.get({ owner: "warren", repo: "other" })).rejects.toMatchObject({ status: 404 });
    expect((await rest.repos.get({ owner: "Warren", repo: "Rabbit-Hole" })).data.full_name).toBe(
      "warren/rabbit-hole",
    );
  });
});

describe("a request that GitHub's description does not allow", () => {
  test("is refused with what is wrong", async () => {
    await using github = await startGitHub();
    const { number } = github.createPullRequest({ branch: github.pushBranch("x") && "x" });
    const { rest } = clientOf(github);
    const comment = { ...here, issue_number: number };
    await expect(rest.issues.createComment({ ...comment, body: 7 as never })).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining("For 'properties/body', must be string.") as string,
    });
    await expect(rest.issues.createComment(comment as never)).rejects.toMatchObject({ status: 422 });
    await expect(rest.pulls.list({ ...here, state: "opened" as never })).rejects.toMatchObject({
      status: 422,
    });
    expect(github.comments(number)).toEqual([]);
  });

  test("is not found if its address can be of nothing", async () => {
    await using github = await startGitHub();
    const { rest } = clientOf(github);
    await expect(rest.pulls.get({ ...here, pull_number: "seven" as never })).rejects.toMatchObject({
      status: 404,
    });
  });

  test("is refused when its JSON is broken", async () => {
    await using github = await startGitHub();
    const request = {
      method: "POST",
      path: `${REPOSITORY}/issues`,
      token: github.issueToken(ALL),
      body: "{",
    };
    expect((await bare(github, request)).status).toBe(400);
  });

  test("is not answered at all if the stand-in does not know what it is for", async () => {
    await using github = await startGitHub();
    const { rest, graphql } = clientOf(github);
    await expect(rest.repos.listTags(here)).rejects.toMatchObject({ status: 501 });
    await expect(graphql("{ viewer { login } }")).rejects.toMatchObject({ status: 501 });
    expect(github.takeRoutes()).toEqual(["GET /tags 501", "POST /graphql 501"]);
  });
});

test("an answer that GitHub's description does not allow is a 500, and fails whoever started the stand-in", async () => {
  const github = await startGitHub();
  const { number } = github.createPullRequest({ branch: github.pushBranch("x") && "x", title: 7 as never });
  const { rest } = clientOf(github);
  await expect(rest.pulls.get({ ...here, pull_number: number })).rejects.toMatchObject({
    status: 500,
    message: expect.stringContaining("/title must be string") as string,
  });
  await expect(github[Symbol.asyncDispose]()).rejects.toThrow("pulls/get is illegal");
});

test("it can be at an address like GitHub Enterprise Server's", async () => {
  await using github = await startGitHub({ basePath: "/api/v3", webUrl: "https://git.example.com" });
  expect(github.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/v3$/);
  const { data } = await clientOf(github).rest.repos.get(here);
  expect(data.url).toBe(`${github.url}/repos/warren/rabbit-hole`);
  expect(data.html_url).toBe("https://git.example.com/warren/rabbit-hole");
});

describe("a fault", () => {
  test.each([401, 403, 404, 422, 429, 500, 502, 503] as const)(
    "answers %i and changes nothing",
    async (status) => {
      await using github = await startGitHub();
      github.inject({ on: "issues/create", how: { kind: "status", status } });
      const { rest } = clientOf(github);
      await expect(rest.issues.create({ ...here, title: "x" })).rejects.toMatchObject({ status });
      expect(github.state.issues.size).toBe(0);
      expect((await rest.issues.create({ ...here, title: "x" })).status).toBe(201);
      expect(github.takeRoutes()).toEqual([`POST /issues ${status}`, "POST /issues 201"]);
    },
  );

  test("asks for patience", async () => {
    await using github = await startGitHub();
    github.inject({ how: { kind: "status", status: 429, retryAfterSeconds: 3 } });
    await expect(clientOf(github).rest.repos.get(here)).rejects.toMatchObject({
      message: expect.stringContaining("secondary rate limit") as string,
      response: { headers: { "retry-after": "3" } },
    });
  });

  test("hits just the requests that it is meant for", async () => {
    await using github = await startGitHub();
    const how = { kind: "status", status: 500 } as const;
    github.inject({ on: ["pulls/list", "repos/list-branches"], after: 1, times: 2, how });
    const { rest } = clientOf(github);
    const seen = async (ask: () => Promise<{ status: number }>): Promise<number> =>
      ask().then(
        ({ status }) => status,
        (error: unknown) => (error as { status: number }).status,
      );
    const pulls = (): Promise<{ status: number }> => rest.pulls.list(here);
    expect([
      await seen(pulls),
      await seen(() => rest.repos.get(here)),
      await seen(pulls),
      await seen(() => rest.repos.listBranches(here)),
      await seen(pulls),
    ]).toEqual([200, 200, 500, 500, 200]);
  });

  test("can lose the answer to what was carried out", async () => {
    await using github = await startGitHub();
    const { rest } = clientOf(github);
    github.inject({ on: "issues/create", how: { kind: "status", status: 502, carriedOut: true } });
    await expect(rest.issues.create({ ...here, title: "one" })).rejects.toMatchObject({ status: 502 });
    github.inject({ on: "issues/create", how: { kind: "reset", carriedOut: true } });
    await expect(rest.issues.create({ ...here, title: "two" })).rejects.toMatchObject({ status: 500 });
    github.inject({ on: "issues/create", how: { kind: "reset" } });
    await expect(rest.issues.create({ ...here, title: "three" })).rejects.toMatchObject({ status: 500 });
    expect([...github.state.issues.values()].map(({ title }) => title)).toEqual(["one", "two"]);
    expect(github.takeRoutes()).toEqual(["POST /issues 502", "POST /issues 0", "POST /issues 0"]);
  });

  test("can be slowness, of which a client may tire", async () => {
    await using github = await startGitHub();
    const { rest } = clientOf(github);
    github.inject({ on: "repos/get", how: { kind: "slow", milliseconds: 1 } });
    expect((await rest.repos.get(here)).status).toBe(200);

    github.inject({ on: "repos/list-branches", how: { kind: "slow", milliseconds: 3_600_000 } });
    const patience = new AbortController();
    const late = rest.repos.listBranches({ ...here, request: { signal: patience.signal } });
    expect((await rest.pulls.list(here)).status).toBe(200);
    patience.abort();
    await expect(late).rejects.toMatchObject({ name: "AbortError" });
  });
});
