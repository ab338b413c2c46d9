/**
 * What may be shown of a value, deny by default: GitHub masks no secret in a comment, and a comment is mailed, indexed
 * and kept. A value is shown if its property stands in templates/harmless-properties.json and nothing in it looks like
 * a secret; of everything else a fingerprint is shown, which tells only whether two values are equal.
 */
import data from "../../templates/harmless-properties.json" with { type: "json" };
import { looksSecret, secretSpans } from "./secret-shapes.ts";
import { isWithin, sourcePaths } from "./source-path.ts";
import {
  type Value,
  canonicalJson,
  intrinsicOf,
  isScalarValue,
  isValueList,
  isValueMap,
  parsedJson,
  textOf,
} from "./value.ts";

/** Stands where a secret was cut out of a text, and where there is no salt to make a fingerprint with. */
export const HIDDEN = "[hidden]";

/**
 * The tag of a stack that holds its salt. A plain hash could be looked up in a dictionary, and so could one that is
 * keyed by the stack's name or id, which stand in the comment. So the key is random, made with the stack, and known
 * only to those who may read the stack in AWS, where the values are too.
 */
export const SALT_TAG = "warren:salt";

/** `sha256:ab12cd34..`, or HIDDEN. */
export type Fingerprint = (place: string, value: Value) => string;

/** The place is part of it: equal secrets of two components do not show as equal. */
export function fingerprinter(
  tags: Readonly<Record<string, string>> | undefined,
  sha256: (text: string) => string,
): Fingerprint {
  const salt = tags?.[SALT_TAG];
  if (salt === undefined || salt === "") return () => HIDDEN;
  return (place, value) => `sha256:${sha256(canonicalJson([salt, place, value])).slice(0, 8)}..`;
}

export interface Shown {
  /** CloudFormation's type of the resource. */
  readonly type: string;
  /** Within Properties, joined by dots: `Environment.Variables.STAGE`. */
  readonly path: string;
  readonly value: Value;
  /** Of the resource; part of the fingerprint's place. */
  readonly logicalId?: string;
}

/** One line: a scalar as text, everything else as canonical JSON with its denied parts replaced. */
export function redactValue(shown: Shown, fingerprint: Fingerprint = () => HIDDEN): string {
  const value = redactTree(shown, fingerprint);
  return isScalarValue(value) ? textOf(value) : canonicalJson(value);
}

/** The same value with every scalar that may not be shown replaced by its fingerprint. Keys stay, as they are names. */
export function redactTree(shown: Shown, fingerprint: Fingerprint = () => HIDDEN): Value {
  const { type, path, value, logicalId = "" } = shown;
  if (isValueList(value)) {
    return value.map((item, index) =>
      redactTree({ ...shown, path: `${path}.${index}`, value: item }, fingerprint),
    );
  }
  if (isValueMap(value)) {
    const entries = Object.entries(value).map(([key, item]): [string, Value] => [
      redactText(key),
      redactTree({ ...shown, path: path === "" ? key : `${path}.${key}`, value: item }, fingerprint),
    ]);
    return Object.fromEntries(entries);
  }
  if (value === null || value === "" || isReference(value)) return value;
  const hidden = !isHarmless(type, path) || (typeof value === "string" && looksSecret(value));
  return hidden ? fingerprint(`${logicalId} ${path}`, value) : value;
}

/** Cuts whatever looks like a secret out of a text for people: AWS's reasons, logs, errors. `known` are secrets by themselves. */
export function redactText(text: string, known: readonly string[] = []): string {
  let result = text;
  // The longest first: one may be part of another.
  for (const secret of known.toSorted((a, b) => b.length - a.length)) {
    if (secret.length >= KNOWN_CHARACTERS) result = withoutKnown(result, secret);
  }
  for (const { start, end } of secretSpans(result).toReversed()) {
    result = `${result.slice(0, start)}${HIDDEN}${result.slice(end)}`;
  }
  return result;
}

/** A word that a variable holds may be a word of a file's path, too, which has to stay readable. */
function withoutKnown(text: string, secret: string): string {
  const paths = /^[A-Za-z-]+$/.test(secret) && text.includes(secret) ? sourcePaths(text) : [];
  return text.replaceAll(secret, (_, start: number) =>
    isWithin({ start, end: start + secret.length }, paths) ? secret : HIDDEN,
  );
}

/** Shorter ones are words of every text (`dev`, `true`). */
const KNOWN_CHARACTERS = 6;

/** The denied texts of a template; none of one that is no JSON, like the account's own. AWS repeats values in its reasons, and a plain password looks like any word. */
export function hiddenTexts(body: string): readonly string[] {
  const template = parsedJson(body);
  const resources = isValueMap(template) ? template["Resources"] : undefined;
  if (!isValueMap(resources)) return [];
  const found = Object.values(resources).flatMap((resource) => {
    const { Type = "", Properties = {} } = isValueMap(resource) ? resource : {};
    return deniedTexts({ type: textOf(Type), path: "", value: Properties });
  });
  return [...new Set(found)];
}

function deniedTexts({ type, path, value }: Shown): readonly string[] {
  const below = (key: string | number): string => (path === "" ? `${key}` : `${path}.${key}`);
  if (isValueList(value)) {
    return value.flatMap((item, index) => deniedTexts({ type, path: below(index), value: item }));
  }
  if (isValueMap(value)) {
    // The names of resources are no secret.
    if (intrinsicOf(value)) return [];
    return Object.entries(value).flatMap(([key, item]) =>
      deniedTexts({ type, path: below(key), value: item }),
    );
  }
  if (typeof value !== "string" || isReference(value) || isHarmless(type, path)) return [];
  return value.length >= KNOWN_CHARACTERS ? [value] : [];
}

/** `{{resolve:secretsmanager:...}}` names a secret and is none; `{{changeSet:KNOWN_AFTER_APPLY}}` is no value yet. */
function isReference(value: Value): boolean {
  return (
    typeof value === "string" && /^\{\{(?:resolve|changeSet):[^{}]*\}\}$/.test(value) && !looksSecret(value)
  );
}

/** Whatever a list allows: a key that says so is believed. */
const SECRET_KEY = /pass(?:word|phrase|wd)|secret|token|credential|api-?_?key|private-?_?key|externalid/i;

const ANYWHERE = data.anywhere.map((path) => path.split("."));
const BY_TYPE: ReadonlyMap<string, readonly (readonly string[])[]> = new Map(
  Object.entries(data.types).map(([type, paths]) => [type, paths.map((path) => path.split("."))]),
);

/** Is the property, or one that it is part of, in the list? Places in lists count as `*`. */
export function isHarmless(type: string, path: string): boolean {
  const words = path.split(".");
  if (words.some((word) => SECRET_KEY.test(word))) return false;
  return [...ANYWHERE, ...(BY_TYPE.get(type) ?? [])].some(
    (allowed) =>
      allowed.length <= words.length && allowed.every((word, index) => word === "*" || word === words[index]),
  );
}
