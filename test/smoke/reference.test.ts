/** The reference pipeline's preview, tried out: its item is seen at every hop, and nothing of it stays in the table. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { formatProblem } from "../../action/core/problem.ts";
import { report } from "../../action/core/report.ts";
import { type Edits, type World, deployed, openWorld, overWith, smoked } from "./world.ts";

const TARGET = { stage: "preview", branch: "feature/x" };
const HOPS = [
  "every-five-minutes -> serverlessproducer",
  "fang -> serverlessproducer -> producer -> producerai",
  "producerai -> fangsentiment",
] as const;
const NAME = "White Rabbit";
let world: World;
let stack: string;
let table: string;

beforeAll(async () => {
  world = await openWorld();
  stack = await deployed(TARGET, world.ports());
  const resources = await world.resources(stack);
  table = resources.find(({ logicalId }) => logicalId === "FangTable")?.physicalId ?? "";
});
afterAll(async () => await world?.[Symbol.asyncDispose]());
beforeEach(() => void world.lines.splice(0));

test("an item goes all the way, its hops have times, and it is gone from the table", async () => {
  const outcome = await smoked(TARGET, world.ports());
  expect(outcome).toMatchObject({ kind: "through", stackName: stack });
  expect(outcome.hops.map(({ name }) => name)).toEqual(HOPS);
  const times = outcome.hops.map(({ milliseconds }) => milliseconds);
  expect(times.filter((milliseconds) => milliseconds < 0 || milliseconds > 60_000)).toEqual([]);
  expect(times.filter((milliseconds) => milliseconds > 0).length).toBeGreaterThan(1);
  expect(await world.item(table, NAME)).toBeUndefined();
  const { lines } = report({ kind: "smoked", smoke: outcome });
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatch(
    /^an item went all the way through rabbit-hole-feature-x-[0-9a-f]{6} in \d+\.\d s$/,
  );
});

test("somebody's own item of that key is used as it is, and stays as it is", async () => {
  await world.putItem(table, { name: NAME, colour: "white" });
  expect(await smoked(TARGET, world.ports())).toMatchObject({ kind: "through" });
  expect(await world.item(table, NAME)).toEqual({ name: { S: NAME }, colour: { S: "white" } });
  expect(world.lines.join("\n")).toContain("`fang` holds the smoke run's item already");
});

test("an item that a killed run has left is taken away", async () => {
  await world.putItem(table, { name: NAME, "warren-smoke": "smoke-of-yesterday" });
  expect(await smoked(TARGET, world.ports())).toMatchObject({ kind: "through" });
  expect(await world.item(table, NAME)).toBeUndefined();
});

test("an object that does not hold what it should is not the item, nor is what lies there from before", async () => {
  const picky: Edits = {
    "config/pipeline.yaml": (text) => text.replace("scored", "no such status"),
  };
  const outcome = await smoked(TARGET, overWith(`"name":"${NAME}"`, world.ports(picky)));
  expect(outcome).toMatchObject({ kind: "stuck", at: HOPS[2] });
  expect(outcome.hops.map(({ name }) => name)).toEqual(HOPS.slice(0, 2));
  expect(await world.item(table, NAME)).toBeUndefined();
});

test("a broken consumer: the hop that did not happen, with the end of its log and no secret", async () => {
  const secret = ["AKIA", "Q3EGHIJKLMNOPQRS"].join("");
  const broken: Edits = {
    "functions/producerai.ts": (text) =>
      text.replace("deadline.throwIfAborted();", `throw new Error("no luck with ${secret}");`),
  };
  await deployed(TARGET, world.ports(broken));
  const outcome = await smoked(TARGET, overWith("no luck", world.ports(broken)));
  if (outcome.kind !== "stuck") throw new Error(`it came to ${outcome.kind}`);
  expect(outcome.at).toBe(HOPS[2]);
  expect(outcome.hops.map(({ name }) => name)).toEqual(HOPS.slice(0, 2));
  const told = formatProblem(outcome.problem);
  expect(told).toMatch(
    /^config\/pipeline\.yaml:\d+:\d+: an item did not get through `producerai -> fangsentiment` within 60 s of its start\n {4}The end of the log of `producerai`:\n/,
  );
  expect(told).toContain("no luck with [hidden]");
  expect(told).not.toContain(secret);
  expect(await world.item(table, NAME)).toBeUndefined();
});

test("a broken producer: nothing goes on from it, and its own log tells why", async () => {
  const broken: Edits = {
    "functions/serverlessproducer.ts": (text) =>
      text.replace(
        "logger.addContext(context);",
        'logger.addContext(context);\n  throw new Error("out of carrots");',
      ),
  };
  await deployed(TARGET, world.ports(broken));
  const outcome = await smoked(TARGET, overWith("out of carrots", world.ports(broken)));
  if (outcome.kind !== "stuck") throw new Error(`it came to ${outcome.kind}`);
  expect(outcome.at).toBe(HOPS[1]);
  expect(outcome.problem.hint).toContain("The end of the log of `serverlessproducer`:");
  expect(outcome.problem.hint).toContain("out of carrots");
});
