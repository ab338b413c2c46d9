/** The jobs of a workflow file that run Warren: what the doctor looks at, not a judge of workflows. */
import { parseDocument } from "./document.ts";
import type { Place } from "./problem.ts";
import { type Value, isValueMap, textOf } from "./value.ts";

export interface WorkflowJob {
  readonly place: Place;
  /** Events that start the workflow. */
  readonly events: readonly string[];
  /** Scope -> level, of the job or else of the workflow; undefined: the repository's default. */
  readonly permissions: Readonly<Record<string, string>> | "read-all" | "write-all" | undefined;
  /** As it is written, so often an expression; empty for none. */
  readonly environment: string;
}

type ValueMap = Readonly<Record<string, Value>>;

/** How Warren's own workflows and the released ones name it. */
const OWN = ["./", "./.warren"];

/** Empty for a file that is no YAML or has no such job: GitHub itself says what is wrong with it. */
export function warrenJobs(file: string, text: string): readonly WorkflowJob[] {
  const document = parseDocument({ file, text });
  const workflow = document.value;
  if (!isValueMap(workflow)) return [];
  const jobs = isValueMap(workflow["jobs"]) ? workflow["jobs"] : {};
  return Object.entries(jobs).flatMap(([name, job]) => {
    if (!isValueMap(job) || !runsWarren(job)) return [];
    const permissions = permissionsOf(job["permissions"] ?? workflow["permissions"]);
    const environment = isCall(job) ? calledEnvironment(job) : job["environment"];
    return [
      {
        place: document.placeOfKey(["jobs", name]),
        events: eventsOf(workflow["on"]),
        permissions,
        environment: textOf(isValueMap(environment) ? environment["name"] : environment),
      },
    ];
  });
}

/** A job that calls has no environment of its own; pipeline.yml has these two unless it is told another. */
function calledEnvironment(job: ValueMap): Value {
  const inputs = isValueMap(job["with"]) ? job["with"] : {};
  return textOf(inputs["environment"]) || "production, preview";
}

function isCall(job: ValueMap): boolean {
  return textOf(job["uses"]) !== "";
}

/** `./`, and any action or reusable workflow of a repository that is called warren. */
function runsWarren(job: ValueMap): boolean {
  const steps = Array.isArray(job["steps"]) ? (job["steps"] as readonly Value[]) : [];
  return [job, ...steps].some((step) => {
    if (!isValueMap(step)) return false;
    const uses = textOf(step["uses"]);
    return (
      OWN.includes(uses) || /^[^/]+\/warren(@|\/|$)/.test(uses) || /\/(warren|pipeline)\.yml$/.test(uses)
    );
  });
}

function permissionsOf(value: unknown): WorkflowJob["permissions"] {
  if (value === "read-all" || value === "write-all") return value;
  if (!isValueMap(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([scope, level]) => [scope, textOf(level)]));
}

function eventsOf(on: unknown): readonly string[] {
  if (typeof on === "string") return [on];
  if (isValueMap(on)) return Object.keys(on);
  return Array.isArray(on) ? (on as readonly unknown[]).map(textOf) : [];
}
