/** Many cases of one promise: each is held, and in time, or the smallest one that is not is told. */
import { ALL } from "../support/extent.ts";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { tally } from "../support/counts.ts";

/** Far beyond what any case takes: in it a machine does what should be done in thousandths of it. */
const CASE_SECONDS = 2;

export interface Sizes {
  /** Cases in `npm test`. */
  readonly sample: number;
  /** Cases in `npm run test:faults`. */
  readonly all: number;
}

export function count(what: string, cases: number, held = cases): void {
  console.log(`${what}: ${cases} cases, ${held} held`);
  tally(what, cases, held);
}

/** `judge` throws for a case that is not held. */
export async function hold<Case>(
  what: string,
  cases: fc.Arbitrary<Case>,
  { sample, all }: Sizes,
  judge: (one: Case) => unknown,
): Promise<void> {
  let done = 0;
  const numRuns = ALL ? all : sample;
  const property = fc.asyncProperty(cases, async (one) => {
    await inTime(() => judge(one));
    done += 1;
  });
  // In `npm test` always the same ones: a failure there means that something was changed.
  const run = await fc.check(property, { numRuns, ...(!ALL && { seed: 20 }) });
  if (run.failed) {
    const file = join(mkdtempSync(join(tmpdir(), "warren-case-")), "case.json");
    writeFileSync(file, fc.stringify(run.counterexample?.[0]));
    const why = run.errorInstance instanceof Error ? run.errorInstance : new Error(String(run.errorInstance));
    throw new Error(`${what}: the case in ${file} is not held (seed ${run.seed}): ${why.message}`, {
      cause: why,
    });
  }
  count(what, done);
}

/** Of this process's own time: a busy machine makes nothing slow that is quick. */
export async function inTime(work: () => unknown): Promise<void> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds > CASE_SECONDS) throw new Error(`it took ${seconds} seconds`);
}
