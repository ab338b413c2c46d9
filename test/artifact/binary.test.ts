/** What a file is for, told from its first bytes. */
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { sniffBinary } from "../../action/core/binary.ts";
import { inspect } from "../../action/core/inspect.ts";
import { elfFile, latin1, machOFile, peFile } from "../support/binaries.ts";

/** Long enough to be a universal file of 61 systems. */
const CLASS_FILE = new Uint8Array(4000);
CLASS_FILE.set([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61, 0, 40, 10, 0, 2, 3, 0, 4, 7, 0, 4]);

test.each([
  { what: "Linux", bytes: elfFile(), is: { kind: "elf" } },
  { what: "macOS", bytes: machOFile(), is: { kind: "mach-o", architectures: ["arm64"] } },
  {
    what: "macOS, universal",
    bytes: machOFile({ both: true }),
    is: { kind: "mach-o", architectures: ["x86_64", "arm64"] },
  },
  { what: "Windows", bytes: peFile(), is: { kind: "pe", architecture: "x86_64" } },
  { what: "WebAssembly", bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), is: { kind: "wasm" } },
  { what: "a static library", bytes: latin1("!<arch>\n/       0"), is: { kind: "archive" } },
  { what: "a thin static library", bytes: latin1("!<thin>\n//      0"), is: { kind: "archive" } },
  { what: "a debugger's file", bytes: latin1("Microsoft C/C++ MSF 7.00\r\n\x1aDS"), is: { kind: "debug" } },
  { what: "a class file of Java", bytes: CLASS_FILE, is: undefined },
  { what: "a text that begins with MZ", bytes: latin1("MZ".padEnd(200, " text")), is: undefined },
  { what: "a text that begins with !<", bytes: latin1("!<arched windows>"), is: undefined },
  { what: "a text that begins with Micro", bytes: latin1("Microsoft C/C++ is a compiler"), is: undefined },
  { what: "JavaScript", bytes: latin1("#!/usr/bin/env node\n"), is: undefined },
  { what: "nothing", bytes: new Uint8Array(), is: undefined },
])("$what", ({ bytes, is }) => {
  expect(sniffBinary(bytes)).toEqual(is);
});

test("bytes in the midst of a larger buffer are read from where they begin", () => {
  const large = new Uint8Array(500);
  large.set(peFile(), 100);
  expect(sniffBinary(large.subarray(100, 228))).toEqual({ kind: "pe", architecture: "x86_64" });
});

test("this very Node is the target on this machine's processor and foreign on the other", () => {
  if (process.platform !== "linux") return;
  const node = readFileSync(process.execPath);
  const [own, other] =
    process.arch === "arm64" ? (["arm64", "x86_64"] as const) : (["x86_64", "arm64"] as const);
  expect(inspect(node, own).kind).toBe("target");
  expect(inspect(node, other)).toEqual({ kind: "foreign", builtFor: `Linux on ${own}` });
});
