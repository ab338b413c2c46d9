/** What CloudFormation refuses to do with a stack, by its status, as its reference says. Throws as the SDK does. */
import type { Accepted, Stack, StackResource } from "../../action/aws-ports.ts";

class ValidationError extends Error {
  override readonly name = "ValidationError";
}

/** API_UpdateStack and API_CreateChangeSet: from every other status there is no update. */
const UPDATABLE: ReadonlySet<string> = new Set([
  "CREATE_COMPLETE",
  "UPDATE_COMPLETE",
  "UPDATE_ROLLBACK_COMPLETE",
  "IMPORT_COMPLETE",
  "IMPORT_ROLLBACK_COMPLETE",
]);

/** A stack that is there is not created again, and one that is in trouble not updated. */
export function refuseChangeSet(stack: Stack | undefined, type: "CREATE" | "UPDATE"): void {
  const status = stack?.status ?? "DELETE_COMPLETE";
  if (type === "CREATE") {
    if (["DELETE_COMPLETE", "REVIEW_IN_PROGRESS"].includes(status)) return;
    throw new ValidationError(`Stack [fake] already exists and cannot be created again (${status})`);
  }
  if (["UPDATE_FAILED", "CREATE_FAILED"].includes(status)) {
    throw new ValidationError(
      `This stack is currently in a non-terminal [${status}] state. To update the stack from this state, please use the disable-rollback parameter`,
    );
  }
  if (!UPDATABLE.has(status))
    throw new ValidationError(`Stack:fake is in ${status} state and can not be updated.`);
}

/** API_ContinueUpdateRollback, API_RollbackStack. */
export function refuseRollback(stack: Stack | undefined, from: readonly string[]): void {
  if (from.includes(stack?.status ?? "")) return;
  throw new ValidationError(`Stack fake is in ${stack?.status ?? "no"} state and cannot be rolled back`);
}

/** API_ContinueUpdateRollback, ResourcesToSkip: "only resources that are in the UPDATE_FAILED state because a rollback failed". */
export function refuseSkips(skip: readonly string[], resources: readonly StackResource[]): void {
  for (const id of skip) {
    const status = resources.find(({ logicalId }) => logicalId === id)?.status;
    if (status !== "UPDATE_FAILED")
      throw new ValidationError(`Resource ${id} is ${status} and cannot be skipped`);
  }
}

/** API_DeleteStack: termination protection; RetainResources "for stacks in the DELETE_FAILED state". */
export function refuseDeletion(
  stack: Stack | undefined,
  retain: readonly string[],
  resources: readonly StackResource[],
): void {
  if (stack?.terminationProtection) {
    throw new ValidationError("Stack [fake] cannot be deleted while TerminationProtection is enabled");
  }
  const status = stack?.status ?? "";
  if (/^(?:UPDATE|IMPORT|ROLLBACK).*_IN_PROGRESS$/.test(status)) {
    throw new ValidationError(`Stack [fake] cannot be deleted while in status ${status}`);
  }
  if (retain.length === 0) return;
  if (status !== "DELETE_FAILED") {
    throw new ValidationError("RetainResources can only be specified for a stack in DELETE_FAILED state");
  }
  const unknown = retain.filter((id) => !resources.some(({ logicalId }) => logicalId === id));
  if (unknown.length > 0)
    throw new ValidationError(`Resources ${unknown.join()} do not exist in stack [fake]`);
}

/** As the edge answers it. */
export function accepted(call: () => void): Accepted {
  try {
    call();
    return { kind: "started" };
  } catch (error) {
    if (error instanceof ValidationError) return { kind: "refused", reason: error.message };
    throw error;
  }
}
