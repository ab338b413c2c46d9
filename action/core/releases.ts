/** Which of the releases that were kept have run, which have proven themselves, and which one a commit means. */
import type { Release } from "./release.ts";

/** Folder of the artifact bucket that no pull request's role may write to: what lies there can become production. */
export const RELEASES_FOLDER = "releases/";

export function releasesPrefix(stackName: string): string {
  return `${RELEASES_FOLDER}${stackName}/`;
}

/**
 * `releases/<stack>/<commit>.<operation>.json`. The operation's name is also the client request token that the stack's
 * events have, and tells digest and time: two of one commit never overwrite each other.
 */
export function releaseKey(
  { stackName, commit }: Pick<Release, "stackName" | "commit">,
  operation: string,
): string {
  return `${releasesPrefix(stackName)}${commit}.${operation}.json`;
}

/** That a stack got through a smoke run: the run is part of the name, as another `smoke:` proves something else. */
export function proofKey(stackName: string, digest: string, smokeSha256: string): string {
  return `${releasesPrefix(stackName)}${digest.slice(0, DIGEST_CHARACTERS)}-${smokeSha256.slice(0, DIGEST_CHARACTERS)}.through`;
}

const DIGEST_CHARACTERS = 12;

export type ReleaseObject =
  | {
      readonly kind: "release";
      readonly stackName: string;
      readonly commit: string;
      readonly digestStart: string;
      /** Milliseconds since 1970, by the clock of whoever deployed it. */
      readonly begunAt: number;
    }
  | { readonly kind: "proof"; readonly stackName: string; readonly digestStart: string };

const RELEASE_KEY =
  /^releases\/([a-z][a-z0-9-]*)\/([0-9a-z]{1,64})\.warren-[0-9A-Za-z]+-([0-9a-f]{12})-([0-9a-z]+)(?:-late)?\.json$/;

/** Undefined for an object that is none of ours. */
export function readReleaseKey(key: string): ReleaseObject | undefined {
  const [, stackName, commit, digestStart, begun] = RELEASE_KEY.exec(key) ?? [];
  if (stackName && commit && digestStart && begun) {
    return { kind: "release", stackName, commit, digestStart, begunAt: Number.parseInt(begun, 36) };
  }
  const [, of, proven] =
    /^releases\/([a-z][a-z0-9-]*)\/([0-9a-f]{12})-[0-9a-f]{12}\.through$/.exec(key) ?? [];
  return of && proven ? { kind: "proof", stackName: of, digestStart: proven } : undefined;
}

/** A release as it lies in the bucket. */
export interface KeptRelease {
  readonly key: string;
  /** When its deploy began; ISO 8601. */
  readonly time: string;
  readonly release: Release;
}

/** What is known of a stack's releases, newest first. */
export interface History {
  readonly kept: readonly KeptRelease[];
  /** How the digests of those begin that got through a smoke run. */
  readonly proven: ReadonlySet<string>;
  /** Undefined if nothing is there, so that nothing contradicts the newest release. */
  readonly stack:
    | {
        /** Of what runs, if the last operation went well. */
        readonly digest: string | undefined;
      }
    | undefined;
}

export type Standing =
  /** It is what runs now. */
  | "running"
  /** Its deploy went well, and it did not fail its smoke run. */
  | "good"
  /** It has run, but was never seen to get through its smoke run. */
  | "unproven"
  /** Nothing tells that its deploy ever went well. */
  | "failed";

export interface JudgedRelease extends KeptRelease {
  readonly standing: Standing;
}

/**
 * A release is kept before its deploy, so it alone proves nothing. That it went well, the stack's tags tell while it
 * runs, and afterwards the next one that was kept: it names what it replaces, if that was in good order.
 */
export function judgeReleases({ kept, proven, stack }: History): readonly JudgedRelease[] {
  // Only what came after one: it must not be lost with what came before.
  const replaced = new Set<string>();
  return kept.map((one, index): JudgedRelease => {
    const { digest, smoke, replaces } = one.release;
    const runs = stack?.digest === digest;
    const ran = runs || replaced.has(digest) || (stack === undefined && index === 0);
    replaced.add(replaces);
    const isProven = smoke === undefined || proven.has(digest.slice(0, DIGEST_CHARACTERS));
    const standing = runs ? "running" : !ran ? "failed" : isProven ? "good" : "unproven";
    return { ...one, standing };
  });
}

/** Each digest once, at its newest, without those that never ran. */
export function releasesThatRan(judged: readonly JudgedRelease[]): readonly JudgedRelease[] {
  const seen = new Set<string>();
  return judged.filter(({ standing, release: { digest } }) => {
    if (standing === "failed" || seen.has(digest)) return false;
    seen.add(digest);
    return true;
  });
}

/** What to go back to when what runs has failed its smoke run. */
export function lastGood(judged: readonly JudgedRelease[], failedDigest: string): JudgedRelease | undefined {
  return releasesThatRan(judged).find(
    ({ standing, release: { digest } }) => standing === "good" && digest !== failedDigest,
  );
}

export type Found =
  | { readonly kind: "found"; readonly release: JudgedRelease }
  | { readonly kind: "ambiguous"; readonly commits: readonly string[] }
  /** There are releases of that commit, and none of them ever ran. */
  | { readonly kind: "failed"; readonly commit: string }
  | { readonly kind: "unknown" };

/** `start`: how the commit's name begins, in lower case. */
export function findRelease(judged: readonly JudgedRelease[], start: string): Found {
  const matching = judged.filter(({ release }) => release.commit.startsWith(start));
  const ran = matching.filter(({ standing }) => standing !== "failed");
  const commits = [...new Set((ran.length > 0 ? ran : matching).map(({ release }) => release.commit))];
  const [commit] = commits;
  if (commit === undefined) return { kind: "unknown" };
  if (commits.length > 1) return { kind: "ambiguous", commits };
  const [release] = ran;
  return release ? { kind: "found", release } : { kind: "failed", commit };
}

/** Is `ancestor` the commit, or before it? False also where Git does not know one of them. */
export type IsAncestor = (ancestor: string, commit: string) => Promise<boolean>;

/**
 * Of a commit that made no release (it changed nothing, or its deploy was pushed out of the queue): what had run last,
 * going by Git's history.
 */
export async function releaseBefore(
  judged: readonly JudgedRelease[],
  commit: string,
  isAncestor: IsAncestor,
): Promise<JudgedRelease | undefined> {
  let nearest: JudgedRelease | undefined;
  for (const one of releasesThatRan(judged)) {
    if (!(await isAncestor(one.release.commit, commit))) continue;
    // Times do not tell: an older commit may have been deployed again after a newer one.
    if (!nearest || (await isAncestor(nearest.release.commit, one.release.commit))) nearest = one;
  }
  return nearest;
}

/** For people. */
export function releaseLine({ time, standing, release: { commit, digest } }: JudgedRelease): string {
  const when = time.slice(0, 16).replace("T", " ");
  return `${when} UTC  ${commit.slice(0, SHORT)}  digest ${digest.slice(0, DIGEST_CHARACTERS)}  ${STANDINGS[standing]}`.trimEnd();
}

/** As GitHub and Git shorten a commit's name where nothing is mistaken for it. */
const SHORT = 12;

const STANDINGS: Readonly<Record<Standing, string>> = {
  running: "running",
  good: "",
  unproven: "not seen to get through its smoke run",
  failed: "its deploy failed",
};
