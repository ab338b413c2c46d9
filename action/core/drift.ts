/** What was changed behind CloudFormation's back, in words of pipeline.yaml, with values redacted. */
import type { Detection, PropertyDifference, ResourceDifference } from "./detection.ts";
import { type Fingerprint, redactText, redactValue } from "./redact.ts";
import type { Origin } from "./rendered.ts";
import { type Value, isValueList, isValueMap } from "./value.ts";

export type Origins = Readonly<Record<string, Origin>>;

export interface DriftedProperty {
  readonly kind: PropertyDifference["kind"];
  /** `RedrivePolicy.maxReceiveCount`. */
  readonly path: string;
  /** May be shown; empty for what is not set. */
  readonly expected: string;
  readonly actual: string;
}

export interface DriftedResource {
  readonly kind: "modified" | "deleted";
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** Undefined for what pipeline.yaml no longer has. */
  readonly origin: Origin | undefined;
  readonly properties: readonly DriftedProperty[];
}

/** A resource that CloudFormation could not look at, and why. */
export interface Unchecked {
  readonly logicalId: string;
  readonly origin: Origin | undefined;
  readonly reason: string;
}

interface Stack {
  readonly stackName: string;
  /** ARN. */
  readonly stackId: string;
}

export type StackDrift =
  | (Stack & { readonly kind: "in-sync" })
  /** `unchecked` may hold more that has drifted. */
  | (Stack & {
      readonly kind: "drifted";
      readonly resources: readonly DriftedResource[];
      readonly unchecked: readonly Unchecked[];
    })
  /** Nothing that could be looked at has drifted, but not all could be. */
  | (Stack & { readonly kind: "unknown"; readonly unchecked: readonly Unchecked[] })
  | { readonly kind: "absent"; readonly stackName: string }
  /** Another operation runs on it, or it is in a state in which CloudFormation does not look. */
  | { readonly kind: "unavailable"; readonly stackName: string; readonly reason: string };

/** Of a stack that was found and looked at. */
export function readDetection(
  stack: { readonly name: string; readonly id: string },
  detection: Detection,
  origins: Origins,
  fingerprint: Fingerprint,
): StackDrift {
  const named = { stackName: stack.name, stackId: stack.id };
  if (detection.kind === "refused") {
    return { kind: "unavailable", stackName: stack.name, reason: redactText(detection.reason) };
  }
  const resources = detection.resources.flatMap((resource): DriftedResource[] =>
    resource.kind === "unknown" ? [] : [drifted(resource, resource.kind, origins, fingerprint)],
  );
  const unchecked = detection.kind === "partial" ? uncheckedOf(detection, origins) : [];
  if (resources.length > 0) {
    return { ...named, kind: "drifted", resources: resources.toSorted(byPlace), unchecked };
  }
  return unchecked.length > 0 ? { ...named, kind: "unknown", unchecked } : { ...named, kind: "in-sync" };
}

function drifted(
  { logicalId, physicalId, type, properties }: ResourceDifference,
  kind: DriftedResource["kind"],
  origins: Origins,
  fingerprint: Fingerprint,
): DriftedResource {
  const shown = properties.map((difference): DriftedProperty => {
    const path = difference.path.split("/").filter(Boolean).map(unescaped).join(".");
    const show = (text: string): string =>
      redactValue({ type, logicalId, path, value: valueOf(text) }, fingerprint);
    return {
      kind: difference.kind,
      path: redactText(path),
      // For what is not there CloudFormation says "null".
      expected: difference.kind === "added" ? "" : show(difference.expected),
      actual: difference.kind === "removed" ? "" : show(difference.actual),
    };
  });
  const inOrder = shown.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { kind, logicalId, physicalId, type, origin: origins[logicalId], properties: inOrder };
}

/** RFC 6901. */
function unescaped(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** Lists and maps come as JSON, scalars as they are: `"180"` and `180` are the same to CloudFormation. */
function valueOf(text: string): Value {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return isValueList(value) || isValueMap(value) ? value : text;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Cut off, or a text that only begins like one: denied like any other text.
    return text;
  }
}

/**
 * The reasons are told for each resource, in the operation's own reason, or in both; and some only count there:
 * `{"Summary":"Failed to detect drift on resources [Q]","Failures":[{"Resource":"Q","FailureReason":"Rate exceeded"}]}`
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/801
 */
function uncheckedOf(
  { reason, resources }: Extract<Detection, { readonly kind: "partial" | "complete" }>,
  origins: Origins,
): readonly Unchecked[] {
  const reasons = new Map(
    resources.flatMap((resource) =>
      resource.kind === "unknown" ? [[resource.logicalId, resource.reason] as const] : [],
    ),
  );
  for (const [id, why] of failuresOf(reason)) if (!reasons.get(id)) reasons.set(id, why);
  if (reasons.size === 0) reasons.set("", reason || "CloudFormation does not say why");
  return [...reasons]
    .map(([logicalId, why]) => ({
      logicalId,
      origin: origins[logicalId],
      reason: redactText(why || "CloudFormation does not say why"),
    }))
    .toSorted((a, b) => (a.logicalId < b.logicalId ? -1 : 1));
}

function failuresOf(reason: string): (readonly [string, string])[] {
  const value = valueOf(reason);
  const failures = isValueMap(value) ? value["Failures"] : undefined;
  if (failures === undefined || !isValueList(failures)) return [];
  return failures.flatMap((failure): (readonly [string, string])[] => {
    if (!isValueMap(failure)) return [];
    const { Resource: id, FailureReason: why } = failure;
    return typeof id === "string" ? [[id, typeof why === "string" ? why : ""]] : [];
  });
}

function byPlace(a: DriftedResource, b: DriftedResource): number {
  const line = ({ origin }: DriftedResource): number => origin?.place.line ?? Number.MAX_SAFE_INTEGER;
  return line(a) - line(b) || (a.logicalId < b.logicalId ? -1 : 1);
}

/** What a plan tells of a stack that was found to be changed by hand on `day` (`2026-11-24`). */
export function driftBanner(day: string): string {
  return `it had been changed by hand when it was last compared with its template (${day}): what is below starts from that template, and \`warren drift\` tells what was changed`;
}
