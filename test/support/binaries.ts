/** Small binaries with exactly the headers that are asked for: real ones would need a compiler of each system. */

export interface ElfOptions {
  readonly bits?: 32 | 64;
  readonly order?: "little" | "big";
  /** ELF's number: 62 is x86_64, 183 arm64. */
  readonly machine?: number;
  /** 1 relocatable, 2 executable, 3 shared. */
  readonly type?: number;
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly runpath?: string;
  readonly rpath?: string;
  /** `GLIBC_2.34 libc.so.6`; `?` at the end makes it weak. */
  readonly versions?: readonly string[];
  /** Names; `?` at the end: not defined here, only asked for. */
  readonly symbols?: readonly string[];
  /** By which table symbols are found: the one of the System V ABI, or GNU's. */
  readonly hash?: "sysv" | "gnu";
}

/** Where the file would be in memory: not at its own offsets, so that a reader must translate. */
const BASE = 0x40_0000;

/** It holds no code, and the loader of Linux takes it. */
export function elfFile({
  bits = 64,
  order = "little",
  machine = 62,
  type = 3,
  interpreter,
  needed = ["libc.so.6"],
  soname,
  runpath,
  rpath,
  versions = [],
  symbols = [],
  hash: table = "sysv",
}: ElfOptions = {}): Uint8Array {
  const little = order === "little";
  const width = bits / 8;
  const number = (bytes: number, value: number): Uint8Array => {
    const view = new DataView(new ArrayBuffer(bytes));
    if (bytes === 2) view.setUint16(0, value, little);
    else if (bytes === 4) view.setUint32(0, value, little);
    else view.setBigUint64(0, BigInt(value), little);
    return new Uint8Array(view.buffer);
  };
  const u16 = (value: number): Uint8Array => number(2, value);
  const u32 = (value: number): Uint8Array => number(4, value);
  const word = (value: number): Uint8Array => number(width, value);

  let strings = "\0";
  const name = (text: string): number => {
    const at = strings.length;
    strings += `${text}\0`;
    return at;
  };
  const entries: [number, number][] = needed.map((library) => [1, name(library)]);
  if (soname !== undefined) entries.push([14, name(soname)]);
  if (runpath !== undefined) entries.push([29, name(runpath)]);
  if (rpath !== undefined) entries.push([15, name(rpath)]);

  const isSure = (text: string): boolean => !text.endsWith("?");
  const plain = (text: string): string => text.replace(/\?$/, "");
  const symbolTable = join(
    new Uint8Array(bits === 64 ? 24 : 16),
    ...symbols.map((symbol) => {
      const [at, section] = [u32(name(plain(symbol))), u16(isSure(symbol) ? 1 : 0)];
      const info = Uint8Array.of(0x12, 0);
      return bits === 64
        ? join(at, info, section, word(0), word(0))
        : join(at, word(0), word(0), info, section);
    }),
  );
  const chain = symbols.map((_, i) => u32(i === symbols.length - 1 ? 1 : 0));
  const hash =
    table === "gnu"
      ? join(u32(1), u32(1), u32(1), u32(0), word(0), u32(symbols.length === 0 ? 0 : 1), ...chain)
      : join(...[1, symbols.length + 1, 0, ...Array<number>(symbols.length + 1).fill(0)].map(u32));
  // 1 is no version.
  const versionOfSymbols = join(u16(0), ...symbols.map(() => u16(1)));
  const libraries = [...Map.groupBy(versions, (version) => plain(version.split(" ")[1] ?? "libc.so.6"))];
  const needs = join(
    ...libraries.map(([library, wanted], i) => {
      const isLast = i === libraries.length - 1;
      const head = join(
        u16(1),
        u16(wanted.length),
        u32(name(library)),
        u32(16),
        u32(isLast ? 0 : 16 + 16 * wanted.length),
      );
      const list = wanted.map((version, j) =>
        join(
          u32(nameHash(plain(version.split(" ")[0] ?? ""))),
          u16(isSure(version) ? 0 : 2),
          u16(j + 2),
          u32(name(plain(version.split(" ")[0] ?? ""))),
          u32(j === wanted.length - 1 ? 0 : 16),
        ),
      );
      return join(head, ...list);
    }),
  );

  let end = (bits === 64 ? 64 : 52) + 3 * (bits === 64 ? 56 : 32);
  const contents: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  const place = (bytes: Uint8Array): number => {
    const at = end;
    contents.push({ at, bytes });
    end += Math.ceil(bytes.length / 8) * 8;
    return at;
  };
  const text = latin1(strings);
  entries.push([5, BASE + place(text)], [10, text.length]);
  entries.push([6, BASE + place(symbolTable)], [11, bits === 64 ? 24 : 16]);
  entries.push([table === "gnu" ? 0x6ffffef5 : 4, BASE + place(hash)]);
  if (libraries.length > 0) {
    entries.push([0x6ffffff0, BASE + place(versionOfSymbols)]);
    entries.push([0x6ffffffe, BASE + place(needs)], [0x6fffffff, libraries.length]);
  }
  const starter = latin1(`${interpreter ?? ""}\0`);
  const starterAt = place(starter);
  const dynamic = join(...[...entries, [0, 0] as const].map(([tag, value]) => join(word(tag), word(value))));
  const dynamicAt = place(dynamic);

  // The loader writes addresses into the dynamic segment: without the right to write it crashes.
  const rights = u32(6);
  const segment = (kind: number, at: number, size: number): Uint8Array => {
    const places = join(...[at, BASE + at, BASE + at, size, size].map(word));
    const head = bits === 64 ? [u32(kind), rights, places] : [u32(kind), places, rights];
    return join(...head, word(0x1000));
  };
  const file = new Uint8Array(end);
  file.set(
    join(
      Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, bits / 32, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      u16(type),
      u16(machine),
      u32(1),
      word(0),
      word(bits === 64 ? 64 : 52),
      word(0),
      u32(0),
      ...[bits === 64 ? 64 : 52, bits === 64 ? 56 : 32, 3, 0, 0, 0].map(u16),
      segment(1, 0, end),
      segment(2, dynamicAt, dynamic.length),
      interpreter === undefined ? segment(0, 0, 0) : segment(3, starterAt, starter.length),
    ),
  );
  for (const { at, bytes } of contents) file.set(bytes, at);
  return file;
}

/** By which a loader compares versions: System V ABI, chapter 5, "Hash Table". */
function nameHash(name: string): number {
  let hash = 0;
  for (const byte of latin1(name)) {
    hash = (hash * 16 + byte) >>> 0;
    const top = hash & 0xf0000000;
    hash = (hash ^ (top >>> 24) ^ top) >>> 0;
  }
  return hash;
}

/** A binary of macOS for arm64; `both`: a universal one. */
export function machOFile({ both = false }: { readonly both?: boolean } = {}): Uint8Array {
  const words = both
    ? [0xcafebabe, 2, 0x01000007, 3, 0x4000, 0x100, 14, 0x0100000c, 0, 0x8000, 0x100, 14]
    : [0xcffaedfe, 0x0c000001, 0, 0x06000000, 0, 0, 0, 0];
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((value, i) => view.setUint32(i * 4, value));
  return new Uint8Array(view.buffer);
}

/** A binary of Windows for x86_64. */
export function peFile(): Uint8Array {
  const file = new Uint8Array(128);
  file.set(latin1("MZ"));
  file[60] = 64;
  file.set(latin1("PE\0\0"), 64);
  file.set([0x64, 0x86], 68);
  return file;
}

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
