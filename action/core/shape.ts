/** What ajv says of a value's shape -> a problem in a user's words, at the line where it stands. */
import { textOf } from "./value.ts";
import type { ErrorObject } from "ajv";
import type { ParsedDocument, Path } from "./document.ts";
import type { Problem } from "./problem.ts";
import { kebabCase } from "./names.ts";
import { nearest, suggestion } from "./suggest.ts";

export type ShapeError = ErrorObject;

/**
 * Undefined for errors that only repeat others (`oneOf` and `if` report each branch's own error besides).
 * `at` is where the validated value lies in the document.
 */
export function shapeProblem(error: ShapeError, document: ParsedDocument, at: Path): Problem | undefined {
  const path: Path = [...at, ...pointerPath(error.instancePath)];
  const name = path.length === 0 ? "the file" : `\`${path.join(".")}\``;
  const place = document.placeOf(path);
  const parameters = error.params as Record<string, unknown>;
  if (error.propertyName !== undefined && error.keyword !== "propertyNames") {
    return nameProblem(error, error.propertyName, path, document);
  }
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(parameters["additionalProperty"]);
      const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
      // The same option in its other spelling is no other key.
      const once = known.filter((one) => one === kebabCase(one) || !known.includes(kebabCase(one)));
      return {
        place: document.placeOfKey([...path, key]),
        message: `${path.length === 0 ? "" : `${name}: `}unknown key \`${key}\``,
        hint: suggestion(key, nearest(key, known) === undefined ? once : known, "keys that may stand here"),
      };
    }
    case "required": {
      const key = String(parameters["missingProperty"]);
      // The same option in its other spelling: the first alternative's error says it.
      if (/\/anyOf\/[1-9]\d*\/required$/.test(error.schemaPath)) return undefined;
      const { properties, description } = (error.parentSchema ?? {}) as Described;
      const hint = properties ? properties[key]?.description : description;
      const message = `${name}: the key \`${key}\` is missing`;
      return { place: document.placeOfKey(path), message, ...(hint === undefined ? {} : { hint }) };
    }
    case "discriminator": {
      const value = parameters["tagValue"];
      const key = String(parameters["tag"]);
      // `required` says already that there is none.
      if (value === undefined) return undefined;
      const branches = (error.parentSchema?.["oneOf"] ?? []) as Described[];
      const known = branches.map(({ properties }) => String(properties?.[key]?.const));
      return {
        place: document.placeOf([...path, key]),
        message: `${name}: there is no ${key} \`${textOf(value)}\``,
        hint: suggestion(typeof value === "string" ? value : "", known, `${key}s`),
      };
    }
    case "enum": {
      const values = parameters["allowedValues"] as readonly unknown[];
      // A number is no misspelling of another one.
      const hint = values.every((value) => typeof value === "number")
        ? `It can be ${values.join(", ")}.`
        : suggestion(String(error.data), new Set(values.map(String)), "values that may stand here");
      return { place, message: `${name} is ${shown(error.data)}`, hint };
    }
    case "const":
      return { place, message: `${name} must be ${shown(parameters["allowedValue"])}` };
    case "type":
      return {
        place,
        message: `${name} is ${kindOf(error.data)}`,
        hint: `Write ${article(parameters["type"])}.`,
      };
    case "pattern":
      return {
        place,
        message: `${name}: ${shown(error.data)} does not fit`,
        hint: patternHint(error.parentSchema, String(parameters["pattern"])),
      };
    case "minimum":
    case "maximum":
      return {
        place,
        message: `${name} is ${String(error.data)}`,
        hint: `It must be at ${error.keyword === "minimum" ? "least" : "most"} ${textOf(parameters["limit"])}.`,
      };
    case "minLength":
    case "maxLength":
      return { place, message: `${name} ${limitMessage(error, "characters")}` };
    case "minItems":
    case "maxItems":
      return { place, message: `${name} ${limitMessage(error, "entries")}` };
    case "minProperties":
      return { place, message: `${name} is empty` };
    case "uniqueItems":
      return { place, message: `${name} holds the same entry twice` };
    case "propertyNames":
    case "oneOf":
    case "anyOf":
    case "if":
    case "not":
      return undefined;
    default:
      return { place, message: `${name} ${error.message ?? "is wrong"}` };
  }
}

/** A JSON pointer's steps. */
export function pointerPath(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function limitMessage(error: ShapeError, unit: string): string {
  const limit = (error.params as Record<string, unknown>)["limit"];
  if (error.keyword.startsWith("min") && limit === 1) return "is empty";
  const bound = error.keyword.startsWith("min") ? "needs at least" : "may have at most";
  return `${bound} ${textOf(limit)} ${unit}`;
}

interface Described {
  readonly description?: string;
  readonly patternErrorMessage?: string;
  readonly properties?: Readonly<Record<string, { readonly description?: string; readonly const?: unknown }>>;
}

/** A schema's own words explain a pattern better than the pattern does. */
function patternHint(schema: unknown, pattern: string): string {
  const { patternErrorMessage, description } = (schema ?? {}) as Described;
  return patternErrorMessage ?? description ?? `It must match ${pattern}.`;
}

/** A key that is a name of the user's choice, but not one that he can choose. */
function nameProblem(
  error: ShapeError,
  key: string,
  path: Path,
  document: ParsedDocument,
): Problem | undefined {
  const place = document.placeOfKey([...path, key]);
  const parameters = error.params as Record<string, unknown>;
  if (error.keyword === "maxLength") {
    const message = `the name \`${key}\` has ${key.length} characters`;
    return { place, message, hint: `At most ${String(parameters["limit"])} are allowed.` };
  }
  if (error.keyword !== "pattern") return undefined;
  const hint = patternHint(error.parentSchema, String(parameters["pattern"]));
  return { place, message: `the name \`${key}\` does not fit`, hint };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return `\`${text.length > 60 ? `${text.slice(0, 57)}…` : text}\``;
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return `the ${typeof value} ${shown(value)}`;
}

function article(type: unknown): string {
  const names: Record<string, string> = {
    object: "a map",
    array: "a list",
    string: "text (put quotes around it if it looks like a number)",
    number: "a number",
    integer: "a whole number",
    boolean: "`true` or `false`",
  };
  const list = Array.isArray(type) ? type : [type];
  return list.map((item) => names[String(item)] ?? String(item)).join(" or ");
}
