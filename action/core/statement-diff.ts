/**
 * Two lists of policy statements, compared as the sets that they are. A line diff of their JSON can hide a statement
 * that has gone behind one that is like it; here every statement is in exactly one place, and so is every action.
 */
import { type Value, type ValueMap, canonicalJson, isValueList, isValueMap, textOf } from "./value.ts";

export interface StatementDiff {
  readonly removed: readonly ValueMap[];
  readonly added: readonly ValueMap[];
  /** The same effect and all else but one part. */
  readonly changed: readonly StatementChange[];
  /** Equal but for their `Sid`. */
  readonly renamed: readonly { readonly before: ValueMap; readonly after: ValueMap }[];
}

export interface StatementChange {
  readonly before: ValueMap;
  readonly after: ValueMap;
  /** `Action`, `Resource`, `Principal`, `Condition`, `NotAction`, ... */
  readonly part: string;
  /** Of the part, as texts; those of a condition are its operators with their keys and values. */
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** Forbidden things first: what is not forbidden any more is what a reviewer must not miss. */
export function diffStatements(before: readonly Value[], after: readonly Value[]): StatementDiff {
  let left = before.filter(isValueMap);
  let right = after.filter(isValueMap);
  [left, right] = withoutPairs(left, right, (one) => canonicalStatement(one));
  const renamed: { before: ValueMap; after: ValueMap }[] = [];
  [left, right] = withoutPairs(left, right, bare, (one, other) =>
    renamed.push({ before: one, after: other }),
  );

  const changed: StatementChange[] = [];
  // One part of it at a time, the commonest first; never across effects, so that no Deny turns into an Allow unseen.
  for (const part of PARTS) {
    const key = (one: ValueMap): string => bare({ ...one, [part]: one[part] === undefined ? null : "*" });
    [left, right] = withoutPairs(left, right, key, (one, other) => {
      const [old, now] = [partTexts(one[part]), partTexts(other[part])];
      const removed = old.filter((text) => !now.includes(text));
      const added = now.filter((text) => !old.includes(text));
      changed.push({ before: one, after: other, part, removed, added });
    });
  }
  return { removed: left.toSorted(denyFirst), added: right.toSorted(denyFirst), changed, renamed };
}

const PARTS = ["Action", "Resource", "Principal", "Condition", "NotAction", "NotResource", "NotPrincipal"];

function denyFirst(a: ValueMap, b: ValueMap): number {
  return Number(b["Effect"] === "Deny") - Number(a["Effect"] === "Deny");
}

/** Takes away each of `left` with one of `right` that has the same key, and no more than one. */
function withoutPairs(
  left: readonly ValueMap[],
  right: readonly ValueMap[],
  keyOf: (statement: ValueMap) => string,
  onPair: (left: ValueMap, right: ValueMap) => void = () => undefined,
): [ValueMap[], ValueMap[]] {
  const rest = [...right];
  const alone = left.filter((one) => {
    const at = rest.findIndex((other) => keyOf(other) === keyOf(one));
    const [found] = at < 0 ? [] : rest.splice(at, 1);
    if (found) onPair(one, found);
    return !found;
  });
  return [alone, rest];
}

/** JSON that is equal for statements that say the same: lists in any order, one text or a list of one. */
export function canonicalStatement(statement: ValueMap): string {
  return canonicalJson(normal(statement));
}

function bare({ Sid: _Sid, ...rest }: ValueMap): string {
  return canonicalStatement(rest);
}

function normal(value: Value): Value {
  if (isValueMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item)]));
  }
  const list = isValueList(value) ? value : [value];
  return [...new Set(list.map((item) => (isValueMap(item) ? canonicalJson(item) : textOf(item))))].toSorted();
}

function partTexts(value: Value | undefined): readonly string[] {
  if (value === undefined) return [];
  if (isValueList(value)) return [...new Set(value.flatMap(partTexts))];
  if (!isValueMap(value)) return [textOf(value)];
  return Object.entries(value).flatMap(([key, item]) =>
    partTexts(item).map((text) => (isValueMap(item) ? `${key} ${text}` : `${key}: ${text}`)),
  );
}

/** `Allow sqs:SendMessage, sqs:GetQueueUrl on arn:... to Service lambda.amazonaws.com if ...`. Raw: see redact.ts. */
export function statementText(statement: ValueMap): string {
  const { Effect, Sid } = statement;
  const list = (key: string): string => partTexts(statement[key]).join(", ");
  const words = [
    textOf(Effect),
    ...(statement["Action"] === undefined ? [] : [list("Action")]),
    ...(statement["NotAction"] === undefined ? [] : [`everything but ${list("NotAction")}`]),
    ...(statement["Resource"] === undefined ? [] : [`on ${list("Resource")}`]),
    ...(statement["NotResource"] === undefined ? [] : [`on everything but ${list("NotResource")}`]),
    ...(statement["Principal"] === undefined ? [] : [`to ${list("Principal")}`]),
    ...(statement["NotPrincipal"] === undefined ? [] : [`to everybody but ${list("NotPrincipal")}`]),
    ...(statement["Condition"] === undefined ? [] : [`if ${list("Condition")}`]),
    ...(Sid === undefined ? [] : [`(${textOf(Sid)})`]),
  ];
  return words.join(" ");
}
