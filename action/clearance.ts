/** What is done to a stack's resources so that CloudFormation can delete them: core/teardown.ts says to which, and what. */
import { eachAtOnce } from "./core/parallel.ts";
import { type EmptyCall, type ReleaseCall, type StopCall, teardownOf } from "./core/teardown.ts";
import type { Quiet, StackResource } from "./aws-ports.ts";
import type { Log } from "./ports.ts";

export interface ClearancePorts {
  readonly log: Log;
  readonly quiet: Quiet;
}

const CALLS_AT_ONCE = 8;

type Call = (quiet: Quiet, physicalId: string) => Promise<void>;
type Emptying = (quiet: Quiet, physicalId: string, onProgress: (deleted: number) => void) => Promise<number>;

const STOPS: Readonly<Record<StopCall, Call>> = {
  "events:DisableRule": (quiet, id) => quiet.disableRule(id),
  "lambda:PutFunctionConcurrency": (quiet, id) => quiet.stopFunction(id),
  "lambda:UpdateEventSourceMapping": (quiet, id) => quiet.disableMapping(id),
};
const EMPTYINGS: Readonly<Record<EmptyCall, Emptying>> = {
  "s3:DeleteObjectVersion": (quiet, id, onProgress) => quiet.emptyBucket(id, onProgress),
};
const RELEASES: Readonly<Record<ReleaseCall, Call>> = {
  "events:RemoveTargets": (quiet, id) => quiet.removeTargets(id),
};

/** Before anything is emptied: what still runs would write into it. */
export async function stopAll(
  resources: readonly StackResource[],
  { quiet, log }: ClearancePorts,
): Promise<void> {
  const sources = resources.filter(({ type }) => teardownOf(type).stop !== undefined);
  await eachAtOnce(CALLS_AT_ONCE, sources, async ({ type, physicalId }) => {
    const { stop } = teardownOf(type);
    if (stop) await STOPS[stop](quiet, physicalId);
  });
  if (sources.length > 0) log.info(`switched off ${sources.length} event sources and functions`);
}

/** Resolves with how many objects, versions and delete markers were deleted. */
export async function emptyAll(
  resources: readonly StackResource[],
  { quiet, log }: ClearancePorts,
): Promise<number> {
  let total = 0;
  await eachAtOnce(CALLS_AT_ONCE, resources, async ({ type, physicalId }) => {
    const { empty } = teardownOf(type);
    if (!empty) return;
    const deleted = await EMPTYINGS[empty](quiet, physicalId, (soFar) =>
      log.progress(`emptying ${physicalId}: ${soFar} deleted`),
    );
    if (deleted > 0) log.info(`emptied ${physicalId}: ${deleted} objects and versions`);
    total += deleted;
  });
  return total;
}

/** Takes away what somebody has tied to them: that, and nothing else, keeps CloudFormation from deleting them. */
export async function releaseAll(
  resources: readonly StackResource[],
  { quiet }: ClearancePorts,
): Promise<void> {
  await eachAtOnce(CALLS_AT_ONCE, resources, async ({ type, physicalId }) => {
    const { release } = teardownOf(type);
    if (release) await RELEASES[release](quiet, physicalId);
  });
}

/** Whether trying again can come to another end. */
export function canBeCleared({ type }: Pick<StackResource, "type">): boolean {
  const { empty, release } = teardownOf(type);
  return empty !== undefined || release !== undefined;
}
