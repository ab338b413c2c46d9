/** Which binaries are refused, with which words, and what decides between a problem and a warning. */
import { expect, test } from "vitest";

import type { ArtifactFile } from "../../action/core/artifact.ts";
import { formatProblem } from "../../action/core/problem.ts";
import { prune } from "../../action/core/prune.ts";
import { verifyFiles, type VerifyRequest } from "../../action/core/verify.ts";
import { elfFile, type ElfOptions, latin1, machOFile, peFile } from "../support/binaries.ts";

const X64 = 62;
const ARM = 183;
const NAPI = ["napi_register_module_v1"];
const FUNCTION = {
  runtime: "nodejs24.x",
  architecture: "x86_64",
  place: { file: "config/pipeline.yaml", line: 12, column: 5 },
} as const;

function file(path: string, content: Uint8Array | string): ArtifactFile {
  return { path, mode: 0o644, content: typeof content === "string" ? latin1(content) : content };
}

function addon(path: string, options: ElfOptions = {}): ArtifactFile {
  return file(path, elfFile({ symbols: NAPI, ...options }));
}

/** Pruned first, as the builder does it; `  !` before what is a problem, `  ?` before a warning. */
function told(files: readonly ArtifactFile[], request: Partial<VerifyRequest> = {}): string {
  const all = { ...FUNCTION, ...request };
  const { kept, removed } = prune(files, all);
  const { problems, warnings } = verifyFiles({ ...all, files: kept, removed });
  const lines = [
    ...problems.map((problem) => `! ${formatProblem(problem)}`),
    ...warnings.map((problem) => `? ${formatProblem(problem)}`),
  ];
  return `\n${lines.join("\n")}\n`;
}

function manifest(folder: string, fields: object = {}): ArtifactFile {
  return file(`${folder}/package.json`, JSON.stringify(fields));
}

const CANVAS = "node_modules/canvas/build/Release/canvas.node";
const CANVAS_ROOT = [{ name: "canvas", folder: "node_modules/canvas" }];

test("what fits is passed, and its glibc and binaries are told", () => {
  const files = [
    addon("node_modules/@img/sharp-linux-x64/lib/sharp.node", {
      needed: ["libvips.so.42", "libc.so.6", "ld-linux-x86-64.so.2"],
      versions: [
        "GLIBC_2.4 libc.so.6",
        "GLIBC_2.17 libc.so.6",
        "GLIBC_2.99 libc.so.6?",
        "VIPS_42 libvips.so.42",
      ],
    }),
    file(
      "node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.17",
      elfFile({
        soname: "libvips.so.42",
        versions: ["GLIBC_2.9 libc.so.6", "GLIBCXX_3.4.29 libstdc++.so.6"],
      }),
    ),
    manifest("node_modules/sharp", {
      optionalDependencies: { "@img/sharp-linux-x64": "1", "@img/sharp-wasm32": "1" },
    }),
    manifest("node_modules/@img/sharp-linux-x64"),
    file("index.mjs", "export const handler = 1;"),
  ];
  const roots = [{ name: "sharp", folder: "node_modules/sharp" }];
  expect(verifyFiles({ ...FUNCTION, files, roots })).toEqual({
    problems: [],
    warnings: [],
    glibc: "2.17",
    binaries: [
      "node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.17",
      "node_modules/@img/sharp-linux-x64/lib/sharp.node",
    ],
  });
  expect(verifyFiles({ ...FUNCTION, files: files.slice(-1) })).toEqual({
    problems: [],
    warnings: [],
    binaries: [],
  });
});

test("a package that was installed on a Mac", () => {
  const files = [file(CANVAS, machOFile()), manifest("node_modules/canvas")];
  expect(told(files, { roots: CANVAS_ROOT })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`canvas\` has no binary for Linux with glibc on x86_64, where the function runs (nodejs24.x), but only for macOS on arm64: \`node_modules/canvas/build/Release/canvas.node\`
        Take a version of \`canvas\` that publishes one for Linux on x86_64.
    "
  `);
});

test("a package for another processor", () => {
  const files = [addon(CANVAS, { machine: X64 }), manifest("node_modules/canvas")];
  expect(told(files, { roots: CANVAS_ROOT, architecture: "arm64" })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`canvas\` has no binary for Linux with glibc on arm64, where the function runs (nodejs24.x), but only for Linux on x86_64: \`node_modules/canvas/build/Release/canvas.node\`
        Take a version of \`canvas\` that publishes one for Linux on arm64, or set \`architecture: x86_64\`.
    "
  `);
});

test("a package for musl", () => {
  const files = [addon(CANVAS, { needed: ["libc.musl-x86_64.so.1"] }), manifest("node_modules/canvas")];
  expect(told(files, { roots: CANVAS_ROOT })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`canvas\` has no binary for Linux with glibc on x86_64, where the function runs (nodejs24.x), but only for Linux with musl on x86_64: \`node_modules/canvas/build/Release/canvas.node\`
        Take a version of \`canvas\` that publishes one for Linux on x86_64.
    "
  `);
});

test("a package whose binary never came", () => {
  const files = [manifest("node_modules/canvas"), file("node_modules/canvas/index.js", "")];
  expect(told(files, { roots: CANVAS_ROOT })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`canvas\` has no binary for Linux with glibc on x86_64, where the function runs (nodejs24.x), nor any other
        Where an install script makes it, run \`npm rebuild canvas\` on Linux on x86_64 and see that it works; else take a version of \`canvas\` that publishes one.
    "
  `);
});

test("files of the user's own for another system", () => {
  const files = [
    file("tools/resize", machOFile({ both: true })),
    file("addon.node", elfFile({ machine: ARM })),
  ];
  expect(told(files)).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`addon.node\` is built for Linux on arm64, and the function runs on Linux with glibc on x86_64
        Import it from an npm package, which is got for the function's system, or build it for that system.
    ! config/pipeline.yaml:12:5: \`tools/resize\` is built for macOS on x86_64 and arm64, and the function runs on Linux with glibc on x86_64
        Import it from an npm package, which is got for the function's system, or build it for that system.
    "
  `);
});

test("compiled on a newer Linux", () => {
  const bcrypt = addon("node_modules/bcrypt/build/Release/bcrypt_lib.node", {
    versions: ["GLIBC_2.38 libc.so.6", "GLIBC_2.4 libc.so.6", "CXXABI_1.3.15 libstdc++.so.6"],
  });
  expect(told([bcrypt])).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`bcrypt\`: \`node_modules/bcrypt/build/Release/bcrypt_lib.node\` needs glibc 2.38, and Amazon Linux 2023 (nodejs24.x) has 2.34
        It was compiled on a newer Linux than the function's: take a version of \`bcrypt\` with a prebuilt binary for an older glibc, or compile it in AWS's image \`public.ecr.aws/sam/build-nodejs24.x\`.
    "
  `);
});

test("in a form that only a newer loader understands", () => {
  const versions = ["GLIBC_2.2.5 libc.so.6", "GLIBC_ABI_DT_RELR libc.so.6"];
  expect(told([addon("node_modules/a/a.node", { versions })])).toContain("needs glibc 2.36");
});

test("with newer libraries of gcc, which can be allowed", () => {
  const files = [
    addon("node_modules/tree-sitter/tree-sitter.node", {
      needed: ["libstdc++.so.6", "libc.so.6"],
      versions: ["GLIBCXX_3.4.31 libstdc++.so.6", "GLIBCXX_3.4.30 libstdc++.so.6", "GLIBC_2.34 libc.so.6"],
    }),
  ];
  expect(told(files)).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`tree-sitter\`: \`node_modules/tree-sitter/tree-sitter.node\` needs GLIBCXX_3.4.31 of libstdc++, and Amazon Linux 2023 (nodejs24.x) came with 3.4.29
        Take an older version of \`tree-sitter\`, or compile it in AWS's image \`public.ecr.aws/sam/build-nodejs24.x\`. AWS has newer ones in some places: if you have seen it load there, allow it with \`allow-newer-libstdcxx: true\`.
    "
  `);
  expect(told(files, { allowNewerLibstdcxx: true })).toMatchInlineSnapshot(`
    "
    ? config/pipeline.yaml:12:5: \`tree-sitter\`: \`node_modules/tree-sitter/tree-sitter.node\` needs GLIBCXX_3.4.31 of libstdc++, and Amazon Linux 2023 (nodejs24.x) came with 3.4.29; it is allowed by \`allow-newer-libstdcxx\`
    "
  `);
});

test("with a library that only the machine that builds has", () => {
  const needed = ["libcairo.so.2", "libz.so.1", "libc.so.6"];
  expect(told([addon(CANVAS, { needed }), manifest("node_modules/canvas")], { roots: CANVAS_ROOT }))
    .toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`canvas\`: \`node_modules/canvas/build/Release/canvas.node\` needs \`libcairo.so.2\`, which is neither in the artifact nor in Amazon Linux 2023 (nodejs24.x)
        What is installed on the machine that builds does not go along: take a version of \`canvas\`, or another package, that brings its libraries with it.
    ? config/pipeline.yaml:12:5: \`canvas\`: \`node_modules/canvas/build/Release/canvas.node\` needs \`libz.so.1\`, which Amazon Linux 2023 (nodejs24.x) very probably has, and nothing promises
        Try the function out once before you rely on it.
    "
  `);
});

test("with a library of which the artifact has only another processor's", () => {
  const files = [
    file("a/a.so", elfFile({ needed: ["libown.so.1"] })),
    file("a/libown.so.1", elfFile({ machine: ARM, soname: "libown.so.1" })),
  ];
  expect(told(files, { runtime: "python3.13" })).toContain("needs `libown.so.1`, which is neither");
});

test("for another version of Node", () => {
  const symbols = ["node_register_module_v127"];
  expect(told([addon("node_modules/iconv/build/iconv.node", { symbols })])).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`iconv\`: \`node_modules/iconv/build/iconv.node\` is built for Node's ABI 127 (nodejs22.x), and nodejs24.x has 137
        Run \`npm rebuild iconv\` with the function's version of Node, or take a version of \`iconv\` that uses Node-API, which fits all. Or take \`runtime: nodejs22.x\`, which it is for.
    "
  `);
  expect(told([addon("node_modules/iconv/build/iconv.node", { symbols })], { runtime: "nodejs22.x" })).toBe(
    "\n\n",
  );
});

test("an addon of Node among a Python function's files is no addon there, and a package in a package is itself", () => {
  const symbols = ["node_register_module_v115"];
  const nested = addon("node_modules/z/node_modules/a/node_modules/@b/c/c.node", { symbols });
  expect(told([nested], { runtime: "python3.13" })).toBe("\n\n");
  expect(told([nested])).toContain(
    "`@b/c`: `node_modules/z/node_modules/a/node_modules/@b/c/c.node` is built for Node's ABI 115,",
  );
});

test("for one version of Node, and nobody can tell which", () => {
  const old = addon("node_modules/libpq/build/addon.node", { symbols: ["node_module_register?"] });
  expect(told([old])).toMatchInlineSnapshot(`
    "
    ? config/pipeline.yaml:12:5: \`libpq\`: \`node_modules/libpq/build/addon.node\` fits one version of Node only, and which one shows only when it is loaded
        Take a version of \`libpq\` that uses Node-API, or try the function out before you rely on it.
    "
  `);
  expect(told([old], { loaded: [old.path] })).toBe("\n\n");
});

test("what is no binary at all", () => {
  const folder = "node_modules/a";
  const files = [
    file(`${folder}/pointer.node`, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\n"),
    file(`${folder}/empty.node`, ""),
    file(`${folder}/cut.so`, elfFile().subarray(0, 300)),
    file(`${folder}/script.so`, "INPUT(-lncurses)"),
  ];
  expect(told(files)).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`a\`: \`node_modules/a/cut.so\` is no binary that can be loaded: it is cut off
        Install \`a\` again, without the package manager's cache; a file in Git LFS comes with \`lfs: true\` of actions/checkout.
    ! config/pipeline.yaml:12:5: \`a\`: \`node_modules/a/empty.node\` is no binary that can be loaded: it is empty
        Install \`a\` again, without the package manager's cache; a file in Git LFS comes with \`lfs: true\` of actions/checkout.
    ! config/pipeline.yaml:12:5: \`a\`: \`node_modules/a/pointer.node\` is no binary that can be loaded: it is a pointer to a file in Git LFS, which was not fetched
        Install \`a\` again, without the package manager's cache; a file in Git LFS comes with \`lfs: true\` of actions/checkout.
    "
  `);
});

test("a program whose loader is elsewhere", () => {
  const interpreter = "/nix/store/abc-glibc-2.34/lib/ld-linux-x86-64.so.2";
  expect(told([file("bin/tool", elfFile({ interpreter, type: 2 }))])).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`bin/tool\` needs \`/nix/store/abc-glibc-2.34/lib/ld-linux-x86-64.so.2\`, which is neither in the artifact nor in Amazon Linux 2023 (nodejs24.x)
        What is installed on the machine that builds does not go along: take a version of it, or another package, that brings its libraries with it.
    "
  `);
  expect(told([file("bin/tool", elfFile({ interpreter: "/lib64/ld-linux-x86-64.so.2", type: 2 }))])).toBe(
    "\n\n",
  );
});

test("starters for Windows in wheels are no fault", () => {
  const python = { runtime: "python3.13" };
  expect(told([file("setuptools/cli-32.exe", peFile()), file("a/b.dylib", machOFile())], python)).toBe(
    "\n\n",
  );
  expect(told([file("numpy/core.so", peFile())], python)).toContain("! config/pipeline.yaml:12:5: `numpy`");
});

test("wheels for another processor or another Python, one line a package", () => {
  const modules = ["join", "lib", "index"];
  const arm = modules.map((name) =>
    file(`pandas/_libs/${name}.cpython-313-aarch64-linux-gnu.so`, elfFile({ machine: ARM })),
  );
  const old = modules.map((name) => file(`numpy/${name}.cpython-312-x86_64-linux-gnu.so`, elfFile()));
  const any = [
    file("numpy.libs/libblas.so", elfFile()),
    file("pandas.libs/libx.so", elfFile({ machine: ARM })),
    file("cryptography/_rust.abi3.so", elfFile()),
    file("yaml/_yaml.cpython-313-x86_64-linux-gnu.so", elfFile()),
  ];
  expect(told([...arm, ...old, ...any], { runtime: "python3.13" })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`pandas\`: \`pandas.libs/libx.so\` is built for Linux on arm64, and the function runs on Linux with glibc on x86_64
        Leave it to requirements.txt, whose wheels are chosen for the function, or build it for that system.
    ! config/pipeline.yaml:12:5: \`numpy\`: \`numpy/index.cpython-312-x86_64-linux-gnu.so\` (and 2 more files) is built for \`cpython-312-x86_64-linux-gnu\`, which python3.13 on x86_64 does not look for
        Leave packages with binaries to requirements.txt: their wheels are chosen for the function.
    ! config/pipeline.yaml:12:5: \`pandas\`: \`pandas/_libs/index.cpython-313-aarch64-linux-gnu.so\` (and 2 more files) is built for \`cpython-313-aarch64-linux-gnu\`, which python3.13 on x86_64 does not look for
        Leave packages with binaries to requirements.txt: their wheels are chosen for the function.
    "
  `);
});

test("modules for other Pythons beside those for the function's are no fault: Python does not look at them", () => {
  const files = [
    file("yaml/_yaml.cpython-313-x86_64-linux-gnu.so", elfFile()),
    file("yaml/_yaml.cpython-313-darwin.so", machOFile()),
    file("yaml/_old.cpython-312-aarch64-linux-gnu.so", elfFile({ machine: ARM })),
  ];
  expect(told(files, { runtime: "python3.13" })).toBe("\n\n");
});

test("a wheel for a newer Linux than Amazon Linux 2's, with the runtime that would do", () => {
  const versions = ["GLIBC_2.28 libc.so.6"];
  const wheel = file("pandas.libs/libx-1234.so.1", elfFile({ versions }));
  expect(told([wheel], { runtime: "python3.11" })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`pandas\`: \`pandas.libs/libx-1234.so.1\` needs glibc 2.28, and Amazon Linux 2 (python3.11) has 2.26
        It was compiled on a newer Linux than the function's: take a version of \`pandas\` with a prebuilt binary for an older glibc, or compile it in AWS's image \`public.ecr.aws/sam/build-python3.11\`. Or take \`runtime: python3.12\`, which has it.
    "
  `);
  expect(told([wheel], { runtime: "python3.12" })).toBe("\n\n");
});

test("Python takes the libstdc++ that a wheel brings; Node has the system's loaded already", () => {
  const files = [
    file("a/a.so", elfFile({ needed: ["libstdc++.so.6"], versions: ["GLIBCXX_3.4.33 libstdc++.so.6"] })),
    file("a/libstdc++.so.6", elfFile({ soname: "libstdc++.so.6" })),
  ];
  expect(told(files, { runtime: "python3.13" })).toBe("\n\n");
  expect(told(files)).toContain("needs GLIBCXX_3.4.33");
});

const NEW = { versions: ["GLIBC_2.38 libc.so.6"] };
const zeromq = (abi: number, options: ElfOptions = {}): ArtifactFile =>
  addon(`node_modules/zeromq/build/linux/x64/node/${abi}/addon.node`, options);

test("of variants of one binary one that fits is enough; not so of binaries that are not the same", () => {
  expect(told([zeromq(115, NEW), zeromq(127)])).toMatchInlineSnapshot(`
    "
    ? config/pipeline.yaml:12:5: \`zeromq\`: \`node_modules/zeromq/build/linux/x64/node/115/addon.node\` needs glibc 2.38, and Amazon Linux 2023 (nodejs24.x) has 2.34; the package has another variant of it that fits
    "
  `);
  expect(told([zeromq(115, NEW), zeromq(127, NEW)])).toContain("! config");
  const variants = [zeromq(115, NEW), zeromq(127, { versions: ["GLIBC_2.28 libc.so.6"] })];
  expect(verifyFiles({ ...FUNCTION, files: variants })).toMatchObject({ problems: [], glibc: "2.28" });
  // A loader of addons takes the folder `build` first.
  const folder = "node_modules/bcrypt";
  const built = addon(`${folder}/build/Release/bcrypt.node`, NEW);
  expect(told([built, addon(`${folder}/prebuilds/linux-x64/bcrypt.node`)])).toContain("! config");
});

test("of addons for several Nodes the one for the function's counts; if there is none, all are told", () => {
  const variant = (abi: number): ArtifactFile =>
    addon(`node_modules/isolated-vm/prebuilds/linux-x64/isolated-vm.abi${abi}.glibc.node`, {
      symbols: [`node_register_module_v${abi}`],
      needed: ["libstdc++.so.6"],
      versions: ["GLIBCXX_3.4.30 libstdc++.so.6"],
    });
  const files = [variant(137), variant(147)];
  expect(told(files)).toMatch(/^\n! .*abi137\.glibc\.node` needs GLIBCXX_3\.4\.30.*\n.*\n$/);
  expect(told(files, { allowNewerLibstdcxx: true })).toMatch(/^\n\? .*abi137.*\n$/);
  expect(told(files, { runtime: "nodejs22.x", allowNewerLibstdcxx: true })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`isolated-vm\`: \`node_modules/isolated-vm/prebuilds/linux-x64/isolated-vm.abi137.glibc.node\` (and 1 more file) is built for Node's ABI 137 (nodejs24.x) and Node's ABI 147, and nodejs22.x has 127
        Run \`npm rebuild isolated-vm\` with the function's version of Node, or take a version of \`isolated-vm\` that uses Node-API, which fits all. Or take \`runtime: nodejs24.x\`, which it is for.
    ? config/pipeline.yaml:12:5: \`isolated-vm\`: \`node_modules/isolated-vm/prebuilds/linux-x64/isolated-vm.abi137.glibc.node\` (and 1 more file) needs GLIBCXX_3.4.30 of libstdc++, and Amazon Linux 2023 (nodejs22.x) came with 3.4.29; it is allowed by \`allow-newer-libstdcxx\`
    "
  `);
});

test("once it was loaded, only what was loaded counts", () => {
  const files = [zeromq(115, NEW), zeromq(127, NEW)];
  expect(told(files, { loaded: [] })).toMatch(/^\n\? [^!]*$/);
  const loaded = [files[1]?.path ?? ""];
  expect(told(files, { loaded })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`zeromq\`: \`node_modules/zeromq/build/linux/x64/node/127/addon.node\` needs glibc 2.38, and Amazon Linux 2023 (nodejs24.x) has 2.34
        It was compiled on a newer Linux than the function's: take a version of \`zeromq\` with a prebuilt binary for an older glibc, or compile it in AWS's image \`public.ecr.aws/sam/build-nodejs24.x\`.
    ? config/pipeline.yaml:12:5: \`zeromq\`: \`node_modules/zeromq/build/linux/x64/node/115/addon.node\` needs glibc 2.38, and Amazon Linux 2023 (nodejs24.x) has 2.34; it was not loaded with the function, so this matters only if it is later
        It was compiled on a newer Linux than the function's: take a version of \`zeromq\` with a prebuilt binary for an older glibc, or compile it in AWS's image \`public.ecr.aws/sam/build-nodejs24.x\`.
    "
  `);
});

test("a native package answers for what it depends on, not for other native packages", () => {
  const roots = [
    { name: "@libsql/client", folder: "node_modules/@libsql/client" },
    { name: "sharp", folder: "node_modules/sharp" },
  ];
  const files = [
    manifest("node_modules/@libsql/client", { dependencies: { libsql: "1", sharp: "1" } }),
    manifest("node_modules/@libsql/client/node_modules/libsql", {
      optionalDependencies: { "@libsql/linux-x64-gnu": "1", "@libsql/linux-x64-musl": "1" },
    }),
    manifest("node_modules/@libsql/linux-x64-musl"),
    addon("node_modules/@libsql/linux-x64-musl/index.node", { needed: ["libc.so"] }),
    manifest("node_modules/@libsql/linux-x64-gnu"),
    manifest("node_modules/sharp"),
    addon("node_modules/sharp/sharp.node"),
  ];
  const binary = addon("node_modules/@libsql/linux-x64-gnu/index.node");
  expect(told([...files, binary], { roots })).toBe("\n\n");
  expect(told(files, { roots })).toMatchInlineSnapshot(`
    "
    ! config/pipeline.yaml:12:5: \`@libsql/client\` has no binary for Linux with glibc on x86_64, where the function runs (nodejs24.x), but only for Linux with musl on x86_64: \`node_modules/@libsql/linux-x64-musl/index.node\`
        Take a version of \`@libsql/client\` that publishes one for Linux on x86_64.
    "
  `);
  // That it was imported proves nothing: better-sqlite3 looks for its binary when a database is opened.
  expect(told(files, { roots, loaded: [] })).toBe(told(files, { roots }));
});

test("WebAssembly in place of a binary is a warning", () => {
  const wasm = file("node_modules/canvas/canvas.wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  expect(told([wasm, manifest("node_modules/canvas", {})], { roots: CANVAS_ROOT })).toMatchInlineSnapshot(`
    "
    ? config/pipeline.yaml:12:5: \`canvas\` has no binary for Linux with glibc on x86_64, where the function runs (nodejs24.x), but only WebAssembly, which is slower
        Where an install script makes it, run \`npm rebuild canvas\` on Linux on x86_64 and see that it works; else take a version of \`canvas\` that publishes one.
    "
  `);
});

test("a package.json that is no JSON is like one that names nothing", () => {
  const files = [file("node_modules/canvas/package.json", "{"), addon(CANVAS)];
  expect(told(files, { roots: CANVAS_ROOT })).toBe("\n\n");
});
