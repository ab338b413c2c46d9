/** What a deploy would do, told by CloudFormation itself: a change set that is made, read and taken away again. */
import { deployStep, accountOf, phaseOf } from "./core/stack.ts";
import { changedNames } from "./core/operation.ts";
import { UserError } from "./core/problem.ts";
import type { Rendered } from "./core/rendered.ts";
import { isUpToDate } from "./core/stack-tags.ts";
import { refuseForeign } from "./core/stack-owner.ts";
import type { FollowPorts } from "./follow.ts";
import type { Change, Stack } from "./ports.ts";
import { changedItems } from "./seed.ts";
import { type UploadPorts, placeTemplate } from "./upload.ts";

export type PlanPorts = FollowPorts & UploadPorts;

export interface Plan {
  readonly kind: "create" | "update" | "nothing";
  readonly stackName: string;
  readonly digest: string;
  /** Resources that get nothing but new tags are not in here. */
  readonly changes: readonly Change[];
  /** Components whose items would be put. */
  readonly items: readonly string[];
}

/** Throws UserError `stack-busy` (an operation is running), `stack-stuck`, `stack-foreign`, `plan-failed`. */
export async function plan(rendered: Rendered, ports: PlanPorts): Promise<Plan> {
  const { stackName, digest } = rendered;
  const stack = await ports.stacks.find(stackName);
  const phase = phaseOf(stack?.status);
  const step = deployStep(phase);
  if (stack && step !== "create") refuseForeign(stack, rendered.tags);
  if (stack && phase === "good" && isUpToDate(stack.tags, rendered)) {
    return { kind: "nothing", stackName, digest, changes: [], items: [] };
  }
  if (step !== "create" && step !== "update") throw notPlannable(stackName, stack, step === "attach");
  const kind = step;
  const bucket = (): Promise<string> => ports.artifacts.bucket(stack && accountOf(stack.id));
  const changeSet = await ports.stacks.createChangeSet({
    stackName,
    name: `warren-plan-${digest.slice(0, 12)}-${ports.clock.now().toString(36)}`,
    type: kind === "create" ? "CREATE" : "UPDATE",
    template: await placeTemplate(bucket, rendered.body, ports),
    tags: rendered.tags,
    description: `plan of digest ${digest}`,
  });
  if (changeSet.kind === "busy") throw notPlannable(stackName, stack, true);
  await ports.stacks.deleteChangeSet(stackName, changeSet.id);
  if (!stack) await clearShell(stackName, changeSet.stackId, digest, ports);
  if (changeSet.kind === "failed") {
    throw new UserError("plan-failed", {
      message: `CloudFormation cannot plan ${stackName}: ${changeSet.reason}`,
    });
  }
  const changes = changeSet.kind === "ready" ? changeSet.changes.filter((change) => !onlyTags(change)) : [];
  const tables = changedItems(rendered, stack, ports.workspace);
  // No change set knows of items.
  for (const { component, items } of tables)
    ports.log.info(`would load ${items.length} items into ${component}`);
  const nothing = changes.length === 0 && tables.length === 0;
  const items = tables.map(({ component }) => component);
  return { kind: nothing ? "nothing" : kind, stackName, digest, changes, items };
}

/** The change set of a new stack leaves an empty shell (REVIEW_IN_PROGRESS), which would look like a stack. */
async function clearShell(
  stackName: string,
  stackId: string,
  digest: string,
  ports: PlanPorts,
): Promise<void> {
  try {
    await ports.stacks.delete({ stackId, token: `plan-${digest.slice(0, 32)}` });
  } catch (error) {
    // The role for plans may not delete any stack: a shell costs nothing, and the first deploy takes it up.
    if (!(error instanceof Error) || !error.name.startsWith("AccessDenied")) throw error;
    ports.log.info(`${stackName} stays as an empty stack in review until its first deploy`);
  }
}

/** Stack tags reach every resource, so a new commit alone "modifies" all of them. */
function onlyTags(change: Change): boolean {
  return change.action === "Modify" && changedNames(change).join() === "Tags";
}

function notPlannable(stackName: string, stack: Stack | undefined, busy: boolean): UserError {
  const status = stack?.status ?? "absent";
  return busy
    ? new UserError("stack-busy", {
        message: `${stackName} is ${status}: another operation is running`,
        hint: "Plan again when it has ended; a deploy waits for it by itself.",
      })
    : new UserError("stack-stuck", {
        message: `${stackName} is ${status}: nothing can be planned on it`,
        hint: "Run `warren deploy`: it clears a failed creation away, or says what to do.",
      });
}
