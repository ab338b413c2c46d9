/** Paths of source files in a text: names that a repository shows to everybody who reads it, however random they look. */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** At least one folder, and what files of source are called; not a part of an address, which has `:` before it. */
const SOURCE_PATH =
  /(?<![^\s"'`(<[,;|])\.{0,2}\/?(?:[\w@.+-]+\/)+[\w@.+-]*\w\.(?:[cm]?[jt]sx?|py|ya?ml|json|node|toml|guard)(?![\w/.-]*\w)/g;

/** In order, apart. */
export function sourcePaths(text: string): readonly Span[] {
  return [...text.matchAll(SOURCE_PATH)].map(({ index, 0: path }) => ({
    start: index,
    end: index + path.length,
  }));
}

export function isWithin({ start, end }: Span, spans: readonly Span[]): boolean {
  return spans.some((span) => span.start <= start && end <= span.end);
}
