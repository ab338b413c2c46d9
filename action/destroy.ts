/** Takes a stack down: sources stopped, buckets emptied, deleted, followed, verified; what will not go is left and named. */
import { operationFailure } from "./cause.ts";
import { type ClearancePorts, canBeCleared, emptyAll, releaseAll, stopAll } from "./clearance.ts";
import { realFailures } from "./core/cause.ts";
import { type Leftover, leftoverLines, leftoverOf } from "./core/leftover.ts";
import { UserError } from "./core/problem.ts";
import type { Origin } from "./core/rendered.ts";
import { isProtectedStack, refuseForeign } from "./core/stack-owner.ts";
import { destroyStep, phaseOf, regionOf } from "./core/stack.ts";
import { failIfLate, follow } from "./follow.ts";
import type { Ending, FollowPorts, Watch } from "./follow.ts";
import type { Stack, StackEvent } from "./aws-ports.ts";

export type DestroyPorts = FollowPorts & ClearancePorts;

export interface DestroyRequest {
  readonly stackName: string;
  /** Is the stage protected in pipeline.yaml? A stage that is no longer there is not. */
  readonly protected: boolean;
  /** The tags that say whose stack it must be; without them it was found by its tags. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Only to name resources as pipeline.yaml does. */
  readonly origins?: Readonly<Record<string, Origin>>;
  /** Default 3,600. Then it fails; running it again goes on where it stopped. */
  readonly timeoutSeconds?: number;
  /** Told what will be left behind, while there still is a stack that a later run could find it by. */
  readonly leaving?: (leftovers: readonly Leftover[]) => Promise<void>;
}

export type DestroyOutcome =
  | { readonly kind: "absent"; readonly stackName: string }
  | {
      readonly kind: "destroyed";
      readonly stackName: string;
      readonly stackId: string;
      /** Objects, versions and delete markers. */
      readonly objectsDeleted: number;
      /** What CloudFormation kept since the template says Retain. */
      readonly kept: readonly Leftover[];
      /** What it could not delete, however often it was asked. */
      readonly leftovers: readonly Leftover[];
    };

/**
 * How often a resource may fail to be deleted before it is left: of those that can be emptied or released again, a
 * function that was still running fills a bucket once more; all others get one more time, since AWS has bad moments.
 */
const FAILURES = { cleared: 4, other: 2 } as const;
/** Of one teardown. What held another resource shows only when that has failed. */
const DELETIONS = 8;
const GONE: ReadonlySet<string> = new Set(["DELETE_COMPLETE", "DELETE_SKIPPED"]);
const DENIED = /\baccess ?denied\b|\bnot authorized\b/i;
const KEPT = "the template says that it is kept";
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/** Throws UserError: `stage-protected`, `stack-foreign`, `destroy-failed`, `stack-timeout`. A stack that is not there is a success. */
export async function destroy(request: DestroyRequest, ports: DestroyPorts): Promise<DestroyOutcome> {
  const { stackName, timeoutSeconds = 3_600 } = request;
  if (request.protected) throw protectedStage(stackName, "its stage is protected in config/pipeline.yaml");
  const deadline = ports.clock.now() + timeoutSeconds * 1_000;
  const watch: Watch = { origins: request.origins ?? {}, deadline, told: new Set() };
  for (;;) {
    failIfLate(stackName, watch, ports.clock.now());
    const stack = await ports.stacks.find(stackName);
    const step = destroyStep(phaseOf(stack?.status));
    if (!stack || step === "done") return { kind: "absent", stackName };
    if (request.tags && phaseOf(stack.status) !== "shell") refuseForeign(stack, request.tags);
    refuseProtected(stack);
    if (step === "delete") return takeDown(stack, request, watch, ports);
    ports.log.info(`${stackName} is ${stack.status}: waiting for that operation to end`);
    await follow(stack.id, undefined, watch, ports);
  }
}

async function takeDown(
  stack: Stack,
  { leaving }: DestroyRequest,
  watch: Watch,
  ports: DestroyPorts,
): Promise<DestroyOutcome> {
  const resources = (await ports.stacks.resources(stack.id)).filter(
    ({ status, physicalId }) => !GONE.has(status) && physicalId !== "",
  );
  await stopAll(resources, ports);
  let objectsDeleted = await emptyAll(resources, ports);
  const skipped = new Map<string, StackEvent>();
  const failures = new Map<string, number>();
  let leftovers: readonly Leftover[] = [];
  for (let attempt = 1; ; attempt++) {
    const ending = await deleteOnce(stack, attempt, leftovers, watch, ports);
    for (const event of ending.events) {
      if (event.status === "DELETE_SKIPPED") skipped.set(event.logicalId, event);
    }
    if (phaseOf(ending.status) === "absent") {
      await verifyGone(stack, ports);
      for (const { logicalId } of leftovers) skipped.delete(logicalId);
      const kept = [...skipped.values()].map((event) => leftBy(event, KEPT, stack, watch));
      const { name: stackName, id: stackId } = stack;
      return { kind: "destroyed", stackName, stackId, objectsDeleted, kept, leftovers };
    }
    const failed = failedIn(ending, stack);
    for (const { logicalId } of failed) failures.set(logicalId, (failures.get(logicalId) ?? 0) + 1);
    const isLeft = ({ logicalId }: StackEvent): boolean =>
      leftovers.some((one) => one.logicalId === logicalId);
    // What only lacks a right is not given up: whoever mends the role has it deleted by the next run.
    const denied = failed.some(({ reason }) => DENIED.test(reason));
    if (failed.length === 0 || denied || failed.some(isLeft) || attempt === DELETIONS) {
      throw await operationFailure("destroy-failed", stack.id, ending, watch, ports);
    }
    if (failed.every((one) => isGivenUp(one, failures.get(one.logicalId) ?? 0))) {
      leftovers = [...leftovers, ...failed.map((event) => leftBy(event, event.reason, stack, watch))];
      for (const line of leftoverLines(leftovers)) ports.log.warn(line);
      await leaving?.(leftovers);
      continue;
    }
    ports.log.info(`${failed.length} resources could not be deleted yet: once more`);
    await ports.clock.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    failIfLate(stack.id, watch, ports.clock.now());
    // Not of the events, which may lack a name.
    const again = resources.filter(({ logicalId }) => failed.some((one) => one.logicalId === logicalId));
    await releaseAll(again, ports);
    objectsDeleted += await emptyAll(again, ports);
  }
}

/** CloudFormation retains at its caller's word only in DELETE_FAILED, which is where a first deletion has ended then. */
async function deleteOnce(
  { id: stackId }: Stack,
  attempt: number,
  leftovers: readonly Leftover[],
  watch: Watch,
  ports: DestroyPorts,
): Promise<Ending> {
  const token = `warren-destroy-${ports.clock.now().toString(36)}-${attempt}`;
  const retain = leftovers.map(({ logicalId }) => logicalId);
  await ports.stacks.delete({ stackId, token, ...(retain.length > 0 && { retain }) });
  return follow(stackId, token, watch, ports);
}

/** The last word about each resource. */
function failedIn({ events }: Ending, { id }: Stack): readonly StackEvent[] {
  return [...new Map(realFailures(events, id).map((event) => [event.logicalId, event])).values()];
}

function isGivenUp(resource: StackEvent, failures: number): boolean {
  return failures >= (canBeCleared(resource) ? FAILURES.cleared : FAILURES.other);
}

function leftBy(event: StackEvent, why: string, { id }: Stack, { origins }: Watch): Leftover {
  return leftoverOf(event, why || "no reason was given", { region: regionOf(id), origins });
}

/** By id: the name may belong to a new stack already. */
async function verifyGone(stack: Stack, ports: DestroyPorts): Promise<void> {
  const now = await ports.stacks.find(stack.id);
  if (phaseOf(now?.status) !== "absent") {
    throw new Error(`${stack.id} was reported as deleted and is ${now?.status}`);
  }
}

/** A creation that failed was never anything to protect, whatever its tags say. */
function refuseProtected(stack: Stack): void {
  if (stack.terminationProtection) throw protectedStage(stack.name, "the stack has termination protection");
  const phase = phaseOf(stack.status);
  if (phase !== "failed" && phase !== "shell" && isProtectedStack(stack))
    throw protectedStage(stack.name, "it was deployed as a protected stage");
}

function protectedStage(stackName: string, why: string): UserError {
  return new UserError("stage-protected", {
    message: `${stackName} is not destroyed: ${why}`,
    hint:
      "If it really is to go: set `protected: false` for the stage in config/pipeline.yaml and merge that " +
      "(that deploy takes Retain and termination protection away), then destroy it.",
  });
}
