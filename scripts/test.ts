/**
 * `npm test`: the checks and all tests. Ends with `N passed, N failed` alone on a line, which every reader of
 * logs understands. Arguments go to vitest, and then the checks are left out: `npm test -- test/render`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./check.ts";

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const args = process.argv.slice(2);
const checked = args.length > 0 || check();

const folder = mkdtempSync(join(tmpdir(), "warren-test-"));
const file = join(folder, "counts.json");
const vitest = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${file}`,
];
const { status } = spawnSync(process.execPath, [...vitest, ...args], { stdio: "inherit" });
const counts = JSON.parse(readFileSync(file, "utf8")) as Counts;
rmSync(folder, { recursive: true });

if (!checked) console.log("\nThe checks before the tests FAILED, see above.");
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = counts;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = checked && status === 0 && passed > 0 ? 0 : 1;
