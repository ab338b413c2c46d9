/**
 * The built Action goes back to earlier releases, with the roles that bootstrap makes: when a person asks for one, and by
 * itself when production fails its smoke run. The tests of this file follow each other, like the events.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { InputKey } from "../../action/core/inputs.ts";
import { PIPELINE, type Run, type World, openWorld } from "../action/world.ts";

const SMOKE = `smoke: { put: { jobs: "carrots for {mark}" }, expect: worker, within: 90 seconds }\n`;
const TRIED = PIPELINE + SMOKE;
/** It starves anyway. */
const HASTY = TRIED.replace("90 seconds", "3 seconds");

function eats(word: string): string {
  return `export async function handler(event: { Records: { body: string }[] }): Promise<void> {
  for (const { body } of event.Records) console.log("${word}:", body);
}
`;
}
const STARVES = `export async function handler(): Promise<void> { throw new Error("no carrots today"); }\n`;

let world: World;
const sha: Record<"good" | "better" | "bad", string> = { good: "", better: "", bad: "" };

beforeAll(async () => {
  world = await openWorld("oidc");
});
afterAll(() => world?.[Symbol.asyncDispose]());

function pushed(files: Readonly<Record<string, string>>): Promise<Run> {
  world.github.pushBranch("main");
  return world.checkout.write(files).then(() => world.push("main"));
}

function dispatch(inputs: Readonly<Partial<Record<InputKey, string>>>): Promise<Run> {
  const payload = { ref: "refs/heads/main", inputs };
  return world.act("workflow_dispatch", payload, { inputs, jobEnvironment: "production" });
}

function deployments(): readonly string[] {
  return [...world.github.state.deployments.values()].map(
    ({ sha: of, statuses }) => `${of} ${statuses.at(-1)?.state} ${statuses.at(-1)?.description}`,
  );
}

test("production is tried out after its deploy, once", async () => {
  const run = await pushed({ "config/pipeline.yaml": TRIED, "functions/worker.ts": eats("eaten") });
  sha.good = world.head("main");
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed", stage: "prod" } });
  expect(run.stdout).toMatch(/an item went all the way through burrow-prod in \d+\.\d s/);
  const again = await pushed({});
  expect(again.stdout).toContain("burrow-prod is up to date, nothing was changed");
  expect(again.stdout).not.toContain("an item went");
});

test("where an item does not get through, the last good release is deployed again, and everybody is told", async () => {
  const run = await pushed({ "config/pipeline.yaml": HASTY, "functions/worker.ts": STARVES });
  sha.bad = world.head("main");
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "rolled-back" } });
  const { outcome } = run;
  if (outcome?.kind !== "failed") throw new Error(`it came to ${outcome?.kind}`);
  expect(outcome.problems[0]?.message).toContain("an item did not get through `jobs -> worker`");
  const back = `burrow-prod is back at the release of commit ${sha.good.slice(0, 12)}`;
  expect(outcome.problems.at(-1)?.message).toMatch(
    new RegExp(`^${back} \\(\\S+\\), and an item goes through it$`),
  );
  expect(deployments().slice(-2)).toEqual([
    `${sha.bad} failure burrow-prod did not get through its smoke run: the last good release is deployed again`,
    `${sha.good} success burrow-prod is deployed`,
  ]);
  const { state, description } =
    world.github.state.commitStatuses.findLast(({ sha: of }) => of === sha.bad) ?? {};
  expect([state, description]).toEqual(["failure", expect.stringContaining(back)]);
});

test("the next commit is deployed as ever", async () => {
  const run = await pushed({ "config/pipeline.yaml": TRIED, "functions/worker.ts": eats("better") });
  sha.better = world.head("main");
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed", changes: "1" } });
});

test("a person plans to go back, and goes back, by the beginning of a commit; nothing is built", async () => {
  await world.checkout.write({ "functions/worker.ts": "this is no TypeScript" });
  const commit = sha.good.slice(0, 8);
  const planned = await dispatch({ command: "plan", stage: "prod", commit });
  expect(planned).toMatchObject({ code: 0, outputs: { result: "planned", changed: "1" } });
  const run = await dispatch({ command: "deploy", stage: "prod", commit });
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed", changed: "1" } });
  expect(run.stdout).toMatch(/an item went all the way through burrow-prod/);
  expect(run.summary).toContain(`is back at \`${sha.good.slice(0, 12)}\``);
  expect(deployments().at(-1)).toBe(`${sha.good} success burrow-prod is deployed`);
});

test("only a person can ask for it", async () => {
  const run = await world.push("main", { inputs: { command: "deploy", stage: "prod", commit: sha.good } });
  expect(run).toMatchObject({ code: 1, outputs: { reason: "rollback-not-asked" } });
});
