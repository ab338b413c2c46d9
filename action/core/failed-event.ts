/** What CloudFormation tells of a failure beyond a stack's events. Texts that it does not have are empty. */

/** A hook that was invoked for a resource and has stopped it. */
export interface HookFailure {
  /** The hook's type. */
  readonly name: string;
  readonly reason: string;
  /** Id of its result. */
  readonly invocation: string;
}

/** A failure in the words of DescribeEvents. */
export interface FailedEvent {
  readonly time: Date;
  /** `VALIDATION_ERROR` (before anything is made), `HOOK_INVOCATION_ERROR`, `PROVISIONING_ERROR`, ... */
  readonly kind: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** The resource's; empty for what happened before there was one. */
  readonly status: string;
  readonly reason: string;
  /** The validation or the hook that found it. */
  readonly by: string;
  /** JSON Pointer into the template: `/Resources/Jobs/Properties/DelaySeconds`. */
  readonly path: string;
  /** It has stopped nothing. */
  readonly warning: boolean;
}

export type FailedOf =
  | { readonly stackName: string; readonly changeSetId: string }
  /** Of all of the stack's operations if it is not known which. */
  | { readonly stackId: string; readonly operation: string | undefined };

/** What a hook has found, and what it says to do about it. */
export interface HookRemedy {
  readonly hook: string;
  /** Empty if it was about the change set as a whole. */
  readonly logicalId: string;
  /** The rule that was broken, for hooks that have rules. */
  readonly rule: string;
  readonly reason: string;
  readonly remedy: string;
  /** An address. */
  readonly link: string;
}

export type HookedOf =
  | { readonly changeSetId: string }
  | { readonly invocations: readonly { readonly id: string; readonly logicalId: string }[] };
