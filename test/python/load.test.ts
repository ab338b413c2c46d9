/** A Python artifact is loaded by a Python of its runtime's version, cut off from the machine. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import type { LoadResult } from "../../action/core/passport.ts";
import { formatProblem } from "../../action/core/problem.ts";
import { loadPython } from "../../action/edge/load-python.ts";
import { findSandbox } from "../../action/edge/sandbox.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";
import { somePython } from "./interpreter.ts";
import { HANDLER, pythonRequest } from "./project.ts";

const python = await somePython();
if (python === undefined) throw new Error("Python 3.11 to 3.14 is needed to test Python functions");
const { version } = python;
const sandbox = await findSandbox();

const home = realpathSync(mkdtempSync(join(tmpdir(), "warren-load-")));
afterEach(() => {
  rmSync(home, { recursive: true });
  vi.unstubAllEnvs();
});

function load(
  code: string,
  options: {
    readonly files?: Readonly<Record<string, string>>;
    readonly native?: boolean;
    readonly signal?: AbortSignal;
    readonly limitSeconds?: number;
  } = {},
  runtime = `python${version}`,
): Promise<LoadResult> {
  for (const [path, text] of Object.entries({ "worker.py": code, ...options.files })) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  const request = { ...pythonRequest("functions/worker.py"), runtime, handler: "worker.handler" };
  const { native = false, signal, limitSeconds = 60 } = options;
  return loadPython(
    { ...request, files: [], native },
    { unpack: async () => home, environment: process.env, sandbox, limitSeconds, signal },
  );
}

async function failure(...args: Parameters<typeof load>): Promise<string> {
  const result = await load(...args);
  return result.kind === "failed" ? formatProblem(result.problem) : result.kind;
}

test("an import that works", async () => {
  const result = await load(`import json\n${HANDLER}`);
  expect(result).toEqual({ kind: "loaded", milliseconds: expect.any(Number), binaries: [] });
});

test("a module that is not there, at the line of the function's own file", async () => {
  const files = {
    "lib.py": "\nimport tool\n",
    "tool.py": "import nowhere\n",
    "tool-1.dist-info/RECORD": "tool.py,,\n",
  };
  expect(await failure(`import lib\n${HANDLER}`, { files })).toBe(
    `functions/lib.py:2:1: \`functions/worker.py\` cannot be imported by python${version}: ` +
      "ModuleNotFoundError: No module named 'nowhere', in tool.py:1\n" +
      "    Add the package that has `nowhere` to requirements.txt, or the module to the source's folder.",
  );
});

test("an error of syntax is where Python sees it", async () => {
  const told = await failure(`import lib\n${HANDLER}`, { files: { "lib.py": "x = 1\ny = = 2\n" } });
  expect(told).toMatch(/^functions\/lib\.py:2:1: .*SyntaxError/);
});

test("a file that stayed behind", async () => {
  const told = await failure(
    `from pathlib import Path\nPath(__file__).with_name("a.txt").read_text()\n${HANDLER}`,
  );
  expect(told).toContain("functions/worker.py:2:1: ");
  expect(told).toContain("'/var/task/a.txt'");
  expect(told).toContain("put data into a package");
});

test.each([
  ["handler = 3\n", "functions/worker.py:1:1: `handler` is no function"],
  ["x = 1\n", "functions/worker.py:1:1: `handler` is not there"],
  ["\ndef handler(event): pass\n", "functions/worker.py:2:1: `handler` does not take the two arguments"],
  ["def handler(a, b, c): pass\n", "`handler` does not take the two arguments"],
  ["def handler(event, context): yield 1\n", "`handler` is a generator"],
  ["async def main(event, context): pass\nhandler = main\n", "`handler` is `async`"],
  ["import os\nos._exit(7)\n", "ended the process with code 7"],
  ["import ctypes\nctypes.string_at(0)\n", "crashed the process (signal 11)"],
  ["raise SystemExit('no licence')\n", "SystemExit: no licence"],
])("%j", async (code, told) => {
  expect(await failure(code)).toContain(told);
});

test.each([
  "def handler(event, context, more=None): pass\n",
  "def handler(*args): pass\n",
  "class Handler:\n    def __call__(self, event, context): pass\nhandler = Handler()\n",
  "print('x' * 100_000)\ndef handler(event, context): pass\n",
])("a handler that Lambda can call: %j", async (code) => {
  expect(await load(code)).toMatchObject({ kind: "loaded" });
});

test("the import reaches nobody", async () => {
  const reached = vi.fn<() => void>();
  const server = createServer(reached);
  const url = await listenLocally(server);
  const code = `import urllib.request\nurllib.request.urlopen("${url}", timeout=5)\n${HANDLER}`;
  expect(await failure(code)).toContain("there is no network while a function is loaded");
  expect(reached).not.toHaveBeenCalled();
  await closeLocally(server);
});

test("the import sees nothing of this machine's environment and packages", async () => {
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("GITHUB_TOKEN", "secret");
  vi.stubEnv("PYTHONPATH", home);
  const code = `import os, sys
assert "secret" not in os.environ.values(), os.environ
assert not any("site-packages" in path for path in sys.path), sys.path
assert os.environ["AWS_REGION"]
${HANDLER}`;
  expect(await load(code)).toMatchObject({ kind: "loaded" });
});

test("what only a stack sets is no fault of the code", async () => {
  expect(await load(`import os\nURL = os.environ["PRODUCER_URL"]\n${HANDLER}`)).toEqual({
    kind: "inconclusive",
    why: "the file reads the environment variable PRODUCER_URL when it is imported, which only a stack sets",
  });
  expect(await failure(`x = {}["PRODUCER_URL"]\n${HANDLER}`)).toContain("KeyError: 'PRODUCER_URL'");
});

test("what only Lambda's runtime has is not here", async () => {
  expect(await load(`import boto3\n${HANDLER}`)).toEqual({
    kind: "not-loaded",
    why: "boto3 comes from Lambda's runtime, which is not here",
  });
});

test("without that Python, or with another machine's binaries, it is not loaded and says why", async () => {
  expect(await load(HANDLER, {}, "python3.99")).toEqual({
    kind: "not-loaded",
    why: "there is no Python 3.99 on this machine",
  });
  const foreign = process.arch === "x64" ? "arm64" : "x86_64";
  const request = { ...pythonRequest("worker.py"), handler: "worker.handler", files: [] };
  const unpack = vi.fn<() => Promise<string>>();
  const options = { unpack, environment: process.env, sandbox, limitSeconds: 60 };
  expect(await loadPython({ ...request, architecture: foreign, native: true }, options)).toEqual({
    kind: "not-loaded",
    why: `binaries for ${foreign} need an ${foreign} runner: under qemu, Python takes minutes`,
  });
  expect(unpack).not.toHaveBeenCalled();
});

test("what the import writes to the descriptor of the report is no report", async () => {
  const code = `import os\nos.write(3, b'hello\\n[]\\n{"kind":"loaded"}\\n')\n`;
  expect(await load(`${code}${HANDLER}`)).toMatchObject({ kind: "loaded", milliseconds: expect.any(Number) });
  expect(await failure(`${code}raise ValueError("after that")\n`)).toContain("ValueError: after that");
});

test("an import that does not end is no pass", async () => {
  expect(await load(`import time\ntime.sleep(100)\n${HANDLER}`, { limitSeconds: 2 })).toEqual({
    kind: "inconclusive",
    why: "its import did not end within 2 seconds, and Lambda gives it 10",
  });
});

test("a process that the import leaves behind does not hold the check up", async () => {
  const code = `import subprocess\nsubprocess.Popen(["sleep", "100"])\n${HANDLER}`;
  expect(await load(code)).toMatchObject({ kind: "loaded" });
});

test("aborting ends the process", async () => {
  const controller = new AbortController();
  const code = `import time\ntime.sleep(100)\n${HANDLER}`;
  const loading = load(code, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  await expect(loading).rejects.toBe(reason);
});
