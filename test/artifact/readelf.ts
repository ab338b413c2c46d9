/** What binutils' readelf says of ELF files, in the words of core/elf.ts. */
import { execFileSync, spawnSync } from "node:child_process";

import type { Elf } from "../../action/core/elf.ts";

export const READELF = spawnSync("readelf", ["--version"]).status === 0;

const MACHINES: Readonly<Record<string, string>> = {
  "Advanced Micro Devices X86-64": "x86_64",
  AArch64: "arm64",
  "Intel 80386": "32-bit x86",
  ARM: "32-bit ARM",
  "IBM S/390": "s390x",
  PowerPC: "32-bit PowerPC",
};
const TYPES: Readonly<Record<string, Elf["type"]>> = {
  REL: "relocatable",
  EXEC: "executable",
  DYN: "shared",
};

export type Told = Omit<Elf, "kind" | "addon">;

/** In the order of the paths. */
export function readelf(paths: readonly string[]): readonly Told[] {
  const options = ["--wide", "--file-header", "--program-headers", "--dynamic", "--version-info"];
  // With one file only there is no line `File:`.
  const text = execFileSync("readelf", [...options, ...paths, ...paths.slice(0, 1)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text
    .split(/^\nFile: .*$/m)
    .slice(1, paths.length + 1)
    .map(told);
}

/** Names of dynamic symbols; those that a file only asks for end in `?`. */
export function dynamicSymbols(path: string): readonly string[] {
  const text = execFileSync("readelf", ["--wide", "--dyn-syms", path], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const lines = text.matchAll(/^ *\d+: .* (\S+) +([^\s@]+)(?:@\S+)?(?: \(\d+\))?$/gm);
  return [...lines].map(([, section, name]) => `${name}${section === "UND" ? "?" : ""}`);
}

function told(text: string): Told {
  const all = (expression: RegExp): readonly string[] =>
    [...text.matchAll(expression)].map(([, found = ""]) => found);
  const [soname] = all(/\(SONAME\) +Library soname: \[(.*)\]$/gm);
  const [interpreter] = all(/Requesting program interpreter: (.*)\]$/gm);
  const runpath = all(/\(RUNPATH\) +Library runpath: \[(.*)\]$/gm);
  const rpath = all(/\(RPATH\) +Library rpath: \[(.*)\]$/gm);
  const [machine = ""] = all(/^ +Machine: +(.*)$/gm);
  const [type = ""] = all(/^ +Type: +(\w+)/gm);
  return {
    machine: MACHINES[machine] ?? machine,
    type: TYPES[type] ?? "other",
    ...(interpreter !== undefined && { interpreter }),
    needed: all(/\(NEEDED\) +Shared library: \[(.*)\]$/gm),
    ...(soname !== undefined && { soname }),
    runpath: (runpath.length > 0 ? runpath : rpath).flatMap((paths) => paths.split(":")),
    versions: versionNeeds(text),
  };
}

function versionNeeds(text: string): Elf["versions"] {
  const [, section = ""] = /^Version needs section[^\n]*\n([\s\S]*?)(?:\n\n|$(?![\s\S]))/m.exec(text) ?? [];
  let library = "";
  return section.split("\n").flatMap((line) => {
    library = /Version: \d+  File: (\S+)/.exec(line)?.[1] ?? library;
    const [, version, flags] = /Name: (\S+)  Flags: (.*?)  Version: /.exec(line) ?? [];
    return version === undefined ? [] : [{ library, version, weak: flags?.includes("WEAK") === true }];
  });
}
