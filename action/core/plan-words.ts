/**
 * A plan in the words of pipeline.yaml, safe to be shown to anybody: this is where values are redacted, and nothing
 * that prints a plan looks at the raw ones.
 */
import { arrowText } from "./arrow.ts";
import { RESERVED_WORDS, kebabCase } from "./names.ts";
import type { PlannedChange, PropertyChange } from "./planned-change.ts";
import { documentsIn } from "./policy-document.ts";
import type { Place } from "./problem.ts";
import { isCutOff } from "./property-diff.ts";
import { type Fingerprint, redactText, redactTree, redactValue } from "./redact.ts";
import { RISK_KINDS, type Risk } from "./risk.ts";
import { type StatementDiff, diffStatements, statementText } from "./statement-diff.ts";
import { diffTexts } from "./text-diff.ts";
import { type Value, isValueList, isValueMap, ownValue, readableJson, textOf } from "./value.ts";

export type Effect = PlannedChange["effect"];

export interface ResourceWords {
  readonly logicalId: string;
  /** Empty for what is not there yet. */
  readonly physicalId: string;
  readonly type: string;
  readonly effect: Effect;
  /** Of pipeline.yaml, or what it had there before: a component's name, or an arrow `a -> b`. */
  readonly component: string;
  /** The resource within it, for people: `queue`. Empty if its name says nothing. */
  readonly label: string;
  /** The component itself, not one of the things around it. */
  readonly main: boolean;
  /** Absent for what pipeline.yaml no longer has. */
  readonly place?: Place;
  /** `Delete`, `Retain`, `ReplaceAndDelete`, ...; empty for none. */
  readonly policyAction: string;
  readonly properties: readonly PropertyWords[];
}

export interface PropertyWords {
  /** The option's name in pipeline.yaml, or else the path. */
  readonly name: string;
  readonly path: string;
  /** One line each, whole. Absent: not set, or told by `lines`. */
  readonly before?: string;
  readonly after?: string;
  /** Of policies: each begins with `+ ` or `- `, what was forbidden first. */
  readonly lines?: readonly string[];
  /** Of long texts and structures: a unified diff without headers; applied to the text before it gives the text after. */
  readonly diff?: string;
  readonly uncertain: boolean;
  readonly recreation: PropertyChange["recreation"];
  readonly because?: string;
}

/** What may hurt first, so that it is never what is left out. */
export const EFFECTS: readonly Effect[] = [
  "replaced",
  "may-be-replaced",
  "removed",
  "changed",
  "imported",
  "added",
];

/** What risks something, the worst first; then by effect, by component, the component itself before what stands around it. */
export function planWords(
  changes: readonly PlannedChange[],
  fingerprint: Fingerprint,
  risks: readonly Pick<Risk, "kind" | "logicalId">[] = [],
): readonly ResourceWords[] {
  // A later one of the map wins, so that of a resource's risks it is the worst.
  const ranks = new Map(
    risks.toReversed().map(({ kind, logicalId }) => [logicalId, RISK_KINDS.indexOf(kind)]),
  );
  const key = ({ effect, component, main, label, logicalId }: ResourceWords): string[] => [
    String(ranks.get(logicalId) ?? RISK_KINDS.length),
    String(EFFECTS.indexOf(effect)),
    component,
    main ? "0" : "1",
    label,
    logicalId,
  ];
  return changes
    .map((change) => resourceWords(change, fingerprint))
    .map((words) => ({ words, key: key(words).join("\u0000") }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ words }) => words);
}

function resourceWords(change: PlannedChange, fingerprint: Fingerprint): ResourceWords {
  const { logicalId, physicalId, type, effect, origin, policyAction } = change;
  const rank = ({ recreation }: PropertyChange): number => Number(recreation === "never");
  return {
    logicalId,
    physicalId,
    type,
    effect,
    ...(origin ? { component: origin.component, label: origin.label } : lostName(logicalId)),
    main: origin?.main === true,
    ...(origin && { place: origin.place }),
    policyAction,
    // What makes a new resource explains all the rest.
    properties: change.properties
      .toSorted((a, b) => rank(a) - rank(b))
      .map((property) => propertyWords(property, change, fingerprint)),
  };
}

/** Logical ids are one to one with names, so what pipeline.yaml no longer has still has its name. */
export function lostName(logicalId: string): { readonly component: string; readonly label: string } {
  const label = /[A-Z][a-z0-9]*$/.exec(logicalId)?.[0] ?? "";
  const words = kebabCase(logicalId.slice(0, logicalId.length - label.length)).split("-");
  if (label === "" || words.join("") === "") return { component: logicalId, label: "" };
  const [to, by] = RESERVED_WORDS.map((word) => words.indexOf(word));
  if (to === undefined || to < 1) return { component: words.join("-"), label: kebabCase(label) };
  const end = by === undefined || by < to ? words.length : by;
  const arrow = {
    from: words.slice(0, to).join("-"),
    to: words.slice(to + 1, end).join("-"),
    verb: words.slice(end + 1).join("-"),
  };
  return { component: arrowText(arrow), label: kebabCase(label) };
}

/** Longer ones are shown as a diff, where there are two to compare. */
const LINE_CHARACTERS = 120;
export const UNKNOWN_YET = "known after the deploy";
const CUT_OFF = "too long for CloudFormation to show";

function propertyWords(
  property: PropertyChange,
  { type, logicalId, origin }: PlannedChange,
  fingerprint: Fingerprint,
): PropertyWords {
  const { path: raw, before, after, uncertain, recreation, because } = property;
  // Names are shown, and somebody may have taken a secret for one.
  const path = redactText(raw);
  const name = textOf(ownValue(origin?.options ?? {}, raw) ?? path);
  const facts = { name, path, uncertain, recreation, ...(because !== undefined && { because }) };
  const shown = (value: Value): Value => redactTree({ type, path: raw, value, logicalId }, fingerprint);
  const statements = statementsOf(raw, before, after);
  if (statements) return { ...facts, lines: statementLines(statements, shown) };
  const text = (value: Value | undefined): string | undefined =>
    value === undefined || (isCutOff(before) && isCutOff(after))
      ? undefined
      : lineOf(value, redactValue({ type, path: raw, value, logicalId }, fingerprint));
  const [old, now] = [text(before), text(after)];
  const long = [old, now].some(
    (one) => one !== undefined && (one.length > LINE_CHARACTERS || one.includes("\n")),
  );
  const diff =
    long && before !== undefined && after !== undefined
      ? diffTexts(pageOf(shown(before)), pageOf(shown(after)))
      : "";
  return {
    ...facts,
    ...(old !== undefined && { before: old }),
    ...(now !== undefined && { after: now }),
    ...(diff !== "" && { diff }),
  };
}

/** The text that `diff` is made of: a text as it is, a structure as JSON of one part a line. */
export function pageOf(value: Value): string {
  return typeof value === "string" ? value : readableJson(value);
}

function lineOf(value: Value, shown: string): string {
  if (isCutOff(value)) return CUT_OFF;
  const words = shown.replaceAll(/\{\{changeSet:[A-Z_]+\}\}/g, UNKNOWN_YET);
  const scalars = isValueList(value) && !value.some((item) => isValueMap(item) || isValueList(item));
  return scalars && shown.startsWith("[") ? listLine(words) : words;
}

function listLine(text: string): string {
  const list = JSON.parse(text) as readonly unknown[];
  return list.length === 0 ? "none" : list.map(String).join(", ");
}

/** A policy as a whole, or a part of one, that has come, gone or changed. */
function statementsOf(
  path: string,
  before: Value | undefined,
  after: Value | undefined,
): [readonly Value[], readonly Value[]] | undefined {
  if (/(?:^|\.)Statement$/.test(path)) {
    const list = (value: Value | undefined): readonly Value[] | undefined =>
      value === undefined ? [] : isValueList(value) ? value : isValueMap(value) ? [value] : undefined;
    const [left, right] = [list(before), list(after)];
    return left && right ? [left, right] : undefined;
  }
  const [left, right] = [documentsIn(before), documentsIn(after)];
  if (left.length + right.length === 0 || (before !== undefined && after !== undefined)) return undefined;
  const all = (documents: readonly Value[]): readonly Value[] =>
    documents.flatMap((document) => (isValueMap(document) ? [document["Statement"] ?? []].flat() : []));
  return [all(left), all(right)];
}

/** Redacted one by one, with the path that it has in the policy: what matters to redaction stands above it. */
function statementLines(
  [before, after]: readonly [readonly Value[], readonly Value[]],
  shown: (value: Value) => Value,
): readonly string[] {
  const { removed, added, changed, renamed }: StatementDiff = diffStatements(before, after);
  const text = (statement: Value): string => {
    const safe = shown([statement]);
    const [one] = isValueList(safe) ? safe : [];
    return readable(isValueMap(one) ? statementText(one) : "a statement that cannot be shown");
  };
  const lines = changed.flatMap(({ before: old, after: now, part }) => {
    const [left, right] = [shown([old]), shown([now])];
    const one = diffStatements(isValueList(left) ? left : [], isValueList(right) ? right : []).changed[0];
    // Only what is not shown differs.
    if (one?.part !== part) return [`- ${text(old)}`, `+ ${text(now)}`];
    const of = readable(statementText({ ...one.after, [part]: "…" }));
    return [
      ...one.removed.map((what) => `- ${readable(what)}, of: ${of}`),
      ...one.added.map((what) => `+ ${readable(what)}, of: ${of}`),
    ];
  });
  return [
    ...removed.map((statement) => `- ${text(statement)}`),
    ...lines.toSorted((a, b) => Number(b.startsWith("-")) - Number(a.startsWith("-"))),
    ...added.map((statement) => `+ ${text(statement)}`),
    ...renamed.flatMap(({ before: old, after: now }) => [`- ${text(old)}`, `+ ${text(now)}`]),
  ];
}

function readable(text: string): string {
  return text.replaceAll(/\{\{changeSet:[A-Z_]+\}\}/g, `(${UNKNOWN_YET})`);
}
