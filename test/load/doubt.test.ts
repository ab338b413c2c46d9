/** What binaries say that miss something: of the function's making, or this machine's. */
import { expect, test } from "vitest";

import { loadResult } from "../../action/core/load-failure.ts";
import { artifact, HANDLER, textOf } from "./artifact.ts";

function failing(message: string, code = "ERR_DLOPEN_FAILED"): string {
  const error = { name: "Error", message, code, stack: "", causes: [] };
  return textOf(
    loadResult(artifact(HANDLER, { environment: {}, architecture: "x86_64" }), {
      report: {
        task: 0,
        end: { kind: "threw", error, isUncaught: false },
        unset: [],
        // A package that asks for updates, say: no reason for this error.
        network: [{ what: "example.com:443", stack: "" }],
      },
      code: 0,
      output: "",
      folder: "/var/task",
      limitSeconds: 10,
      isEmulated: false,
    }),
  );
}

const FAILS = "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: Error: ";

test.each([
  [
    "/lib64/libc.so.6: version `GLIBC_2.38' not found (required by /var/task/a.node)",
    "It was built where GLIBC is 2.38 or newer, which nodejs24.x does not have: take a version of the package with binaries for older systems.",
  ],
  [
    "libcairo.so.2: cannot open shared object file: No such file or directory",
    "`libcairo.so.2` is neither in the artifact nor on nodejs24.x: take a package that brings it along.",
  ],
  [
    "/var/task/a.node: undefined symbol: _ZN2v87Context10GetIsolateEv",
    "The addon was built for another version of Node than that of nodejs24.x: install or build it with that one.",
  ],
  [
    "/var/task/a.node: invalid ELF header",
    "The binary is for another system than Linux on x86_64: install the package's variant for that.",
  ],
])("refused: %s", (message, hint) => {
  expect(failing(message)).toBe(`${FAILS}${message}\n${hint}`);
});

test("a package that is not there is refused whatever the network", () => {
  expect(
    failing("Cannot find package 'sharp' imported from /var/task/index.mjs", "ERR_MODULE_NOT_FOUND"),
  ).toMatch(/^functions/);
});

test.each([
  [
    "/lib64/libc.so.6: version `GLIBC_2.34' not found (required by /var/task/a.node)",
    "this machine has no GLIBC 2.34, and Amazon Linux 2023 has: use a newer runner",
  ],
  [
    "/lib64/libstdc++.so.6: version `GLIBCXX_3.4.9' not found (required by /var/task/a.node)",
    "this machine has no GLIBCXX 3.4.9, and Amazon Linux 2023 has: use a newer runner",
  ],
  [
    "libz.so.1: cannot open shared object file: No such file or directory",
    "this machine has no libz.so.1, and Lambda has: install it on the runner",
  ],
])("inconclusive: %s", (message, why) => {
  expect(failing(message)).toBe(`inconclusive: ${why}`);
});
