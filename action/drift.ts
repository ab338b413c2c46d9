/** Finds what was changed behind CloudFormation's back, and puts it back. */
import { changeSetFailure, operationFailure } from "./cause.ts";
import { planned } from "./core/change.ts";
import { type Origins, type StackDrift, readDetection } from "./core/drift.ts";
import { driftLines, driftVerdict } from "./core/drift-words.ts";
import { planLines } from "./core/plan-lines.ts";
import { planWords } from "./core/plan-words.ts";
import { UserError } from "./core/problem.ts";
import { fingerprinter } from "./core/redact.ts";
import { refuseForeign } from "./core/stack-owner.ts";
import { deployStep, phaseOf } from "./core/stack.ts";
import { type FollowPorts, follow } from "./follow.ts";
import type { Change, Drift, Stack, StackTags } from "./aws-ports.ts";
import type { Workspace } from "./ports.ts";

export interface RevertPorts extends FollowPorts {
  readonly workspace: Pick<Workspace, "sha256">;
}

export interface DriftPorts extends RevertPorts {
  readonly drift: Drift;
}

export interface DriftOrder {
  readonly stackName: string;
  /** Whose the stack must be; see core/stack-owner.ts. */
  readonly tags: StackTags;
  readonly origins: Origins;
}

/** Changes nothing. Throws UserError `stack-foreign`, `drift-timeout`. */
export async function detectDrift(order: DriftOrder, ports: DriftPorts): Promise<StackDrift> {
  const { stackName, tags, origins } = order;
  const stack = await ports.stacks.find(stackName);
  const phase = phaseOf(stack?.status);
  if (!stack || phase === "absent" || phase === "shell") return { kind: "absent", stackName };
  refuseForeign(stack, tags);
  // CloudFormation would refuse these in words of its own: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/detect-drift-stack.html
  if (phase === "running" || phase === "failed") {
    const why =
      phase === "running" ? "another operation is running on it" : "such a stack can only be deleted";
    return { kind: "unavailable", stackName, reason: `it is ${stack.status}: ${why}` };
  }
  ports.log.info(`comparing ${stackName} with its template, which can take minutes`);
  const detection = await ports.drift.detect(stackName);
  const fingerprint = fingerprinter(stack.tags, ports.workspace.sha256);
  return readDetection(stack, detection, origins, fingerprint);
}

export interface DriftCheck {
  /** As it is now: after `reverted`, if there is one. */
  readonly drift: StackDrift;
  /** What was put back; absent if nothing was asked to be. */
  readonly reverted?: readonly Change[];
}

/** With `reverting`, ports that may change the stack: puts back what has drifted, and looks again. */
export async function checkDrift(
  order: RevertOrder,
  ports: DriftPorts,
  reverting?: RevertPorts,
): Promise<DriftCheck> {
  const drift = await detectDrift(order, ports);
  if (!reverting) return { drift };
  if (drift.kind === "unavailable") {
    throw new UserError("drift-unavailable", { message: driftVerdict(drift) });
  }
  if (drift.kind !== "drifted") return { drift, reverted: [] };
  for (const line of driftLines(drift)) ports.log.info(line);
  const deleted = drift.resources.filter(({ kind }) => kind === "deleted").map(({ logicalId }) => logicalId);
  const reverted = await revertDrift(order, new Set(deleted), reverting);
  return { drift: await detectDrift(order, ports), reverted };
}

export interface RevertOrder extends DriftOrder {
  /** Default 3,600. */
  readonly timeoutSeconds?: number;
}

/**
 * Puts back what was deployed last, by a change set that compares with what is really there. `deleted` are the logical
 * ids of what was found deleted: making them anew is the wish, replacing anything else is not.
 * Throws UserError `stack-busy`, `stack-stuck`, `stack-foreign`, `revert-replaces`, `revert-failed`, `stack-timeout`.
 */
export async function revertDrift(
  order: RevertOrder,
  deleted: ReadonlySet<string>,
  ports: RevertPorts,
): Promise<readonly Change[]> {
  const { stackName, origins, timeoutSeconds = 3_600 } = order;
  const stack = await ports.stacks.find(stackName);
  if (!stack || deployStep(phaseOf(stack.status)) !== "update") throw notRevertable(stackName, stack);
  refuseForeign(stack, order.tags);
  const token = `warren-revert-${ports.clock.now().toString(36)}`;
  const changeSet = await ports.stacks.createChangeSet({
    stackName,
    name: token,
    type: "UPDATE",
    template: { kind: "deployed" },
    // As they are: new ones would claim that another commit is deployed.
    tags: stack.tags,
    description: "puts back what was changed by hand",
    revertsDrift: true,
  });
  if (changeSet.kind === "busy" || changeSet.kind === "exists") throw notRevertable(stackName, stack, true);
  if (changeSet.kind === "refused") {
    throw await changeSetFailure("revert-failed", stackName, changeSet, order, ports);
  }
  if (changeSet.kind !== "ready") {
    const failure =
      changeSet.kind === "failed"
        ? await changeSetFailure("revert-failed", stackName, changeSet, order, ports)
        : undefined;
    await ports.stacks.deleteChangeSet(stackName, changeSet.id);
    if (failure) throw failure;
    return [];
  }
  const { id: changeSetId, changes } = changeSet;
  const fingerprint = fingerprinter(stack.tags, ports.workspace.sha256);
  const words = planWords(planned(changes, origins).changes, fingerprint);
  for (const line of planLines(words)) ports.log.info(line);
  const harmful = changes.filter((change) => replaces(change) && !deleted.has(change.logicalId));
  if (harmful.length > 0) {
    await ports.stacks.deleteChangeSet(stackName, changeSetId);
    throw wouldReplace(harmful, origins);
  }
  if ((await ports.stacks.executeChangeSet({ stackName, changeSetId, token })) === "busy")
    throw notRevertable(stackName, stack, true);
  const watch = { origins, deadline: ports.clock.now() + timeoutSeconds * 1_000, told: new Set<string>() };
  const ending = await follow(stack.id, token, watch, ports);
  if (phaseOf(ending.status) !== "good") {
    throw await operationFailure("revert-failed", stack.id, ending, watch, ports);
  }
  return changes;
}

function replaces({ action, replacement }: Change): boolean {
  return action === "Remove" || (action === "Modify" && replacement !== "False" && replacement !== "");
}

function wouldReplace(changes: readonly Change[], origins: Origins): UserError {
  return new UserError(
    "revert-replaces",
    changes.map((change) => ({
      ...(origins[change.logicalId] && { place: origins[change.logicalId]!.place }),
      message: `putting ${change.physicalId || change.logicalId} (${change.type}) back would replace it, and its data: nothing was changed`,
      hint: "Change it back by hand, or write into pipeline.yaml what it is to be, and deploy.",
    })),
  );
}

function notRevertable(stackName: string, stack: Stack | undefined, busy = false): UserError {
  const status = stack?.status ?? "absent";
  return busy || (stack && phaseOf(stack.status) === "running")
    ? new UserError("stack-busy", {
        message: `${stackName} is ${busy ? "taken" : status}: another operation is running`,
        hint: "Nothing was changed: run this again when it has ended.",
      })
    : new UserError("stack-stuck", {
        message: `${stackName} is ${status}: nothing can be put back`,
        hint: "Run `warren deploy`: it makes the stack, or says what to do.",
      });
}
