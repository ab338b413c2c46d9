/**
 * Killed at every call: the process is killed just before, and again just after, call k of a run is answered; a plain
 * re-run must then end where an undisturbed run ends. All k with TESTS=all, else a sample.
 */
import { ALL } from "../support/extent.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Run, type World, openWorld } from "../action/world.ts";
import { tally } from "../support/counts.ts";
import { type Call, PASS, startProxy } from "./proxy.ts";
import { type Slot, changeSlot, openSlot, stateOf } from "./slot.ts";

/** A run, what must have been before it, and what starts it again as it was started. */
interface Scenario {
  readonly title: string;
  before(slot: Slot): Promise<void>;
  run(slot: Slot, given: Parameters<World["push"]>[1]): Promise<Run>;
}

/** Of a sample the scenarios begin with different calls. */
const STEP = ALL ? 1 : 20;
const AT_ONCE = 2;

let world: World;

beforeAll(async () => {
  world = await openWorld("keys");
});
afterAll(() => world[Symbol.asyncDispose]());

async function opened(slot: Slot): Promise<void> {
  world.github.pushBranch(slot.branch);
  ({ number: slot.number } = world.github.createPullRequest({ branch: slot.branch }));
}

const good = async (run: Promise<Run>): Promise<void> => {
  const { code, told } = await run;
  if (code !== 0) throw new Error(`the way to the scenario failed:\n${told}`);
};

const push: Scenario["run"] = ({ checkout }, given) => world.push("main", { ...given, checkout });
const pull =
  (action: string): Scenario["run"] =>
  ({ checkout, number }, given) =>
    world.pullRequest(action, number, { ...given, checkout });

const SCENARIOS: readonly Scenario[] = [
  { title: "a first deploy", before: async () => {}, run: push },
  {
    title: "an update that uploads",
    async before(slot) {
      await good(push(slot, {}));
      await changeSlot(slot);
    },
    run: push,
  },
  {
    title: "a preview, planned against production",
    async before(slot) {
      await good(push(slot, {}));
      await opened(slot);
      await changeSlot(slot);
    },
    run: pull("opened"),
  },
  {
    title: "the teardown of a closed pull request",
    async before(slot) {
      await opened(slot);
      await good(pull("opened")(slot, {}));
      world.github.closePullRequest(slot.number);
    },
    run: pull("closed"),
  },
  {
    title: "a sweep",
    async before(slot) {
      await opened(slot);
      await good(pull("opened")(slot, {}));
      world.github.closePullRequest(slot.number);
      world.github.deleteBranch(slot.branch);
    },
    run: ({ checkout }, given) => world.act("schedule", { schedule: "23 3 * * *" }, { ...given, checkout }),
  },
];

test.each(SCENARIOS)(
  "$title: killed at any call, the next run gets there",
  { timeout: 1_800_000 },
  async (scenario) => {
    const letter = "ghjkm"[SCENARIOS.indexOf(scenario)] ?? "";
    const control = await prepared(`${letter}0`, scenario);
    const undisturbed = await through(control.slot, scenario, () => false);
    expect(undisturbed.run).toMatchObject({ code: 0 });
    const wanted = await stateOf(control.slot, world);
    await control.slot[Symbol.asyncDispose]();

    const points = Array.from({ length: undisturbed.calls.length * 2 }, (_, index) => ({
      k: Math.floor(index / 2) + 1,
      when: index % 2 === 0 ? ("before" as const) : ("after" as const),
    })).filter((_, index) => (index + SCENARIOS.indexOf(scenario)) % STEP === 0);
    let killed = 0;
    const failures: string[] = [];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, lane) => {
        for (const [index, { k, when }] of points.entries()) {
          if (index % AT_ONCE !== lane) continue;
          // Short, or AWS cuts the names of resources off.
          const name = `${letter}${when.charAt(0)}${k}`;
          const { slot } = await prepared(name, scenario);
          const cut = await through(slot, scenario, (call) => call.number === k && when);
          // Polls differ from run to run: a run may have fewer calls than the control.
          if (cut.run.code === 137) killed += 1;
          const again = await through(slot, scenario, () => false);
          const state = await stateOf(slot, world);
          const at = `${when} call ${k} (${cut.calls[k - 1]?.service} ${cut.calls[k - 1]?.name})`;
          if (again.run.code !== 0) failures.push(`${at}: the next run failed:\n${again.run.told}`);
          else if (state !== wanted) failures.push(`${at}: ${difference(wanted, state)}`);
          await slot[Symbol.asyncDispose]();
        }
      }),
    );
    tally(`killed: ${scenario.title}`, points.length, points.length - failures.length);
    console.log(
      `${scenario.title}: ${killed} points killed, ${points.length - failures.length} of ${points.length} recovered`,
    );
    expect(failures.join("\n\n")).toBe("");
    expect(killed).toBeGreaterThan(0);
  },
);

async function prepared(name: string, scenario: Scenario): Promise<{ readonly slot: Slot }> {
  const slot = await openSlot(name);
  await scenario.before(slot);
  return { slot };
}

async function through(
  slot: Slot,
  scenario: Scenario,
  killAt: (call: Call) => "before" | "after" | false,
): Promise<{ readonly run: Run; readonly calls: readonly Call[] }> {
  const end = new AbortController();
  await using proxy = await startProxy({
    aws: world.aws.endpoint,
    github: world.github.url,
    kill: () => end.abort(),
    decide(call) {
      const when = killAt(call);
      return when === false ? PASS : { kind: "kill", when };
    },
  });
  const run = await scenario.run(slot, {
    signal: end.signal,
    environment: { AWS_ENDPOINT_URL: proxy.awsUrl, GITHUB_API_URL: proxy.githubUrl },
  });
  return { run, calls: proxy.calls };
}

/** The lines that one has and the other has not. */
function difference(wanted: string, got: string): string {
  const [left, right] = [wanted.split("\n"), got.split("\n")];
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `  missing: ${line.trim()}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `  too much: ${line.trim()}`),
  ].join("\n");
}
