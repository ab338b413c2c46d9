/** How many cases of what were tried and held: scripts/test.ts adds them up over all files and prints them at its end. */
import { appendFileSync } from "node:fs";

export interface Tally {
  readonly what: string;
  readonly cases: number;
  readonly held: number;
}

export function tally(what: string, cases: number, held = cases): void {
  const file = process.env["WARREN_COUNTS"];
  // One short line at a time is whole, whoever else writes.
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ what, cases, held } satisfies Tally)}\n`);
}
