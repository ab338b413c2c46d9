/** Processes that load: many functions in few, their limits, and their ends. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, watch, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

import type { LoadRequest } from "../../action/core/passport.ts";
import { findSandbox, type Sandbox } from "../../action/edge/sandbox.ts";
import { artifact, bundled, HANDLER, load, loadOne, textOf } from "./artifact.ts";
import type { Packed } from "./child.ts";

const NONE: Sandbox = { kind: "none", why: "for the test" };
const SHORT = { nativeSeconds: 3, emulatedSeconds: 3, pythonSeconds: 3 };
const ENDLESS = "while (true);";

const { kind } = await findSandbox();

/** Processes that have the mark in their arguments or their environment. */
function marked(mark: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`)
    .filter((id) => ["cmdline", "environ"].some((file) => procText(id, file).includes(mark)));
}

function procText(id: string, file: string): string {
  try {
    return readFileSync(`/proc/${id}/${file}`, "utf8");
  } catch (error) {
    // It has ended meanwhile, or is not ours.
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}

async function untilMarked(mark: string, isThere: boolean): Promise<void> {
  await vi.waitFor(() => expect(marked(mark).length > 0).toBe(isThere), { timeout: 60_000, interval: 50 });
}

/** It starts a further process, "<mark> child", that leaves the group and ignores what can be ignored. */
function stubborn(mark: string): LoadRequest {
  const code = `import { spawn } from "node:child_process";
    process.on("SIGTERM", () => {}); process.on("SIGINT", () => {});
    spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", process.env.MARK + " child"], { detached: true, stdio: "inherit" });
    ${ENDLESS}`;
  return artifact(code, { environment: { MARK: mark } });
}

test("functions share processes, as long as they leave them as they were", async () => {
  const tidy = Array.from({ length: 40 }, () => artifact(HANDLER));
  const untidy = Array.from({ length: 8 }, () => artifact(`globalThis.left = 1;${HANDLER}`));
  // As a client of the AWS SDK does: it looks for a file, and imports all of `process`, some of which Node makes then.
  const client =
    'import fs from "node:fs/promises"; fs.readFile("/nowhere").catch(() => {}); ({ ...process });';
  const clients = Array.from({ length: 40 }, () => artifact(`${client}${HANDLER}`));
  expect(await countProcesses(tidy)).toBeLessThanOrEqual(availableParallelism());
  expect(await countProcesses(clients)).toBeLessThanOrEqual(availableParallelism());
  expect(await countProcesses(untidy)).toBe(8);
});

test.each([
  ["a global", "globalThis.window = {};", "window.x;"],
  ["a method of all arrays", "Array.prototype.second = () => 2;", "[].second();"],
  [
    "a timer",
    "setTimeout(() => { globalThis.window = {}; });",
    "await null; setImmediate(() => window.x); await new Promise((done) => setTimeout(done, 20));",
  ],
  [
    "a function of a built-in module",
    'import fs from "node:fs"; fs.readSecret = () => {};',
    'import fs from "node:fs"; fs.readSecret();',
  ],
])("what one function leaves behind, such as %s, does not make the next one load", async (_, leave, use) => {
  const pair = [artifact(`${leave}${HANDLER}`), artifact(`${use}${HANDLER}`)];
  // As many pairs as there are processes at once, so that each pair shares one.
  const results = await load(Array.from({ length: availableParallelism() }, () => pair).flat());
  expect(new Set(results.map((result, i) => `${i % 2} ${result.kind}`))).toEqual(
    new Set(["0 loaded", "1 failed"]),
  );
});

/** How many processes it takes to load them: each has an empty folder to become its root. */
async function countProcesses(requests: readonly LoadRequest[]): Promise<number> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "warren-count-")));
  const seen = new Set<string>();
  const watcher = watch(folder, (_, name) => {
    if (name?.startsWith("warren-root-") === true) seen.add(name);
  });
  vi.stubEnv("TMPDIR", folder);
  try {
    const results = await load(requests);
    expect(new Set(results.map(textOf))).toEqual(new Set(["loaded"]));
  } finally {
    vi.unstubAllEnvs();
    watcher.close();
    rmSync(folder, { recursive: true });
  }
  return seen.size;
}

test("what computes without end is stopped, with the place", async () => {
  const request = await bundled({
    "functions/worker.ts": `import { fill } from "../lib/fill.ts";\n\nfill(0);\nexport async function handler() {}\n`,
    "lib/fill.ts": `export function fill(count: number): number {\n  let rest = count;\n  while (rest <= count) rest -= Math.random();\n  return rest;\n}\n`,
  });
  const text = textOf(await loadOne(request, { limits: SHORT }));
  expect(text.replace(/^lib\/fill\.ts:3:\d+/, "lib/fill.ts:3:N")).toBe(
    "lib/fill.ts:3:N: `functions/worker.ts` does not load on nodejs24.x: its import does not end within 3 seconds and computes\nLambda gives an import 10 seconds. Is it an endless loop? If not, compute it in the handler, or before the build.",
  );
});

test("what waits without end is stopped, with what it waits for", async () => {
  const code = `await new Promise(() => setInterval(() => {}, 1000));${HANDLER}`;
  expect(textOf(await loadOne(artifact(code), { limits: SHORT }))).toBe(
    "functions/worker.ts:1:1: `functions/worker.ts` does not load on nodejs24.x: its import does not end within 3 seconds and waits for Timeout\nLambda gives an import 10 seconds. Move the top-level `await` into the handler.",
  );
});

test.each(["best", "none"] as const)("aborting ends every process (sandbox: %s)", async (which) => {
  const mark = randomUUID();
  const aborter = new AbortController();
  const loading = load([stubborn(mark), artifact(HANDLER)], {
    signal: aborter.signal,
    ...(which === "none" && { sandbox: NONE }),
  });
  const failure = loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  await untilMarked(`${mark} child`, true);
  aborter.abort(new Error("no longer wanted"));
  expect(await failure).toEqual(new Error("no longer wanted"));
  if (which === "best" && kind !== "none") await untilMarked(mark, false);
  // Without a sandbox, who leaves the group escapes: the test ends it.
  else for (const id of marked(mark)) process.kill(Number(id), "SIGKILL");
});

test.skipIf(kind === "none")("no process outlives Warren, however that ends", async () => {
  const mark = randomUUID();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "warren-killed-")));
  const { files, ...request } = stubborn(mark);
  const packed: Packed = { ...request, code: Buffer.from(files[0]?.content ?? []).toString() };
  writeFileSync(join(folder, "requests.json"), JSON.stringify([packed]));
  const warren = spawn(
    process.execPath,
    [join(import.meta.dirname, "child.ts"), join(folder, "requests.json"), "best"],
    { stdio: "ignore", env: { ...process.env, TMPDIR: folder } },
  );
  await untilMarked(`${mark} child`, true);
  warren.kill("SIGKILL");
  await once(warren, "exit");
  await untilMarked(mark, false);
  expect(warren.signalCode).toBe("SIGKILL");
  rmSync(folder, { recursive: true });
});

test.skipIf(kind === "none")("killing what watches over it does not help a function to stay", async () => {
  const mark = randomUUID();
  // Only in a namespace of a handful of processes, and never its own.
  const code = `import fs from "node:fs";
    const others = fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && +name !== process.pid && +name !== 1);
    if (others.length > 3) throw new Error("not in a sandbox");
    for (const id of others) process.kill(+id, "SIGKILL");
    ${ENDLESS}`;
  const result = await loadOne(artifact(code, { environment: { MARK: mark } }), { limits: SHORT });
  expect(result.kind).toBe("failed");
  await untilMarked(mark, false);
});

test("what a function writes to the descriptor of the reports is no report", async () => {
  const code = `import fs from "node:fs"; fs.writeSync(3, 'hello\\n{"task":"x"}\\n[]\\n{"task":0,"end":{"kind":"threw"},"unset":[],"network":[]}\\n'); throw new Error("after that");`;
  expect(textOf(await loadOne(artifact(code)))).toContain("Error: after that");
});

test("a function that needs more memory than there is fails alone", async () => {
  const code = `const all = []; while (true) all.push(new Array(1e7).fill(all));`;
  const limits = { nativeSeconds: 60, emulatedSeconds: 60, pythonSeconds: 60 };
  const results = await load([artifact(HANDLER), artifact(code), artifact(HANDLER)], { limits });
  expect(results.map((result) => result.kind)).toEqual(["loaded", "failed", "loaded"]);
  expect(textOf(results[1] ?? { kind: "inconclusive", why: "" })).toMatch(
    /^functions\/worker\.ts:1:1: `functions\/worker\.ts` does not load on nodejs24\.x: its import needs more memory than there is/,
  );
});
