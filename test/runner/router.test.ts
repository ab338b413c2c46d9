/** Which jobs an event starts, asked of the committed workflow. Payloads are GitHub's samples, but for what a row says. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { type RoutedJob, route } from "../../action/local/runner/router.ts";
import { fork, happened, pullRequest, repository } from "./events.ts";

const root = `${import.meta.dirname}/../..`;
const workflows = await Promise.all(
  ["warren", "pipeline", "check", "release"].map(async (name) => {
    const file = `.github/workflows/${name}.yml`;
    return { file, text: await readFile(`${root}/${file}`, "utf8") };
  }),
);

const WRITES: RoutedJob["permissions"] = {
  actions: "read",
  contents: "read",
  deployments: "write",
  "id-token": "write",
  issues: "write",
  statuses: "write",
  "pull-requests": "write",
};
const job = (environment: string, event: string): Partial<RoutedJob> => ({
  job: "warren",
  jobWorkflow: ".github/workflows/pipeline.yml",
  permissions: WRITES,
  environment,
  concurrencyGroup: `warren-.-${event}`,
  cancelInProgress: false,
});
const dispatched = (inputs: Readonly<Record<string, string>>, branch = "main"): ReturnType<typeof happened> =>
  happened("workflow_dispatch", {
    ref: `refs/heads/${branch}`,
    inputs,
    workflow: ".github/workflows/warren.yml",
  });
const preview = job("preview", "pull_request--7");
const retargeted = (changes: unknown): ReturnType<typeof happened> => {
  const { eventName, payload } = pullRequest("edited");
  return happened(eventName, { ...payload, changes });
};
const READS: RoutedJob["permissions"] = {
  actions: "read",
  contents: "read",
  deployments: "read",
  "id-token": "none",
  issues: "read",
  "pull-requests": "read",
};

test.each([
  ["push to main", happened("push", { ref: "refs/heads/main" }), job("production", "push--refs/heads/main")],
  ["push to another branch", happened("push", { ref: "refs/heads/feature" }), undefined],
  ["push of a tag", happened("push", { ref: "refs/tags/v1" }), undefined],
  ["pull request opened", pullRequest("opened"), preview],
  ["second push to a pull request", pullRequest("synchronize"), preview],
  ["pull request reopened", pullRequest("reopened"), preview],
  ["pull request a draft again: drafts have previews, too", pullRequest("converted_to_draft"), undefined],
  ["pull request closed", pullRequest("closed"), preview],
  ["pull request merged", pullRequest("closed", { merged: true }), preview],
  ["pull request with another base branch", retargeted({ base: { ref: { from: "develop" } } }), preview],
  ["pull request with another title", retargeted({ title: { from: "Hop" } }), undefined],
  ["pull request labelled", pullRequest("labeled"), undefined],
  ["closed in conflict: GitHub starts nothing", pullRequest("closed", { mergeable: false }), undefined],
  [
    "pull request of a fork",
    pullRequest("opened", fork("somebody/warren")),
    { ...preview, permissions: READS },
  ],
  [
    "pull request of a deleted fork",
    pullRequest("closed", fork(undefined)),
    { ...preview, permissions: READS },
  ],
  [
    "pull request of Dependabot",
    {
      ...pullRequest("opened"),
      payload: { ...pullRequest("opened").payload, sender: { login: "dependabot[bot]" } },
    },
    { ...preview, permissions: READS },
  ],
  [
    "closed by a job's own token",
    {
      ...pullRequest("closed"),
      payload: { ...pullRequest("closed").payload, sender: { login: "github-actions[bot]" } },
    },
    undefined,
  ],
  [
    "branch deleted",
    happened("delete", { ref: "feature", ref_type: "branch" }),
    job("preview", "delete--feature"),
  ],
  ["tag deleted", happened("delete", { ref: "v1", ref_type: "tag" }), job("preview", "delete--v1")],
  ["every night", happened("schedule", { schedule: "23 3 * * *" }), job("preview", "schedule--")],
  ["a schedule of some other workflow", happened("schedule", { schedule: "0 0 1 1 *" }), undefined],
  [
    "dispatched with the presets: a plan needs no reviewer",
    dispatched({}),
    job("preview", "plan-prod-refs/heads/main"),
  ],
  [
    "a deploy of production dispatched",
    dispatched({ command: "deploy" }),
    job("production", "deploy-prod-refs/heads/main"),
  ],
  [
    "drift of production dispatched, which only looks",
    dispatched({ command: "drift" }),
    job("preview", "drift-prod-refs/heads/main"),
  ],
  [
    "drift of production that is to be put back",
    dispatched({ command: "drift", revert: "true" }),
    job("production", "drift-prod-refs/heads/main"),
  ],
  [
    "a sweep dispatched, which has no stage but the preset one",
    dispatched({ command: "sweep" }),
    job("preview", "sweep-prod-refs/heads/main"),
  ],
  [
    "dispatched for a preview: no other teardown waits in its group",
    dispatched({ command: "destroy", stage: "feature" }, "feature"),
    job("preview", "destroy-feature-refs/heads/feature"),
  ],
  ["merge queue", happened("merge_group", { action: "checks_requested" }), undefined],
  ["repository_dispatch", happened("repository_dispatch", { action: "on-demand-test" }), undefined],
])("%s", async (_, event, expected) => {
  const started = await route({ workflows, ...event });
  const warren = started.filter(({ workflow }) => workflow === ".github/workflows/warren.yml");
  expect(warren).toMatchObject(expected === undefined ? [] : [expected]);
});

test.each([
  [{ command: "delete-everything" }, "not in the list of allowed values"],
  [{ comand: "plan" }, "Unexpected inputs provided"],
])("a dispatch with %j is refused before anything starts", async (inputs, message) => {
  await expect(route({ workflows, ...dispatched(inputs) })).rejects.toThrow(message);
});

test("a push to main also starts the checks, which may cancel their own older run and get no OIDC token", async () => {
  const started = await route({ workflows, ...happened("push", { ref: "refs/heads/main" }) });
  expect(
    started.map(({ workflow, permissions, cancelInProgress }) => ({
      workflow,
      permissions,
      cancelInProgress,
    })),
  ).toEqual([
    { workflow: ".github/workflows/warren.yml", permissions: WRITES, cancelInProgress: false },
    // The tests, those of them that take long, and the matrix of packages.
    { workflow: ".github/workflows/check.yml", permissions: { contents: "read" }, cancelInProgress: true },
    { workflow: ".github/workflows/check.yml", permissions: { contents: "read" }, cancelInProgress: true },
    { workflow: ".github/workflows/check.yml", permissions: { contents: "read" }, cancelInProgress: true },
  ]);
});

const steps = "runs-on: x, steps: [{ run: x }]";

describe("filters of branches and tags", () => {
  const pushed = async (filter: string, ref: string): Promise<boolean> => {
    const text = `on: { push: { ${filter} } }\njobs: { a: { ${steps} } }`;
    const event = happened("push", { ref });
    return (await route({ workflows: [{ file: "w.yml", text }], ...event })).length === 1;
  };
  test.each([
    ["branches: [main]", "refs/heads/main", true],
    ["branches: [main]", "refs/heads/maintenance", false],
    ["branches: [main]", "refs/tags/main", false],
    ["tags: ['v*']", "refs/tags/v1.2", true],
    ["tags: ['v*']", "refs/heads/v1", false],
    ["branches: ['release/*']", "refs/heads/release/1", true],
    ["branches: ['release/*']", "refs/heads/release/1/hot", false],
    ["branches: ['release/**']", "refs/heads/release/1/hot", true],
    ["branches: ['**', '!wip/**']", "refs/heads/wip/x", false],
    ["branches: ['!wip/**', '**']", "refs/heads/wip/x", true],
    ["branches: ['v[0-9].[0-9]+']", "refs/heads/v1.23", true],
    ["branches: ['v1.2']", "refs/heads/v1x2", false],
    ["branches-ignore: [main]", "refs/heads/other", true],
    ["branches-ignore: [main]", "refs/heads/main", false],
    ["branches-ignore: [main]", "refs/tags/v1", false],
  ])("%s, %s -> %s", async (filter, ref, expected) => {
    expect(await pushed(filter, ref)).toBe(expected);
  });

  test("a filter that is not judged is an error, not a guess", async () => {
    await expect(pushed("paths: [docs/**]", "refs/heads/main")).rejects.toThrow(
      "paths of push is not judged",
    );
  });
});

test("`if:` is GitHub's own expression, and a job waits for those it needs", async () => {
  const text = `
    on: push
    jobs:
      never: { if: "github.ref == 'refs/heads/other'", ${steps} }
      after-never: { needs: never, ${steps} }
      always: { needs: never, if: "always() && contains(github.event.repository.full_name, '/')", ${steps} }
      fork-guard: { if: "\${{ github.repository == '${repository.full_name}' }}", ${steps} }`;
  const started = await route({
    workflows: [{ file: "w.yml", text }],
    ...happened("push", { ref: "refs/heads/main" }),
  });
  expect(started.map((each) => each.job)).toEqual(["always", "fork-guard"]);
});

describe("a job that calls a workflow", () => {
  const CALLED = `
    on: { workflow_call: { inputs: { what: { type: string, required: true }, deep: { type: boolean } } } }
    jobs: { inner: { environment: "\${{ inputs.deep && inputs.what || 'none' }}", ${steps} } }`;
  const call = async (caller: string, called = CALLED): Promise<readonly RoutedJob[]> =>
    route({
      workflows: [
        {
          file: "caller.yml",
          text: `on: push\npermissions: {}\njobs: { outer: { uses: ./called.yml, ${caller} } }`,
        },
        { file: "called.yml", text: called },
      ],
      ...happened("push", { ref: "refs/heads/main" }),
    });

  test("has its environment by the inputs that it is given, and the caller's permissions", async () => {
    const given = "permissions: { contents: read }, with: { what: production, deep: true }";
    expect(await call(given)).toEqual([
      {
        workflow: "caller.yml",
        job: "outer",
        jobWorkflow: "called.yml",
        permissions: { contents: "read" },
        environment: "production",
        concurrencyGroup: "",
        cancelInProgress: false,
      },
    ]);
    expect(await call("with: { what: production }")).toMatchObject([
      { permissions: {}, environment: "none" },
    ]);
  });

  test.each([
    ["with: {}", CALLED, "needs the input what"],
    ["with: { what: a, whom: b }", CALLED, "has no input whom"],
    ['with: { what: a, deep: "" }', CALLED, "wants a boolean for deep, not ''"],
    ["with: {}", `on: push\njobs: { a: { ${steps} } }`, "has no workflow_call"],
    [
      "permissions: { contents: read }, with: { what: a }",
      CALLED.replace("inner: {", "inner: { permissions: { contents: write },"),
      "is requesting 'contents: write', but is only allowed 'contents: read'",
    ],
    [
      "concurrency: same, with: { what: a }",
      `${CALLED}\n    concurrency: same`,
      "wait for each other in the group same",
    ],
  ])("is refused with %s, case %#", async (caller, called, message) => {
    await expect(call(caller, called)).rejects.toThrow(message);
  });
});

test("a workflow that GitHub would refuse is an error with its place", async () => {
  const text = `on: push\njobs: { a: { runs-onn: x, ${steps} } }`;
  const event = happened("push", { ref: "refs/heads/main" });
  await expect(route({ workflows: [{ file: "w.yml", text }], ...event })).rejects.toThrow(
    /w\.yml.*runs-onn/s,
  );
});
