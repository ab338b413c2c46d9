/** The same Action with nothing but the job's OIDC token: IAM and the roles' trust are enforced by the local AWS. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Wrong } from "../../action/local/oidc.ts";
import { type World, openWorld } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld("oidc");
});

afterAll(() => world[Symbol.asyncDispose]());

test("production, a preview and its teardown, each with the role for it and no key in the environment", async () => {
  const deployed = await world.push("main");
  expect(deployed).toMatchObject({ code: 0, outputs: { result: "deployed", "stack-name": "burrow-prod" } });
  expect(world.oidc.issued.map(({ sub }) => sub)).toEqual(["repo:warren/rabbit-hole:environment:production"]);

  world.github.pushBranch("feature");
  const { number } = world.github.createPullRequest({ branch: "feature" });
  const previewed = await world.pullRequest("opened", number);
  expect(previewed).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(world.comments(number)[0]).toContain("changes nothing in `burrow-prod`");

  world.github.closePullRequest(number);
  const closed = await world.pullRequest("closed", number);
  expect(closed).toMatchObject({ code: 0, outputs: { result: "swept" } });
  expect(await world.stackNames()).toEqual(["burrow-prod"]);
});

test("neither a token nor a key is ever in the log, the outputs, the summary or anything that GitHub is told", async () => {
  world.github.pushBranch("main");
  world.github.pushBranch("secretive");
  const { number } = world.github.createPullRequest({ branch: "secretive" });
  const runs = [await world.push("main"), await world.pullRequest("opened", number)];
  const secrets = runs.flatMap(({ stdout }) =>
    [...stdout.matchAll(/^::add-mask::(.+)$/gm)].map(([, secret = ""]) => secret),
  );
  // GitHub's token of each run; OIDC token, key, secret and session of each role that one assumes.
  expect(new Set(secrets).size).toBeGreaterThanOrEqual(5 + 9);
  const told = runs.map(({ stdout, stderr, outputs, summary }) =>
    [stdout.replaceAll(/^::add-mask::.*$/gm, ""), stderr, JSON.stringify(outputs), summary].join("\n"),
  );
  const { comments, deployments, issues } = world.github.state;
  const kept = JSON.stringify([comments, deployments, issues].map((one) => [...one.values()]));
  expect(kept).toContain("burrow-secretive-");
  for (const secret of secrets) expect([...told, kept].join("\n")).not.toContain(secret);
});

test("a job of another environment is refused, and told which claim differs and what to paste", async () => {
  const run = await world.push("main", { jobEnvironment: "preview" });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "assume-role-refused" } });
  expect(run.told).toMatchSnapshot();
});

test.each<[string, Wrong, string]>([
  ["for another audience", { kind: "audience", audience: "https://github.com/warren" }, "audience"],
  ["of another repository", { kind: "claims", claims: { repository_id: "1" } }, "repository_id"],
  ["that has expired", { kind: "expired" }, "expired"],
  ["that somebody else has signed", { kind: "forged" }, "could not tell that the token is GitHub's"],
])("a token %s is refused by STS, and the log says so without the token", async (_what, wrong, told) => {
  const run = await world.push("main", { wrong });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "assume-role-refused" } });
  const errors = run.told.split("\n").filter((line) => line.startsWith("::error::"));
  expect(errors.join("\n")).toContain(told);
  expect(run.stdout.replaceAll(/^::add-mask::.*$/gm, "")).not.toMatch(/eyJ[\w-]+\.eyJ/);
});

test("an issuer that is ill is no refusal: it is told as that", async () => {
  const run = await world.push("main", { wrong: { kind: "unavailable" } });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "id-token-failed" } });
  expect(run.told).toContain("githubstatus.com");
});

test("a repository whose subjects are immutable is let in by the same roles", async () => {
  const { state } = world.github;
  state.oidcSubject = { ...state.oidcSubject, immutable: true };
  expect(await world.push("main")).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(world.oidc.issued.at(-1)?.["sub"]).toBe(
    `repo:warren@${state.ownerId}/rabbit-hole@${state.repositoryId}:environment:production`,
  );
  const refused = await world.push("main", { jobEnvironment: "preview" });
  expect(refused.told).toContain(
    `repo:warren@${state.ownerId}/rabbit-hole@${state.repositoryId}:environment:production`,
  );
  state.oidcSubject = { ...state.oidcSubject, immutable: false };
});

test("a job without `id-token: write` is told so", async () => {
  const none = { ACTIONS_ID_TOKEN_REQUEST_URL: "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "" };
  const run = await world.push("main", { environment: none });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "id-token-missing" } });
});

test("the doctor looks with the role for plans, and fails for what has to be mended", async () => {
  const inputs = { command: "doctor" };
  const asked = { ref: "refs/heads/main", inputs };
  const run = await world.act("workflow_dispatch", asked, { inputs, jobEnvironment: "preview" });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "doctor-found-problems" } });
  expect(run.told).toMatchSnapshot("log");
  expect(run.routes).toMatchSnapshot("routes");
});
