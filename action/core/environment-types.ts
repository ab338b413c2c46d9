/** Types of the environment variables that the arrows give to the code: `functions/warren-env.d.ts`. */
import { intrinsicOf, isValueMap } from "./value.ts";
import type { StackTemplate } from "./render.ts";

interface Variable {
  readonly name: string;
  readonly components: readonly string[];
}

/** Every variable that the rendered stack sets from another resource; plain texts are settings, not addresses. */
export function environmentTypes(stack: StackTemplate): string {
  const lines = variablesOf(stack).map(({ name, components }) => {
    const who = components.map((component) => `\`${component}\``).join(", ");
    return `    /** Seen by ${who}. */\n    readonly ${name}?: string;`;
  });
  return [
    "// Made by `warren generate` from config/pipeline.yaml. Do not edit.",
    "declare namespace NodeJS {",
    "  interface ProcessEnv {",
    ...lines,
    "  }",
    "}",
    "",
  ].join("\n");
}

function variablesOf({ template, origins }: StackTemplate): Variable[] {
  const seen = new Map<string, Set<string>>();
  const resources = template["Resources"];
  for (const [id, resource] of Object.entries(isValueMap(resources ?? null) ? (resources as object) : {})) {
    const variables = (resource as { Properties?: { Environment?: { Variables?: object } } }).Properties
      ?.Environment?.Variables;
    for (const [name, value] of Object.entries(variables ?? {})) {
      if (!intrinsicOf(value)) continue;
      const components = seen.get(name) ?? new Set<string>();
      components.add(origins[id]?.component ?? id);
      seen.set(name, components);
    }
  }
  const entries = [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, components]) => ({ name, components: [...components] }));
}
