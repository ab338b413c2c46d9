/** All that Warren knows about CloudFormation's stack statuses. No other file compares status strings. */
import type { StackStatus } from "@aws-sdk/client-cloudformation";

/**
 * - `absent`: nothing is there
 * - `shell`: a change set was made for a stack that never came to be; it has no resources
 * - `running`: an operation is under way: attach to it, it is the lock
 * - `good`: the last operation succeeded, so the stack is what its tags say
 * - `usable`: the last operation failed, the stack can be updated, but its tags prove nothing
 * - `failed`: a creation or deletion failed; such a stack can only be deleted
 * - `stuck`: CloudFormation waits for a person
 */
export type Phase = "absent" | "shell" | "running" | "good" | "usable" | "failed" | "stuck";

/** A record over the SDK's own union: a status that AWS adds or that is forgotten here does not compile. */
const PHASES: Readonly<Record<StackStatus, Phase>> = {
  CREATE_IN_PROGRESS: "running",
  CREATE_FAILED: "failed",
  CREATE_COMPLETE: "good",
  ROLLBACK_IN_PROGRESS: "running",
  ROLLBACK_FAILED: "failed",
  ROLLBACK_COMPLETE: "failed",
  DELETE_IN_PROGRESS: "running",
  DELETE_FAILED: "failed",
  DELETE_COMPLETE: "absent",
  UPDATE_IN_PROGRESS: "running",
  // The new resources work already, but the old ones are still being deleted: the stack cannot be updated yet.
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: "running",
  UPDATE_COMPLETE: "good",
  // Only seen when someone switched rollback off by hand; an update is how to go on.
  UPDATE_FAILED: "usable",
  UPDATE_ROLLBACK_IN_PROGRESS: "running",
  UPDATE_ROLLBACK_FAILED: "stuck",
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: "running",
  UPDATE_ROLLBACK_COMPLETE: "usable",
  REVIEW_IN_PROGRESS: "shell",
  IMPORT_IN_PROGRESS: "running",
  IMPORT_COMPLETE: "good",
  IMPORT_ROLLBACK_IN_PROGRESS: "running",
  IMPORT_ROLLBACK_FAILED: "stuck",
  IMPORT_ROLLBACK_COMPLETE: "usable",
};

/** Throws for a status that this version of Warren does not know: guessing could delete somebody's stack. */
export function phaseOf(status: string | undefined): Phase {
  if (status === undefined) return "absent";
  const phase = (PHASES as Readonly<Record<string, Phase | undefined>>)[status];
  if (!phase) throw new Error(`CloudFormation reports a stack status that Warren does not know: ${status}`);
  return phase;
}

export type DeployStep = "create" | "update" | "attach" | "recreate" | "refuse";

const DEPLOY_STEPS: Readonly<Record<Phase, DeployStep>> = {
  absent: "create",
  shell: "create",
  running: "attach",
  good: "update",
  usable: "update",
  failed: "recreate",
  stuck: "refuse",
};

export function deployStep(phase: Phase): DeployStep {
  return DEPLOY_STEPS[phase];
}

export type DestroyStep = "done" | "attach" | "delete";

export function destroyStep(phase: Phase): DestroyStep {
  if (phase === "absent") return "done";
  return phase === "running" ? "attach" : "delete";
}

/** Of the running operations, the one that a deletion may simply wait for. */
export function isBeingDeleted(status: string): boolean {
  return status === ("DELETE_IN_PROGRESS" satisfies StackStatus);
}

/** The account in `arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>`. */
export function accountOf(stackId: string): string {
  const account = stackId.split(":")[4];
  if (!account) throw new Error(`not a stack's ARN: ${stackId}`);
  return account;
}
