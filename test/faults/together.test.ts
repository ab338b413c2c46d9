/** Runs that meet: one wins, the others attach to its operation, wait and look again; nothing wedges, nothing is doubled. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL } from "../support/extent.ts";
import { type Run, type World, openWorld } from "../action/world.ts";
import { type Slot, changeSlot, openSlot, stateOf } from "./slot.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld("keys");
});
afterAll(() => world[Symbol.asyncDispose]());

const push = ({ checkout }: Slot): Promise<Run> => world.push("main", { checkout });
const pull = (action: string, { checkout, number }: Slot): Promise<Run> =>
  world.pullRequest(action, number, { checkout });

async function opened(name: string): Promise<Slot> {
  const slot = await openSlot(name);
  world.github.pushBranch(slot.branch);
  ({ number: slot.number } = world.github.createPullRequest({ branch: slot.branch }));
  return slot;
}

function codes(runs: readonly Run[]): string {
  // What a run said is what one wants to read when it failed.
  return runs.map(({ code, told }) => (code === 0 ? "0" : told)).join("\n");
}

test("two first deploys of one stage", { timeout: 300_000 }, async () => {
  await using alone = await openSlot("h1");
  expect(codes([await push(alone)])).toBe("0");
  await using slot = await openSlot("h2");
  expect(codes(await Promise.all([push(slot), push(slot)]))).toBe("0\n0");
  expect(await stateOf(slot, world)).toBe(await stateOf(alone, world));
});

test.runIf(ALL)("two updates of one stage", { timeout: 300_000 }, async () => {
  await using alone = await openSlot("h3");
  await using slot = await openSlot("h4");
  for (const one of [alone, slot]) {
    expect(codes([await push(one)])).toBe("0");
    await changeSlot(one);
  }
  expect(codes([await push(alone)])).toBe("0");
  expect(codes(await Promise.all([push(slot), push(slot)]))).toBe("0\n0");
  expect(await stateOf(slot, world)).toBe(await stateOf(alone, world));
});

test.runIf(ALL)(
  "a preview that is deployed while its pull request is closed is gone after the next sweep at the latest",
  { timeout: 300_000 },
  async () => {
    await using slot = await opened("h5");
    const deploying = pull("opened", slot);
    world.github.closePullRequest(slot.number);
    const runs = await Promise.all([deploying, pull("closed", slot)]);
    expect(codes(runs)).toBe("0\n0");
    const night = await world.act("schedule", { schedule: "23 3 * * *" }, { checkout: slot.checkout });
    expect(codes([night])).toBe("0");
    expect(JSON.parse(await stateOf(slot, world))).toMatchObject({ stacks: [] });
  },
);

test("two sweeps at once take the same previews down", { timeout: 300_000 }, async () => {
  await using slot = await opened("h6");
  expect(codes([await pull("opened", slot)])).toBe("0");
  world.github.closePullRequest(slot.number);
  const sweep = (): Promise<Run> =>
    world.act("schedule", { schedule: "23 3 * * *" }, { checkout: slot.checkout });
  expect(codes(await Promise.all([sweep(), sweep()]))).toBe("0\n0");
  expect(JSON.parse(await stateOf(slot, world))).toMatchObject({
    stacks: [],
    deployments: ["warren:<pipeline>-<branch>: inactive"],
  });
});
