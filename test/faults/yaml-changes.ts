/** What a slip or an attacker makes of a good YAML file, where it counts: at its keys, values and entries. */
import * as fc from "fast-check";
import { isMap, isPair, isScalar, isSeq, parseDocument, visit } from "yaml";

/** Words that YAML 1.1, YAML 1.2, JavaScript or CloudFormation take for something else than text. */
export const STRANGE_WORDS = [
  ..."on no y NULL ~ = << 012 0o14 0x1F 1_000 12:30:45 -0 .inf .nan 1e999 12345678901234567890 2001-01-01 1.".split(
    " ",
  ),
  ..."'' [] {} | >- !!null __proto__ constructor toString hasOwnProperty prototype *a &a --- ... ' ` @ ->".split(
    " ",
  ),
  ..."../../etc/passwd /etc/passwd ${AWS::AccountId} é 🐇 \t \0 \uFEFF \u2028 \uD800 \u202Ea".split(" "),
  '""',
  '"',
  "- -",
  "? x",
  "# x",
  "%YAML 1.1",
  "{ __proto__: { kind: queue } }",
  "a -> b",
  "a -x-> b",
  "!Ref x",
  "!Sub ${x}",
  "!GetAtt a.b",
  "!If [a, b, c]",
  "!Unknown 1",
  "!!binary aGk=",
  "!!set {a}",
  "!<x> y",
  "k".repeat(30_000),
  `"${"k".repeat(30_000)}"`,
  `${"[".repeat(59)}${"]".repeat(59)}`,
  "[".repeat(5_000),
  `{ ${Array.from({ length: 2_000 }, (_, index) => `k${index}: 1`).join(", ")} }`,
  `[${"x, ".repeat(5_000)}]`,
];

const KINDS = [
  "value",
  "value",
  "key",
  "key",
  "remove",
  "twice",
  "move",
  "wrap",
  "anchor",
  "tag",
  "tabs",
] as const;

/** Of 1; every part as often as another one, which `fc.double` does not do. */
const PART = fc.noBias(fc.nat(999_999)).map((part) => part / 1_000_000);

const change = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: PART,
  from: PART,
  word: fc.oneof(fc.constantFrom(...STRANGE_WORDS), fc.string({ unit: "binary", maxLength: 8 })),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const whole = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text,
  (text) => text,
  (text) => `\uFEFF${text}`,
  (text) => text.replaceAll("\n", "\r\n"),
  (text) => text.replaceAll("\n", "\r"),
  (text) => text.replaceAll("  ", "\t"),
  (text) => `---\n${text}`,
  (text) => `${text}\n...\n`,
  (text) => `%YAML 1.1\n---\n${text}`,
  (text) => `${text}\n---\n${text}`,
  (text) => text.slice(0, Math.floor(text.length / 2)),
  (text) => `${text}${"# \n".repeat(1_000)}`,
);

type Span = readonly [start: number, end: number];

interface Spans {
  readonly values: readonly Span[];
  readonly keys: readonly Span[];
  /** Whole lines. */
  readonly entries: readonly Span[];
}

/** Each of the texts with one to four changes. */
export function changedYaml<T extends { readonly text: string }>(sources: readonly T[]): fc.Arbitrary<T> {
  const known = sources.map((source) => ({ source, spans: spansOf(source.text) }));
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  return fc
    .tuple(fc.constantFrom(...known), changes, whole)
    .map(([{ source, spans }, list, all]) => ({ ...source, text: all(changed(source.text, spans, list)) }));
}

function changed(text: string, spans: Spans, changes: readonly Change[]): string {
  const edits = changes.flatMap((one) => editOf(text, spans, one));
  // From the end on, so that the places before stay where they are.
  edits.sort((a, b) => b.span[0] - a.span[0]);
  return edits.reduce((now, { span: [start, end], by }) => now.slice(0, start) + by + now.slice(end), text);
}

function editOf(
  text: string,
  { values, keys, entries }: Spans,
  { kind, at, from, word }: Change,
): readonly { readonly span: Span; readonly by: string }[] {
  const list =
    kind === "key" ? keys : kind === "remove" || kind === "twice" || kind === "tabs" ? entries : values;
  const span = list[Math.floor(at * list.length)];
  const other = values[Math.floor(from * values.length)];
  if (span === undefined || other === undefined) return [];
  const old = text.slice(...span);
  switch (kind) {
    case "value":
    case "key":
      return [{ span, by: word }];
    case "remove":
      return [{ span, by: "" }];
    case "twice":
      return [{ span, by: old + old }];
    case "tabs":
      return [{ span, by: old.replace(/^ +/, "\t") }];
    case "move":
      return [{ span, by: text.slice(...other) }];
    case "wrap":
      return [{ span, by: `[${old}]` }];
    case "tag":
      return [{ span, by: `!Sub ${old}` }];
    case "anchor":
      return [{ span, by: `&a ${old}` }, ...(other[0] === span[0] ? [] : [{ span: other, by: "*a" }])];
  }
}

function spansOf(text: string): Spans {
  const [values, keys, entries]: [Span[], Span[], Span[]] = [[], [], []];
  const lines = text.split("\n");
  let start = 0;
  for (const line of lines) {
    const end = Math.min(start + line.length + 1, text.length);
    if (line.trim() !== "") entries.push([start, end]);
    start = end;
  }
  visit(parseDocument(text, { logLevel: "silent" }), {
    Node: (key, node, path) => {
      if (!isScalar(node) && !isMap(node) && !isSeq(node)) return;
      const [from = 0, to = 0] = node.range ?? [];
      (key === "key" && isPair(path.at(-1)) ? keys : values).push([from, to]);
    },
  });
  return { values, keys, entries };
}
