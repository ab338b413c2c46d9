/** A stage's releases in the artifact bucket: kept with each deploy, listed, and found by their commit. */
import { eachAtOnce } from "./core/parallel.ts";
import { UserError } from "./core/problem.ts";
import { readRelease, releaseOf, releaseText } from "./core/release.ts";
import {
  type JudgedRelease,
  type KeptRelease,
  judgeReleases,
  readReleaseKey,
  releaseKey,
  releasesPrefix,
} from "./core/releases.ts";
import type { Rendered } from "./core/rendered.ts";
import { accountOf, phaseOf } from "./core/stack.ts";
import type { ArtifactStore, Artifacts, Stack, Stacks, StoredObject } from "./aws-ports.ts";
import type { Log } from "./ports.ts";

export interface ReleasePorts {
  readonly log: Log;
  readonly stacks: Pick<Stacks, "find">;
  readonly artifacts: ArtifactStore;
}

/** One PUT, and none for what is nobody's release. `operation`: as in `releaseKey`. */
export async function keepRelease(
  former: Stack | undefined,
  operation: string,
  rendered: Rendered,
  bucket: () => Promise<string>,
  { artifacts, log }: { readonly artifacts: Artifacts; readonly log: Log },
): Promise<void> {
  const release = releaseOf(rendered, digestOf(former) ?? "");
  if (!release) return;
  try {
    await artifacts.put(
      await bucket(),
      releaseKey(release, operation),
      releaseText(release),
      "application/json",
    );
  } catch (error) {
    // A pipeline without functions is deployed without a bucket, too.
    if (!(error instanceof UserError) || error.reason !== "artifact-bucket-missing") throw error;
    log.warn(
      "there is no artifact bucket, so that nobody can go back to this release: run `warren bootstrap`",
    );
  }
}

/** Undefined unless the stack is certainly what its tags say. */
export function digestOf(stack: Stack | undefined): string | undefined {
  return phaseOf(stack?.status) === "good" ? stack?.tags["warren:digest"] : undefined;
}

/** A bucket that no sweep ever tidies up has many: older ones are not looked at. */
const RELEASES_READ = 60;
const READS_AT_ONCE = 8;

/** Newest first. What cannot be read is told and left out. */
export async function listReleases(
  stackName: string,
  stack: Stack | undefined,
  { artifacts, log }: ReleasePorts,
): Promise<readonly JudgedRelease[]> {
  const bucket = await artifacts.bucket(stack && accountOf(stack.id));
  const objects = await artifacts.list(bucket, releasesPrefix(stackName));
  const { judged, unreadable } = await readReleases(
    { bucket, stackName, stack, objects },
    artifacts,
    RELEASES_READ,
  );
  for (const text of unreadable) log.warn(`left out: ${text}`);
  return judged;
}

export interface ReleaseFolder {
  readonly bucket: string;
  readonly stackName: string;
  readonly stack: Stack | undefined;
  /** All that lies in the stack's folder. */
  readonly objects: readonly StoredObject[];
}

/** `unreadable`: which objects are not, and why. At most `limit` of the newest are read. */
export async function readReleases(
  { bucket, stackName, stack, objects }: ReleaseFolder,
  artifacts: Pick<ArtifactStore, "get">,
  limit: number,
): Promise<{ readonly judged: readonly JudgedRelease[]; readonly unreadable: readonly string[] }> {
  const named = objects.flatMap(({ key, modifiedAt }) => {
    const of = readReleaseKey(key);
    return of ? [{ ...of, key, modifiedAt }] : [];
  });
  const newest = named
    .flatMap((one) => (one.kind === "release" ? [one] : []))
    // S3's clock counts seconds.
    .toSorted((a, b) => b.modifiedAt - a.modifiedAt || b.begunAt - a.begunAt)
    .slice(0, limit);
  const read = new Map<string, KeptRelease>();
  const unreadable: string[] = [];
  await eachAtOnce(READS_AT_ONCE, newest, async ({ key, modifiedAt }) => {
    const text = await artifacts.get(bucket, key);
    // A sweep may have taken it meanwhile.
    if (text === undefined) return;
    const found = readRelease(text, stackName);
    if (found.kind === "unreadable") unreadable.push(`${key}: ${found.why}`);
    else read.set(key, { key, time: new Date(modifiedAt).toISOString(), release: found.release });
  });
  const judged = judgeReleases({
    kept: newest.flatMap(({ key }) => read.get(key) ?? []),
    proven: new Set(named.flatMap((one) => (one.kind === "proof" ? [one.digestStart] : []))),
    stack: stack && phaseOf(stack.status) !== "shell" ? { digest: digestOf(stack) } : undefined,
  });
  return { judged, unreadable: unreadable.toSorted() };
}
