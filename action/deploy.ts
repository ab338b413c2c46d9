/** Makes a stack equal to what was rendered, whatever state it was left in. */
import { apply } from "./apply.ts";
import type { DeployPorts, Deployment, Permit } from "./apply.ts";
import type { Artifact } from "./core/artifact.ts";
import { type Counts, countsOf } from "./core/plan-lines.ts";
import type { PlanRisk } from "./core/plan-risk.ts";
import type { PlannedChange } from "./core/planned-change.ts";
import { UserError } from "./core/problem.ts";
import { lostProblem } from "./core/recovery.ts";
import { hiddenTexts, redactText } from "./core/redact.ts";
import type { Rendered } from "./core/rendered.ts";
import type { ReviewWords } from "./core/review-words.ts";
import { isUpToDate } from "./core/stack-tags.ts";
import { refuseForeign } from "./core/stack-owner.ts";
import { accountOf, deployStep, phaseOf } from "./core/stack.ts";
import type { Timeline } from "./core/timeline.ts";
import { type Watch, failIfLate, follow } from "./follow.ts";
import type { Stack } from "./aws-ports.ts";
import { clearAway, continueRollback, rollBack } from "./recovery.ts";
import { MARKER_TAG, isCutOff, loadLate } from "./seed.ts";

export type { DeployPorts } from "./apply.ts";

/** DescribeStacks may still show the status from before the other operation. */
const BUSY_MS = 1_000;

export interface DeployRequest {
  readonly rendered: Rendered;
  readonly artifacts: readonly Artifact[];
  /** Default 3,600. Then the deploy fails; running it again attaches to what still runs. */
  readonly timeoutSeconds?: number;
  /** Components or logical ids that a rollback which has failed goes on without, as a person has asked for. */
  readonly skip?: readonly string[];
  /** Asked before a change set is executed; what it throws leaves the stack as it is. */
  readonly permit?: Permit;
}

export interface DeployOutcome {
  /** `updated` with no changes: only steps that a killed run had left were done. */
  readonly kind: "unchanged" | "created" | "updated";
  readonly stack: Stack;
  /** Safe to be shown: what looks like a secret is hidden. `stack` has them raw. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Raw values: to decide on, never to print. */
  readonly changes: readonly PlannedChange[];
  readonly counts: Counts;
  /** Of the plan that was carried out; both are absent if there was none. */
  readonly risk?: PlanRisk;
  readonly planDigest?: string;
  /** Of the operation that this run has followed. */
  readonly timeline?: Timeline;
  /** Of what `permit` was asked about. */
  readonly review?: ReviewWords;
}

/**
 * A stack that is up to date costs one DescribeStacks call (see seed.ts for when it costs a HEAD more).
 * Throws UserError: `deploy-failed` (the first problem is the root cause), `change-set-failed`, `stack-stuck`,
 * `skip-unknown`, `stack-left-over`, `stack-timeout`, `artifact-bucket-missing`, `stack-foreign`.
 */
export async function deploy(request: DeployRequest, ports: DeployPorts): Promise<DeployOutcome> {
  const { rendered, artifacts, timeoutSeconds = 3_600, permit, skip } = request;
  const deadline = ports.clock.now() + timeoutSeconds * 1_000;
  const hidden = hiddenTexts(rendered.body);
  const watch: Watch = { origins: rendered.origins, deadline, told: new Set(), hidden };
  const deployment: Deployment = {
    rendered,
    artifacts,
    watch,
    ports,
    ...(permit && { permit }),
    ...(skip && { skip }),
  };
  // Each round ends it, or waits for an operation that another run started, or clears a failed creation away.
  for (;;) {
    failIfLate(rendered.stackName, watch, ports.clock.now());
    const stack = await ports.stacks.find(rendered.stackName);
    const phase = phaseOf(stack?.status);
    const step = deployStep(phase);
    if (stack && step !== "create") refuseForeign(stack, rendered.tags);
    // Only after success do the tags tell what the stack is: a failed update may have left either tags.
    if (stack && phase === "good" && isUpToDate(stack.tags, rendered)) {
      return finishUp(stack, deployment);
    }
    if (!stack || step === "create" || step === "update") {
      const outcome = await renew(stack, deployment);
      if (outcome) return outcome;
    } else if (step === "attach") {
      ports.log.info(`${stack.name} is ${stack.status}: waiting for that operation to end`);
      await follow(stack.id, undefined, watch, ports);
    } else if (step === "recreate" || step === "recreate-unprotected") {
      await clearAway(stack, deployment);
    } else if (step === "roll-back") {
      await rollBack(stack, deployment);
    } else if (step === "continue-rollback") {
      await continueRollback(stack, deployment);
    } else {
      throw new UserError("stack-stuck", lostProblem(stack));
    }
  }
}

async function renew(former: Stack | undefined, deployment: Deployment): Promise<DeployOutcome | undefined> {
  const { rendered, ports } = deployment;
  const applied = await apply(former, deployment);
  if (applied.kind === "busy") {
    ports.log.info(`another operation on ${rendered.stackName} came first`);
    await ports.clock.sleep(BUSY_MS);
    return undefined;
  }
  if (applied.kind === "unchanged") {
    await protect(applied.stack, deployment);
    return outcomeOf("unchanged", applied.stack);
  }
  const { kind, stack, changes, counts, risk, planDigest, marker, timeline, review } = applied;
  await loadLate(rendered, former?.outputs ?? {}, stack.outputs, ports);
  if (marker !== undefined) await mark(marker, stack, deployment);
  await protect(stack, deployment);
  return {
    ...outcomeOf(kind, stack),
    changes,
    counts,
    risk,
    planDigest,
    ...(timeline && { timeline }),
    ...(review && { review }),
  };
}

/** The stack is as it should be, but the run that made it may have been killed before its last steps. */
async function finishUp(stack: Stack, deployment: Deployment): Promise<DeployOutcome> {
  const { rendered, ports } = deployment;
  const cutOff = await isCutOff(rendered, stack, ports);
  if (!cutOff && stack.terminationProtection === rendered.protected) return outcomeOf("unchanged", stack);
  ports.log.info(`${stack.name} is up to date, but an earlier run did not finish: doing the rest`);
  if (cutOff) {
    await loadLate(rendered, {}, stack.outputs, ports);
    const marker = stack.tags[MARKER_TAG];
    if (marker !== undefined) await mark(marker, stack, deployment);
  }
  await protect(stack, deployment);
  return outcomeOf("updated", stack);
}

function outcomeOf(kind: DeployOutcome["kind"], stack: Stack): DeployOutcome {
  const outputs = Object.entries(stack.outputs).map(([name, value]) => [name, redactText(value)]);
  return {
    kind,
    stack,
    outputs: Object.fromEntries(outputs) as Stack["outputs"],
    changes: [],
    counts: countsOf([]),
  };
}

async function mark(key: string, stack: Stack, { ports }: Deployment): Promise<void> {
  const bucket = await ports.artifacts.bucket(accountOf(stack.id));
  await ports.artifacts.put(bucket, key, `${stack.id}\n`, "text/plain");
}

/** The last step: a protected stage without protection counts as unfinished. */
async function protect(stack: Stack, { rendered, ports }: Deployment): Promise<void> {
  if (stack.terminationProtection === rendered.protected) return;
  await ports.stacks.setTerminationProtection(stack.name, rendered.protected);
  ports.log.info(`termination protection of ${stack.name} is ${rendered.protected ? "on" : "off"}`);
}
