/** Inputs of `workflow_dispatch`, judged as GitHub's API judges them before anything starts. */
import type { InputConfig } from "@actions/workflow-parser/model/workflow-template";

type Inputs = Readonly<Record<string, string | boolean | number>>;

/** With presets filled in, booleans as booleans. Throws Error for what GitHub answers with 422. */
export function dispatchInputs(declared: Readonly<Record<string, InputConfig>>, given: Inputs): Inputs {
  for (const name of Object.keys(given)) {
    if (!(name in declared)) throw new Error(`Unexpected inputs provided: ["${name}"]`);
  }
  const entries = Object.entries(declared).map(([name, { type, required, options, default: preset }]) => {
    const value = given[name] ?? preset ?? "";
    const kind: string = type;
    if (required === true && value === "") throw new Error(`Required input '${name}' not provided`);
    if (kind === "choice" && !(options ?? []).includes(String(value))) {
      throw new Error(`Provided value '${value}' for input '${name}' not in the list of allowed values`);
    }
    return [name, kind === "boolean" ? String(value) === "true" : value] as const;
  });
  return Object.fromEntries(entries);
}
