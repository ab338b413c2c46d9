/**
 * The environment that a function will have, as far as it is known before anything is deployed: code that checks its
 * variables when it is imported has to find them while it is loaded.
 */
import { isValueMap, textOf, type Value, type ValueMap } from "./value.ts";
import type { StackTemplate } from "./render.ts";

const WORD = "placeholder";

/** Component -> variables of its function. What only AWS knows is of the right form and leads nowhere. */
export function placeholderEnvironments({
  template,
  origins,
}: Pick<StackTemplate, "template" | "origins">): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const found = new Map<string, Readonly<Record<string, string>>>();
  for (const [id, resource] of Object.entries(mapIn(template, "Resources"))) {
    const variables = mapIn(mapIn(mapIn(resource, "Properties"), "Environment"), "Variables");
    const component = origins[id]?.component;
    if (component === undefined || Object.keys(variables).length === 0) continue;
    const entries = Object.entries(variables).map(([name, value]) => [name, placeholder(name, value)]);
    found.set(component, { ...found.get(component), ...Object.fromEntries(entries) });
  }
  return found;
}

function mapIn(value: Value, key: string): ValueMap {
  const inner = isValueMap(value) ? value[key] : undefined;
  return inner !== undefined && isValueMap(inner) ? inner : {};
}

/** `new URL()` and parsers of ARNs are what checks at import are made of. `.invalid` is nobody's (RFC 2606). */
function placeholder(name: string, value: Value): string {
  if (!isValueMap(value)) return textOf(value);
  if (/url$|endpoint$/i.test(name)) return `https://${WORD}.invalid/000000000000/${WORD}`;
  if (/arn$/i.test(name)) return `arn:aws:${WORD}:us-east-1:000000000000:${WORD}`;
  return WORD;
}

export function isPlaceholder(value: string): boolean {
  return value.includes(WORD);
}
