/**
 * Source maps cut down to the user's own files. Packages are nine tenths of a bundle's map: with them, reading the
 * map costs about a tenth of a function's start (measured: 11 of 122 ms), and their paths depend on where
 * node_modules lies.
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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

/** Output column, and where it comes from: source, line, column, counted from 0. */
type Segment =
  | readonly [column: number]
  | readonly [column: number, source: number, line: number, sourceColumn: number];

/** Keeps the sources that `keep` is true for. Code of the others is marked as coming from nowhere. */
export function keepSources(map: SourceMap, keep: (source: string) => boolean): SourceMap {
  const kept = map.sources.filter(keep);
  const index = map.sources.map((source) => kept.indexOf(source));
  const lines = decode(map.mappings).map((line) => line.map((segment) => renumber(segment, index)));
  return { version: 3, sources: kept, names: [], mappings: encode(lines.map(withoutRepeats)) };
}

function renumber(segment: Segment, index: readonly number[]): Segment {
  if (segment.length === 1) return segment;
  const source = index[segment[1]] ?? -1;
  return source === -1 ? [segment[0]] : [segment[0], source, segment[2], segment[3]];
}

/** One segment "from nowhere" ends the last one of a kept source; more of them say nothing new. */
function withoutRepeats(line: readonly Segment[]): readonly Segment[] {
  return line.filter((segment, i) => segment.length > 1 || (i > 0 && line[i - 1]?.length !== 1));
}

function decode(mappings: string): readonly (readonly Segment[])[] {
  let [source, line, sourceColumn] = [0, 0, 0];
  return mappings.split(";").map((text) => {
    let column = 0;
    if (text === "") return [];
    return text.split(",").map((field): Segment => {
      const [columns = 0, sources, lines = 0, sourceColumns = 0] = decodeNumbers(field);
      column += columns;
      if (sources === undefined) return [column];
      source += sources;
      line += lines;
      sourceColumn += sourceColumns;
      return [column, source, line, sourceColumn];
    });
  });
}

function encode(lines: readonly (readonly Segment[])[]): string {
  let previous: readonly number[] = [0, 0, 0];
  const encoded = lines.map((line) => {
    let column = 0;
    return line.map((segment) => {
      const [here, ...origin] = segment;
      const numbers = [here - column, ...origin.map((value, i) => value - (previous[i] ?? 0))];
      column = here;
      if (origin.length > 0) previous = origin;
      return numbers.map(encodeNumber).join("");
    });
  });
  return encoded.map((line) => line.join(",")).join(";");
}

/** Base 64, five bits a digit, the lowest first; the sixth bit says that more follow. The first bit is the sign. */
function decodeNumbers(field: string): readonly number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const character of field) {
    const digit = DIGITS.indexOf(character);
    if (digit === -1) throw new Error(`not a source map: ${JSON.stringify(field)}`);
    value += (digit & 31) * 2 ** shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2);
    [value, shift] = [0, 0];
  }
  return numbers;
}

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
