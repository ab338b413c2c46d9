/**
 * What lies in the artifact bucket for nobody any more. The bucket is shared by all pipelines of an account and region,
 * and its keys are hashes of contents: whose an artifact is, only those tell who refer to it.
 */
import { CONDEMNED, PREVIEW_FOLDER, PROTECTED_FOLDER } from "./artifact.ts";
import { type JudgedRelease, readReleaseKey, releasesThatRan } from "./releases.ts";

/** What a deploy uploads is not referred to before its change set is executed, and its job may wait for a person. */
export const GRACE_MS = 24 * 60 * 60_000;
/** Longer than any job that has looked for an artifact before it was condemned, and shorter than from night to night. */
export const CONDEMNED_MS = 18 * 60 * 60_000;
/** Of each stage, what runs included; `releases:` of pipeline.yaml says otherwise. */
export const RELEASES_KEPT = 10;
/** What runs, and what a failed smoke run would go back to. */
const PROVEN_KEPT = 2;

export interface Kept {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

export interface Garbage {
  /**
   * Artifacts that nobody refers to. They are marked, so that a deploy that finds one there uploads it again, and go in a
   * later sweep: at once, a deploy under way could find one there that is gone when its stack asks for it.
   */
  readonly condemn: readonly string[];
  readonly remove: readonly string[];
}

/** Of the folders of artifacts. */
export function judgeArtifacts(
  objects: readonly Kept[],
  referred: ReadonlySet<string>,
  now: number,
): Garbage {
  const condemned = new Map(
    objects.filter(({ key }) => key.endsWith(CONDEMNED)).map(({ key, modifiedAt }) => [key, modifiedAt]),
  );
  const condemn: string[] = [];
  const remove: string[] = [];
  const known = new Set<string>();
  for (const { key, modifiedAt } of objects) {
    if (key.endsWith(CONDEMNED)) continue;
    const mark = `${key}${CONDEMNED}`;
    known.add(mark);
    const since = condemned.get(mark);
    const isWanted = referred.has(key) || now - modifiedAt < GRACE_MS;
    if (isWanted) {
      if (since !== undefined) remove.push(mark);
    } else if (since === undefined) condemn.push(key);
    else if (now - since >= CONDEMNED_MS) remove.push(key, mark);
  }
  remove.push(...[...condemned.keys()].filter((mark) => !known.has(mark)));
  return { condemn, remove };
}

/** Of a folder whose objects are never used a second time. */
export function judgeOthers(
  objects: readonly Kept[],
  referred: ReadonlySet<string>,
  now: number,
): readonly string[] {
  return objects
    .filter(({ key, modifiedAt }) => !referred.has(key) && now - modifiedAt >= GRACE_MS)
    .map(({ key }) => key);
}

/** Every artifact that a template's text names, wherever in it. */
export function artifactsIn(template: string): readonly string[] {
  const pattern = new RegExp(`"((?:${PROTECTED_FOLDER}|${PREVIEW_FOLDER})[^"\\\\]+)"`, "g");
  return [...template.matchAll(pattern)].map(([, key = ""]) => key);
}

export interface StackReleases {
  /** All that are kept, newest first. */
  readonly judged: readonly JudgedRelease[];
  /** Its release objects and proofs. */
  readonly objects: readonly Kept[];
  /** Neither a stack nor a stage of pipeline.yaml has its name any more. */
  readonly isGone: boolean;
  /** Digest of what runs. */
  readonly running: string | undefined;
}

/**
 * Keys of release objects that nobody goes back to. An older one may be what tells that a newer one went well, but never
 * the other way round: so all that came after the oldest that is kept stays.
 */
export function judgeStackReleases(
  { judged, objects, isGone, running }: StackReleases,
  keptReleases: number,
  now: number,
): readonly string[] {
  const old = objects.filter(({ modifiedAt }) => now - modifiedAt >= GRACE_MS);
  if (isGone) return old.map(({ key }) => key);
  const ran = releasesThatRan(judged);
  const proven = ran
    .filter(({ standing }) => standing === "good" || standing === "running")
    .slice(0, PROVEN_KEPT);
  const wanted = new Set([...ran.slice(0, keptReleases), ...proven].map(({ key }) => key));
  const last = judged.findLastIndex(({ key }) => wanted.has(key));
  const kept = last < 0 ? judged : judged.slice(0, last + 1);
  const keys = new Set(kept.map(({ key }) => key));
  const digests = [...kept.map(({ release }) => release.digest), ...(running === undefined ? [] : [running])];
  return old
    .map(({ key }) => key)
    .filter((key) => {
      const of = readReleaseKey(key);
      if (of?.kind === "release") return !keys.has(key);
      return of?.kind === "proof" && !digests.some((digest) => digest.startsWith(of.digestStart));
    });
}
