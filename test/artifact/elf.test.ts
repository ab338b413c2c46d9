/** Our reader of ELF files against readelf, against the loader of this machine, and against bytes of any kind. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  globSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import { sniffBinary } from "../../action/core/binary.ts";
import { isMusl, readElf } from "../../action/core/elf.ts";
import { elfFile, type ElfOptions } from "../support/binaries.ts";
import { dynamicSymbols, READELF, readelf, type Told } from "./readelf.ts";

const folder = mkdtempSync(join(tmpdir(), "warren-elf-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** All of this project's own, and of the system's as many as are read in a few seconds. */
const OWN = [
  "node_modules/{*,@*/*}/*.node",
  "node_modules/{*,@*/*}/bin/*",
  ".venv/lib/python3.*/site-packages/**/*.so*",
];
const SYSTEM = ["/usr/lib/*-linux-gnu/*.{so*,o}", "/usr/*-linux-gnu/lib/*.so*", "/usr/bin/*"];
const SYSTEM_MAX = 250;

function binaries(patterns: readonly string[]): readonly string[] {
  const found = globSync(patterns).filter(
    (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
  );
  const paths = new Set(found.map((path) => realpathSync(path)));
  return [...paths].toSorted().filter((path) => sniffBinary(firstBytes(path))?.kind === "elf");
}

function firstBytes(path: string): Uint8Array {
  const file = openSync(path, "r");
  const bytes = new Uint8Array(64);
  readSync(file, bytes);
  closeSync(file);
  return bytes;
}

function ours(path: string): Told {
  const elf = readElf(readFileSync(path));
  if (elf.kind === "broken") throw new Error(`${path}: ${elf.why}`);
  const { kind: _, addon: __, ...told } = elf;
  return told;
}

const absent = READELF ? "" : " (skipped: readelf, of binutils, is not on this machine)";

describe.skipIf(!READELF)(`readelf says the same${absent}`, () => {
  const own = binaries(OWN);
  const all = binaries(SYSTEM);
  const step = Math.max(1, Math.ceil(all.length / SYSTEM_MAX));
  const system = all.filter((_, i) => i % step === 0);

  test("there is something to compare", () => {
    expect(own.length).toBeGreaterThan(4);
    expect(system.length).toBeGreaterThan(50);
  });

  test("of all binaries of this project and of many of the system", { timeout: 60_000 }, () => {
    const paths = [...own, ...system];
    expect(paths.map(ours)).toEqual(readelf(paths));
  });

  test("which of them are addons of Node", { timeout: 60_000 }, () => {
    const addons = own.filter((path) => path.endsWith(".node"));
    for (const path of addons) {
      const elf = readElf(readFileSync(path));
      const isNapi = dynamicSymbols(path).includes("napi_register_module_v1");
      expect(elf).toMatchObject({ addon: { kind: isNapi ? "napi" : "none" } });
    }
    expect(addons.length).toBeGreaterThan(0);
  });

  const written: readonly ElfOptions[] = [
    { bits: 64, order: "little", machine: 183 },
    { bits: 64, order: "big", machine: 22 },
    { bits: 32, order: "little", machine: 40, type: 2 },
    { bits: 32, order: "big", machine: 20 },
  ];
  test.for(written)("of a $bits bit file, $order end first", (options) => {
    const path = join(folder, `${options.bits}-${options.order}`);
    const symbols = ["node_register_module_v115", "node_register_module_v72", "free?"];
    const interpreter = "/lib/ld-linux.so.2";
    const wanted = { soname: "libown.so.1", runpath: "$ORIGIN/../lib:$ORIGIN", rpath: "/old", interpreter };
    writeFileSync(path, elfFile({ ...options, ...wanted, needed: ["libc.so.6", "libm.so.6"], symbols }));
    expect([ours(path)]).toEqual(readelf([path]));
    expect(dynamicSymbols(path)).toEqual([]);
    expect(readElf(readFileSync(path))).toMatchObject({ addon: { kind: "modules", versions: [72, 115] } });
  });
});

describe("what an addon is for", () => {
  test.each([
    { symbols: ["napi_register_module_v1", "napi_create_object?"], addon: { kind: "napi" } },
    { symbols: ["napi_module_register?"], addon: { kind: "napi" } },
    { symbols: ["node_register_module_v137"], addon: { kind: "modules", versions: [137] } },
    // Both: Node takes what it finds.
    { symbols: ["node_register_module_v137", "napi_register_module_v1"], addon: { kind: "napi" } },
    { symbols: ["node_module_register?"], addon: { kind: "unknown" } },
    // It calls another addon's.
    { symbols: ["node_register_module_v137?"], addon: { kind: "none" } },
    { symbols: ["napi_create_object?", "malloc?", "nothing"], addon: { kind: "none" } },
    { symbols: [], addon: { kind: "none" } },
  ])("$symbols: $addon.kind", ({ symbols, addon }) => {
    expect(readElf(elfFile({ symbols }))).toMatchObject({ kind: "elf", addon });
    expect(readElf(elfFile({ symbols, hash: "gnu" }))).toMatchObject({ kind: "elf", addon });
  });
});

test("musl is known by its name for libc and by its loader", () => {
  const musl = (options: ElfOptions): boolean => {
    const elf = readElf(elfFile(options));
    return elf.kind === "elf" && isMusl(elf);
  };
  expect(musl({ needed: ["libstdc++.so.6", "libc.musl-x86_64.so.1"] })).toBe(true);
  expect(musl({ needed: ["libc.so"] })).toBe(true);
  expect(musl({ needed: [], interpreter: "/lib/ld-musl-aarch64.so.1" })).toBe(true);
  expect(musl({ needed: ["libc.so.6"], interpreter: "/lib64/ld-linux-x86-64.so.2" })).toBe(false);
  expect(musl({ needed: [] })).toBe(false);
});

const MACHINE = { x64: 62, arm64: 183 }[process.arch as string];
const isLinux = process.platform === "linux" && MACHINE !== undefined;

describe.skipIf(!isLinux)(
  `the loader of this machine agrees${isLinux ? "" : " (skipped: not Linux)"}`,
  () => {
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    const [major = 2, minor = 0] = (header.glibcVersionRuntime ?? "2.0").split(".").map(Number);
    const own = `GLIBC_${major}.${minor}`;
    const next = `GLIBC_${major}.${minor + 1}`;

    function load(options: ElfOptions): string {
      const path = join(folder, "loaded.node");
      writeFileSync(path, elfFile({ machine: MACHINE ?? 0, ...options }));
      const script = `try { process.dlopen({ exports: {} }, ${JSON.stringify(path)}) } catch (error) { console.log(error.message) }`;
      return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
    }

    test("with a version that it has, and with a weak one that it lacks", () => {
      expect(load({ versions: [`${own} libc.so.6`, `${next} libc.so.6?`] })).toContain(
        "did not self-register",
      );
    });
    test("with a version that it lacks", () => {
      expect(load({ versions: [`${own} libc.so.6`, `${next} libc.so.6`] })).toContain(`\`${next}' not found`);
    });
    test("with a library that it lacks", () => {
      expect(load({ needed: ["libwarren-lacks.so.1"] })).toContain("libwarren-lacks.so.1: cannot open");
    });
  },
);

describe("whatever the bytes are, they are read or broken", () => {
  const seeds = [
    elfFile({
      versions: ["GLIBC_2.34 libc.so.6", "A_1 liba.so"],
      symbols: ["napi_register_module_v1"],
      runpath: "$ORIGIN",
    }),
    elfFile({ bits: 32, order: "big", machine: 20, symbols: ["node_module_register?"] }),
    // A real one has a GNU hash table and sections.
    ...binaries(["/usr/lib/*-linux-gnu/libgcc_s.so.1", ".venv/lib/python3.*/site-packages/*/md.*.so"])
      .slice(0, 1)
      .map((path) => new Uint8Array(readFileSync(path))),
  ];

  test("cut off anywhere", () => {
    for (const seed of seeds.slice(0, 2)) {
      for (let length = 0; length < seed.length; length++) {
        expect(readElf(seed.subarray(0, length)).kind).toBe("broken");
      }
    }
  });

  test("that would be read a thousand times over: names without an end in a long table", () => {
    const needed = [...Array<string>(30_000).fill("x"), "y".repeat(3_000_000)];
    const file = elfFile({ needed });
    const names = file.indexOf(0x78);
    for (let at = names; at < names + 60_000; at++) file[at] = 0x78;
    expect(readElf(file)).toEqual({ kind: "broken", why: "a name in it has no end" });
  });

  test("that would be read a thousand times over: symbols with names without an end, of which only the beginning is read", () => {
    const file = Buffer.from(elfFile({ symbols: Array<string>(2000).fill("na") }));
    const names = file.indexOf("na\0na", 0, "latin1");
    file.fill("n", names, names + 3 * 2000 - 1);
    expect(readElf(file)).toMatchObject({ kind: "elf", addon: { kind: "none" } });
  });

  const seed = fc.nat({ max: seeds.length - 1 }).map((i) => seeds[i] ?? new Uint8Array());
  // Headers and tables are where it hurts: near the beginning, in words of the largest numbers.
  const change = fc.record({
    at: fc.oneof(fc.nat({ max: 1023 }), fc.nat({ max: 1 << 20 })),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => [...bytes]),
      fc.constantFrom<number[][]>(
        [255, 255, 255, 255],
        [255, 255, 255, 255, 255, 255, 255, 255],
        [0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
      ),
    ),
  });

  test("with other bytes in it", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        seed,
        fc.array(change, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        (original, changes, cut) => {
          const bytes = original.slice(0, cut % 4 === 0 ? cut % original.length : undefined);
          for (const { at, bytes: others } of changes) {
            others.forEach((byte, i) => {
              if (bytes.length > 0) bytes[(at + i) % bytes.length] = byte;
            });
          }
          const elf = readElf(bytes);
          expect(elf.kind === "broken" ? elf.why : elf.machine).not.toBe("");
        },
      ),
      { numRuns: 4000 },
    );
  });

  test("of no file at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const file = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...bytes);
        expect(sniffBinary(file)?.kind ?? "elf").toBe("elf");
        expect(["elf", "broken"]).toContain(readElf(file).kind);
      }),
    );
  });
});
