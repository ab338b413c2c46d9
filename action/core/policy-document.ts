/**
 * What a policy allows more than the one before it. A document is a set of statements, and a statement a set of
 * (principal, action, resource, condition), so order, spelling and grouping say nothing; what is not covered by the
 * former set is new. Source: IAM's "JSON policy element reference".
 */
import { type Value, type ValueMap, canonicalJson, isValueList, isValueMap, textOf } from "./value.ts";

export type Broadening = {
  /** The statement that says it: one of those given. */
  readonly statement: ValueMap;
} & (
  | { readonly kind: "action" | "resource" | "principal" | "condition"; readonly right: Right }
  /** Something that was forbidden is not any more. */
  | { readonly kind: "deny"; readonly right: Right }
  /** `NotAction` and the like: a new one may allow anything, a former Deny of that sort has gone or changed. */
  | { readonly kind: "unreadable" }
);

/** One thing that a statement says. All parts may hold the wildcards `*` and `?`. */
export interface Right {
  /** Empty in the policy of a role. `AWS arn:…`, `Service events.amazonaws.com`, `*`. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Canonical JSON; empty for none. */
  readonly condition: string;
}

interface Said {
  readonly right: Right;
  readonly statement: ValueMap;
}

interface Rights {
  readonly allowed: readonly Said[];
  readonly denied: readonly Said[];
  readonly opaqueAllows: readonly ValueMap[];
  readonly opaqueDenies: readonly ValueMap[];
}

const OPAQUE = ["NotAction", "NotResource", "NotPrincipal"];

/** A property that is a policy document, whatever it is called. */
export function isPolicyDocument(value: Value | undefined): value is ValueMap {
  return isValueMap(value) && value["Statement"] !== undefined;
}

/** The policy documents that a property is or holds, however deep. */
export function documentsIn(value: Value | undefined): readonly Value[] {
  if (value === undefined) return [];
  if (isPolicyDocument(value)) return [value];
  if (isValueList(value)) return value.flatMap(documentsIn);
  return isValueMap(value) ? Object.values(value).flatMap(documentsIn) : [];
}

export function statementsOf(document: Value | undefined): readonly ValueMap[] {
  if (!isValueMap(document)) return [];
  return listOf(document["Statement"]).filter(isValueMap);
}

/** In the order of `after`, then what is lost of `before`. Empty: nobody may do more than before. */
export function broadenings(before: readonly ValueMap[], after: readonly ValueMap[]): readonly Broadening[] {
  const [old, now] = [rightsOf(before), rightsOf(after)];
  const canonical = (statements: readonly ValueMap[]): ReadonlySet<string> =>
    new Set(statements.map((statement) => canonicalJson(withoutSid(statement))));
  const lost = old.denied.filter((deny) => !now.denied.some((other) => covers(other.right, deny.right)));
  const [oldAllows, newDenies] = [canonical(old.opaqueAllows), canonical(now.opaqueDenies)];
  const unreadable = [
    ...now.opaqueAllows.filter((one) => !oldAllows.has(canonicalJson(withoutSid(one)))),
    ...old.opaqueDenies.filter((one) => !newDenies.has(canonicalJson(withoutSid(one)))),
  ];
  return [
    ...now.allowed.flatMap(({ right, statement }): Broadening[] => {
      const kind = newIn(
        right,
        old.allowed.map((one) => one.right),
      );
      return kind === undefined ? [] : [{ kind, right, statement }];
    }),
    ...lost.map((one): Broadening => ({ kind: "deny", ...one })),
    ...unreadable.map((statement): Broadening => ({ kind: "unreadable", statement })),
  ];
}

/** The first part of a right that no former one covers; undefined for what was allowed already. */
function newIn(
  right: Right,
  former: readonly Right[],
): Exclude<Broadening["kind"], "deny" | "unreadable"> | undefined {
  if (former.some((other) => covers(other, right))) return undefined;
  const sameAction = former.filter(({ action }) => matches(action.toLowerCase(), right.action.toLowerCase()));
  if (sameAction.length === 0) return "action";
  const samePrincipal = sameAction.filter(({ principal }) => principalMatches(principal, right.principal));
  if (samePrincipal.length === 0) return "principal";
  return samePrincipal.some(({ resource }) => matches(resource, right.resource)) ? "condition" : "resource";
}

function covers(wide: Right, narrow: Right): boolean {
  return (
    // IAM compares actions without regard to case.
    matches(wide.action.toLowerCase(), narrow.action.toLowerCase()) &&
    matches(wide.resource, narrow.resource) &&
    principalMatches(wide.principal, narrow.principal) &&
    (wide.condition === "" || wide.condition === narrow.condition)
  );
}

function principalMatches(wide: string, narrow: string): boolean {
  return wide === narrow || wide === "*";
}

/** `*` and `?` as IAM reads them. The narrow side may hold wildcards itself, which then stand for themselves. */
function matches(pattern: string, text: string): boolean {
  if (pattern === text || pattern === "*") return true;
  if (!/[*?]/.test(pattern)) return false;
  // Two pointers and one fallback: linear enough, where a regular expression of many stars can hang.
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    const sign = pattern[p];
    if (sign === "*") [star, mark, p] = [p, t, p + 1];
    // A wildcard of the narrow side is wider than any single character.
    else if (sign === text[t] || (sign === "?" && text[t] !== "*")) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, mark, t] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}

function rightsOf(statements: readonly ValueMap[]): Rights {
  const isOpaque = (statement: ValueMap): boolean => OPAQUE.some((key) => statement[key] !== undefined);
  const allows = statements.filter(({ Effect }) => Effect !== "Deny");
  const denies = statements.filter(({ Effect }) => Effect === "Deny");
  return {
    allowed: allows.filter((one) => !isOpaque(one)).flatMap(expand),
    denied: denies.filter((one) => !isOpaque(one)).flatMap(expand),
    opaqueAllows: allows.filter(isOpaque),
    opaqueDenies: denies.filter(isOpaque),
  };
}

function expand(statement: ValueMap): Said[] {
  const condition = statement["Condition"];
  const text = condition === undefined ? "" : canonicalJson(condition);
  // A trust policy has no resource: the role itself is meant.
  const resources = statement["Resource"] === undefined ? ["*"] : texts(statement["Resource"]);
  return principalsOf(statement["Principal"]).flatMap((principal) =>
    texts(statement["Action"]).flatMap((action) =>
      resources.map((resource): Said => ({
        statement,
        right: { principal, action, resource, condition: text },
      })),
    ),
  );
}

function principalsOf(principal: Value | undefined): readonly string[] {
  if (principal === undefined) return [""];
  if (!isValueMap(principal)) return texts(principal);
  return Object.entries(principal).flatMap(([type, ids]) =>
    // `{AWS: "*"}` is everybody, as `"*"` is.
    texts(ids).map((id) => (type === "AWS" && id === "*" ? "*" : `${type} ${id}`)),
  );
}

function texts(value: Value | undefined): readonly string[] {
  return listOf(value).map((one) => (typeof one === "string" ? one : textOf(one)));
}

function listOf(value: Value | undefined): readonly Value[] {
  if (value === undefined) return [];
  return isValueList(value) ? value : [value];
}

function withoutSid({ Sid: _Sid, ...rest }: ValueMap): ValueMap {
  return rest;
}
