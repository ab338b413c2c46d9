/** What ajv says of a value's shape -> a problem in a user's words, at the line where it stands. */
import { textOf } from "./value.ts";
import type { ErrorObject } from "ajv";
import type { ParsedDocument, Path } from "./document.ts";
import type { Problem } from "./problem.ts";
import { suggestion } from "./suggest.ts";

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
  // A name's own error comes again as `propertyNames`, with the name.
  if (error.propertyName !== undefined && error.keyword !== "propertyNames") return undefined;
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(parameters["additionalProperty"]);
      const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
      return {
        place: document.placeOfKey([...path, key]),
        message: `${path.length === 0 ? "" : `${name}: `}unknown key \`${key}\``,
        hint: suggestion(key, known, "keys that may stand here"),
      };
    }
    case "required": {
      const key = String(parameters["missingProperty"]);
      return { place: document.placeOfKey(path), message: `${name}: the key \`${key}\` is missing` };
    }
    case "discriminator": {
      const value = parameters["tagValue"];
      const key = String(parameters["tag"]);
      return {
        place: document.placeOf([...path, key]),
        message: `${name}: \`${key}\` cannot be ${shown(value)}`,
      };
    }
    case "enum": {
      const allowed = (parameters["allowedValues"] as readonly unknown[]).map(String);
      return {
        place,
        message: `${name} is ${shown(error.data)}`,
        hint: suggestion(String(error.data), allowed, "values that may stand here"),
      };
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
    case "propertyNames":
      return {
        place: document.placeOfKey([...path, String(parameters["propertyName"])]),
        message: `${name}: the name \`${String(parameters["propertyName"])}\` does not fit`,
        hint: namesHint(error.parentSchema),
      };
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return {
        place,
        message: `${name} is ${String(error.data)}`,
        hint: `It must be ${String(parameters["comparison"])} ${String(parameters["limit"])}.`,
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
    case "oneOf":
    case "anyOf":
    case "if":
    case "not":
      return undefined;
    default:
      return { place, message: `${name} ${error.message ?? "is wrong"}` };
  }
}

function pointerPath(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function limitMessage(error: ShapeError, unit: string): string {
  const limit = String((error.params as Record<string, unknown>)["limit"]);
  return error.keyword.startsWith("min")
    ? `needs at least ${limit} ${unit}`
    : `may have at most ${limit} ${unit}`;
}

/** A schema's own `description` explains a pattern better than the pattern does. */
function patternHint(schema: unknown, pattern: string): string {
  const hint = (schema as Record<string, unknown> | undefined)?.["patternErrorMessage"];
  return typeof hint === "string" ? hint : `It must match ${pattern}.`;
}

function namesHint(schema: unknown): string {
  const names = (schema as Record<string, Record<string, unknown>> | undefined)?.["propertyNames"];
  return patternHint(names, textOf(names?.["pattern"] ?? ""));
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
