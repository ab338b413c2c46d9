/** Two packages of the matrix (matrix.packages.ts), one for each way in which packages bring their binaries. */
import { expect, test } from "vitest";

import { installed } from "./installed.ts";
import { LOADS } from "./loads.ts";
import { ARCHITECTURES, outcome, trial } from "./trial.ts";

const CASES = ["@node-rs/argon2", "bcrypt"].flatMap((name) =>
  ARCHITECTURES.map((architecture) => ({ name, architecture, ...LOADS[name]! })),
);

test.each(CASES)("$name works on $architecture", async ({ code, result, architecture }) => {
  const verdict = await trial(await installed("two"), { architecture, code });
  expect(outcome(verdict)).toEqual(verdict.kind === "verified" ? "verified" : result);
});
