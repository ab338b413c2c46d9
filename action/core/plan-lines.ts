/** A plan in lines, for the log and the terminal; from what is safe to be shown. */
import type { PlanRisk } from "./plan-risk.ts";
import { EFFECTS, type PropertyWords, type ResourceWords } from "./plan-words.ts";
import { formatProblem } from "./problem.ts";
import type { RiskKind } from "./risk.ts";

export interface Counts {
  /** Imports too. */
  readonly added: number;
  readonly changed: number;
  /** What may be replaced too. */
  readonly replaced: number;
  readonly removed: number;
}

export function countsOf(changes: readonly Pick<ResourceWords, "effect">[]): Counts {
  const count = (...effects: readonly string[]): number =>
    changes.filter(({ effect }) => effects.includes(effect)).length;
  return {
    added: count("added", "imported"),
    changed: count("changed"),
    replaced: count("replaced", "may-be-replaced"),
    removed: count("removed"),
  };
}

/** `1 replaced, 2 added`, the worst first; empty for none. */
export function tally(changes: readonly Pick<ResourceWords, "effect">[]): string {
  return EFFECTS.map((effect) => ({ effect, count: changes.filter((one) => one.effect === effect).length }))
    .filter(({ count }) => count > 0)
    .map(({ effect, count }) => `${count} ${effect.replaceAll("-", " ")}`)
    .join(", ");
}

/** Of a deploy that is over. */
export function changedText({
  changes,
}: {
  readonly changes: readonly Pick<ResourceWords, "effect">[];
}): string {
  return tally(changes) || "nothing had to be changed";
}

/** `queue producer`, `dead-letter-queue of producer`, `mapping of producer -> worker`, with the names as `quote` has them. */
export function resourceTitle(
  { main, label, component }: Pick<ResourceWords, "main" | "label" | "component">,
  quote: (name: string) => string,
): string {
  if (label === "") return quote(component);
  return main ? `${label} ${quote(component)}` : `${label} of ${quote(component)}`;
}

const VERBS: Readonly<Record<ResourceWords["effect"], string>> = {
  replaced: "REPLACE",
  "may-be-replaced": "REPLACE?",
  removed: "REMOVE",
  changed: "change",
  imported: "import",
  added: "add",
};

/** The resource in one line and each property in one or more below it. */
export function planLines(words: readonly ResourceWords[]): readonly string[] {
  const title = (resource: ResourceWords): string => resourceTitle(resource, (name) => name);
  const width = Math.min(60, Math.max(20, ...words.map((resource) => title(resource).length)));
  return words.flatMap((resource) => {
    const { effect, logicalId, type, policyAction } = resource;
    const fate = policyAction === "" ? "" : `  (${policyAction})`;
    const line = `${VERBS[effect].padEnd(8)}  ${title(resource).padEnd(width)}  ${logicalId} ${type}${fate}`;
    return [
      line,
      ...shownProperties(resource).flatMap((property) => propertyLines(property).map((one) => `    ${one}`)),
    ];
  });
}

/** An option that stands in several places of a resource is told once. */
export function shownProperties({ properties }: Pick<ResourceWords, "properties">): readonly PropertyWords[] {
  const key = ({ name, path, before, after }: PropertyWords): string =>
    name === path ? path : JSON.stringify([name, before, after]);
  // Of equal keys a map keeps the last one, and the first is the gravest.
  const distinct = new Map(properties.toReversed().map((property) => [key(property), property]));
  return [...distinct.values()].toReversed();
}

/** `visibility-timeout: 180 -> 360`; diffs and statements follow in lines of their own. */
export function propertyLines(property: PropertyWords): readonly string[] {
  const { name, before, after, lines, diff } = property;
  const unknown = before === undefined && after === undefined;
  const told = lines || diff !== undefined ? "" : unknown ? "changes" : `${value(before)} -> ${value(after)}`;
  const head = `${name}: ${[told, ...remarks(property)].filter((part) => part !== "").join(" ")}`.trimEnd();
  return [head, ...(lines ?? diff?.split("\n") ?? []).map((line) => `  ${line}`)];
}

function value(text: string | undefined): string {
  return text === undefined ? "(not set)" : text === "" ? "(empty)" : brief(text);
}

const RISK_WORDS: Readonly<Record<RiskKind, string>> = {
  data: "data at risk",
  exposure: "exposed",
  rights: "more rights",
  interruption: "interruption",
  cost: "cost",
};

/** `data at risk: table of fang is replaced …`, and what waivers come to; what stops is told as an error. */
export function riskLines({ risks, notes }: PlanRisk): readonly string[] {
  return [...risks.map(({ kind, text }) => `${RISK_WORDS[kind]}: ${text}`), ...notes.map(formatProblem)];
}

export function riskWord(kind: RiskKind): string {
  return RISK_WORDS[kind];
}

/** What a reader has to know beside the values; each in brackets. */
export function remarks({ recreation, uncertain, because, before, after }: PropertyWords): readonly string[] {
  const recreated = { never: "", conditionally: "(may replace it)", always: "(replaces it)" }[recreation];
  const follows = because === undefined ? "" : `(follows ${because})`;
  const equal = uncertain && before !== undefined && before === after ? "(may change)" : "";
  return [recreated, follows, equal].filter((remark) => remark !== "");
}

/** The tags of the stack reach every resource with every commit. Empty for none. */
export function untouchedText(count: number): string {
  if (count === 0) return "";
  return `${count} more ${count === 1 ? "resource stays as it is, but for its" : "resources stay as they are, but for their"} tags`;
}

/** The hash in a content-addressed key, short enough to be compared by eye. */
export function brief(text: string): string {
  return text.replaceAll(/(?<![0-9a-f])([0-9a-f]{12})[0-9a-f]{52}(?![0-9a-f])/g, "$1…");
}
