/** Two values of a property -> what is different, each at the smallest path that a reader can make sense of. */
import type { PropertyChange } from "./planned-change.ts";
import { isPolicyDocument } from "./policy-document.ts";
import {
  type Value,
  type ValueMap,
  canonicalJson,
  isValueList,
  isValueMap,
  ownValue,
  textOf,
} from "./value.ts";

/** In the order of their paths. Scalars are compared as texts, as CloudFormation does: `30` is `"30"`. */
export function differences(before: ValueMap, after: ValueMap): readonly PropertyChange[] {
  return compareMaps(before, after, []).toSorted((a, b) => comparePath(a.path, b.path));
}

/** Numbers by size, so that `Layers.10` comes after `Layers.9`. */
export function comparePath(a: string, b: string): number {
  const [left, right] = [a.split("."), b.split(".")];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one, other] = [left[index] ?? "", right[index] ?? ""];
    if (one === other) continue;
    const numbers = /^\d+$/.test(one) && /^\d+$/.test(other);
    return (numbers ? Number(one) < Number(other) : one < other) ? -1 : 1;
  }
  return 0;
}

/** CloudFormation's word for a value that it cannot know yet, and the form of one that was too long for its answer. */
const UNKNOWN = /\{\{changeSet:[A-Z_]+\}\}/;
const CUT_OFF = /^\(Truncated-Signature\):/;

/** Is any part of the value unknown or cut off? */
export function isUncertain(value: Value): boolean {
  if (isValueList(value)) return value.some(isUncertain);
  if (isValueMap(value)) return Object.values(value).some(isUncertain);
  return typeof value === "string" && (UNKNOWN.test(value) || CUT_OFF.test(value));
}

export function isCutOff(value: Value | undefined): boolean {
  return typeof value === "string" && CUT_OFF.test(value);
}

export function holdsCutOff(value: Value | undefined): boolean {
  if (isValueList(value)) return value.some(holdsCutOff);
  if (isValueMap(value)) return Object.values(value).some(holdsCutOff);
  return isCutOff(value);
}

type Path = readonly string[];

function compare(before: Value | undefined, after: Value | undefined, path: Path): PropertyChange[] {
  if (before === undefined || after === undefined) {
    return before === after ? [] : [changeOf(before, after, path)];
  }
  if (isPolicyDocument(before) && isPolicyDocument(after)) {
    return compareMaps(withStatements(before), withStatements(after), path);
  }
  if (isValueMap(before) && isValueMap(after)) return compareMaps(before, after, path);
  if (isValueList(before) && isValueList(after)) return compareLists(before, after, path);
  return equal(before, after) ? [] : [changeOf(before, after, path)];
}

function changeOf(before: Value | undefined, after: Value | undefined, path: Path): PropertyChange {
  return {
    path: path.join("."),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    uncertain: [before, after].some((value) => value !== undefined && isUncertain(value)),
    recreation: "never",
  };
}

function compareMaps(before: ValueMap, after: ValueMap, path: Path): PropertyChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => compare(ownValue(before, key), ownValue(after, key), [...path, key]));
}

/** IAM takes one statement without a list around it; as a list they can be compared as a set. */
function withStatements(document: ValueMap): ValueMap {
  const { Statement } = document;
  return { ...document, Statement: isValueList(Statement) ? Statement : [Statement ?? []].flat() };
}

/** What names a part of a list, in this order; CloudFormation's types have one of them wherever parts have names. */
const NAMES = ["Key", "Name", "Id", "PolicyName", "AttributeName", "IndexName", "RuleName"] as const;

function compareLists(before: readonly Value[], after: readonly Value[], path: Path): PropertyChange[] {
  if (equal(before, after)) return [];
  const whole = [changeOf(before, after, path)];
  // Statements have no order, and their ids are no names: anyone may change one and keep the other.
  if (path.at(-1) === "Statement") return sameSet(before, after) ? [] : whole;
  const name = NAMES.find((key) => isNamedBy(before, key) && isNamedBy(after, key));
  if (name !== undefined) {
    // A tag's key tells more where it stands, in the path.
    const renamed = name === "Key" ? undefined : renamedInPlace(before, after, name, path);
    if (renamed) return renamed;
    const order = (list: readonly Value[]): readonly string[] => list.map((item) => nameIn(item, name));
    const [left, right] = [byName(before, name), byName(after, name)];
    const inner = compareMaps(left, right, path);
    // Parts that have only changed places: an order that is shown, since it may mean something.
    return inner.length > 0 || equal([...order(before)], [...order(after)]) ? inner : whole;
  }
  const parts = [...before, ...after].every((item) => isValueMap(item) || isValueList(item));
  if (!parts || before.length !== after.length) return whole;
  return before.flatMap((item, index) => compare(item, after[index], [...path, String(index)]));
}

/** Parts of which nothing but the name is another one: a key schema's attribute. Undefined if anything else differs. */
function renamedInPlace(
  before: readonly Value[],
  after: readonly Value[],
  name: string,
  path: Path,
): PropertyChange[] | undefined {
  if (before.length !== after.length) return undefined;
  const changes = before.flatMap((item, index) => compare(item, after[index], [...path, String(index)]));
  const known = new Set([...before, ...after].map((item) => nameIn(item, name)));
  const isRename = known.size > before.length && changes.every((one) => one.path.endsWith(`.${name}`));
  return isRename ? changes : undefined;
}

function isNamedBy(list: readonly Value[], key: string): boolean {
  const names = list.map((item) => nameIn(item, key));
  return names.every((name) => name !== "") && new Set(names).size === names.length;
}

function nameIn(item: Value, key: string): string {
  const name = isValueMap(item) ? item[key] : undefined;
  return typeof name === "string" && !isUncertain(name) ? name : "";
}

function byName(list: readonly Value[], key: string): ValueMap {
  return Object.fromEntries(list.map((item) => [nameIn(item, key), item]));
}

function equal(before: Value, after: Value): boolean {
  return canonicalJson(asTexts(before)) === canonicalJson(asTexts(after));
}

function sameSet(before: readonly Value[], after: readonly Value[]): boolean {
  const set = (list: readonly Value[]): string =>
    list
      .map((one) => canonicalJson(asTexts(one)))
      .toSorted()
      .join("\n");
  return set(before) === set(after);
}

function asTexts(value: Value): Value {
  if (isValueList(value)) return value.map(asTexts);
  if (!isValueMap(value)) return value === null ? null : textOf(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asTexts(item)]));
}
