/** templates/python-modules.json says what the Pythons of this machine say. */
import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import data from "../../templates/python-modules.json" with { type: "json" };
import { moduleOrigin } from "../../action/core/python-modules.ts";
import { findPython } from "../../action/edge/python-interpreter.ts";

const VERSIONS = ["3.11", "3.12", "3.13", "3.14"];
const found = await Promise.all(
  VERSIONS.map(async (version) => ({ version, python: await findPython(version, process.env) })),
);

test("some Python is here to ask", () => {
  expect(found.filter(({ python }) => python !== undefined)).not.toEqual([]);
});

for (const { version, python } of found) {
  const absent = python === undefined ? " (skipped: it is not on this machine)" : "";
  test.skipIf(python === undefined)(`the modules of Python ${version}${absent}`, () => {
    const code = "import sys; print(*(n for n in sys.stdlib_module_names if n[0] != '_'))";
    const own = execFileSync(python?.program ?? "", ["-I", "-S", "-c", code], { encoding: "utf8" })
      .trim()
      .split(" ");
    const known = data.standard.split(" ").filter((name) => moduleOrigin(name, version).kind === "standard");
    expect(known).toEqual(own.toSorted());
  });
}

test("a module that was removed or is new is told with its version", () => {
  expect(moduleOrigin("cgi", "3.12")).toEqual({ kind: "standard" });
  expect(moduleOrigin("cgi", "3.13")).toEqual({ kind: "other-version", upTo: "3.12" });
  expect(moduleOrigin("annotationlib", "3.13")).toEqual({ kind: "other-version", from: "3.14" });
  expect(moduleOrigin("boto3", "3.13")).toEqual({ kind: "runtime" });
  expect(moduleOrigin("pandas", "3.13")).toEqual({ kind: "foreign" });
});
