/**
 * What may hurt in a plan: data that could be lost, what gets exposed, rights that grow, interruptions, cost. Which
 * resource types and properties those are stands in templates/risks.json; policies are compared right by right.
 */
import data from "../../templates/risks.json" with { type: "json" };
import { kebabCase } from "./names.ts";
import type { PlannedChange } from "./planned-change.ts";
import { type Broadening, broadenings, documentsIn, statementsOf } from "./policy-document.ts";
import type { Place } from "./problem.ts";
import { type Value, type ValueMap, isValueMap, textOf } from "./value.ts";

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
  /** Properties joined by dots; `*` is any one. */
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
  const before: Value = change.effect === "added" ? {} : (change.before ?? {});
  const after: Value = change.after ?? {};
  return RULES.filter(({ type }) => type === change.type).flatMap((rule): Risk[] => {
    const hit =
      rule.path === undefined
        ? change.effect === "added"
        : pathsOf(rule.path, before, after).some((path) =>
            applies(rule, valueAt(before, path), valueAt(after, path)),
          );
    return hit
      ? [{ ...at(change), kind: rule.risk as RiskKind, text: `${named(change)}: ${rule.text}` }]
      : [];
  });
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

/** Policies of one role are one: a right that moves from one of them to another is not new. */
function rightsRisks(changes: readonly PlannedChange[]): Risk[] {
  const groups = Map.groupBy(
    changes.flatMap((change) => policiesOf(change)),
    ({ holder }) => holder,
  );
  return [...groups.values()].flatMap((policies) => {
    const before = policies.flatMap((policy) => policy.before);
    const after = policies.flatMap((policy) => policy.after);
    return broadenings(before, after)
      .filter(isKnown)
      .map((one): Risk => {
        const of = policies.find((policy) => [...policy.before, ...policy.after].includes(one.statement));
        if (!of) throw new Error("a statement is of one of the policies that were compared");
        const open =
          "right" in one && one.kind !== "deny" && one.right.principal === "*" && one.right.condition === "";
        return { ...at(of.change), kind: open ? "exposure" : "rights", text: broadeningText(of.change, one) };
      });
  });
}

/** The ARN of what the operation makes: of a right that only follows its resource nothing can be said. */
function isKnown(one: Broadening): boolean {
  return one.kind !== "resource" || !one.right.resource.includes(UNKNOWN);
}

const UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}";

interface Policy {
  readonly change: PlannedChange;
  /** What the policies belong to that are compared as one. */
  readonly holder: string;
  readonly before: readonly ValueMap[];
  readonly after: readonly ValueMap[];
}

function policiesOf(change: PlannedChange): Policy[] {
  const { before = {}, after = {}, effect } = change;
  const old = effect === "added" ? {} : before;
  const now = effect === "removed" ? {} : after;
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const role = textOf(now["RoleName"] ?? old["RoleName"]);
  return keys.flatMap((key): Policy[] => {
    const [left, right] = [documentsIn(old[key]), documentsIn(now[key])];
    if (left.length + right.length === 0) return [];
    const holder = role === "" ? `${change.logicalId} ${key}` : `role ${role}`;
    return [{ change, holder, before: left.flatMap(statementsOf), after: right.flatMap(statementsOf) }];
  });
}

function broadeningText(change: PlannedChange, one: Broadening): string {
  const who = named(change);
  if (one.kind === "unreadable") {
    return `${who}: a statement with NotAction, NotResource or NotPrincipal has changed: look at what it allows`;
  }
  const { principal, action, resource, condition } = one.right;
  const to = resource === "*" ? "everything" : resource.replaceAll(UNKNOWN, "what is made then");
  const by = principal === "" ? "" : ` by ${principal === "*" ? "everybody" : principal}`;
  switch (one.kind) {
    case "action":
      return `${who}: ${action} on ${to}${by} is newly allowed`;
    case "resource":
      return `${who}: ${action} is now allowed on ${to}${by}`;
    case "principal":
      return `${who}: ${action} on ${to} is now allowed${by}`;
    case "condition":
      return `${who}: ${action} on ${to}${by} is now allowed ${condition === "" ? "without" : "under another"} condition`;
    case "deny":
      return `${who}: ${action} on ${to}${by} is not forbidden any more`;
  }
}

function interruptions(change: PlannedChange, stateful: ReadonlySet<string>): Risk[] {
  const replaced = change.effect === "replaced" || change.effect === "may-be-replaced";
  if (!replaced || stateful.has(change.type) || !data.interrupting.includes(change.type)) return [];
  const text = `${named(change)} ${change.effect === "replaced" ? "is" : "may be"} replaced: until the new one works, nothing comes through`;
  return [{ ...at(change), kind: "interruption", text }];
}

function at(change: PlannedChange): Pick<Risk, "logicalId" | "component" | "place"> {
  const { logicalId, origin } = change;
  return { logicalId, component: componentOf(change), ...(origin && { place: origin.place }) };
}

function named(change: PlannedChange): string {
  const { origin, type } = change;
  return origin ? `${origin.label} of \`${origin.component}\`` : `${type} of \`${componentOf(change)}\``;
}

/** Logical ids are one to one with names, so a component that pipeline.yaml no longer has still has its name. */
function componentOf({ logicalId, origin }: PlannedChange): string {
  if (origin) return origin.component;
  const own = logicalId.replace(/[A-Z][a-z0-9]*$/, "");
  return own === "" ? logicalId : kebabCase(own);
}

function resourceOf({ logicalId }: PlannedChange): string {
  return /[A-Z][a-z0-9]*$/.exec(logicalId)?.[0] ?? logicalId;
}
