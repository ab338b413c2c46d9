/**
 * The tables of an ELF file: its segments, and what the dynamic one holds. All functions throw RangeError, whose message
 * ends the sentence "the file is no whole ELF file:", for bytes that are none.
 */

/** Segments. */
export const PT = { load: 1, dynamic: 2, interp: 3 } as const;

/** Entries of the dynamic segment. */
export const DT = {
  needed: 1,
  hash: 4,
  strtab: 5,
  symtab: 6,
  strsz: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  gnuHash: 0x6ffffef5,
  verneed: 0x6ffffffe,
  verneednum: 0x6fffffff,
} as const;

/** More than any real file has: a broken one may claim more. */
export const ENTRIES_MAX = 65_536;

/** So that a broken file is not searched to its end for each of its names. */
const NAME_MAX = 4096;

export interface Reader {
  readonly bytes: Uint8Array;
  readonly is64: boolean;
  readonly u16: (offset: number) => number;
  readonly u32: (offset: number) => number;
  /** A word of the file's class. */
  readonly word: (offset: number) => number;
  /** Text up to its NUL, which must come before `end`. */
  readonly text: (offset: number, end: number) => string;
}

export interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

export function readerOf(bytes: Uint8Array): Reader {
  if (bytes.length < 52) throw new RangeError("it ends within its header");
  const [, , , , fileClass, order] = bytes;
  if ((fileClass !== 1 && fileClass !== 2) || (order !== 1 && order !== 2)) {
    throw new RangeError("its header is none of ELF's");
  }
  const is64 = fileClass === 2;
  const little = order === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    bytes,
    is64,
    u16: (offset) => view.getUint16(offset, little),
    u32: (offset) => view.getUint32(offset, little),
    // Numbers above 2^53 lose their last digits, and lie outside of any file either way.
    word: (offset) => (is64 ? Number(view.getBigUint64(offset, little)) : view.getUint32(offset, little)),
    text(offset, end) {
      const piece = bytes.subarray(offset, Math.min(end, offset + NAME_MAX));
      const stop = piece.indexOf(0);
      if (stop === -1) throw new RangeError("a name in it has no end");
      return String.fromCharCode(...piece.subarray(0, stop));
    },
  };
}

export function readSegments({ bytes, is64, u16, u32, word }: Reader): readonly Segment[] {
  const start = word(is64 ? 32 : 28);
  const size = u16(is64 ? 54 : 42);
  const count = u16(is64 ? 56 : 44);
  if (count > 0 && size < (is64 ? 56 : 32)) throw new RangeError("its program headers are too short");
  if (start + size * count > bytes.length) throw new RangeError("its program headers lie behind its end");
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * size;
    const segment = {
      type: u32(at),
      offset: word(at + (is64 ? 8 : 4)),
      address: word(at + (is64 ? 16 : 8)),
      size: word(at + (is64 ? 32 : 16)),
    };
    const isRead = segment.type === PT.load || segment.type === PT.dynamic || segment.type === PT.interp;
    if (isRead && segment.offset + segment.size > bytes.length) throw new RangeError("it is cut off");
    return segment;
  });
}

/** What the dynamic segment holds; empty for files that have none, as those that are linked statically. */
export interface Dynamic {
  readonly values: (tag: number) => readonly number[];
  /** The first value of a tag that holds an address, as an offset in the file. */
  readonly offset: (tag: number) => number | undefined;
  /** The text at a place of the string table. */
  readonly name: (at: number) => string;
}

export function readDynamic({ is64, word, text }: Reader, segments: readonly Segment[]): Dynamic {
  const segment = segments.find(({ type }) => type === PT.dynamic);
  const width = is64 ? 8 : 4;
  const entries: [number, number][] = [];
  const count = Math.min((segment?.size ?? 0) / (2 * width), ENTRIES_MAX);
  for (let i = 0, at = segment?.offset ?? 0; i + 1 <= count; i++, at += 2 * width) {
    const tag = word(at);
    if (tag === 0) break;
    entries.push([tag, word(at + width)]);
  }
  const values = (wanted: number): readonly number[] =>
    entries.flatMap(([tag, value]) => (tag === wanted ? value : []));
  const offset = (tag: number): number | undefined => {
    const [address] = values(tag);
    if (address === undefined) return undefined;
    const holder = segments.find(
      (one) => one.type === PT.load && address >= one.address && address < one.address + one.size,
    );
    if (holder === undefined) throw new RangeError("its dynamic segment points out of it");
    return address - holder.address + holder.offset;
  };
  const strings = offset(DT.strtab);
  const [size = 0] = values(DT.strsz);
  return {
    values,
    offset,
    name(at) {
      if (strings === undefined || at >= size) throw new RangeError("a name in it lies outside of its names");
      return text(strings + at, strings + size);
    },
  };
}
