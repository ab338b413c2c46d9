/** The program that loads functions, as Warren is published: one file, for each of the runtimes' Nodes. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { LoadPlan, LoadReport } from "../../action/core/load-report.ts";
import { RUNTIME_NAMES, runtimeOf } from "../../action/core/runtime.ts";
import { findMachine } from "../../action/edge/machine.ts";
import { buildBundle } from "../support/bundle.ts";
import { ENVIRONMENT, HANDLER } from "./artifact.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "warren-published-")));

let dist = "";

beforeAll(async () => {
  dist = dirname((await buildBundle()).main);
});

afterAll(() => rmSync(folder, { recursive: true }));

async function run(name: string, code: string, mode: LoadPlan["mode"]): Promise<LoadReport> {
  const runtime = runtimeOf(name);
  if (runtime.language !== "node") throw new Error(`${name} is none of Node's`);
  const machine = await findMachine(runtime, "any", { environment: ENVIRONMENT });
  if (machine.kind === "absent") throw new Error(machine.why);
  const task = join(folder, `${name}-${mode}`);
  mkdirSync(task);
  writeFileSync(join(task, "index.mjs"), code);
  const plan: LoadPlan = {
    tasks: [{ folder: task, handler: "index.handler", environment: {} }],
    mode,
    limitSeconds: 1,
    allowsCallbacks: runtime.callbacks,
    listsBinaries: true,
  };
  writeFileSync(join(task, "plan.json"), JSON.stringify(plan));
  const child = spawn(
    machine.node,
    [...runtime.flags, join(dist, "load/main.mjs"), join(task, "plan.json")],
    { stdio: ["ignore", "inherit", "inherit", "pipe"], env: {} },
  );
  return JSON.parse(await text(child.stdio[3] as Readable)) as LoadReport;
}

const NODES = RUNTIME_NAMES.filter((name) => runtimeOf(name).language === "node");

test.each(NODES)("it loads functions on %s", async (name) => {
  expect((await run(name, HANDLER, "plain")).end).toEqual({
    kind: "loaded",
    milliseconds: expect.any(Number),
    binaries: [],
  });
});

test.each(NODES)("it watches over them on %s", async (name) => {
  const { end } = await run(name, "while (true);", "diagnose");
  expect(end).toMatchObject({ kind: "busy", stack: expect.stringContaining("index.mjs:1:") });
});
