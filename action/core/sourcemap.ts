/**
 * Source maps cut down to the user's own files. Packages are nine tenths of a bundle's map: with them, reading the
 * map costs about a tenth of a function's start (measured: 11 of 122 ms), and their paths depend on where
 * node_modules lies.
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** By character code; -1 for what is no digit. */
const VALUES = Int8Array.from({ length: 128 }, (_, code) => DIGITS.indexOf(String.fromCharCode(code)));
const COMMA = 0x2c;
const SEMICOLON = 0x3b;

/** Version 3 of the format, without `names` and contents: https://tc39.es/ecma426/ */
export interface SourceMap {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** Throws if `text` is not a source map of version 3. */
export function parseSourceMap(text: string): SourceMap {
  const map: unknown = JSON.parse(text);
  if (!isSourceMap(map)) throw new Error(`not a source map of version 3: ${text.slice(0, 80)}`);
  return map;
}

function isSourceMap(map: unknown): map is SourceMap {
  return (
    typeof map === "object" &&
    map !== null &&
    "version" in map &&
    map.version === 3 &&
    "sources" in map &&
    Array.isArray(map.sources) &&
    "mappings" in map &&
    typeof map.mappings === "string"
  );
}

/** Keeps the sources that `keep` is true for. Code of the others is marked as coming from nowhere. */
export function keepSources(map: SourceMap, keep: (source: string) => boolean): SourceMap {
  const kept = map.sources.filter(keep);
  const index = map.sources.map((source) => kept.indexOf(source));
  const writer = mappingsWriter();
  readMappings(map.mappings, writer.line, (column, source, line, sourceColumn) => {
    writer.segment(column, index[source] ?? NOWHERE, line, sourceColumn);
  });
  return { version: 3, sources: kept, names: [], mappings: writer.text() };
}

/** Stands for the source of code that comes from no source. */
const NOWHERE = -1;

/** Everything counts from 0, and from the beginning, not from the segment before. */
type OnSegment = (column: number, source: number, line: number, sourceColumn: number) => void;

/**
 * One pass without lists: a bundle's map has a hundred thousand segments, of which few are kept. Plain variables, not
 * an array of the five fields: that takes a fourth of the time.
 */
function readMappings(mappings: string, onLine: () => void, onSegment: OnSegment): void {
  let [column, source, line, sourceColumn] = [0, 0, 0, 0];
  let [field, value, shift] = [0, 0, 0];
  for (let i = 0; i < mappings.length; i++) {
    const code = mappings.charCodeAt(i);
    if (code === COMMA || code === SEMICOLON) {
      if (field > 0) onSegment(column, field === 1 ? NOWHERE : source, line, sourceColumn);
      field = 0;
      if (code === SEMICOLON) {
        column = 0;
        onLine();
      }
      continue;
    }
    const digit = VALUES[code] ?? -1;
    if (digit === -1) throw new Error(`not a source map: ${JSON.stringify(mappings.slice(i, i + 20))}`);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    const by = value & 1 ? -(value >> 1) : value >> 1;
    if (field === 0) column += by;
    else if (field === 1) source += by;
    else if (field === 2) line += by;
    else if (field === 3) sourceColumn += by;
    // The fifth is a name.
    field += 1;
    value = 0;
    shift = 0;
  }
  if (field > 0) onSegment(column, field === 1 ? NOWHERE : source, line, sourceColumn);
}

interface MappingsWriter {
  readonly line: () => void;
  readonly segment: OnSegment;
  readonly text: () => string;
}

function mappingsWriter(): MappingsWriter {
  const lines: string[][] = [[]];
  let before = { column: 0, source: 0, line: 0, sourceColumn: 0 };
  /** One segment "from nowhere" ends the last one of a kept source; more of them say nothing new. */
  let isNowhere = true;
  return {
    line() {
      lines.push([]);
      before.column = 0;
      isNowhere = true;
    },
    segment(column, source, line, sourceColumn) {
      if (source === NOWHERE && isNowhere) return;
      isNowhere = source === NOWHERE;
      const numbers = [column - before.column];
      if (!isNowhere)
        numbers.push(source - before.source, line - before.line, sourceColumn - before.sourceColumn);
      lines.at(-1)?.push(numbers.map(encodeNumber).join(""));
      before = isNowhere ? { ...before, column } : { column, source, line, sourceColumn };
    },
    text: () => lines.map((segments) => segments.join(",")).join(";"),
  };
}

/** Base 64, five bits a digit, the lowest first; the sixth bit says that more follow. The first bit is the sign. */
function encodeNumber(number: number): string {
  let rest = number < 0 ? -number * 2 + 1 : number * 2;
  let text = "";
  do {
    const digit = rest % 32;
    rest = Math.floor(rest / 32);
    text += DIGITS[rest > 0 ? digit + 32 : digit];
  } while (rest > 0);
  return text;
}
