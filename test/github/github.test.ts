import { expect, test } from "vitest";
import { GitHubRefusal } from "../../action/core/github-refusal.ts";
import type { DeploymentInput } from "../../action/github-ports.ts";
import { type Answer, playGitHub } from "./api.ts";

const MARKER = "<!-- warren: rabbit-hole -->";
const ours = { type: "Bot", login: "github-actions[bot]" };
const theirs = { type: "User", login: "mallory" };

async function refusalOf(promise: Promise<unknown>): Promise<GitHubRefusal> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GitHubRefusal) return error;
  throw new Error("expected a refusal", { cause: error });
}

/** Pages of two, as GitHub links them. */
function paged(all: readonly unknown[], route: string, endpoint: string): Answer {
  const page = Number(/[?&]page=(\d+)/.exec(route)?.[1] ?? 1);
  const more = all.length > page * 2;
  const path = /\/repos[^?]*/.exec(route)?.[0];
  return {
    status: 200,
    ...(more && { headers: { link: `<${endpoint}${path}?page=${page + 1}>; rel="next"` } }),
    body: all.slice((page - 1) * 2, page * 2),
  };
}

const COMMENTS = [
  { id: 1, body: "hello", user: theirs },
  { id: 2, body: `${MARKER}\nforged`, user: theirs },
  { id: 3, body: `look: ${MARKER}`, user: ours },
  { id: 4, body: null, user: null },
  { id: 5, body: `${MARKER}\r\nold text\r\n`, user: ours },
];

test("our comment is found behind all pages, and nobody else's is touched", async () => {
  await using api = await playGitHub(({ route }, _index, endpoint) => {
    if (route.startsWith("GET /user"))
      return { status: 403, body: { message: "Resource not accessible by integration" } };
    return route.startsWith("GET") ? paged(COMMENTS, route, endpoint) : { status: 200 };
  });
  expect(await api.github.upsertComment(7, MARKER, `${MARKER}\nnew text`)).toBe("updated");
  expect(api.calls.map(({ route }) => route)).toEqual([
    "GET /repos/octo/burrow/issues/7/comments?per_page=100",
    "GET /repos/octo/burrow/issues/7/comments?page=2",
    "GET /repos/octo/burrow/issues/7/comments?page=3",
    "GET /user",
    "PATCH /repos/octo/burrow/issues/comments/5",
  ]);
  expect(api.calls.at(-1)?.body).toEqual({ body: `${MARKER}\nnew text` });
});

test("a comment whose text is the same is left alone, whatever its line ends", async () => {
  await using api = await playGitHub(({ route }, _index, endpoint) =>
    route.startsWith("GET /user") ? { status: 403 } : paged(COMMENTS, route, endpoint),
  );
  expect(await api.github.upsertComment(7, MARKER, `${MARKER}\nold text`)).toBe("unchanged");
  expect(api.calls.every(({ route }) => route.startsWith("GET"))).toBe(true);
});

test("a person's token finds the comment that it wrote", async () => {
  await using api = await playGitHub(({ route }) => {
    if (route === "GET /user") return { status: 200, body: theirs };
    return route.startsWith("GET") ? { status: 200, body: [COMMENTS[1]] } : { status: 200 };
  });
  expect(await api.github.upsertComment(7, MARKER, `${MARKER}\nnew`)).toBe("updated");
});

test("a comment whose answer was lost is not written twice", async () => {
  const written: { id: number; body: string; user: typeof ours }[] = [];
  await using api = await playGitHub(({ route, body }) => {
    if (route.startsWith("GET")) return { status: 200, body: written };
    written.push({ id: 9, body: (body as { body: string }).body, user: ours });
    return { status: 502 };
  });
  expect(await api.github.upsertComment(7, MARKER, `${MARKER}\ntext`)).toBe("unchanged");
  expect(written).toHaveLength(1);
});

test("lists are read to the last page", async () => {
  const repo = { id: 1 };
  const pulls = [1, 2, 3, 4, 5].map((number) => ({
    number,
    state: "open",
    draft: number === 2,
    merged_at: null,
    head: {
      ref: `branch-${number}`,
      sha: `sha-${number}`,
      repo: [repo, { id: 2 }, null, repo, repo][number - 1],
    },
    base: { ref: "main", repo },
  }));
  await using api = await playGitHub(({ route }, _index, endpoint) =>
    route.includes("/branches")
      ? paged([{ name: "main" }, { name: "feature/a" }, { name: "b" }], route, endpoint)
      : paged(pulls, route, endpoint),
  );
  const open = await api.github.openPullRequests();
  expect(open.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  expect(open.map(({ fromFork }) => fromFork)).toEqual([false, true, true, false, false]);
  expect(open[1]).toEqual({
    number: 2,
    branch: "branch-2",
    headSha: "sha-2",
    baseBranch: "main",
    open: true,
    draft: true,
    merged: false,
    fromFork: true,
  });
  expect(await api.github.branches()).toEqual(["main", "feature/a", "b"]);
  expect(await api.github.pullRequestsOf("abc")).toHaveLength(5);
});

test("what is not there is nothing, not an error", async () => {
  await using api = await playGitHub(() => ({ status: 404, body: { message: "Not Found" } }));
  expect(await api.github.pullRequest(7)).toBeUndefined();
  expect(await api.github.head("feature/gone")).toBeUndefined();
  expect(await api.github.isAncestor("a", "b")).toBe(false);
  expect(api.calls.map(({ route }) => route)).toEqual([
    "GET /repos/octo/burrow/pulls/7",
    "GET /repos/octo/burrow/git/ref/heads/feature/gone",
    "GET /repos/octo/burrow/compare/a...b?per_page=1",
  ]);
});

test.each([
  ["ahead", true],
  ["identical", true],
  ["behind", false],
  ["diverged", false],
])("a commit that is %s: ancestor is %s", async (status, expected) => {
  await using api = await playGitHub(() => ({ status: 200, body: { status, commits: [] } }));
  expect(await api.github.isAncestor("a", "b")).toBe(expected);
});

test("GitHub Enterprise's path is kept, and the token goes with every call", async () => {
  await using api = await playGitHub(
    ({ route }, _index, endpoint) => paged([{ name: "a" }, { name: "b" }, { name: "c" }], route, endpoint),
    "/api/v3",
  );
  await api.github.branches();
  expect(api.calls.map(({ route }) => route)).toEqual([
    "GET /api/v3/repos/octo/burrow/branches?per_page=100",
    "GET /api/v3/repos/octo/burrow/branches?page=2",
  ]);
  expect(new Set(api.calls.map(({ authorization }) => authorization))).toEqual(new Set(["token t0ken"]));
});

const PREVIEW: DeploymentInput = {
  environment: "preview",
  sha: "0123456789abcdef",
  transient: true,
  production: false,
  stack: "rabbit-hole-x-123456",
};

test("a deployment waits for no check, merges nothing, and shares the environment of its stage", async () => {
  await using api = await playGitHub(({ route }) =>
    route.startsWith("GET") ? { status: 200, body: [] } : { status: 201, body: { id: 42 } },
  );
  const id = await api.github.createDeployment(PREVIEW);
  await api.github.setDeploymentState(id, "success", "x".repeat(200), "https://example.com/stack");
  expect(api.calls.map(({ route, body }) => [route, body])).toMatchInlineSnapshot(`
    [
      [
        "GET /repos/octo/burrow/deployments?environment=preview&task=warren:rabbit-hole-x-123456&per_page=1",
        undefined,
      ],
      [
        "POST /repos/octo/burrow/deployments",
        {
          "auto_merge": false,
          "description": "stack rabbit-hole-x-123456",
          "environment": "preview",
          "production_environment": false,
          "ref": "0123456789abcdef",
          "required_contexts": [],
          "task": "warren:rabbit-hole-x-123456",
          "transient_environment": true,
        },
      ],
      [
        "GET /repos/octo/burrow/deployments?environment=preview&task=warren:rabbit-hole-x-123456&per_page=100",
        undefined,
      ],
      [
        "POST /repos/octo/burrow/deployments/42/statuses",
        {
          "description": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
          "environment_url": "https://example.com/stack",
          "log_url": "https://example.com/runs/1",
          "state": "success",
        },
      ],
    ]
  `);
});

/** Of the same commit. */
function ids(...all: readonly number[]): readonly { readonly id: number; readonly sha: string }[] {
  return all.map((id) => ({ id, sha: PREVIEW.sha }));
}

test("one that another commit's came after is not gone on with: a stage is taken back to where it was before", async () => {
  await using api = await playGitHub(({ route }) => {
    if (route.includes("/statuses")) return { status: 200, body: [{ state: "success" }] };
    const all = [{ id: 8, sha: "fedcba9876543210" }, ...ids(7)];
    return route.startsWith("GET") ? { status: 200, body: all } : { status: 201, body: { id: 9 } };
  });
  expect(await api.github.createDeployment(PREVIEW)).toBe(9);
});

test("two runs that make a deployment at the same moment share the older one that is active", async () => {
  await using api = await playGitHub(({ route }) => {
    if (route.endsWith("&per_page=100")) return { status: 200, body: ids(42, 41, 40) };
    if (route.includes("/40/statuses")) return { status: 200, body: [{ state: "inactive" }] };
    if (route.startsWith("GET")) return { status: 200, body: [] };
    return route.startsWith("POST") ? { status: 201, body: { id: 42 } } : { status: 204, body: undefined };
  });
  expect(await api.github.createDeployment(PREVIEW)).toBe(41);
  expect(api.calls.slice(-2).map(({ route, body }) => [route, body])).toEqual([
    ["POST /repos/octo/burrow/deployments/42/statuses", { state: "inactive" }],
    ["DELETE /repos/octo/burrow/deployments/42", undefined],
  ]);
});

test("a run that is cut off, or run again, goes on with its commit's deployment, but not with one that has ended", async () => {
  const states: unknown[] = [];
  await using api = await playGitHub(({ route }) => {
    if (route.includes("/statuses")) return { status: 200, body: states };
    return route.startsWith("GET") ? { status: 200, body: ids(7) } : { status: 201, body: { id: 8 } };
  });
  expect(await api.github.createDeployment(PREVIEW)).toBe(7);
  states.push({ state: "in_progress" });
  expect(await api.github.createDeployment(PREVIEW)).toBe(7);
  states.splice(0, 1, { state: "inactive" });
  expect(await api.github.createDeployment(PREVIEW)).toBe(8);
});

test("active deployments are those of the stack that were not ended, from every page", async () => {
  const state: Readonly<Record<string, string>> = { 1: "success", 2: "inactive", 3: "failure" };
  await using api = await playGitHub(({ route }, _index, endpoint) => {
    const id = /deployments\/(\d+)\/statuses/.exec(route)?.[1];
    if (id !== undefined) return { status: 200, body: state[id] === undefined ? [] : [{ state: state[id] }] };
    return paged([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }], route, endpoint);
  });
  expect(await api.github.activeDeployments("preview", PREVIEW.stack)).toEqual([1, 3, 4]);
  expect(api.calls[0]?.route).toContain("environment=preview&task=warren:rabbit-hole-x-123456");
});

test("a missing permission is named, and is not asked for again", async () => {
  await using api = await playGitHub(() => ({
    status: 403,
    body: { message: "Resource not accessible by integration" },
  }));
  const refusal = await refusalOf(api.github.upsertComment(7, MARKER, MARKER));
  expect(refusal).toMatchObject({ kind: "permission", reason: "github-permission-missing" });
  expect(refusal.message).toMatchInlineSnapshot(`
    "the job may not comment on the pull request: it lacks the permission \`pull-requests: write\`
        Add \`pull-requests: write\` to the job's \`permissions:\`."
  `);
  expect(api.calls).toHaveLength(1);
});

test("each permission is the one that the job's `permissions:` can give", async () => {
  await using api = await playGitHub(() => ({
    status: 403,
    body: { message: "Resource not accessible by integration" },
  }));
  const { github } = api;
  const asked = [
    github.pullRequest(7),
    github.openPullRequests(),
    github.branches(),
    github.head("main"),
    github.createDeployment(PREVIEW),
    github.setDeploymentState(1, "success", ""),
    github.activeDeployments("preview", "s"),
  ];
  const messages = await Promise.all(asked.map(async (promise) => (await refusalOf(promise)).message));
  expect(messages).toMatchInlineSnapshot(`
    [
      "the job may not read a pull request: it lacks the permission \`pull-requests: read\`
        Add \`pull-requests: read\` to the job's \`permissions:\`.",
      "the job may not list pull requests: it lacks the permission \`pull-requests: read\`
        Add \`pull-requests: read\` to the job's \`permissions:\`.",
      "the job may not list branches: it lacks the permission \`contents: read\`
        Add \`contents: read\` to the job's \`permissions:\`.",
      "the job may not read a branch: it lacks the permission \`contents: read\`
        Add \`contents: read\` to the job's \`permissions:\`.",
      "the job may not create a deployment: it lacks the permission \`deployments: write\`
        Add \`deployments: write\` to the job's \`permissions:\`.",
      "the job may not set a deployment's status: it lacks the permission \`deployments: write\`
        Add \`deployments: write\` to the job's \`permissions:\`.",
      "the job may not list deployments: it lacks the permission \`deployments: read\`
        Add \`deployments: read\` to the job's \`permissions:\`.",
    ]
  `);
});

test("a rate limit is waited for as long as GitHub says, within a bound", async () => {
  await using api = await playGitHub((_call, index) =>
    index < 2
      ? { status: index === 0 ? 429 : 403, headers: { "retry-after": "10" } }
      : { status: 200, body: [] },
  );
  expect(await api.github.branches()).toEqual([]);
  expect(api.waits).toHaveLength(2);
  for (const seconds of api.waits) expect(seconds).toBeGreaterThanOrEqual(10);

  await using busy = await playGitHub(() => ({ status: 429, headers: { "retry-after": "3600" } }));
  const refusal = await refusalOf(busy.github.branches());
  expect(refusal.kind).toBe("rate-limit");
  expect(busy.calls).toHaveLength(1);
  expect(busy.waits).toEqual([]);
});

test("the primary and the secondary limit are told from a missing permission", async () => {
  await using primary = await playGitHub((_call, index) =>
    index === 0
      ? { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1020" } }
      : { status: 200, body: [] },
  );
  await primary.github.branches();
  expect(primary.waits[0]).toBeGreaterThanOrEqual(20);

  await using secondary = await playGitHub((_call, index) =>
    index === 0
      ? { status: 403, body: { message: "You have exceeded a secondary rate limit." } }
      : { status: 200, body: [] },
  );
  expect(await secondary.github.branches()).toEqual([]);
});

test.each([500, 502, 503, 504])("%i is asked again, a bounded number of times", async (status) => {
  await using once = await playGitHub((_call, index) =>
    index === 0 ? { status } : { status: 200, body: [] },
  );
  expect(await once.github.branches()).toEqual([]);

  await using always = await playGitHub(() => ({ status }));
  const refusal = await refusalOf(always.github.branches());
  expect(refusal).toMatchObject({ kind: "unavailable", status });
  expect(always.calls).toHaveLength(4);
});

test("a connection that breaks is asked again, too", async () => {
  await using api = await playGitHub((_call, index) =>
    index === 0 ? { status: 0, cut: true } : { status: 200, body: [] },
  );
  expect(await api.github.branches()).toEqual([]);
});

test("what GitHub refuses is told in its words, once", async () => {
  await using api = await playGitHub(({ route }) =>
    route.startsWith("GET")
      ? { status: 200, body: [] }
      : { status: 422, body: { message: "Validation Failed" } },
  );
  const refusal = await refusalOf(api.github.createDeployment(PREVIEW));
  expect(refusal.message).toMatchInlineSnapshot(`
    "GitHub refuses to create a deployment (422 Validation Failed)
        See the answer of GitHub."
  `);
  expect(api.calls).toHaveLength(2);
});
