/** One resource of a plan, in Warren's words: what happens to it, and to which property, with values. */
import type { Origin } from "./rendered.ts";
import type { Value } from "./value.ts";

export interface PlannedChange {
  readonly logicalId: string;
  /** Empty for what is not there yet. */
  readonly physicalId: string;
  /** CloudFormation's, for example `AWS::SQS::Queue`. */
  readonly type: string;
  readonly effect: "added" | "changed" | "replaced" | "may-be-replaced" | "removed" | "imported";
  /** Undefined for a resource that pipeline.yaml no longer has. */
  readonly origin: Origin | undefined;
  /** Of everything but an addition or a removal, by path; tags of the stack are not in here. */
  readonly properties: readonly PropertyChange[];
  /**
   * Whole properties as CloudFormation tells them: raw, so for decisions and never for output (see redact.ts). Numbers
   * and booleans are texts there. Absent if it told none.
   */
  readonly before?: Readonly<Record<string, Value>>;
  readonly after?: Readonly<Record<string, Value>>;
  /** CloudFormation's word for what happens to the data: `Delete`, `Retain`, `Snapshot`, ...; empty for none. */
  readonly policyAction: string;
}

export interface PropertyChange {
  /**
   * In CloudFormation's words, without `/Properties`: `VisibilityTimeout`, `PolicyDocument.Statement`. A part of a list
   * has its name, if its parts have one, or else its place: `Policies.logs.PolicyDocument.Statement`, `Layers.0`.
   * Other attributes of a resource are `DeletionPolicy`, `UpdateReplacePolicy`, ...
   */
  readonly path: string;
  /** Absent: not set. Raw. `Statement` of a policy is always a list. */
  readonly before?: Value;
  readonly after?: Value;
  /** A value is not known before it is applied, or AWS cut it off: then nothing may be concluded from it. */
  readonly uncertain: boolean;
  /** Whether this alone makes a new resource. */
  readonly recreation: "never" | "conditionally" | "always";
  /** What it follows, in CloudFormation's words: `ProducerQueue.QueueName`. Absent if the template itself changes it. */
  readonly because?: string;
}
