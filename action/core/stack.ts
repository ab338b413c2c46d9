/** All that Warren knows about CloudFormation's stack statuses. No other file compares status strings. */
import type { StackStatus } from "@aws-sdk/client-cloudformation";

/**
 * - `absent`: nothing is there
 * - `shell`: a change set was made for a stack that never came to be; it has no resources
 * - `running`: an operation is under way: attach to it, it is the lock
 * - `good`: the last operation succeeded, so the stack is what its tags say
 * - `usable`: the last operation failed, the stack can be updated, but its tags prove nothing
 * - `failed`: its creation failed; such a stack can only be deleted
 * - `half-deleted`: somebody has asked for its end, and something in it would not go
 * - `halted`: an update failed with its rollback switched off: it takes no other update before it is rolled back
 * - `stuck`: CloudFormation could not roll an update back, and does nothing before it is told to go on
 * - `lost`: as `stuck`, but with no call to go on
 */
export type Phase =
  | "absent"
  | "shell"
  | "running"
  | "good"
  | "usable"
  | "failed"
  | "half-deleted"
  | "halted"
  | "stuck"
  | "lost";

interface Status {
  readonly phase: Phase;
  /** One sentence. */
  readonly means: string;
}

/** A record over the SDK's own union: a status that AWS adds or that is forgotten here does not compile. */
export const STATUSES: Readonly<Record<StackStatus, Status>> = {
  CREATE_IN_PROGRESS: { phase: "running", means: "It is being created." },
  CREATE_FAILED: {
    phase: "failed",
    means: "Its creation failed, and somebody had switched the rollback off.",
  },
  CREATE_COMPLETE: { phase: "good", means: "It was created." },
  ROLLBACK_IN_PROGRESS: { phase: "running", means: "Its creation failed; what was made is being deleted." },
  ROLLBACK_FAILED: {
    phase: "failed",
    means: "Its creation failed, and not all that was made could be deleted.",
  },
  ROLLBACK_COMPLETE: { phase: "failed", means: "Its creation failed, and what was made is deleted." },
  DELETE_IN_PROGRESS: { phase: "running", means: "It is being deleted." },
  DELETE_FAILED: { phase: "half-deleted", means: "Its deletion was asked for, and something would not go." },
  DELETE_COMPLETE: { phase: "absent", means: "It is gone." },
  UPDATE_IN_PROGRESS: { phase: "running", means: "It is being updated." },
  // The new resources work already, but the old ones are still being deleted: the stack cannot be updated yet.
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: {
    phase: "running",
    means: "The update works; what it has replaced is being deleted.",
  },
  UPDATE_COMPLETE: { phase: "good", means: "It was updated." },
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
  UPDATE_FAILED: {
    phase: "halted",
    means: "An update failed half-way, and somebody had switched the rollback off.",
  },
  UPDATE_ROLLBACK_IN_PROGRESS: { phase: "running", means: "An update failed and is being rolled back." },
  UPDATE_ROLLBACK_FAILED: {
    phase: "stuck",
    means: "An update failed, and something could not be put back.",
  },
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: {
    phase: "running",
    means: "An update was rolled back; what it had made is being deleted.",
  },
  UPDATE_ROLLBACK_COMPLETE: { phase: "usable", means: "An update failed and was rolled back." },
  REVIEW_IN_PROGRESS: { phase: "shell", means: "A plan or a killed run has left it; nothing is in it." },
  IMPORT_IN_PROGRESS: { phase: "running", means: "Somebody imports resources into it." },
  IMPORT_COMPLETE: { phase: "good", means: "Resources were imported into it." },
  IMPORT_ROLLBACK_IN_PROGRESS: { phase: "running", means: "An import failed and is being rolled back." },
  IMPORT_ROLLBACK_FAILED: { phase: "lost", means: "An import failed and could not be rolled back." },
  IMPORT_ROLLBACK_COMPLETE: { phase: "usable", means: "An import failed and was rolled back." },
};

/** Throws for a status that this version of Warren does not know: guessing could delete somebody's stack. */
export function phaseOf(status: string | undefined): Phase {
  if (status === undefined) return "absent";
  if (!Object.hasOwn(STATUSES, status)) {
    throw new Error(`CloudFormation reports a stack status that Warren does not know: ${status}`);
  }
  return STATUSES[status as StackStatus].phase;
}

export type DeployStep =
  | "create"
  | "update"
  | "attach"
  | "recreate"
  | "recreate-unprotected"
  | "roll-back"
  | "continue-rollback"
  | "refuse";

const DEPLOY_STEPS: Readonly<Record<Phase, DeployStep>> = {
  absent: "create",
  shell: "create",
  running: "attach",
  good: "update",
  usable: "update",
  failed: "recreate",
  "half-deleted": "recreate-unprotected",
  halted: "roll-back",
  stuck: "continue-rollback",
  lost: "refuse",
};

export function deployStep(phase: Phase): DeployStep {
  return DEPLOY_STEPS[phase];
}

export type DestroyStep = "done" | "attach" | "delete";

export function destroyStep(phase: Phase): DestroyStep {
  if (phase === "absent") return "done";
  return phase === "running" ? "attach" : "delete";
}

/** `later`: an empty stack may be one that another run is just making. `leave`: to the next sweep. */
export type SweepStep = "none" | "later" | "leave" | "delete";

/** Of a stack that Git does not want and that is not protected. */
export function sweepStep(status: string): SweepStep {
  const phase = phaseOf(status);
  if (phase === "absent") return "none";
  if (phase === "shell") return "later";
  return phase === "running" && !isBeingDeleted(status) ? "leave" : "delete";
}

/** Of the running operations, the one that a deletion may simply wait for. */
export function isBeingDeleted(status: string): boolean {
  return status === ("DELETE_IN_PROGRESS" satisfies StackStatus);
}

/** Of a stack's ARN. */
export function regionOf(stackId: string): string {
  const region = stackId.split(":")[3];
  if (!region) throw new Error(`not a stack's ARN: ${stackId}`);
  return region;
}

/** The account in `arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>`. */
export function accountOf(stackId: string): string {
  const account = stackId.split(":")[4];
  if (!account) throw new Error(`not a stack's ARN: ${stackId}`);
  return account;
}
