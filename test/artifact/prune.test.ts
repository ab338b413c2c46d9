/** What is taken out of an artifact's packages: by content, or documentation by extension, and never what runs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { ArtifactFile } from "../../action/core/artifact.ts";
import { prune } from "../../action/core/prune.ts";
import { packageFiles } from "../../action/edge/package-files.ts";
import { elfFile, latin1, machOFile, peFile } from "../support/binaries.ts";

const ARM = 183;

function file(path: string, content: Uint8Array | string = "text"): ArtifactFile {
  return { path, mode: 0o644, content: typeof content === "string" ? latin1(content) : content };
}

function removedOf(
  files: readonly ArtifactFile[],
  architecture: "arm64" | "x86_64" = "x86_64",
): Record<string, string> {
  const { kept, removed } = prune(files, { architecture });
  expect(kept.length + removed.length).toBe(files.length);
  return Object.fromEntries(
    removed.map((one) => [one.path, one.reason === "foreign" ? one.builtFor : one.reason]),
  );
}

test("binaries of other systems go, whatever they are called", () => {
  const folder = "node_modules/onnx/bin";
  const files = [
    file(`${folder}/linux/x64/onnx.node`, elfFile()),
    file(`${folder}/linux/arm64/onnx.node`, elfFile({ machine: ARM })),
    file(`${folder}/linux/x64-musl/onnx.node`, elfFile({ needed: ["libc.musl-x86_64.so.1"] })),
    file(`${folder}/darwin/onnx.node`, machOFile()),
    file(`${folder}/win/onnx.node`, peFile()),
    // Names lie: this one is for Linux.
    file(`${folder}/darwin-win32/real.exe`, elfFile({ type: 2 })),
  ];
  expect(removedOf(files)).toEqual({
    [`${folder}/linux/arm64/onnx.node`]: "Linux on arm64",
    [`${folder}/linux/x64-musl/onnx.node`]: "Linux with musl on x86_64",
    [`${folder}/darwin/onnx.node`]: "macOS on arm64",
    [`${folder}/win/onnx.node`]: "Windows on x86_64",
  });
  expect(Object.keys(removedOf(files, "arm64"))).not.toContain(`${folder}/linux/arm64/onnx.node`);
  expect(Object.keys(removedOf(files, "arm64"))).toContain(`${folder}/linux/x64/onnx.node`);
});

test("what only a linker or a debugger reads goes", () => {
  expect(
    removedOf([
      file("node_modules/a/build/Release/obj.target/a.o", elfFile({ type: 1 })),
      file("node_modules/a/build/Release/a.a", "!<arch>\n"),
      file("node_modules/a/build/Release/a.pdb", "Microsoft C/C++ MSF 7.00\r\n"),
    ]),
  ).toEqual({
    "node_modules/a/build/Release/obj.target/a.o": "build",
    "node_modules/a/build/Release/a.a": "build",
    "node_modules/a/build/Release/a.pdb": "build",
  });
});

test("documentation goes by its extension only; licences and files with telling names stay", () => {
  const files = [
    "README.md",
    "index.d.ts",
    "index.js.map",
    "src/a.cc",
    "src/a.h",
    "binding.gyp",
    "lib/History.js",
  ];
  const stay = [
    "LICENSE.md",
    "licence.markdown",
    "COPYING",
    "NOTICE.md",
    "docs.js",
    "CHANGELOG",
    "lib/readme.json",
  ];
  const removed = removedOf([...files, ...stay].map((path) => file(`node_modules/@a/b/${path}`)));
  expect(Object.keys(removed).toSorted()).toEqual(
    files
      .filter((path) => !path.endsWith("History.js"))
      .map((path) => `node_modules/@a/b/${path}`)
      .toSorted(),
  );
});

test("documents stay where the package's own code names their extension: TypeScript's compiler reads them", () => {
  const library = 'const file = "lib.d.ts"; console.log(x.map(y));\n//# sourceMappingURL=a.js.map';
  const files = [
    file("node_modules/typescript/lib/tsc.js", library),
    file("node_modules/typescript/lib/lib.es5.d.ts"),
    file("node_modules/typescript/lib/tsc.js.map"),
    file("node_modules/typescript/README.md"),
    file("node_modules/other/index.d.ts"),
  ];
  expect(Object.keys(removedOf(files))).toEqual([
    "node_modules/typescript/lib/tsc.js.map",
    "node_modules/typescript/README.md",
    "node_modules/other/index.d.ts",
  ]);
});

test("an installed package is read as a whole before its documents are judged", () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-package-"));
  try {
    const contents = {
      "lib/lib.d.ts": "interface Array {}",
      "lib/tsc.js": 'read("lib.d.ts")',
      "README.md": "# Package",
      "tool.node": machOFile(),
    };
    mkdirSync(join(folder, "lib"));
    for (const [path, content] of Object.entries(contents)) writeFileSync(join(folder, path), content);
    const { files, removed } = packageFiles(folder, "node_modules/a", { architecture: "arm64" });
    expect(files.map(({ path }) => path)).toEqual([
      "node_modules/a/lib/lib.d.ts",
      "node_modules/a/lib/tsc.js",
    ]);
    expect(removed.map(({ path, reason }) => `${reason} ${path}`)).toEqual([
      "foreign node_modules/a/tool.node",
      "docs node_modules/a/README.md",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("outside of packages nothing goes", () => {
  const files = [file("README.md"), file("index.mjs.map"), file("tool.node", machOFile()), file("a/b.d.ts")];
  expect(prune(files, { architecture: "arm64" })).toEqual({ kept: files, removed: [] });
});

const names = fc.stringMatching(/^[a-zA-Z_-]{1,8}$/);
const folders = fc.array(names, { maxLength: 3 }).map((parts) => parts.map((part) => `${part}/`).join(""));

test("code, data and binaries of the target always stay, byte by byte and in order", () => {
  const code = fc
    .tuple(folders, names, fc.constantFrom("js", "mjs", "cjs", "json", "wasm", "txt", "proto", "node"))
    .map(([folder, name, extension]) => `node_modules/pkg/${folder}${name}.${extension}`);
  const binary = fc
    .tuple(folders, names, fc.constantFrom(".node", ".so", ".so.1", ".md", ".map", ".d.ts", ".h", ""))
    .map(([folder, name, extension]) => `node_modules/pkg/${folder}${name}${extension}`);
  const text = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
  const kept = fc.oneof(
    fc.tuple(code, text).map(([path, content]) => file(path, content)),
    binary.map((path) => file(path, elfFile({ machine: ARM, symbols: ["napi_register_module_v1"] }))),
  );
  fc.assert(
    fc.property(fc.array(kept, { maxLength: 20 }), (files) => {
      expect(prune(files, { architecture: "arm64" })).toEqual({ kept: files, removed: [] });
    }),
  );
});
