/** Which files a Python function becomes. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { ELF, HANDLER, OWN_WHEELS, paths, pythonProject, wheel, type Packed } from "./project.ts";

test("a module goes along with the modules it imports, and nothing else of its folder", async () => {
  using here = pythonProject({
    "functions/worker.py": `import json\nimport used\n${HANDLER}`,
    "functions/used.py": "from further import x\n",
    "functions/further.py": "x = 1\n",
    "functions/other.py": HANDLER,
    "functions/notes.txt": "",
    "elsewhere.py": "",
  });
  const packed = await here.pack("functions/worker.py");
  expect(paths(packed)).toEqual(["further.py", "used.py", "worker.py"]);
  expect(packed).toMatchObject({
    handler: "worker.handler",
    native: [],
    warnings: [],
    pinned: true,
    inputs: ["functions/further.py", "functions/used.py", "functions/worker.py"],
    calls: { kind: "uncertain", actions: [] },
  });
});

test("a package that is imported goes along whole, with its data, but without tests and bytecode", async () => {
  using here = pythonProject({
    "worker.py": `from words.english import LIST\n${HANDLER}`,
    "words/__init__.py": "",
    "words/english.py": "import stop\nfrom . import data\nLIST = []\n",
    "words/data/list.txt": "",
    "words/tests/test_english.py": "import pytest\n",
    "words/__pycache__/english.cpython-313.pyc": "",
    "words/.cache": "",
    "stop.py": "",
  });
  expect(paths(await here.pack("worker.py"))).toEqual([
    "stop.py",
    "words/__init__.py",
    "words/data/list.txt",
    "words/english.py",
    "worker.py",
  ]);
});

test("a folder without `__init__.py` is a package when what is imported is in it", async () => {
  using here = pythonProject({
    "worker.py": `import lib.a\nfrom lib import b\n${HANDLER}`,
    "lib/a.py": "",
    "lib/b.py": "",
  });
  expect(paths(await here.pack("worker.py"))).toEqual(["lib/a.py", "lib/b.py", "worker.py"]);
});

test("the console's own name of the handler will do", async () => {
  using here = pythonProject({ "a.py": "def lambda_handler(event, context):\n    pass\n" });
  expect(await here.pack("a.py")).toMatchObject({ handler: "a.lambda_handler" });
});

test.each([
  "handler = app.handle\n",
  "from app_code import main as handler\n",
  "if True:\n    handler: object = 1\n",
])("a handler need not be a `def`: %j", async (code) => {
  using here = pythonProject({ "a.py": code, "app_code.py": "" });
  expect(await here.pack("a.py")).toMatchObject({ handler: "a.handler" });
});

async function fastWheels(): Promise<Readonly<Record<string, Uint8Array>>> {
  const binary = (machine: string) =>
    wheel("fast", `cp313-cp313-manylinux_2_17_${machine}`, {
      "fast/__init__.py": "",
      [`fast/core.cpython-313-${machine}-linux-gnu.so`]: ELF,
    });
  return { ...(await binary("aarch64")), ...(await binary("x86_64")) };
}

test("the wheels are those of the function's processor", async () => {
  using here = pythonProject({
    "functions/worker.py": `import fast.core\n${HANDLER}`,
    "functions/requirements.txt": `${OWN_WHEELS}fast==1.0\n`,
    ...(await fastWheels()),
  });
  const core = (packed: Packed) => paths(packed).find((path) => path.endsWith(".so"));
  const packed = await here.pack("functions/worker.py");
  expect(core(packed)).toBe("fast/core.cpython-313-aarch64-linux-gnu.so");
  expect(packed).toMatchObject({
    native: [{ name: "fast", version: "1.0", origin: "fetched", binaries: 1 }],
    inputs: ["functions/requirements.txt", "functions/worker.py"],
  });
  const other = await here.pack("functions/worker.py", { architecture: "x86_64" });
  expect(core(other)).toBe("fast/core.cpython-313-x86_64-linux-gnu.so");
});

test("the same bytes from two checkouts, without what an installer notes", async () => {
  const files = {
    "functions/worker.py": `import tool\n${HANDLER}`,
    "functions/requirements.txt": `${OWN_WHEELS}tool==1.0\n`,
    ...(await wheel("tool", "py3-none-any", {
      "tool.py": "",
      "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool:main\n",
    })),
  };
  using one = pythonProject(files);
  using two = pythonProject(files);
  const packed = await one.pack("functions/worker.py");
  expect((await two.pack("functions/worker.py")).files).toEqual(packed.files);
  expect(paths(packed)).toEqual([
    "tool-1.0.dist-info/METADATA",
    "tool-1.0.dist-info/RECORD",
    "tool-1.0.dist-info/WHEEL",
    "tool-1.0.dist-info/entry_points.txt",
    "tool.py",
    "worker.py",
  ]);
  const record = packed.files.find(({ path }) => path.endsWith("RECORD"))?.content ?? [];
  expect(Buffer.from(record).toString()).not.toMatch(/INSTALLER|REQUESTED|bin\//);
});

test("what no pin chooses is told, in included files too", async () => {
  using here = pythonProject({
    "functions/worker.py": `import tool\n${HANDLER}`,
    "functions/requirements.txt": `${OWN_WHEELS}-r base.txt\ntool\n`,
    "functions/base.txt": "other==1.0\n",
    ...(await wheel("tool", "py3-none-any", { "tool.py": "" })),
    ...(await wheel("other", "py3-none-any", { "other.py": "" })),
  });
  const { pinned, warnings, inputs } = await here.pack("functions/worker.py");
  expect(pinned).toBe(false);
  expect(warnings.map(({ message }) => message)).toEqual([
    "functions/requirements.txt does not pin `tool`: another deploy of the same commit may get other versions",
  ]);
  expect(inputs).toEqual(["functions/base.txt", "functions/requirements.txt", "functions/worker.py"]);
});

test("uv sees nothing of AWS's and GitHub's secrets", async () => {
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "this-is-secret");
  vi.stubEnv("UV_OF_THE_USER", "this-is-uv's");
  try {
    using here = pythonProject({
      "functions/worker.py": HANDLER,
      // uv puts variables into what it reads.
      "functions/requirements.txt":
        "a @ file:///${AWS_SECRET_ACCESS_KEY}/${UV_OF_THE_USER}/a-1-py3-none-any.whl\n",
    });
    const told = await here.failure("functions/worker.py");
    expect(told).toContain("AWS_SECRET_ACCESS_KEY");
    expect(told).toContain("this-is-uv's");
  } finally {
    vi.unstubAllEnvs();
  }
});

test("a link out of the repository is refused, a link inside is followed", async () => {
  using elsewhere = pythonProject({ "secret/__init__.py": "", "secret/key.py": "KEY = 1\n" });
  using here = pythonProject({
    "functions/worker.py": `import secret.key\nimport shared\n${HANDLER}`,
    "lib/shared/__init__.py": "",
  });
  symlinkSync(join(elsewhere.root, "secret"), join(here.root, "functions/secret"));
  symlinkSync("../lib/shared", join(here.root, "functions/shared"));
  expect(await here.failure("functions/worker.py")).toBe(
    "functions/worker.py:1:1: `functions/secret`, which the function imports, is a link that leads out of the repository\n" +
      "    Copy the file into the repository.",
  );
  using inside = pythonProject({
    "functions/worker.py": `import shared\n${HANDLER}`,
    "lib/shared/__init__.py": "",
  });
  symlinkSync("../lib/shared", join(inside.root, "functions/shared"));
  expect(paths(await inside.pack("functions/worker.py"))).toEqual(["shared/__init__.py", "worker.py"]);
});
