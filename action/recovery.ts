/** From where an earlier operation has left a stack to where it can be deployed to. core/stack.ts says which way is whose. */
import { operationFailure } from "./cause.ts";
import type { Deployment } from "./apply.ts";
import { type Unrestored, leftProblems, skipChosen, stuckProblems, unrestoredOf } from "./core/recovery.ts";
import { type Problem, UserError } from "./core/problem.ts";
import { phaseOf } from "./core/stack.ts";
import { isProtectedStack } from "./core/stack-owner.ts";
import { follow } from "./follow.ts";
import type { Ending } from "./follow.ts";
import type { Accepted, Stack } from "./aws-ports.ts";

/** DescribeStacks may still show the status from before the other operation. */
const BUSY_MS = 1_000;

/** A skipped resource can leave others with nothing to go back to, but not for ever. */
const SKIPS = 3;

/**
 * A creation that failed, or a deletion: CloudFormation does nothing with such a stack but delete it. It is deleted only
 * if nothing that is left in it may hold data. Throws UserError `stack-left-over`, `deploy-failed`.
 */
export async function clearAway(stack: Stack, deployment: Deployment): Promise<void> {
  const { rendered, watch, ports } = deployment;
  const left = (await ports.stacks.resources(stack.id)).filter(
    ({ status, physicalId }) => status !== "DELETE_COMPLETE" && physicalId !== "",
  );
  const problems = leftProblems(stack, left, rendered);
  if (problems.length > 0) throw new UserError("stack-left-over", problems);
  const still = left.map(({ logicalId }) => logicalId).join(", ");
  const what = left.length === 0 ? "and empty" : `and nothing that is left in it holds data (${still})`;
  ports.log.info(`${stack.name} is ${stack.status} ${what}: deleting it to create it afresh`);
  const token = tokenOf("clear", deployment);
  await ports.stacks.delete({ stackId: stack.id, token });
  const ending = await follow(stack.id, token, watch, ports);
  if (phaseOf(ending.status) !== "absent") {
    throw await operationFailure("deploy-failed", stack.id, ending, watch, ports);
  }
}

/** A half-made update whose rollback somebody has switched off. Throws UserError `stack-stuck`. */
export async function rollBack(stack: Stack, deployment: Deployment): Promise<void> {
  const { watch, ports } = deployment;
  ports.log.warn(`${stack.name} is ${stack.status}: rolling the half-made update back first`);
  const token = tokenOf("roll-back", deployment);
  const accepted = await ports.stacks.rollBack({ stackId: stack.id, token });
  if (await isUnderWay(accepted, stack, deployment)) await follow(stack.id, token, watch, ports);
}

/**
 * A rollback that failed is continued, at first with nothing skipped: time or a person may have mended what was in the
 * way. Skipped is what was asked for, and, in stages that are not protected, what then still fails. The stack is never
 * deleted. Throws UserError `stack-stuck`, which names what cannot be put back, and `skip-unknown`.
 */
export async function continueRollback(stack: Stack, deployment: Deployment): Promise<void> {
  const { rendered, skip = [] } = deployment;
  const isProtected = rendered.protected || isProtectedStack(stack);
  const asked = skip.length === 0 ? [] : await chosen(stack, skip, deployment);
  let skipped: readonly Unrestored[] = asked;
  for (let attempt = 1; ; attempt++) {
    const ending = await attemptRollback(stack, skipped, deployment);
    if (!ending || phaseOf(ending.status) !== "stuck") return;
    const failed = await unrestored(stack, ending, deployment);
    const more = failed.filter(({ logicalId }) => !skipped.some((one) => one.logicalId === logicalId));
    if (isProtected || asked.length > 0 || more.length === 0 || attempt > SKIPS) {
      throw new UserError("stack-stuck", stuckProblems(stack, failed, rendered));
    }
    // CloudFormation has put a skipped resource to UPDATE_COMPLETE by now and refuses to skip it again.
    skipped = failed;
  }
}

async function attemptRollback(
  stack: Stack,
  skipped: readonly Unrestored[],
  deployment: Deployment,
): Promise<Ending | undefined> {
  const { watch, ports } = deployment;
  const without = skipped.length === 0 ? "" : ` without ${skipped.map(({ word }) => word).join(", ")}`;
  ports.log.warn(`${stack.name} is ${stack.status}: continuing its rollback${without}`);
  for (const { name, why } of skipped) ports.log.warn(`${name} stays as it is: ${why}`);
  if (skipped.length > 0) ports.log.warn("what is skipped may differ from its template: see `warren drift`");
  const token = tokenOf("continue", deployment);
  const skip = skipped.map(({ logicalId }) => logicalId);
  const accepted = await ports.stacks.continueRollback({ stackId: stack.id, token, skip });
  if (!(await isUnderWay(accepted, stack, deployment))) return undefined;
  return follow(stack.id, token, watch, ports);
}

async function chosen(
  stack: Stack,
  words: readonly string[],
  deployment: Deployment,
): Promise<readonly Unrestored[]> {
  const failed = await unrestored(stack, undefined, deployment);
  const result = skipChosen(words, failed, stack.name);
  if (result.kind === "problem") throw new UserError("skip-unknown", result.problem);
  return result.chosen;
}

async function unrestored(
  stack: Stack,
  ending: Ending | undefined,
  { watch, ports }: Deployment,
): Promise<readonly Unrestored[]> {
  return unrestoredOf(await ports.stacks.resources(stack.id), ending?.events ?? [], stack.id, watch);
}

/** Another run may have come first: then it is looked at again. */
async function isUnderWay(accepted: Accepted, stack: Stack, { ports }: Deployment): Promise<boolean> {
  if (accepted.kind === "started") return true;
  await ports.clock.sleep(BUSY_MS);
  const now = await ports.stacks.find(stack.id);
  if (now?.status !== stack.status) return false;
  const problem: Problem = {
    message: `${stack.name} is ${stack.status}, and CloudFormation does not roll it back: ${accepted.reason}`,
    hint: "Roll it back in the CloudFormation console (`Stack actions`), then deploy again. Do not delete the stack: its data would go.",
  };
  throw new UserError("stack-stuck", problem);
}

function tokenOf(what: string, { ports }: Deployment): string {
  return `warren-${what}-${ports.clock.now().toString(36)}`;
}
