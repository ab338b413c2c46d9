/** What a job hands to the workflow of the same repository that it calls. */
import type {
  ReusableWorkflowJob as CallingJob,
  WorkflowTemplate,
} from "@actions/workflow-parser/model/workflow-template";
import { type Contexts, type Scalar, scalarOf } from "./expression.ts";

/** `.github/workflows/pipeline.yml` of `./.github/workflows/pipeline.yml`. Throws Error for another repository's. */
export function localPath(ref: string): string {
  const [, path] = /^[.$]\/(.+)$/.exec(ref) ?? [];
  if (path === undefined) throw new Error(`${ref} is in another repository: not judged`);
  return path;
}

const EMPTY: Readonly<Record<string, Scalar>> = { string: "", boolean: false, number: 0 };

/** With presets filled in. Throws Error for what GitHub refuses: here a value's type has to be right, too. */
export function callInputs(
  job: CallingJob,
  { events }: WorkflowTemplate,
  contexts: Contexts,
): Readonly<Record<string, Scalar>> {
  const name = job.ref.value;
  if (!events.workflow_call) throw new Error(`${name} cannot be called: it has no workflow_call`);
  const declared = events.workflow_call.inputs ?? {};
  const given: Record<string, Scalar> = {};
  for (const { key, value } of job["input-values"] ?? []) given[key.toString()] = scalarOf(value, contexts);
  for (const input of Object.keys(given)) {
    if (!(input in declared)) throw new Error(`${name} has no input ${input}`);
  }
  const entries = Object.entries(declared).map(([input, { type, required, default: preset }]) => {
    const kind: string = type;
    const value = given[input];
    if (required === true && value === undefined) throw new Error(`${name} needs the input ${input}`);
    if (value !== undefined && kind !== "string" && typeof value !== kind)
      throw new Error(`${name} wants a ${kind} for ${input}, not '${value}'`);
    const told = value ?? preset ?? EMPTY[kind] ?? "";
    return [input, kind === "string" ? String(told) : told] as const;
  });
  return Object.fromEntries(entries);
}
