/** Takes a stack down: sources silenced, buckets emptied, deleted, followed, verified. */
import { operationFailure } from "./cause.ts";
import { realFailures } from "./core/cause.ts";
import { eachAtOnce } from "./core/parallel.ts";
import { UserError } from "./core/problem.ts";
import type { Origin } from "./core/rendered.ts";
import { refuseForeign } from "./core/stack-owner.ts";
import { destroyStep, phaseOf } from "./core/stack.ts";
import { failIfLate, follow } from "./follow.ts";
import type { Ending, FollowPorts, Watch } from "./follow.ts";
import type { Quiet, Stack, StackResource } from "./ports.ts";

export type DestroyPorts = FollowPorts & { readonly quiet: Quiet };

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
      readonly kept: readonly StackResource[];
    };

const RULE = "AWS::Events::Rule";
const MAPPING = "AWS::Lambda::EventSourceMapping";
const BUCKET = "AWS::S3::Bucket";

/** A function that was still running can fill a bucket between emptying and deleting, but not for ever. */
const ATTEMPTS = 3;
const CALLS_AT_ONCE = 8;

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
    if (stack.terminationProtection) throw protectedStage(stackName, "the stack has termination protection");
    if (step === "delete") return takeDown(stack, watch, ports);
    ports.log.info(`${stackName} is ${stack.status}: waiting for that operation to end`);
    await follow(stack.id, undefined, watch, ports);
  }
}

async function takeDown(stack: Stack, watch: Watch, ports: DestroyPorts): Promise<DestroyOutcome> {
  const resources = (await ports.stacks.resources(stack.id)).filter(
    ({ status, physicalId }) => status !== "DELETE_COMPLETE" && physicalId !== "",
  );
  await silence(resources, ports);
  const buckets = resources.filter(({ type }) => type === BUCKET);
  let objectsDeleted = 0;
  for (let attempt = 1; ; attempt++) {
    objectsDeleted += await empty(buckets, ports);
    const token = `warren-destroy-${ports.clock.now().toString(36)}-${attempt}`;
    await ports.stacks.delete({ stackId: stack.id, token });
    const ending = await follow(stack.id, token, watch, ports);
    if (phaseOf(ending.status) === "absent") {
      await verifyGone(stack, ports);
      return {
        kind: "destroyed",
        stackName: stack.name,
        stackId: stack.id,
        objectsDeleted,
        kept: keptIn(ending),
      };
    }
    const filledAgain = realFailures(ending.events, stack.id).some(({ type }) => type === BUCKET);
    if (!filledAgain || attempt === ATTEMPTS) {
      throw await operationFailure("destroy-failed", stack.id, ending, watch, ports);
    }
    ports.log.info("a bucket was filled again meanwhile: once more");
  }
}

/** Before anything is emptied: what still runs would write into it. */
async function silence(resources: readonly StackResource[], { quiet, log }: DestroyPorts): Promise<void> {
  const sources = resources.filter(({ type }) => type === RULE || type === MAPPING);
  await eachAtOnce(CALLS_AT_ONCE, sources, ({ type, physicalId }) =>
    type === RULE ? quiet.disableRule(physicalId) : quiet.disableMapping(physicalId),
  );
  if (sources.length > 0) log.info(`switched off ${sources.length} event sources`);
}

async function empty(buckets: readonly StackResource[], { quiet, log }: DestroyPorts): Promise<number> {
  let total = 0;
  await eachAtOnce(CALLS_AT_ONCE, buckets, async ({ physicalId }) => {
    const deleted = await quiet.emptyBucket(physicalId, (soFar) =>
      log.progress(`emptying ${physicalId}: ${soFar} deleted`),
    );
    if (deleted > 0) log.info(`emptied ${physicalId}: ${deleted} objects and versions`);
    total += deleted;
  });
  return total;
}

/** By id: the name may belong to a new stack already. */
async function verifyGone(stack: Stack, ports: DestroyPorts): Promise<void> {
  const now = await ports.stacks.find(stack.id);
  if (phaseOf(now?.status) !== "absent") {
    throw new Error(`${stack.id} was reported as deleted and is ${now?.status}`);
  }
}

function keptIn({ events }: Ending): readonly StackResource[] {
  return events
    .filter(({ status }) => status === "DELETE_SKIPPED")
    .map(({ logicalId, physicalId, type, status }) => ({ logicalId, physicalId, type, status }));
}

function protectedStage(stackName: string, why: string): UserError {
  return new UserError("stage-protected", {
    message: `${stackName} is not destroyed: ${why}`,
    hint:
      "If it really is to go: set `protected: false` for the stage in config/pipeline.yaml and merge that " +
      "(that deploy takes Retain and termination protection away), then destroy it.",
  });
}
