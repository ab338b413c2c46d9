/** Which property of a resource is which option: read off the template, where the Parameter is referred to. */
import { optionsOf } from "./catalog.ts";
import { kebabCase } from "./names.ts";
import type { Template } from "./template.ts";
import { type Value, intrinsicOf, isValueList, isValueMap, textOf } from "./value.ts";

/** What Warren fills in itself and a reader knows under another name. */
const FILLED_IN: Readonly<Record<string, string>> = { ArtifactKey: "code", ArtifactHandler: "handler" };

/** Property path (as in PropertyChange) -> the option's name in pipeline.yaml. `resource` is the template's own name. */
export function optionPaths(template: Template, resource: string): Readonly<Record<string, string>> {
  const options = new Set(optionsOf(template).map(({ name }) => name));
  const found: [string, string][] = [];
  const walk = (value: Value, path: readonly string[]): void => {
    const call = intrinsicOf(value);
    if (call?.name === "Ref") {
      const name = textOf(call.argument);
      const option = options.has(name) ? kebabCase(name) : FILLED_IN[name];
      if (option !== undefined) found.push([path.join("."), option]);
    } else if (call?.name === "Fn::If" && isValueList(call.argument)) {
      for (const branch of call.argument.slice(1)) walk(branch, path);
    } else if (call) return;
    else if (isValueList(value)) {
      // A list of one is that one to people; longer lists are no option by themselves.
      const [only, ...more] = value;
      if (only !== undefined && more.length === 0) walk(only, path);
      // What may be left out moves all that comes after it to another place.
      const first = value.findIndex((item) => intrinsicOf(item)?.name === "Fn::If");
      const certain = first < 0 ? value : value.slice(0, first + 1);
      for (const [index, item] of certain.entries()) walk(item, [...path, String(index)]);
    } else if (isValueMap(value)) {
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
    }
  };
  walk(template.resources[resource]?.Properties ?? {}, []);
  return Object.fromEntries(found);
}
