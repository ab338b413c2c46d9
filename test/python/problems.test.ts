/** What cannot become a Python function is refused, with the line and how to mend it. */
import { expect, test, vi } from "vitest";

import { uvProblem, wheelPlatform, wrongTags } from "../../action/core/wheel.ts";
import { ELF, HANDLER, OWN_WHEELS, pythonProject, wheel } from "./project.ts";

test("a runtime of another language", async () => {
  using here = pythonProject({ "a.py": HANDLER });
  expect(await here.failure("a.py", { runtime: "nodejs24.x" })).toBe(
    "config/pipeline.yaml:9:5: `a.py` is Python, and the function's runtime is `nodejs24.x`\n" +
      "    Add `runtime: python3.13` to the function.",
  );
  expect(await here.failure("a.py", { runtime: "python3.10" })).toContain(
    "`a.py` cannot be built for runtime `python3.10`",
  );
});

test("a source that is not there, outside, or no module", async () => {
  using here = pythonProject({ "functions/worker.py": HANDLER, "functions/a.b.py": HANDLER });
  expect(await here.failure("functions/wroker.py")).toContain("Did you mean `functions/worker.py`?");
  expect(await here.failure("../worker.py")).toContain("`../worker.py` leads out of the repository");
  expect(await here.failure("functions/a.b.py")).toContain("`functions/a.b.py` cannot be a module");
});

test.each([
  ["def run(event, context): pass\n", "a.py:1:1: the file defines no `handler`, which is what Lambda calls"],
  ["\nasync def handler(event, context): pass\n", "a.py:2:1: `handler` is `async`"],
  [
    `${HANDLER}import pandas as pd\n`,
    "a.py:3:1: `pandas` is neither beside the function's source, nor in Python 3.13, nor in requirements.txt, which is not there",
  ],
  [`${HANDLER}import cgi\n`, "a.py:3:1: Python has `cgi` only up to 3.12, and the function runs on 3.13"],
  [
    `${HANDLER}from .lib import x\n`,
    "a.py:3:1: `from .lib` has nothing to be relative to: the file is no part of a package in the function",
  ],
])("%j", async (code, message) => {
  using here = pythonProject({ "a.py": code });
  expect(await here.failure("a.py")).toContain(message);
});

test("what is absent only perhaps is told, and stops nothing", async () => {
  const code = `try:\n    import ujson\nexcept ImportError:\n    import json\ndef late():\n    import numpy\nimport boto3\n${HANDLER}`;
  using here = pythonProject({ "a.py": code });
  const { warnings } = await here.pack("a.py");
  expect(warnings.map(({ place, message }) => `${place?.line} ${message}`)).toEqual([
    "6 `numpy` is neither beside the function's source, nor in Python 3.13, nor in requirements.txt, which is not there",
    "7 `boto3` comes from Lambda's runtime, in a version that AWS changes without notice",
  ]);
});

test("a file that hides a module of Python's own or of a package", async () => {
  using own = pythonProject({ "functions/queue.py": HANDLER });
  expect(await own.failure("functions/queue.py")).toBe(
    "functions/queue.py:1:1: `functions/queue.py` hides a module of Python's own: every `import queue`, also those of packages, finds this file\n" +
      "    Give it another name.",
  );
  using other = pythonProject({
    "functions/tool.py": HANDLER,
    "functions/requirements.txt": `${OWN_WHEELS}tool==1.0\n`,
    ...(await wheel("tool", "py3-none-any", { "tool.py": "" })),
  });
  expect(await other.failure("functions/tool.py")).toContain("hides a package of requirements.txt");
});

test("a package without a wheel for the function", async () => {
  using here = pythonProject({
    "functions/a.py": HANDLER,
    "functions/requirements.txt": `${OWN_WHEELS}\nfast==1.0\n`,
    ...(await wheel("fast", "cp313-cp313-manylinux_2_17_x86_64", { "fast.py": "" })),
  });
  expect(await here.failure("functions/a.py")).toMatch(
    /^functions\/requirements\.txt:4:1: `fast==1\.0` has no wheel for Python 3\.13 on arm64 Linux with glibc 2\.34\n    Wheels are available for `fast` \(v1\.0\) on the following platform: `manylinux_2_17_x86_64`\. Take a version/,
  );
});

test("a package that asks for a newer glibc than the function has", async () => {
  using here = pythonProject({
    "functions/a.py": HANDLER,
    "functions/requirements.txt": `${OWN_WHEELS}fast==1.0\n`,
    ...(await wheel("fast", "cp311-cp311-manylinux_2_28_aarch64", { "fast.py": "" })),
  });
  expect(await here.failure("functions/a.py", { runtime: "python3.11" })).toContain(
    "`fast==1.0` has no wheel for Python 3.11 on arm64 Linux with glibc 2.26",
  );
});

test("a hash that is another", async () => {
  using here = pythonProject({
    "functions/a.py": HANDLER,
    "functions/requirements.txt": `${OWN_WHEELS}tool==1.0 --hash=sha256:${"0".repeat(64)}\n`,
    ...(await wheel("tool", "py3-none-any", { "tool.py": "" })),
  });
  expect(await here.failure("functions/a.py")).toContain(
    "functions/requirements.txt:3:1: what was downloaded for `tool` is not what its hash",
  );
});

test("a package without a hash among some that have one", async () => {
  using here = pythonProject({
    "functions/a.py": HANDLER,
    "functions/requirements.txt": `${OWN_WHEELS}tool==1.0 --hash=sha256:${"0".repeat(64)}\nother==1.0\n`,
    ...(await wheel("tool", "py3-none-any", { "tool.py": "" })),
    ...(await wheel("other", "py3-none-any", { "other.py": "" })),
  });
  expect(await here.failure("functions/a.py")).toContain(
    "functions/requirements.txt:4:1: `other` has no hash, and other packages",
  );
});

test("an editable install, and an included file that is not there", async () => {
  using here = pythonProject({
    "functions/a.py": HANDLER,
    "functions/requirements.txt": "-r base.txt\n-r /etc/passwd\n-e ./lib\n",
  });
  const told = await here.failure("functions/a.py");
  expect(told).toContain("functions/requirements.txt:3:1: `-e ./lib` is an editable install");
  expect(told).toContain(
    "functions/requirements.txt:1:1: there is no file `functions/base.txt` in the repository",
  );
  expect(told).toContain("functions/requirements.txt:2:1: there is no file");
});

test("no uv on the PATH", async () => {
  vi.stubEnv("PATH", "/nonexistent");
  try {
    using here = pythonProject({ "functions/a.py": HANDLER, "functions/requirements.txt": "six==1.17.0\n" });
    expect(await here.failure("functions/a.py")).toMatchInlineSnapshot(`
      "functions/requirements.txt:1:1: uv, which installs Python packages for another system than this one, is not on the PATH
          In a workflow add \`uses: astral-sh/setup-uv\` before Warren's step, or give its reusable workflow \`install: pipx install uv==0.13.9\`; elsewhere run \`pip install uv==0.13.9\`."
    `);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("a binary module of the repository's own that is for another Python", async () => {
  using here = pythonProject({
    "a.py": `import fast.core\nimport fast.plain\n${HANDLER}`,
    "fast/__init__.py": "",
    "fast/core.cpython-312-darwin.so": ELF,
    "fast/plain.abi3.so": ELF,
  });
  expect(await here.failure("a.py")).toContain(
    "`fast/core.cpython-312-darwin.so` of `a.py` is built for `cpython-312-darwin`, which python3.13 on arm64 does not look for",
  );
});

test.each([
  ["m.cpython-313-aarch64-linux-gnu.so", []],
  ["m.cpython-313t-aarch64-linux-gnu.so", ["cpython-313t-aarch64-linux-gnu"]],
  ["m.cpython-313-x86_64-linux-gnu.so", ["cpython-313-x86_64-linux-gnu"]],
  ["m.cpython-313-aarch64-linux-musl.so", ["cpython-313-aarch64-linux-musl"]],
  ["lib/libfoo-1.2.so", []],
  ["m.abi3.so", []],
])("the tag of %s", (path, wrong) => {
  expect(wrongTags([path], "3.13", "arm64").map(({ tag }) => tag)).toEqual(wrong);
  const right = path.replace(/\..*/, ".cpython-313-aarch64-linux-gnu.so");
  expect(wrongTags([path, right], "3.13", "arm64")).toEqual([]);
});

test("uv's platform is the newest that the runtime's glibc can run", () => {
  expect(wheelPlatform("arm64", "2.34")).toBe("aarch64-manylinux_2_34");
  expect(wheelPlatform("x86_64", "2.26")).toBe("x86_64-manylinux_2_17");
});

const facts = {
  named: [],
  file: "requirements.txt",
  version: "3.13",
  architecture: "arm64",
  glibc: "2.34",
} as const;

// What an index and a network do cannot be had here: the words are uv 0.13.9's.
test.each([
  [
    "Because all versions of wikipedia have no usable wheels and you require wikipedia, we can conclude that",
    "`wikipedia` has no wheel for Python 3.13 on arm64 Linux with glibc 2.34",
  ],
  ["Building source distributions is disabled, but attempted to build `locpkg`", "`locpkg` has no wheel for"],
  [
    "hint: You require CPython 3.13 (`cp313`), but we only found wheels for `triton` (v3.0.0) with the following Python ABI tags: `cp312`\nBecause triton==3.0.0 has no wheels with a matching Python ABI tag",
    "You require CPython 3.13 (`cp313`), but we only found wheels for `triton` (v3.0.0) with the following Python ABI tags: `cp312`. Take",
  ],
  [
    "Because nosuch-xyz was not found in the package registry and you require",
    "there is no package `nosuch-xyz` in the index",
  ],
  ["Because there is no version of requests==99.0 and you", "`requests` has no version ==99.0"],
  ["error: invalid value 'x' for '--python-platform <PYTHON_PLATFORM>'", "this uv is too old"],
  [
    "Using CPython 3.11.7 interpreter at: /x\nerror: Request failed after 3 retries in 10.0s\n  cause: dns error",
    "uv cannot install requirements.txt for Python 3.13 on arm64 Linux with glibc 2.34: Request failed after 3 retries in 10.0s cause: dns error",
  ],
])("uv says %j", (stderr, expected) => {
  const { message, hint } = uvProblem({ stderr, ...facts });
  expect(`${message}\n${hint ?? ""}`).toContain(expected);
});
