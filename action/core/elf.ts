/**
 * Reads ELF files as the loader of Linux does, by their segments (sections may be stripped): what they are for and what
 * they ask for. Any bytes may come in: what is no whole ELF file is `broken`.
 *
 * System V ABI, chapters 4 and 5: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html; symbol versions:
 * https://refspecs.linuxfoundation.org/LSB_3.0.0/LSB-PDA/LSB-PDA.junk/symversion.html
 */

import {
  type Dynamic,
  DT,
  ENTRIES_MAX,
  PT,
  readDynamic,
  type Reader,
  readerOf,
  readSegments,
} from "./elf-layout.ts";

export interface Elf {
  readonly kind: "elf";
  /** `x86_64`, `arm64`, or a name for people, such as `32-bit ARM`. */
  readonly machine: string;
  /** `relocatable`: a linker's input, which nothing can load. */
  readonly type: "shared" | "executable" | "relocatable" | "other";
  /** Path of the program that starts it, for example `/lib64/ld-linux-x86-64.so.2`; executables have it. */
  readonly interpreter?: string;
  /** Libraries that it asks for, for example `libc.so.6`. */
  readonly needed: readonly string[];
  readonly soname?: string;
  /** Folders where it looks for them first: RUNPATH, or else RPATH. */
  readonly runpath: readonly string[];
  readonly versions: readonly VersionNeed[];
  readonly addon: Addon;
}

export interface BrokenElf {
  readonly kind: "broken";
  /** A sentence's end: `its program headers lie behind its end`. */
  readonly why: string;
}

/** A version of symbols that one of the needed libraries must have, for example `GLIBC_2.34` of `libc.so.6`. */
export interface VersionNeed {
  readonly library: string;
  readonly version: string;
  /** It loads without. */
  readonly weak: boolean;
}

/** How it makes itself known to Node. */
export type Addon =
  | { readonly kind: "none" }
  /** Node-API: any Node that is new enough. */
  | { readonly kind: "napi" }
  /** Only for Nodes of these NODE_MODULE_VERSIONs. */
  | { readonly kind: "modules"; readonly versions: readonly number[] }
  /** For one NODE_MODULE_VERSION that its data holds, where it cannot be found. */
  | { readonly kind: "unknown" };

const MACHINES: Readonly<Record<number, string>> = {
  3: "32-bit x86",
  8: "MIPS",
  20: "32-bit PowerPC",
  21: "PowerPC",
  22: "s390x",
  40: "32-bit ARM",
  62: "x86_64",
  183: "arm64",
  243: "RISC-V",
  258: "LoongArch",
};

const TYPES: Readonly<Record<number, Elf["type"]>> = { 1: "relocatable", 2: "executable", 3: "shared" };

const VERSION_IS_WEAK = 2;

const ADDON_NAME_MAX = 64;

/** Never throws. Reads only headers and what the dynamic segment points to. */
export function readElf(bytes: Uint8Array): Elf | BrokenElf {
  try {
    return readWhole(bytes);
  } catch (error) {
    // DataView's own error for what lies outside, and ours below.
    if (error instanceof RangeError) return { kind: "broken", why: error.message };
    throw error;
  }
}

/** `libc.musl-x86_64.so.1` is Alpine's name, `libc.so` musl's own: glibc's is `libc.so.6`. */
export function isMusl({ needed, interpreter }: Elf): boolean {
  return (
    needed.some((name) => name === "libc.so" || name.startsWith("libc.musl-")) ||
    (interpreter?.includes("/ld-musl-") ?? false)
  );
}

function readWhole(bytes: Uint8Array): Elf {
  const reader = readerOf(bytes);
  const segments = readSegments(reader);
  const dynamic = readDynamic(reader, segments);
  const names = (tag: number): readonly string[] => dynamic.values(tag).map(dynamic.name);

  const interp = segments.find(({ type }) => type === PT.interp);
  const [soname] = names(DT.soname);
  const runpath = names(DT.runpath);
  return {
    kind: "elf",
    machine: machineOf(reader),
    type: TYPES[reader.u16(16)] ?? "other",
    ...(interp && { interpreter: reader.text(interp.offset, interp.offset + interp.size) }),
    needed: names(DT.needed),
    ...(soname !== undefined && { soname }),
    runpath: (runpath.length > 0 ? runpath : names(DT.rpath)).flatMap((paths) => paths.split(":")),
    versions: readVersions(reader, dynamic),
    addon: readAddon(reader, dynamic),
  };
}

function machineOf({ is64, u16 }: Reader): string {
  const machine = u16(18);
  if (machine === 62 && !is64) return "x32";
  return MACHINES[machine] ?? `machine ${machine}`;
}

function readVersions({ u16, u32 }: Reader, { offset, values, name }: Dynamic): readonly VersionNeed[] {
  const found: VersionNeed[] = [];
  const [libraries = 0] = values(DT.verneednum);
  let at = offset(DT.verneed) ?? 0;
  for (let i = 0; i < Math.min(libraries, ENTRIES_MAX) && at > 0; i++) {
    const library = name(u32(at + 4));
    const count = u16(at + 2);
    let entry = at + u32(at + 8);
    for (let j = 0; j < count; j++) {
      if (found.length === ENTRIES_MAX) throw new RangeError("it asks for more versions than there can be");
      found.push({ library, version: name(u32(entry + 8)), weak: (u16(entry + 4) & VERSION_IS_WEAK) !== 0 });
      entry += u32(entry + 12);
    }
    const next = u32(at + 12);
    at = next === 0 ? 0 : at + next;
  }
  return found;
}

/**
 * Node looks for these names: https://nodejs.org/docs/latest-v24.x/api/addons.html. An addon of the macro NODE_MODULE
 * has none of them: it calls `node_module_register` while it is loaded.
 */
function readAddon(reader: Reader, dynamic: Dynamic): Addon {
  const versions = new Set<number>();
  let isNapi = false;
  let isUnknown = false;
  for (const { name, defined } of addonSymbols(reader, dynamic)) {
    const version = /^node_register_module_v(\d+)$/.exec(name)?.[1];
    if (version !== undefined && defined) versions.add(Number(version));
    if (name === "napi_register_module_v1" && defined) isNapi = true;
    if (name === "napi_module_register" && !defined) isNapi = true;
    if (name === "node_module_register" && !defined) isUnknown = true;
  }
  if (isNapi) return { kind: "napi" };
  if (versions.size > 0) return { kind: "modules", versions: [...versions].toSorted((a, b) => a - b) };
  return { kind: isUnknown ? "unknown" : "none" };
}

/** Dynamic symbols whose names begin like those of addons: there may be a hundred thousand others. */
function* addonSymbols(
  reader: Reader,
  dynamic: Dynamic,
): Generator<{ readonly name: string; readonly defined: boolean }> {
  const { bytes, is64, u16, u32 } = reader;
  const [symbols, strings] = [dynamic.offset(DT.symtab), dynamic.offset(DT.strtab)];
  if (symbols === undefined || strings === undefined) return;
  const size = is64 ? 24 : 16;
  const room = Math.floor((bytes.length - symbols) / size);
  const count = Math.min(symbolCount(reader, dynamic), room);
  for (let i = 0, at = symbols; i < count; i++, at += size) {
    const name = u32(at);
    if (!/^n[ao]/.test(String.fromCharCode(bytes[strings + name] ?? 0, bytes[strings + name + 1] ?? 0)))
      continue;
    // Names of addons are short. A file may have ten million symbols of one name that is as long as any.
    const piece = bytes.subarray(strings + name, strings + name + ADDON_NAME_MAX);
    const end = piece.indexOf(0);
    if (end === -1) continue;
    yield { name: String.fromCharCode(...piece.subarray(0, end)), defined: u16(at + (is64 ? 6 : 14)) !== 0 };
  }
}

/** Nothing says it: it follows from the table by which symbols are found, of which there are two kinds. */
function symbolCount({ bytes, is64, u32 }: Reader, { offset }: Dynamic): number {
  const hash = offset(DT.hash);
  if (hash !== undefined) return u32(hash + 4);
  const gnu = offset(DT.gnuHash);
  if (gnu === undefined) return 0;
  const [buckets, first, bloom] = [u32(gnu), u32(gnu + 4), u32(gnu + 8)];
  const bucketsAt = gnu + 16 + bloom * (is64 ? 8 : 4);
  if (bucketsAt + buckets * 4 > bytes.length) throw new RangeError("its table of symbols is cut off");
  let last = 0;
  for (let i = 0; i < buckets; i++) last = Math.max(last, u32(bucketsAt + i * 4));
  if (last < first) return first;
  // The last chain's end is marked by an odd number.
  const chains = bucketsAt + buckets * 4;
  while ((u32(chains + (last - first) * 4) & 1) === 0) last++;
  return last + 1;
}
