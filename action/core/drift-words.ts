/** A stack's drift for people, and for machines. */
import type { DriftedProperty, DriftedResource, StackDrift, Unchecked } from "./drift.ts";
import type { TypeOf } from "./json-type.ts";
import type { StageDrift } from "./outcome.ts";
import type { stageDriftType } from "./outcome-document.ts";
import { type Place, type Problem, formatProblem } from "./problem.ts";
import type { Origin } from "./rendered.ts";

/** `producer queue`; the logical id of what pipeline.yaml does not know. */
export function resourceWords({ logicalId, origin }: Pick<DriftedResource, "logicalId" | "origin">): string {
  return origin ? `${origin.component} ${origin.label}` : logicalId;
}

/** `VisibilityTimeout is 60, was deployed as 180`. */
export function propertyWords({ kind, path, expected, actual }: DriftedProperty): string {
  if (kind === "added") return `${path} has ${actual} added`;
  if (kind === "removed") return `${path} is gone, was deployed as ${expected}`;
  return `${path} is ${actual}, was deployed as ${expected}`;
}

/** At the lines of pipeline.yaml: what annotations and the terminal show. */
export function driftProblems(drift: StackDrift): readonly Problem[] {
  switch (drift.kind) {
    case "in-sync":
    case "absent":
      return [];
    case "unavailable":
      return [{ message: `${drift.stackName} cannot be compared with its template: ${drift.reason}` }];
    case "unknown":
      return drift.unchecked.map(uncheckedProblem);
    case "drifted":
      return [...drift.resources.map(resourceProblem), ...drift.unchecked.map(uncheckedProblem)];
  }
}

function resourceProblem(resource: DriftedResource): Problem {
  const { kind, type, physicalId, properties, origin } = resource;
  const what = `${resourceWords(resource)} (${type}) was ${kind === "deleted" ? `deleted by hand: ${physicalId}` : "changed by hand"}`;
  return {
    ...placed(origin?.place),
    message: what,
    ...(properties.length > 0 && { hint: properties.map(propertyWords).join("\n    ") }),
  };
}

function uncheckedProblem({ logicalId, origin, reason }: Unchecked): Problem {
  const what = logicalId === "" ? "some resources" : resourceWords({ logicalId, origin });
  return { ...placed(origin?.place), message: `${what} could not be looked at: ${reason}` };
}

function placed(place: Place | undefined): { readonly place?: Place } {
  return place ? { place } : {};
}

/** One line for each stack that is not as it was deployed, or might not be. */
export function driftVerdict(drift: StackDrift): string {
  const { stackName } = drift;
  switch (drift.kind) {
    case "in-sync":
      return `${stackName} is as it was deployed`;
    case "absent":
      return `${stackName} is not deployed: there is nothing that could have drifted`;
    case "unavailable":
      return `it is not known whether ${stackName} has drifted: ${drift.reason}`;
    case "unknown":
      return `it is not known whether ${stackName} has drifted: not all of it could be looked at`;
    case "drifted": {
      const { length } = drift.resources;
      const what = `${length} resource${length === 1 ? " is" : "s are"} not as deployed`;
      return `${stackName} has drifted: ${what}${drift.unchecked.length > 0 ? ", and not all could be looked at" : ""}`;
    }
  }
}

/** For people: the verdict, then resource by resource. */
export function driftLines(drift: StackDrift): readonly string[] {
  if (drift.kind === "unavailable") return [driftVerdict(drift)];
  return [driftVerdict(drift), ...driftProblems(drift).map(formatProblem)];
}

/** What a check came to, and what to do about it. */
export function stageDriftLines({ stage, drift, reverted }: StageDrift): readonly string[] {
  if (reverted && drift.kind === "in-sync") {
    const { length } = reverted;
    const what = length === 0 ? "there was nothing to put back" : `${length} put back`;
    return [`${driftVerdict(drift)} (${what})`];
  }
  if (drift.kind !== "drifted") return driftLines(drift);
  const hint = reverted
    ? "this is what is left after CloudFormation has put back what it could"
    : `\`warren drift ${stage} --revert\` puts it back; to keep it, write it into pipeline.yaml and deploy`;
  return [...driftLines(drift), hint];
}

/** With `--json`, and in the outcome. */
export function stageDriftJson({ stage, drift, reverted }: StageDrift): TypeOf<typeof stageDriftType> {
  const { kind, stackName } = drift;
  const resources = drift.kind === "drifted" ? drift.resources : [];
  const unchecked = drift.kind === "drifted" || drift.kind === "unknown" ? drift.unchecked : [];
  return {
    stage,
    status: kind,
    stackName,
    ...(drift.kind === "unavailable" && { reason: drift.reason }),
    resources: resources.map(({ origin, ...resource }) => ({ ...resource, ...originJson(origin) })),
    unchecked: unchecked.map(({ origin, ...one }) => ({ ...one, ...originJson(origin) })),
    ...(reverted && { reverted: reverted.map(({ logicalId }) => logicalId) }),
  };
}

function originJson(origin: Origin | undefined): Partial<Pick<Origin, "component" | "label" | "place">> {
  return origin ? { component: origin.component, label: origin.label, place: origin.place } : {};
}
