/**
 * A change set as a plan. CloudFormation lists a property once for each reason, repeats what it only looks at again,
 * and cuts long values off, so the two whole resources are compared, and the details say the rest.
 */
import type { Change, ChangeDetail } from "../aws-ports.ts";
import { isReplacing, isSteady, movingResources } from "./moving.ts";
import type { PlannedChange, PropertyChange } from "./planned-change.ts";
import { comparePath, differences, isUncertain } from "./property-diff.ts";
import type { Origin } from "./rendered.ts";
import { type Value, type ValueMap, isValueList, isValueMap, ownValue, parsedJson, textOf } from "./value.ts";

export interface Planned {
  /** By logical id. */
  readonly changes: readonly PlannedChange[];
  /** How many more resources only get the new tags of the stack, or are looked at again and stay as they are. */
  readonly untouched: number;
}

export function planned(changes: readonly Change[], origins: Readonly<Record<string, Origin>>): Planned {
  const moving = movingResources(changes);
  const all = changes.map((change) => plannedChange(change, origins[change.logicalId], moving));
  const real = all.filter((change) => change !== undefined);
  return {
    changes: real.toSorted((a, b) => (a.logicalId < b.logicalId ? -1 : 1)),
    untouched: all.length - real.length,
  };
}

const RECREATIONS = {
  Never: "never",
  Conditionally: "conditionally",
  Always: "always",
  "": "never",
} as const;
const RANK = { never: 0, conditionally: 1, always: 2 } as const;

/** Undefined for a resource that stays as it is. */
function plannedChange(
  change: Change,
  origin: Origin | undefined,
  moving: ReadonlySet<string>,
): PlannedChange | undefined {
  const { logicalId, physicalId, type, policyAction } = change;
  const details = change.details.filter((detail) => !isSteady(detail, change.details, moving));
  const [before, after] = contexts(change, moving);
  const properties = isModification(change) ? propertiesOf(details, before, after) : [];
  const effect = effectOf(change, details);
  if (effect === "changed" && properties.length === 0) return undefined;
  return {
    logicalId,
    physicalId,
    type,
    effect,
    origin,
    properties,
    ...(before && { before: propertiesIn(before) }),
    ...(after && { after: propertiesIn(after) }),
    policyAction: effect === "changed" ? "" : policyAction,
  };
}

function isModification({ action }: Change): boolean {
  return action !== "Add" && action !== "Remove";
}

function effectOf(change: Change, details: readonly ChangeDetail[]): PlannedChange["effect"] {
  switch (change.action) {
    case "Add":
      return "added";
    case "Remove":
      return "removed";
    case "Import":
      return "imported";
    case "Modify":
    case "SyncWithActual": {
      // CloudFormation counts references that will turn out to be equal. Where it gives no reasons it is believed.
      const believed = details.some(isReplacing) || !change.details.some(isReplacing);
      if (!believed) return "changed";
      if (change.replacement === "True") return "replaced";
      return change.replacement === "Conditional" ? "may-be-replaced" : "changed";
    }
    case "Dynamic":
    default:
      // What becomes of it shows only when it is executed, or is a word newer than Warren: the worst is said.
      return "may-be-replaced";
  }
}

/** Both whole resources. Where a reference stays as it is, its value is known: the one it has. */
function contexts(change: Change, moving: ReadonlySet<string>): [ValueMap | undefined, ValueMap | undefined] {
  const before = parsed(change.before);
  const after = parsed(change.after);
  if (!before || !after) return [before, after];
  const steady = change.details.filter((detail) => isSteady(detail, change.details, moving));
  const filled = steady.reduce<Value>(
    (value, { path }) => (path === "" ? value : fill(value, before, pointer(path))),
    after,
  );
  return [before, isValueMap(filled) ? filled : after];
}

/** Unknown leaves of `value` at and below the path take the value that `known` has there. */
function fill(value: Value, known: Value | undefined, path: readonly string[]): Value {
  if (known === undefined) return value;
  const [key, ...rest] = path;
  if (key === undefined) {
    if (isValueList(value) && isValueList(known) && value.length === known.length) {
      return value.map((item, index) => fill(item, known[index], []));
    }
    if (isValueMap(value) && isValueMap(known)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, fill(item, ownValue(known, name), [])]),
      );
    }
    return isUncertain(value) && !isUncertain(known) ? known : value;
  }
  if (isValueList(value) && isValueList(known)) {
    return value.map((item, index) => (String(index) === key ? fill(item, known[index], rest) : item));
  }
  if (!isValueMap(value) || !isValueMap(known)) return value;
  const item = ownValue(value, key);
  return item === undefined ? value : { ...value, [key]: fill(item, ownValue(known, key), rest) };
}

/** Undefined where CloudFormation told nothing, or where the text was cut off. */
function parsed(text: string | undefined): ValueMap | undefined {
  const value = text === undefined ? undefined : parsedJson(text);
  return isValueMap(value) ? value : undefined;
}

function propertiesIn(context: ValueMap): ValueMap {
  const { Properties } = context;
  return isValueMap(Properties) ? withoutStackTags(Properties) : {};
}

/** A tag of ours or of AWS; all others are the pipeline's own. */
const STACK_TAG = /^(?:warren:|aws:)/;

function withoutStackTags(properties: ValueMap): ValueMap {
  const { Tags, ...rest } = properties;
  if (isValueList(Tags)) {
    const own = Tags.filter((tag) => !isValueMap(tag) || !STACK_TAG.test(textOf(tag["Key"])));
    return own.length === 0 ? rest : { ...rest, Tags: own };
  }
  if (!isValueMap(Tags)) return Tags === undefined ? rest : properties;
  const own = Object.entries(Tags).filter(([key]) => !STACK_TAG.test(key));
  return own.length === 0 ? rest : { ...rest, Tags: Object.fromEntries(own) };
}

function propertiesOf(
  details: readonly ChangeDetail[],
  before: ValueMap | undefined,
  after: ValueMap | undefined,
): readonly PropertyChange[] {
  const compared = before && after ? comparedResources(before, after) : [];
  const told = details.filter(
    (detail) => isTold(detail) && !compared.some(({ path }) => isPart(detail, path)),
  );
  const changes = [
    ...compared.map((one) =>
      withDetails(
        one,
        details.filter((detail) => isPart(detail, one.path)),
      ),
    ),
    ...toldChanges(told, before, after),
  ];
  return changes.toSorted((a, b) => comparePath(a.path, b.path));
}

function comparedResources(before: ValueMap, after: ValueMap): readonly PropertyChange[] {
  // Metadata is for tools: it changes nothing that runs.
  const { Properties: _before, Metadata: _old, ...attributesBefore } = before;
  const { Properties: _after, Metadata: _new, ...attributesAfter } = after;
  return [
    ...differences(propertiesIn(before), propertiesIn(after)),
    ...differences(attributesBefore, attributesAfter),
  ];
}

/** With values, CloudFormation says of a tag which one it is; without, it can only be the stack's. */
function isTold({ attribute, path, before, after }: ChangeDetail): boolean {
  if (attribute === "Metadata") return false;
  if (attribute !== "Tags") return true;
  return (
    [before, after].some((text) => {
      const tag = text === undefined ? undefined : parsedJson(text);
      const tags = isValueList(tag) ? tag : [tag];
      return tags.some((one) => isValueMap(one) && "Key" in one && !STACK_TAG.test(textOf(one["Key"])));
    }) && path !== ""
  );
}

/** Both are of one property: a detail may name the whole of what was compared in parts, and the other way round. */
function isPart(detail: ChangeDetail, path: string): boolean {
  const words = pathOf(detail).split(".");
  const [first] = path.split(".");
  // Parts of lists have other names here, so what is below the first list is compared no further.
  const place = words.findIndex((word) => /^\d+$/.test(word));
  const told = (place < 0 ? words : words.slice(0, place)).join(".");
  return words[0] === first && (`${path}.`.startsWith(`${told}.`) || `${told}.`.startsWith(`${path}.`));
}

function pathOf({ path, name, attribute }: ChangeDetail): string {
  const words = pointer(path);
  if (words[0] === "Properties" && words.length > 1) return words.slice(1).join(".");
  return name || attribute;
}

/** RFC 6901. */
function pointer(path: string): string[] {
  return path
    .split("/")
    .slice(1)
    .map((word) => word.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function withDetails(change: PropertyChange, details: readonly ChangeDetail[]): PropertyChange {
  const because = details.find(({ cause }) => cause !== "")?.cause;
  return { ...change, recreation: worst(details), ...(because !== undefined && { because }) };
}

/** The worst for a word that is newer than Warren. */
function recreationOf(word: ChangeDetail["recreation"]): PropertyChange["recreation"] {
  return Object.hasOwn(RECREATIONS, word) ? RECREATIONS[word] : "always";
}

function worst(details: readonly ChangeDetail[]): PropertyChange["recreation"] {
  const all = details.map(({ recreation, evaluation }) =>
    // What depends on another resource may come out equal.
    recreation === "Always" && evaluation === "Dynamic" ? "conditionally" : recreationOf(recreation),
  );
  return all.toSorted((a, b) => RANK[b] - RANK[a])[0] ?? "never";
}

/** What only the details say: no whole resources were told, or they look equal and yet CloudFormation is not sure. */
function toldChanges(
  details: readonly ChangeDetail[],
  before: ValueMap | undefined,
  after: ValueMap | undefined,
): readonly PropertyChange[] {
  return [...Map.groupBy(details, pathOf)].map(([path, same]): PropertyChange => {
    const old = same.find((detail) => detail.before !== undefined)?.before;
    const now = same.find((detail) => detail.after !== undefined)?.after;
    const values = {
      ...(old !== undefined && old !== "null" && { before: toldValue(old) }),
      ...(now !== undefined && now !== "null" && { after: toldValue(now) }),
    };
    const equal = before !== undefined && after !== undefined;
    const uncertain = equal || (old === undefined && now === undefined) || isUncertain(Object.values(values));
    return withDetails({ path, ...values, uncertain, recreation: "never" }, same);
  });
}

/** Scalars are told without quotes, and `1.10` is a version as often as a number: they stay texts. */
function toldValue(text: string): Value {
  const value = parsedJson(text);
  return isValueMap(value) || isValueList(value) ? value : text;
}
