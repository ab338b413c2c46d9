/** A CloudFormation value in long form: scalars, lists, maps, and maps with one `Ref` or `Fn::…` key. */
export type Value = string | number | boolean | null | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}

export function isValueMap(value: unknown): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isScalarValue(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Undefined for a key that the map has only from JavaScript, like `constructor`. */
export function ownValue(map: ValueMap, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** A scalar as text, as CloudFormation sees it; anything else as JSON, for messages. Nothing is the empty text. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return isScalarValue(value) ? String(value) : JSON.stringify(value);
}

/** `Array.isArray` loses `readonly`; this keeps it. */
export function isValueList(value: unknown): value is readonly Value[] {
  return Array.isArray(value);
}

/** Undefined for a text that is no JSON. */
export function parsedJson(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * The intrinsic function that a map is, if it is one: a map with the single key `Ref`, `Condition` or `Fn::…`.
 * (`Condition` as a property with a string is one only inside Conditions and `Fn::If`; callers know where they are.)
 */
export function intrinsicOf(value: Value): { readonly name: string; readonly argument: Value } | undefined {
  if (!isValueMap(value)) return undefined;
  const keys = Object.keys(value);
  const name = keys[0];
  if (keys.length !== 1 || name === undefined) return undefined;
  if (name !== "Ref" && !name.startsWith("Fn::")) return undefined;
  const argument = value[name];
  return argument === undefined ? undefined : { name, argument };
}

/**
 * JSON with sorted keys and no spaces: equal values have equal bytes, on every machine. Lists keep their order.
 * JSON, never YAML: CloudFormation takes no YAML anchors, and a YAML writer makes them for shared parts.
 */
export function canonicalJson(value: Value): string {
  return JSON.stringify(sorted(value));
}

/** The same order as `canonicalJson`, indented for people. */
export function readableJson(value: Value): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

function sorted(value: Value): Value {
  if (isValueList(value)) return value.map(sorted);
  if (!isValueMap(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries);
}
