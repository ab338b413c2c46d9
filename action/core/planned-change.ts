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
  /** Of everything but an addition or a removal; tags of the stack are not in here. */
  readonly properties: readonly PropertyChange[];
  /** Whole properties as CloudFormation tells them; absent if it told none. */
  readonly before?: Readonly<Record<string, Value>>;
  readonly after?: Readonly<Record<string, Value>>;
  /** CloudFormation's word for what happens to the data: `Delete`, `Retain`, `Snapshot`, ...; empty for none. */
  readonly policyAction: string;
}

export interface PropertyChange {
  /** In CloudFormation's words, without `/Properties`: `VisibilityTimeout`, `PolicyDocument.Statement.0.Action`. */
  readonly path: string;
  /** Absent: not set. `unknown` values (made in the same operation, cut off by AWS) are strings that AWS gave, marked below. */
  readonly before?: Value;
  readonly after?: Value;
  /** AWS cut a value off or does not know it yet: then nothing may be concluded from it. */
  readonly uncertain: boolean;
  /** Whether this alone makes a new resource. */
  readonly recreation: "never" | "conditionally" | "always";
}
