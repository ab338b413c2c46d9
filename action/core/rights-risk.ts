/** Rights that grow: the policies of a plan, compared right by right, and told when they cannot be compared. */
import data from "../../templates/risks.json" with { type: "json" };
import type { PlannedChange } from "./planned-change.ts";
import {
  type Broadening,
  broadenings,
  documentsIn,
  isPolicyDocument,
  statementsOf,
} from "./policy-document.ts";
import { holdsCutOff } from "./property-diff.ts";
import type { Risk } from "./risk.ts";
import { UNKNOWN, at, knownText, named, valuesOf } from "./risk-subject.ts";
import { type ValueMap, canonicalJson, textOf } from "./value.ts";

const LOOK_AT_TEMPLATE = "look at the template";
const LOOK_AT_STATEMENT = "look at what it allows";
const OTHER_CONDITION = "under another condition";

/** Does the text leave open what exactly is allowed? Then equal texts may be of two risks. */
export function isOpenEnded(text: string): boolean {
  return [LOOK_AT_TEMPLATE, LOOK_AT_STATEMENT, OTHER_CONDITION].some((end) => text.endsWith(end));
}

export function rightsRisks(changes: readonly PlannedChange[]): Risk[] {
  return [...comparedRisks(changes), ...changes.flatMap(unseenRisks)];
}

const POLICIES: ReadonlySet<string> = new Set(data.policies);

/** A policy that changes, and CloudFormation does not tell into what: the worst is possible. */
function unseenRisks(change: PlannedChange): Risk[] {
  const { before, after, properties, effect } = change;
  if (effect === "removed" || effect === "imported") return [];
  const known = before !== undefined && after !== undefined;
  const [old, now] = valuesOf(change);
  const cut = [...POLICIES].filter(
    (key) =>
      [old[key], now[key]].some(holdsCutOff) &&
      canonicalJson(old[key] ?? null) !== canonicalJson(now[key] ?? null),
  );
  const told = properties.flatMap(({ path, ...values }) => {
    const [first = ""] = path.split(".");
    const whole = [values.before, values.after].every((one) => one === undefined || isPolicyDocument(one));
    const tells = whole && (values.before !== undefined || values.after !== undefined);
    return !known && POLICIES.has(first) && !tells ? [first] : [];
  });
  return [...new Set([...cut, ...told])].map((key) => ({
    ...at(change),
    kind: "rights",
    text: `${named(change)}: ${key} changes, and CloudFormation does not show into what: ${LOOK_AT_TEMPLATE}`,
  }));
}

/** Policies of one role are one: a right that moves from one of them to another is not new. */
function comparedRisks(changes: readonly PlannedChange[]): Risk[] {
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

/** Of a right that only follows its resource nothing can be said. */
function isKnown(one: Broadening): boolean {
  return one.kind !== "resource" || !one.right.resource.includes(UNKNOWN);
}

interface Policy {
  readonly change: PlannedChange;
  /** What the policies belong to that are compared as one. */
  readonly holder: string;
  readonly before: readonly ValueMap[];
  readonly after: readonly ValueMap[];
}

function policiesOf(change: PlannedChange): Policy[] {
  const [old, now] = valuesOf(change);
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const role = textOf(now["RoleName"] ?? old["RoleName"]);
  return keys.flatMap((key): Policy[] => {
    const [left, right] = [documentsIn(old[key]), documentsIn(now[key])];
    if (left.length + right.length === 0) return [];
    // What was cut off is not gone.
    if ([old[key], now[key]].some(holdsCutOff) && left.length !== right.length) return [];
    const holder = role === "" ? `${change.logicalId} ${key}` : `role ${role}`;
    return [{ change, holder, before: left.flatMap(statementsOf), after: right.flatMap(statementsOf) }];
  });
}

function broadeningText(change: PlannedChange, one: Broadening): string {
  const who = named(change);
  if (one.kind === "unreadable") {
    return `${who}: a statement with NotAction, NotResource or NotPrincipal has changed: ${LOOK_AT_STATEMENT}`;
  }
  const { principal, action, resource, condition } = one.right;
  const to = resource === "*" ? "everything" : knownText(resource);
  // "Service cloudwatch.amazonaws.com" is a service to anybody.
  const whom = principal === "*" ? "everybody" : principal.replace(/^(?:AWS|Service) /, "");
  const by = principal === "" ? "" : ` to ${whom}`;
  switch (one.kind) {
    case "action":
      return `${who}: ${action} on ${to} is newly allowed${by}`;
    case "resource":
      return `${who}: ${action} is now allowed on ${to}${by}`;
    case "principal":
      return `${who}: ${action} on ${to} is now allowed${by}`;
    case "condition":
      return `${who}: ${action} on ${to} is now allowed${by} ${condition === "" ? "without condition" : OTHER_CONDITION}`;
    case "deny":
      return `${who}: ${action} on ${to} is not forbidden${by} any more`;
  }
}
