/** The options that a component or an arrow sets, in either spelling -> values by Parameter name. */
import type { ParsedDocument, Path } from "./document.ts";
import { camelCase, kebabCase } from "./names.ts";
import type { Place, Problem } from "./problem.ts";
import { isBoolean } from "./schema.ts";
import type { Parameter } from "./template.ts";
import type { Value, ValueMap } from "./value.ts";

export type Options = Readonly<Record<string, Value>>;

export interface ReadOptions {
  readonly value: Options;
  readonly problems: readonly Problem[];
  readonly placeOf: (parameter: string) => Place;
}

/** Shapes were checked by the schema before; what is left is the same option written in both spellings. */
export function readOptions(
  written: ValueMap,
  parameters: readonly Parameter[],
  path: Path,
  document: ParsedDocument,
): ReadOptions {
  const value: Record<string, Value> = {};
  const keys: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const parameter of parameters) {
    const [first, second] = [kebabCase(parameter.name), camelCase(parameter.name)].filter(
      (key, index, all) => Object.hasOwn(written, key) && all.indexOf(key) === index,
    );
    if (first === undefined) continue;
    if (second !== undefined) {
      const place = document.placeOfKey([...path, second]);
      problems.push({
        place,
        message: `\`${second}\` is the same option as \`${first}\``,
        hint: "Keep one of them.",
      });
    }
    keys[parameter.name] = first;
    value[parameter.name] = optionValue(parameter, written[first] ?? "");
  }
  return {
    value,
    problems,
    placeOf: (parameter) => {
      const key = keys[parameter];
      return key === undefined ? document.placeOfKey(path) : document.placeOf([...path, key]);
    },
  };
}

function optionValue(parameter: Parameter, written: Value): Value {
  if (typeof written !== "boolean" || isBoolean(parameter)) return written;
  return written ? "on" : "off";
}

/** A Parameter's default as the template's own code would see it. */
export function defaultValue(parameter: Parameter): Value {
  if (parameter.type === "CommaDelimitedList") {
    return parameter.default === undefined || parameter.default === ""
      ? []
      : String(parameter.default).split(",");
  }
  if (isBoolean(parameter)) return parameter.default === "true";
  return parameter.default ?? "";
}
