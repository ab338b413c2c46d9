/** A native package in npm's usual shape: code that is the same everywhere, and a package for each system. */
import { elfFile, machOFile } from "../support/binaries.ts";
import type { Files } from "./project.ts";

/** ELF's numbers. */
const MACHINES = { x64: 62, arm64: 183 } as const;

const VARIANTS = ["linux-x64-gnu", "linux-x64-musl", "linux-arm64-gnu", "darwin-arm64"];

export const BURROW: Files = {
  "package.json": JSON.stringify({
    name: "burrow",
    version: "1.0.0",
    dependencies: { "burrow-depth": "^2.0.0" },
    optionalDependencies: Object.fromEntries(VARIANTS.map((name) => [`@burrow/${name}`, "1.0.0"])),
  }),
  // It does not load its binary, as there is nothing in it, and fails without.
  "index.js": `
    const { readFileSync } = require("node:fs");
    const binary = readFileSync(require.resolve("@burrow/linux-" + process.arch + "-gnu/burrow.node"));
    exports.dig = () => [require("burrow-depth"), binary.subarray(1, 4).toString()].join(" ");`,
  "README.md": "about it",
};

export const DEPTH: Files = {
  "package.json": JSON.stringify({ name: "burrow-depth", version: "2.0.3", main: "./lib/depth" }),
  "lib/depth.js": "module.exports = 'deep';",
};

export function burrowFor(cpu: "x64" | "arm64"): Files {
  const name = `@burrow/linux-${cpu}-gnu`;
  const manifest = {
    name,
    version: "1.0.0",
    os: ["linux"],
    cpu: [cpu],
    libc: ["glibc"],
    main: "burrow.node",
  };
  const symbols = ["napi_register_module_v1"];
  return {
    "package.json": JSON.stringify(manifest),
    "burrow.node": elfFile({ machine: MACHINES[cpu], symbols, versions: ["GLIBC_2.17 libc.so.6"] }),
  };
}

export const BURROW_MAC: Files = {
  "package.json": JSON.stringify({
    name: "@burrow/darwin-arm64",
    version: "1.0.0",
    os: ["darwin"],
    cpu: ["arm64"],
  }),
  "burrow.node": machOFile(),
};

/** All packages, below their folders. */
export function installed(packages: Readonly<Record<string, Files>>): Files {
  return Object.fromEntries(
    Object.entries(packages).flatMap(([folder, files]) =>
      Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]),
    ),
  );
}

export const FUNCTION = {
  "functions/a.ts":
    'import { dig } from "burrow"; export const handler = async (): Promise<string> => dig();\n',
};
export const CALL = "console.log(await (await import('./index.mjs')).handler())";
