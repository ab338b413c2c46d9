/** The reference pipeline's preview, tried out: its item is seen at every hop, and nothing of it stays in the table. */
import {
  LambdaClient,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type World, deployed, openWorld, smoked } from "./world.ts";

const TARGET = { stage: "preview", branch: "feature/x" };
const HOPS = [
  "every-five-minutes -> serverlessproducer",
  "fang -> serverlessproducer -> producer -> producerai",
  "producerai -> fangsentiment",
];
const NAME = "White Rabbit";
let world: World;
let stack: string;
let table: string;

beforeAll(async () => {
  world = await openWorld();
  stack = await deployed(TARGET, world.ports());
  table = await physical("FangTable");
});
afterAll(async () => await world?.[Symbol.asyncDispose]());
beforeEach(() => void world.lines.splice(0));

async function physical(logicalId: string): Promise<string> {
  const found = (await world.resources(stack)).find((one) => one.logicalId === logicalId);
  return found?.physicalId ?? "";
}

test("an item goes all the way, its hops have times, and it is gone from the table", async () => {
  const outcome = await smoked(TARGET, world.ports());
  expect(outcome).toMatchObject({ kind: "through", stackName: stack });
  expect(outcome.hops.map(({ name }) => name)).toEqual(HOPS);
  const times = outcome.hops.map(({ milliseconds }) => milliseconds);
  expect(times.every((milliseconds) => milliseconds >= 0 && milliseconds < 60_000)).toBe(true);
  expect(times.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBeGreaterThan(0);
  expect(await world.item(table, NAME)).toBeUndefined();
});

test("what an earlier run has left in the bucket is not taken for this run's", async () => {
  const outcome = await smoked(
    TARGET,
    world.ports({
      "config/pipeline.yaml": (text) =>
        text.replace("within: 60 seconds", "within: 3 seconds").replace("[scored, ", '["not at all", '),
    }),
  );
  expect(outcome).toMatchObject({ kind: "stuck", at: HOPS[2] });
});
