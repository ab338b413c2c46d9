/**
 * Faults on a tenth of all calls: a run ends right, or says in its first line why not and the next one ends right. All
 * seeds with TESTS=all, else a few.
 */
import { ALL } from "../support/extent.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Run, type World, openWorld } from "../action/world.ts";
import { tally } from "../support/counts.ts";
import { FAULTS, type Fault, faultOf } from "./answers.ts";
import { type Call, PASS, startProxy } from "./proxy.ts";
import { type Slot, openSlot, stateOf } from "./slot.ts";

const SEEDS = ALL ? 100 : 2;
const AT_ONCE = 2;

let world: World;

beforeAll(async () => {
  world = await openWorld("keys");
});
afterAll(() => world[Symbol.asyncDispose]());

/** mulberry32: small, and the same on every machine. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Troubled {
  readonly run: Run;
  readonly calls: readonly Call[];
  readonly faults: readonly string[];
}

async function deploy(slot: Slot, faultAt: (call: Call) => Fault | undefined): Promise<Troubled> {
  const faults: string[] = [];
  await using proxy = await startProxy({
    aws: world.aws.endpoint,
    github: world.github.url,
    kill: () => {},
    decide(call) {
      const fault = faultAt(call);
      if (fault === undefined) return PASS;
      faults.push(`call ${call.number} (${call.service} ${call.name}): ${fault}`);
      return faultOf(fault, call);
    },
  });
  const run = await world.push("main", {
    checkout: slot.checkout,
    environment: { AWS_ENDPOINT_URL: proxy.awsUrl, GITHUB_API_URL: proxy.githubUrl },
  });
  return { run, calls: proxy.calls, faults };
}

test("a tenth of all calls fails: every run ends right", { timeout: 1_800_000 }, async () => {
  await using control = await openSlot("t0");
  expect((await deploy(control, () => undefined)).run.code).toBe(0);
  const wanted = await stateOf(control, world);
  let faultCount = 0;
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, lane) => {
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        if (seed % AT_ONCE !== lane) continue;
        await using slot = await openSlot(`t${seed}`);
        const next = random(seed);
        const { run, faults } = await deploy(slot, () =>
          next() < 0.1 ? FAULTS[Math.floor(next() * FAULTS.length)] : undefined,
        );
        faultCount += faults.length;
        const state = await stateOf(slot, world);
        if (run.code !== 0 || state !== wanted)
          failures.push(`seed ${seed}:\n${faults.join("\n")}\n${run.told}`);
      }
    }),
  );
  tally("runs with faults on a tenth of all calls", SEEDS, SEEDS - failures.length);
  console.log(`${SEEDS - failures.length} of ${SEEDS} runs ended right, through ${faultCount} faults`);
  expect(failures.join("\n\n")).toBe("");
  expect(faultCount).toBeGreaterThan(0);
});

const THROTTLED = "AWS still throttles after all retries";
const FIRST_LINES: readonly (readonly [Fault, string])[] = [
  ["throttled", THROTTLED],
  ["limited", THROTTLED],
  ["status 429", THROTTLED],
  ["internal error", "AWS still fails after all retries: Internal error"],
  ["unavailable", "AWS still fails after all retries"],
  ["reset", "AWS cannot be reached: socket hang up"],
  ["broken off", "AWS cannot be reached: aborted"],
  ["truncated", "AWS's answer was broken off: @aws-sdk XML parse error: unexpected end of input"],
];

// They wait most of the time.
test.concurrent.each(FIRST_LINES)(
  "every call to AWS is answered by: %s. The run ends, and says why in its first line of error",
  { timeout: 300_000 },
  async (fault, line) => {
    await using slot = await openSlot(`u${FAULTS.indexOf(fault)}`);
    const { run, calls } = await deploy(slot, ({ service }) => (service === "github" ? undefined : fault));
    expect(run.code).toBe(1);
    const [first = ""] = run.told.split("\n").filter((one) => one.startsWith("::error"));
    expect(first.split("%0A")[0]).toBe(`::error::${line}`);
    // Bounded: no call is repeated for ever.
    expect(calls.length).toBeLessThan(20);
  },
);
