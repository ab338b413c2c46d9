/** A job with fewer permissions than warren.yml grants, on GitHub Enterprise: what is missing is named, and the rest is done. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type World, openWorld } from "./world.ts";

const ALL = {
  actions: "read",
  contents: "read",
  "pull-requests": "write",
  deployments: "write",
  issues: "write",
  statuses: "write",
} as const;

let world: World;

beforeAll(async () => {
  world = await openWorld("keys", { basePath: "/api/v3", webUrl: "https://github.example.com" });
});

afterAll(() => world[Symbol.asyncDispose]());

test("on GitHub Enterprise all goes to its API, and links lead to its pages", async () => {
  expect(world.github.url).toMatch(/\/api\/v3$/);
  world.github.pushBranch("enterprise");
  const { number } = world.github.createPullRequest({ branch: "enterprise" });
  const run = await world.pullRequest("opened", number, { permissions: ALL });
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(world.comments(number)[0]).toContain(
    `(https://github.example.com/warren/rabbit-hole/pull/${number}/checks)`,
  );
  const [deployment] = [...world.github.state.deployments.values()];
  expect(deployment?.statuses.at(-1)?.logUrl).toBe(
    "https://github.example.com/warren/rabbit-hole/actions/runs/4711",
  );
});

test.each([
  // GitHub takes `issues: write` for a comment as well.
  [{ "pull-requests": "read", issues: "none" }, "comment on the pull request", "pull-requests: write"],
  [{ deployments: "read" }, "create a deployment", "deployments: write"],
  [{ deployments: "none" }, "create a deployment", "deployments: write"],
  [{ statuses: "read" }, "set a commit's status", "statuses: write"],
] as const)(
  "with %j the preview is up, and one warning says what is missing",
  async (fewer, doing, missing) => {
    const branch = `without-${Object.entries(fewer).flat().join("-")}`;
    world.github.pushBranch(branch);
    const { number } = world.github.createPullRequest({ branch });
    const run = await world.pullRequest("opened", number, { permissions: { ...ALL, ...fewer } });
    expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
    const warnings = run.stdout.split("\n").filter((line) => line.startsWith("::warning::"));
    expect(warnings).toEqual([
      `::warning::the job may not ${doing}: it lacks the permission \`${missing}\`%0A    Add \`${missing}\` to the job's \`permissions:\`.`,
    ]);
    expect(world.comments(number)).toHaveLength("issues" in fewer ? 0 : 1);
    expect(world.deployments(run.outputs["stack-name"] ?? "")).toEqual(
      "deployments" in fewer ? [] : ["success"],
    );
  },
);

test.each([
  ["contents", "read a branch"],
  ["pull-requests", "list pull requests"],
] as const)("without `%s: read` nothing is swept: what Git wants is not known then", async (scope, doing) => {
  const run = await world.act(
    "schedule",
    { schedule: "23 3 * * *" },
    { permissions: { ...ALL, [scope]: "none" } },
  );
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "github-permission-missing" } });
  expect(run.told).toContain(scope === "contents" ? "contents: read" : doing);
  expect(await world.stackNames()).not.toEqual([]);
});
