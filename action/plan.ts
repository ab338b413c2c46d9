/** What a deploy would do, told by CloudFormation itself: a change set that is made, read and taken away again. */
import { changeSetFailure, changeSetWarnings } from "./cause.ts";
import { deployStep, accountOf, phaseOf } from "./core/stack.ts";
import { planned } from "./core/change.ts";
import { driftBanner } from "./core/drift.ts";
import { type Counts, countsOf } from "./core/plan-lines.ts";
import { type PlanDigest, digestPlan, recordPlan } from "./core/plan-digest.ts";
import { type PlanRisk, planRisk } from "./core/plan-risk.ts";
import { type ResourceWords, planWords } from "./core/plan-words.ts";
import type { PlannedChange } from "./core/planned-change.ts";
import { UserError } from "./core/problem.ts";
import { fingerprinter, hiddenTexts } from "./core/redact.ts";
import type { Rendered } from "./core/rendered.ts";
import { isUpToDate } from "./core/stack-tags.ts";
import { refuseForeign } from "./core/stack-owner.ts";
import type { ValueMap } from "./core/value.ts";
import type { FollowPorts } from "./follow.ts";
import type { Change, Stack } from "./aws-ports.ts";
import { changedItems } from "./seed.ts";
import { type UploadPorts, placeTemplate } from "./upload.ts";

export type PlanPorts = FollowPorts & UploadPorts;

export interface Plan {
  readonly kind: "create" | "update" | "nothing";
  readonly stackName: string;
  /** ARN; absent for a stack that is still to be made. */
  readonly stackId?: string;
  readonly digest: string;
  /** Raw values: to decide on, never to print. By logical id; resources that stay as they are are not in here. */
  readonly changes: readonly PlannedChange[];
  /** The same to be shown to anybody, what may hurt first. */
  readonly words: readonly ResourceWords[];
  readonly counts: Counts;
  /** How many more resources stay as they are, but for their tags. */
  readonly untouched: number;
  readonly risk: PlanRisk;
  /** To be compared with the same plan made again; `digest` above is the template's. */
  readonly content: PlanDigest;
  /** The same for a comment to remember. */
  readonly record: ValueMap;
  /** Components whose items would be put. */
  readonly items: readonly string[];
  /** For people: the stack is not what its template says. Told of what is known anyway, and never looked for. */
  readonly drift?: string;
}

/** Throws UserError `stack-busy` (an operation is running), `stack-stuck`, `stack-foreign`, `plan-failed`. */
export async function plan(rendered: Rendered, ports: PlanPorts): Promise<Plan> {
  const { stackName, digest } = rendered;
  const stack = await ports.stacks.find(stackName);
  const phase = phaseOf(stack?.status);
  const step = deployStep(phase);
  if (stack && step !== "create") refuseForeign(stack, rendered.tags);
  const { found = false, checkedAt = 0 } = stack?.drift ?? {};
  const drift = found ? { drift: driftBanner(dayOf(checkedAt)) } : {};
  if (stack && phase === "good" && isUpToDate(stack.tags, rendered)) {
    const same = told([], stack, rendered, ports);
    return { kind: "nothing", stackName, stackId: stack.id, digest, ...same, ...drift, items: [] };
  }
  if (step !== "create" && step !== "update") throw notPlannable(stackName, stack, step === "attach");
  const kind = step;
  const bucket = (): Promise<string> => ports.artifacts.bucket(stack && accountOf(stack.id));
  // The same plan has the same name: one that a run has left behind, when it was cut off, is found and cleared away.
  const name = `warren-plan-${(rendered.tags["warren:commit"] ?? "").replaceAll(/[^a-zA-Z0-9]/g, "").slice(0, 12) || "none"}-${digest.slice(0, 12)}`;
  const input = {
    stackName,
    name,
    type: kind === "create" ? "CREATE" : "UPDATE",
    template: await placeTemplate(bucket, rendered.body, ports),
    tags: rendered.tags,
    description: `plan of digest ${digest}`,
  } as const;
  let changeSet = await ports.stacks.createChangeSet(input);
  if (changeSet.kind === "exists") {
    await ports.stacks.deleteChangeSet(stackName, name);
    changeSet = await ports.stacks.createChangeSet(input);
  }
  if (changeSet.kind === "busy" || changeSet.kind === "exists") throw notPlannable(stackName, stack, true);
  const shown = { origins: rendered.origins, hidden: hiddenTexts(rendered.body) };
  if (changeSet.kind === "refused")
    throw await changeSetFailure("plan-failed", stackName, changeSet, shown, ports);
  const failure =
    changeSet.kind === "failed"
      ? await changeSetFailure("plan-failed", stackName, changeSet, shown, ports)
      : undefined;
  // As above: AWS forgets with the change set what it has found.
  const warnings =
    changeSet.kind === "ready" ? await changeSetWarnings(stackName, changeSet.id, shown, ports) : [];
  await ports.stacks.deleteChangeSet(stackName, changeSet.id);
  if (!stack) await clearShell(stackName, changeSet.stackId, digest, ports);
  if (failure) throw failure;
  // The shell of a stack that an earlier plan has left is not what anybody has had before.
  const before = kind === "create" ? undefined : stack;
  const changes = told(changeSet.kind === "ready" ? changeSet.changes : [], before, rendered, ports);
  const tables = changedItems(rendered, stack, ports.workspace);
  // No change set knows of items.
  for (const { component, items } of tables)
    ports.log.info(`would load ${items.length} items into ${component}`);
  const nothing = changes.changes.length === 0 && tables.length === 0;
  const items = tables.map(({ component }) => component);
  const identity = { stackName, ...(before && { stackId: before.id }) };
  const risk = { ...changes.risk, notes: [...changes.risk.notes, ...warnings] };
  return { kind: nothing ? "nothing" : kind, ...identity, digest, ...changes, risk, ...drift, items };
}

export type Told = Pick<Plan, "changes" | "words" | "counts" | "untouched" | "risk" | "content" | "record">;

/** What a change set means, for those who decide and for those who read. */
export function told(
  changes: readonly Change[],
  stack: Pick<Stack, "tags"> | undefined,
  rendered: Pick<Rendered, "stackName" | "origins" | "guard" | "protected" | "items">,
  {
    workspace,
    clock,
  }: Pick<PlanPorts, "clock"> & { readonly workspace: Pick<PlanPorts["workspace"], "sha256"> },
): Told {
  const { stackName, origins, guard, protected: isProtected } = rendered;
  const all = planned(changes, origins);
  const fingerprint = fingerprinter(stack?.tags, workspace.sha256);
  const today = dayOf(clock.now());
  const creates = stack === undefined;
  const risk = planRisk(all.changes, guard, { protected: isProtected, creates, today });
  const words = planWords(all.changes, fingerprint, risk.risks);
  const items = changedItems(rendered, stack, workspace);
  const whole = { stackName, changes: all.changes, items, risks: risk.risks };
  const content = digestPlan(whole, fingerprint, workspace.sha256);
  const record = recordPlan(content, fingerprint);
  return { ...all, words, counts: countsOf(words), risk, content, record };
}

/** `2026-11-24`, in UTC. */
function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
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
