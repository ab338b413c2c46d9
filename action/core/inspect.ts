/** A file's content, judged for one processor: what prune and verify have in common. */
import type { BuildRequest } from "./artifact.ts";
import { sniffBinary } from "./binary.ts";
import { type Elf, isMusl, readElf } from "./elf.ts";

export type Inspected =
  /** Linux, that processor, and glibc or no libc at all. */
  | { readonly kind: "target"; readonly elf: Elf }
  /** `builtFor`: for people, for example `macOS on arm64`. */
  | { readonly kind: "foreign"; readonly builtFor: string }
  /** A linker's or debugger's input, of any system: nothing can load it. */
  | { readonly kind: "build" }
  /** `why` ends a sentence: `it is cut off`. */
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "wasm" }
  | { readonly kind: "none" };

export function inspect(bytes: Uint8Array, architecture: BuildRequest["architecture"]): Inspected {
  const binary = sniffBinary(bytes);
  switch (binary?.kind) {
    case undefined:
      return { kind: "none" };
    case "wasm":
      return { kind: "wasm" };
    case "archive":
    case "debug":
      return { kind: "build" };
    case "mach-o":
      return { kind: "foreign", builtFor: `macOS on ${binary.architectures.join(" and ")}` };
    case "pe":
      return { kind: "foreign", builtFor: `Windows on ${binary.architecture}` };
    case "elf":
      return inspectElf(readElf(bytes), architecture);
  }
}

function inspectElf(elf: ReturnType<typeof readElf>, architecture: BuildRequest["architecture"]): Inspected {
  if (elf.kind === "broken") return elf;
  if (elf.type === "relocatable") return { kind: "build" };
  if (isMusl(elf)) return { kind: "foreign", builtFor: `Linux with musl on ${elf.machine}` };
  if (elf.machine !== architecture) return { kind: "foreign", builtFor: `Linux on ${elf.machine}` };
  return { kind: "target", elf };
}
