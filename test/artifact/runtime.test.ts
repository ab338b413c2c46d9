/** templates/runtimes.json, and all that must agree with it. */
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";
import { parseDocument } from "yaml";

import data from "../../templates/runtimes.json" with { type: "json" };
import { findRuntime, RUNTIME_NAMES, runtimeNames, runtimeOf } from "../../action/core/runtime.ts";
import { esbuildTarget, requestProblem } from "../../action/core/source.ts";

const place = { file: "config/pipeline.yaml", line: 3, column: 5 };

test("the option of the function's template takes the runtimes that are known, newest first", () => {
  const template = parseDocument(readFileSync("templates/components/function.yaml", "utf8"), {
    logLevel: "silent",
  });
  const allowed: unknown = template.toJS().Parameters.Runtime.AllowedValues;
  expect(allowed).toEqual(RUNTIME_NAMES);
});

test("every runtime is on a system that is described", () => {
  for (const name of RUNTIME_NAMES) {
    const { system } = runtimeOf(name);
    expect(system.newest.GLIBC).toMatch(/^2\.\d+$/);
    expect([...system.libraries]).toContain("libc.so.6");
    expect(
      [...system.libraries, ...system.likely].filter((library) => !/^[\w+-]+\.so\.\d+$/.test(library)),
    ).toEqual([]);
  }
  expect(
    Object.keys(data.systems).filter(
      (name) => !RUNTIME_NAMES.some((one) => runtimeOf(one).system.name === name),
    ),
  ).toEqual([]);
});

test("Node's numbers are those that the Node which runs this has of itself", () => {
  const [major] = process.versions.node.split(".");
  const runtime = findRuntime(`nodejs${major}.x`);
  expect(runtime).toMatchObject({
    language: "node",
    modules: Number(process.versions.modules),
    napi: Number(process.versions["napi"]),
    esbuild: `node${major}`,
  });
});

test("the Node that artifacts are loaded with is of the runtime's major version", () => {
  for (const name of runtimeNames("node")) {
    const runtime = runtimeOf(name);
    expect(runtime.language === "node" && `nodejs${runtime.npm.split(".")[0]}.x`).toBe(name);
  }
});

test("only runtimes of Node are esbuild's business, and an unknown one is refused with those that are known", () => {
  expect(RUNTIME_NAMES.map(esbuildTarget)).toEqual([
    "node24",
    "node22",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  const request = { component: "a", source: "functions/a.ts", architecture: "arm64", place } as const;
  expect(requestProblem({ ...request, runtime: "nodejs22.x" })).toBeUndefined();
  expect(requestProblem({ ...request, runtime: "nodejs18.x" })?.message).toContain("nodejs24.x");
  expect(() => runtimeOf("java21")).toThrow("unknown runtime java21; known are nodejs24.x, nodejs22.x");
});
