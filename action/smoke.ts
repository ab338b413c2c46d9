/** Sends an item through a stack that is there and times its hops. What is put into a table is taken away again, whatever happens. */
import { type PlannedPut, type SmokePlan, type Target, isLog } from "./core/probe.ts";
import { UserError } from "./core/problem.ts";
import {
  type SmokeOutcome,
  type Words,
  fill,
  holdsAll,
  hopTimes,
  markOf,
  stuckProblem,
  textsOf,
  wordsOf,
} from "./core/smoke-run.ts";
import type { SeeCall } from "./core/metadata.ts";
import type { AwsPorts, Stack } from "./aws-ports.ts";
import type { Ports } from "./ports.ts";
import type { ProbeItem, Sighting } from "./probe.ts";

export type SmokePorts = Pick<Ports, "log" | "clock"> & Pick<AwsPorts, "stacks" | "probe">;

const POLL_MS = 1_000;
/** DynamoDB: "usually within one second" a scan sees what was put (Developer Guide, "Read consistency"). */
const SETTLE_MS = 1_000;
/** AWS's clock may be behind ours, and logs of before must be told from those of now. */
const BEFORE_MS = 60_000;
/** How long a log may be late when what it led to has arrived. */
const LATE_LOG_MS = 5_000;

/** Throws UserError `smoke-unusable` (a resource is missing, the item's place is taken) and `smoke-too-much`. */
export async function smoke(
  plan: SmokePlan,
  stack: Pick<Stack, "id" | "name">,
  /** What of its template nobody is to read (core/redact.ts), for the function may write it into its log. */
  hidden: readonly string[],
  ports: SmokePorts,
): Promise<SmokeOutcome> {
  const { clock, log, probe, stacks } = ports;
  const resources = await stacks.resources(stack.id);
  const physical = new Map(resources.map(({ logicalId, physicalId }) => [logicalId, physicalId]));
  const on = ({ component, logicalId }: Target<unknown>): string => {
    const id = physical.get(logicalId);
    if (id) return id;
    const message = `${stack.name} has no ${logicalId}, which the smoke run needs of \`${component}\``;
    throw new UserError("smoke-unusable", { message, hint: "Deploy the stack first." });
  };
  const now = clock.now();
  const mark = markOf(now);
  const words = wordsOf(mark, new Date(now).toISOString(), stack.id);
  const itemOf = ({ value, keys }: PlannedPut): ProbeItem => ({ value: fill(value, words), keys, mark });

  const ours: PlannedPut[] = [];
  const put = async (one: PlannedPut): Promise<void> => {
    const { component, call, moves } = one;
    const result = await probe.put(call, on(one), itemOf(one));
    if (result === "put") return void ours.push(one);
    if (moves) {
      const message = `\`${component}\` holds an item of that key already, so that putting it starts nothing`;
      const hint =
        "In pipeline.yaml, give `smoke.put` a key that nothing else has, for example with `{mark}`.";
      throw new UserError("smoke-unusable", { message, hint });
    }
    log.info(`\`${component}\` holds the smoke run's item already: it is used as it is`);
  };
  try {
    const lying = plan.puts.filter(({ moves }) => !moves);
    for (const one of lying) await put(one);
    if (lying.length > 0) await clock.sleep(SETTLE_MS);
    const before = await sightings(plan, on, now, ports);
    const begun = clock.now();
    for (const one of plan.puts.filter(({ moves }) => moves)) await put(one);
    if (plan.start) {
      const { by, component, call, event, resources: names } = plan.start;
      const own = Object.entries(names).map(([name, id]) => [name, physical.get(id) ?? ""]);
      const value = fill(event, { ...words, ...Object.fromEntries(own) });
      await probe.put(call, on(plan.start), { value, keys: [], mark });
      log.info(`\`${component}\` is started as \`${by}\` would`);
    }
    return await travel({ plan, stack, hidden, words, before, begun, on }, ports);
  } finally {
    for (const one of ours) await probe.remove(one.call, on(one), itemOf(one));
  }
}

type Seen = ReadonlyMap<string, ReadonlySet<string>>;

/** What is there before the run, by where it is seen. */
async function sightings(
  { hops }: SmokePlan,
  on: (target: Target<unknown>) => string,
  now: number,
  { probe }: SmokePorts,
): Promise<Seen> {
  const looked = hops.map(async ({ to }): Promise<[string, Set<string>]> => {
    const all = await probe.look(to.call, on(to), now - BEFORE_MS);
    return [to.logicalId, new Set(all.map(({ id }) => id))];
  });
  return new Map(await Promise.all(looked));
}

interface Journey {
  readonly plan: SmokePlan;
  readonly stack: Pick<Stack, "id" | "name">;
  readonly hidden: readonly string[];
  readonly words: Words;
  readonly before: Seen;
  /** Milliseconds since 1970. */
  readonly begun: number;
  readonly on: (target: Target<unknown>) => string;
}

async function travel(journey: Journey, ports: SmokePorts): Promise<SmokeOutcome> {
  const { plan, stack, begun } = journey;
  const { clock, log } = ports;
  const { hops, withinSeconds } = plan;
  const seen: (number | undefined)[] = hops.map(() => undefined);
  const known = new Map<string, boolean>();
  const deadline = begun + withinSeconds * 1_000;
  for (;;) {
    await Promise.all(
      hops.map(async (_hop, index) => {
        seen[index] ??= await arrival(index, known, journey, ports);
      }),
    );
    const end = seen.at(-1);
    const missing = seen.findIndex((at) => at === undefined);
    const waited = end === undefined ? deadline : Math.min(deadline, end + LATE_LOG_MS);
    if (missing < 0 || (end !== undefined && clock.now() >= waited)) {
      return { kind: "through", stackName: stack.name, hops: hopTimes(hops, seen, begun) };
    }
    if (clock.now() >= waited) return stuck(missing, seen, journey, ports);
    log.progress(`waiting for \`${hops[missing]?.name}\``);
    await clock.sleep(POLL_MS);
  }
}

/** When something new was seen at the hop's end, in milliseconds since 1970; at the last one, the item itself. */
async function arrival(
  index: number,
  known: Map<string, boolean>,
  journey: Journey,
  ports: SmokePorts,
): Promise<number | undefined> {
  const { plan, words, on } = journey;
  const hop = plan.hops[index];
  if (!hop) return undefined;
  const { to } = hop;
  const fresh = await freshAt(to, journey, ports);
  if (index < plan.hops.length - 1) return timeOf(fresh[0], ports);
  const texts = textsOf(plan, words);
  for (const sighting of fresh) {
    // An object is read once; another version of it is another sighting.
    const right =
      known.get(sighting.id) ?? holdsAll(await ports.probe.read(to.call, on(to), sighting), texts);
    known.set(sighting.id, right);
    if (right) return timeOf(sighting, ports);
  }
  return undefined;
}

function timeOf(sighting: Sighting | undefined, { clock }: SmokePorts): number | undefined {
  return sighting && (sighting.time ?? clock.now());
}

async function freshAt(
  to: Target<SeeCall>,
  { before, begun, on }: Journey,
  { probe }: SmokePorts,
): Promise<readonly Sighting[]> {
  const all = await probe.look(to.call, on(to), begun - BEFORE_MS);
  return all.filter(({ id }) => before.get(to.logicalId)?.has(id) !== true);
}

async function stuck(
  index: number,
  seen: readonly (number | undefined)[],
  journey: Journey,
  ports: SmokePorts,
): Promise<SmokeOutcome> {
  const { plan, stack, begun, hidden } = journey;
  const hop = plan.hops[index];
  if (!hop) throw new Error("a smoke run is stuck at no hop");
  // At the end of the way something may have come, only not the item; else what ran before tells more.
  const logs = [hop.to, hop.source].filter((one) => one !== undefined).filter(isLog);
  const read = await Promise.all(
    logs.map(async (of) => ({ of, lines: (await freshAt(of, journey, ports)).map(({ text }) => text) })),
  );
  const told = read.find(({ lines }) => lines.length > 0) ?? read.at(-1);
  return {
    kind: "stuck",
    stackName: stack.name,
    hops: hopTimes(plan.hops.slice(0, index), seen, begun),
    at: hop.name,
    problem: stuckProblem(hop, plan.withinSeconds, told, hidden),
  };
}
