/** What a file is for, by its first bytes: names lie, and a package may hold binaries of every system. */

export type Binary =
  | { readonly kind: "elf" }
  /** macOS. `architectures`: as `arm64`, several in a universal file. */
  | { readonly kind: "mach-o"; readonly architectures: readonly string[] }
  /** Windows. */
  | { readonly kind: "pe"; readonly architecture: string }
  | { readonly kind: "wasm" }
  /** A static library: a linker's input. */
  | { readonly kind: "archive" }
  /** What a debugger of Windows reads. */
  | { readonly kind: "debug" };

/** macOS' `mach/machine.h`. */
const MACH_CPUS: Readonly<Record<number, string>> = {
  0x7: "i386",
  0xc: "32-bit ARM",
  0x01000007: "x86_64",
  0x0100000c: "arm64",
  0x0200000c: "arm64_32",
};

/** "Machine Types" of https://learn.microsoft.com/windows/win32/debug/pe-format. */
const PE_MACHINES: Readonly<Record<number, string>> = {
  0x014c: "i386",
  0x01c4: "32-bit ARM",
  0x8664: "x86_64",
  0xaa64: "arm64",
};

/** A universal file has a few; a class file of Java begins with the same bytes and its version, which is 45 or more. */
const FAT_MAX = 30;

/** Undefined: none of these. Never throws. */
export function sniffBinary(bytes: Uint8Array): Binary | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (view.getUint32(0)) {
    case 0x7f454c46:
      return { kind: "elf" };
    case 0x0061736d:
      return { kind: "wasm" };
    case 0xfeedface:
    case 0xfeedfacf:
      return { kind: "mach-o", architectures: [cpuName(view.getUint32(4))] };
    case 0xcefaedfe:
    case 0xcffaedfe:
      return { kind: "mach-o", architectures: [cpuName(view.getUint32(4, true))] };
    case 0xcafebabe:
      return universal(view, 20);
    case 0xcafebabf:
      return universal(view, 32);
    // `!<arch>`, and `!<thin>` for one that only names its members.
    case 0x213c6172:
      return startsWith(bytes, "!<arch>\n") ? { kind: "archive" } : undefined;
    case 0x213c7468:
      return startsWith(bytes, "!<thin>\n") ? { kind: "archive" } : undefined;
    // `Microsoft C/C++ MSF 7.00`
    case 0x4d696372:
      return startsWith(bytes, "Microsoft C/C++ MSF") ? { kind: "debug" } : undefined;
    default:
      return view.getUint16(0) === 0x4d5a ? portable(view) : undefined;
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return String.fromCharCode(...bytes.subarray(0, text.length)) === text;
}

function cpuName(cpu: number): string {
  return MACH_CPUS[cpu] ?? `processor ${cpu}`;
}

function universal(view: DataView, entryBytes: number): Binary | undefined {
  const count = view.getUint32(4);
  if (count === 0 || count > FAT_MAX || view.byteLength < 8 + count * entryBytes) return undefined;
  const architectures = Array.from({ length: count }, (_, i) => cpuName(view.getUint32(8 + i * entryBytes)));
  return { kind: "mach-o", architectures };
}

/** `MZ` may begin a text: where its 60th byte points there must be `PE\0\0`. */
function portable(view: DataView): Binary | undefined {
  if (view.byteLength < 64) return undefined;
  const start = view.getUint32(60, true);
  if (start + 6 > view.byteLength || view.getUint32(start) !== 0x50450000) return undefined;
  const machine = view.getUint16(start + 4, true);
  return { kind: "pe", architecture: PE_MACHINES[machine] ?? `machine ${machine}` };
}
