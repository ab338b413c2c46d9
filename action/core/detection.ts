/** What CloudFormation's drift detection tells of a stack. */

/** A property that is not as the template says. Values are CloudFormation's texts: JSON for lists and maps. */
export interface PropertyDifference {
  readonly kind: "added" | "removed" | "changed";
  /** JSON pointer within the resource's properties: `/RedrivePolicy/maxReceiveCount`. */
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

/** A resource that is not as it was deployed, or (`unknown`, with the reason) that could not be looked at. */
export interface ResourceDifference {
  readonly kind: "modified" | "deleted" | "unknown";
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly properties: readonly PropertyDifference[];
  readonly reason: string;
}

export type Detection =
  | {
      /** `partial`: at least one resource could not be looked at; `reason` is CloudFormation's, maybe JSON. */
      readonly kind: "complete" | "partial";
      readonly reason: string;
      readonly resources: readonly ResourceDifference[];
    }
  /** Not in the state that the stack is in. */
  | { readonly kind: "refused"; readonly reason: string };
