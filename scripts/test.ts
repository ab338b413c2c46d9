/**
 * `npm test`: the checks and all tests. Ends with `N passed, N failed` alone on a line, which every reader of
 * logs understands. Arguments go to vitest, and then the checks are left out: `npm test -- test/render`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tally } from "../test/support/counts.ts";
import { check } from "./check.ts";

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const args = process.argv.slice(2);
const checked = args.length > 0 || (await check());

const folder = mkdtempSync(join(tmpdir(), "warren-test-"));
const file = join(folder, "counts.json");
const vitest = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${file}`,
];
const tallies = join(folder, "tallies");
const { status } = spawnSync(process.execPath, [...vitest, ...args], {
  stdio: "inherit",
  env: { ...process.env, WARREN_COUNTS: tallies },
});
const counts = JSON.parse(readFileSync(file, "utf8")) as Counts;
const table = existsSync(tallies) ? tableOf(readFileSync(tallies, "utf8")) : "";
rmSync(folder, { recursive: true });

console.log(table);
if (!checked) console.log("\nThe checks before the tests FAILED, see above.");
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = counts;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = checked && status === 0 && passed > 0 ? 0 : 1;

/** Of what test/support/counts.ts has written down, by what was tried. */
function tableOf(lines: string): string {
  const all = lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Tally);
  const rows = [...Map.groupBy(all, ({ what }) => what)].map(([what, some]) => {
    const sum = (key: "cases" | "held"): number => some.reduce((total, one) => total + one[key], 0);
    return [what, sum("cases"), sum("held")] as const;
  });
  const width = Math.max(...rows.map(([what]) => what.length));
  const line = ([what, cases, held]: readonly [string, string | number, string | number]): string =>
    `${what.padEnd(width)}  ${String(cases).padStart(7)}  ${String(held).padStart(7)}`;
  return ["", line(["", "cases", "held"]), ...rows.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(line)].join(
    "\n",
  );
}
