/**
 * What may hurt in a plan: data that could be lost, what gets exposed, rights that grow, interruptions, cost. Which
 * resource types and properties those are stands in templates/risks.json; policies are compared right by right.
 */
import data from "../../templates/risks.json" with { type: "json" };
import type { PlannedChange } from "./planned-change.ts";
import type { Place } from "./problem.ts";
import { rightsRisks } from "./rights-risk.ts";
import { at, componentOf, knownText, named, resourceOf, valuesOf } from "./risk-subject.ts";
import { type Value, canonicalJson, isValueList, isValueMap, textOf } from "./value.ts";

/** The worst first. */
export const RISK_KINDS = ["data", "exposure", "rights", "interruption", "cost"] as const;
export type RiskKind = (typeof RISK_KINDS)[number];

export interface Risk {
  readonly kind: RiskKind;
  readonly logicalId: string;
  /** Its name in pipeline.yaml, or what it had there before. */
  readonly component: string;
  readonly place?: Place;
  /** One sentence without a full stop. */
  readonly text: string;
  readonly hint?: string;
  /** What a waiver has to allow; data only. */
  readonly allow?: "replace" | "remove";
}

interface Rule {
  readonly risk: string;
  readonly type: string;
  /** Properties joined by dots; `*` is any one. Without, it is about the resource as such. */
  readonly path?: string;
  readonly when: string;
  readonly values?: readonly string[];
  readonly text: string;
}

const RULES: readonly Rule[] = data.rules;

/** `statefulTypes`: resource types that hold data, from the templates' `Stateful`. The worst first, then by logical id. */
export function risksOf(
  changes: readonly PlannedChange[],
  { statefulTypes }: { readonly statefulTypes: ReadonlySet<string> },
): readonly Risk[] {
  const risks = [
    ...changes.flatMap((change) => (statefulTypes.has(change.type) ? dataRisks(change, changes) : [])),
    ...changes.flatMap((change) => ruleRisks(change)),
    ...rightsRisks(changes),
    ...changes.flatMap((change) => interruptions(change, statefulTypes)),
  ];
  const rank = ({ kind }: Risk): number => RISK_KINDS.indexOf(kind);
  return risks.toSorted((a, b) => rank(a) - rank(b) || (a.logicalId < b.logicalId ? -1 : 1));
}

function dataRisks(change: PlannedChange, changes: readonly PlannedChange[]): Risk[] {
  const { effect } = change;
  const who = named(change);
  const old = fateOf(change);
  if (effect === "replaced" || effect === "may-be-replaced") {
    const what = effect === "replaced" ? "is" : "may be";
    return [
      {
        ...at(change),
        kind: "data",
        text: `${who} ${what} replaced by an empty one${old}`,
        allow: "replace",
      },
    ];
  }
  if (effect !== "removed") return [];
  const heir = changes.find(
    (other) =>
      other.effect === "added" && other.type === change.type && resourceOf(other) === resourceOf(change),
  );
  const removal: Risk = { ...at(change), kind: "data", text: `${who} is removed${old}`, allow: "remove" };
  if (!heir) return [removal];
  const [name, now] = [componentOf(change), componentOf(heir)];
  return [
    {
      ...removal,
      ...(heir.origin && { place: heir.origin.place }),
      text: `it looks as if \`${name}\` were renamed to \`${now}\`, which makes an empty one${old}`,
      hint: `Write \`was: ${name}\` at \`${now}\`, and it stays the same one.`,
    },
  ];
}

/** CloudFormation does not always say it. */
function fateOf({ policyAction, effect }: PlannedChange): string {
  const it = effect === "removed" ? "it" : "the old one";
  if (/Retain|Snapshot/.test(policyAction)) return `; ${it} is kept with its data, outside of the stack`;
  return /Delete/.test(policyAction) ? `; ${it} is deleted with its data` : "";
}

function ruleRisks(change: PlannedChange): Risk[] {
  if (change.effect === "removed") return [];
  const [before, after] = valuesOf(change);
  return RULES.filter(({ type }) => type === change.type).flatMap((rule): Risk[] => {
    const { path: places, when } = rule;
    const hits =
      places === undefined
        ? (when === "added") === (change.effect === "added")
          ? [""]
          : []
        : pathsOf(places, before, after).flatMap((path) => {
            const hit = hitOf(rule, valueAt(before, path), valueAt(after, path));
            // Of several it matters which one.
            const name = places.endsWith("*") ? (path.at(-1) ?? "") : "";
            return hit === undefined ? [] : [[name, hit].filter((part) => part !== "").join(" ")];
          });
    if (hits.length === 0) return [];
    const all = hits.filter((hit) => hit !== "").join(", ");
    const text = `${named(change)}: ${rule.text}${all === "" ? "" : `: ${all}`}`;
    return [{ ...at(change), kind: rule.risk as RiskKind, text }];
  });
}

/** Undefined for none; else which parts of the value it is about, if that is not clear from the rule. */
function hitOf(rule: Rule, before: Value | undefined, after: Value | undefined): string | undefined {
  if (rule.when !== "gains") {
    if (!applies(rule, before, after)) return undefined;
    // Without it, two values that hurt differently would be the same risk, and one be reviewed for the other.
    return SHOWN.has(rule.when) ? valueText(after) : "";
  }
  const items = (value: Value | undefined): readonly Value[] =>
    isValueList(value)
      ? value
      : isValueMap(value)
        ? Object.values(value)
        : value === undefined
          ? []
          : [value];
  const former = new Set(items(before).map((item) => canonicalJson(item)));
  const gained = items(after).filter((item) => !former.has(canonicalJson(item)));
  return gained.length === 0 ? undefined : gained.map((item) => knownText(textOf(item))).join(", ");
}

/** Where the rule does not say by itself which value it is about. */
const SHOWN: ReadonlySet<string> = new Set(["changed", "like", "more", "set"]);

function valueText(value: Value | undefined): string {
  const texts = isValueMap(value) ? Object.values(value).map(textOf) : [textOf(value)];
  return knownText(texts.join(", "));
}

function applies({ when, values = [] }: Rule, before: Value | undefined, after: Value | undefined): boolean {
  const off = (value: Value | undefined): boolean =>
    value === undefined || value === "" || ["false", "null"].includes(textOf(value));
  switch (when) {
    case "lost":
      return !off(before) && off(after);
    case "set":
      return off(before) && !off(after);
    case "is":
      return values.includes(textOf(after)) && textOf(before) !== textOf(after);
    case "like":
      return values.some((one) => new RegExp(one).test(textOf(after))) && textOf(before) !== textOf(after);
    case "changed":
      return !off(before) && !off(after) && textOf(before) !== textOf(after);
    case "more":
      return Number(textOf(after)) > Number(textOf(before) || "0");
    default:
      return false;
  }
}

function pathsOf(path: string, ...roots: readonly Value[]): readonly (readonly string[])[] {
  const words = path.split(".");
  if (words.at(-1) !== "*") return [words];
  const parent = words.slice(0, -1);
  const keys = roots.flatMap((root) => {
    const map = valueAt(root, parent);
    return isValueMap(map) ? Object.keys(map) : [];
  });
  return [...new Set(keys)].map((key) => [...parent, key]);
}

function valueAt(root: Value, path: readonly string[]): Value | undefined {
  let value: Value | undefined = root;
  for (const key of path) value = isValueMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

function interruptions(change: PlannedChange, stateful: ReadonlySet<string>): Risk[] {
  const replaced = change.effect === "replaced" || change.effect === "may-be-replaced";
  if (!replaced || stateful.has(change.type) || !data.interrupting.includes(change.type)) return [];
  const text = `${named(change)} ${change.effect === "replaced" ? "is" : "may be"} replaced: until the new one works, nothing comes through`;
  return [{ ...at(change), kind: "interruption", text }];
}
