/** Tidies the artifact bucket up: what no living stack and no release that is kept refers to, goes. */
import { CONDEMNED, PREVIEW_FOLDER, PROTECTED_FOLDER } from "./core/artifact.ts";
import {
  GRACE_MS,
  type Kept,
  artifactsIn,
  judgeArtifacts,
  judgeOthers,
  judgeStackReleases,
} from "./core/garbage.ts";
import { stackName } from "./core/names.ts";
import { eachAtOnce } from "./core/parallel.ts";
import { RELEASES_FOLDER, readReleaseKey } from "./core/releases.ts";
import type { Stage } from "./core/stage.ts";
import { readStackTags } from "./core/stack-tags.ts";
import { isBeingDeleted, phaseOf } from "./core/stack.ts";
import type { ArtifactStore, Stack, Stacks, StoredObject, Templates } from "./aws-ports.ts";
import type { Clock, Log } from "./ports.ts";
import { digestOf, readReleases } from "./releases.ts";
import { MARKER_TAG } from "./seed.ts";

export interface GarbagePorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly stacks: Pick<Stacks, "list">;
  readonly templates: Templates;
  readonly artifacts: ArtifactStore;
}

export interface GarbageRequest {
  readonly pipeline: string;
  readonly stages: readonly Stage[];
  /** How many releases of each stage are kept. */
  readonly releases: number;
  /** That a stage is gone is only known from the newest pipeline.yaml. */
  readonly isNewestConfig: boolean;
  /** Only tells what it would do. */
  readonly dryRun: boolean;
}

export interface GarbageOutcome {
  /** Keys of artifacts that nobody refers to: a later sweep takes them. */
  readonly condemned: readonly string[];
  /** Keys of what is gone: artifacts, releases, long templates, markers. */
  readonly removed: readonly string[];
  /** Why no artifact was judged; undefined if they were. For people, without a full stop. */
  readonly left: string | undefined;
  /** Nothing was done, only told. */
  readonly dryRun: boolean;
}

const ARTIFACT_FOLDERS = [PROTECTED_FOLDER, PREVIEW_FOLDER];
const CALLS_AT_ONCE = 8;
/** Of a log's lines; outcome.json has all. */
const TOLD = 50;

/** In one account and region, after the stacks that are to go are gone. */
export async function sweepArtifacts(request: GarbageRequest, ports: GarbagePorts): Promise<GarbageOutcome> {
  const { artifacts, clock } = ports;
  const now = clock.now();
  const bucket = await artifacts.bucket();
  const stacks = (await ports.stacks.list()).filter(({ tags }) => readStackTags(tags).pipeline !== "");
  const releases = await listed(bucket, [RELEASES_FOLDER], ports);
  const others = await listed(bucket, ["templates/", "items/"], ports);
  let zips = await listed(bucket, ARTIFACT_FOLDERS, ports);
  let judged: Judged = { oldReleases: [], referred: new Set(), unreadable: [] };
  // Else it would cost a call for each stack and release to find out that nothing is old enough.
  if ([...releases, ...zips].some((one) => isOld(one, now))) {
    const templates = await templatesOf(stacks, ports);
    judged = await judgeFolder(request, bucket, stacks, releases, now, ports);
    for (const key of templates.flatMap(artifactsIn)) judged.referred.add(key);
    // Anew: all that has come to be referred to since was uploaded since, or is condemned only now.
    zips = await listed(bucket, ARTIFACT_FOLDERS, ports);
  }
  const { oldReleases, referred, unreadable } = judged;
  for (const { tags } of stacks) if (tags[MARKER_TAG] !== undefined) referred.add(tags[MARKER_TAG]);
  const left = unreadable[0] ?? whyUnclear(stacks);
  const garbage = left === undefined ? judgeArtifacts(zips, referred, now) : { condemn: [], remove: [] };
  const removed = [...oldReleases, ...judgeOthers(others, referred, now), ...garbage.remove];
  const outcome = {
    condemned: garbage.condemn,
    removed: removed.filter((key) => !key.endsWith(CONDEMNED)),
    left,
    dryRun: request.dryRun,
  };
  tell(outcome, new Map(zips.map(({ key, bytes }) => [key, bytes])), request, ports.log);
  if (request.dryRun) return outcome;
  // Releases first: one that is listed can be gone back to, wherever this run is cut off.
  await artifacts.remove(bucket, oldReleases);
  await eachAtOnce(CALLS_AT_ONCE, garbage.condemn, (key) =>
    artifacts.put(bucket, `${key}${CONDEMNED}`, "nothing needs it\n", "text/plain"),
  );
  await artifacts.remove(bucket, removed.slice(oldReleases.length));
  return outcome;
}

function isOld({ key, modifiedAt }: Kept, now: number): boolean {
  return key.endsWith(CONDEMNED) || now - modifiedAt >= GRACE_MS;
}

async function templatesOf(
  stacks: readonly Stack[],
  { templates }: GarbagePorts,
): Promise<readonly string[]> {
  const texts: string[] = [];
  await eachAtOnce(CALLS_AT_ONCE, stacks, async ({ id }) => {
    texts.push((await templates.of(id)) ?? "");
  });
  return texts;
}

async function listed(
  bucket: string,
  folders: readonly string[],
  { artifacts }: GarbagePorts,
): Promise<readonly StoredObject[]> {
  const lists = await Promise.all(folders.map((folder) => artifacts.list(bucket, folder)));
  return lists.flat();
}

interface Judged {
  readonly oldReleases: readonly string[];
  readonly referred: Set<string>;
  readonly unreadable: readonly string[];
}

/** Of the folder of releases. Those of other pipelines are nobody's business here, but what they refer to stays. */
async function judgeFolder(
  { pipeline, stages, releases, isNewestConfig }: GarbageRequest,
  bucket: string,
  stacks: readonly Stack[],
  all: readonly StoredObject[],
  now: number,
  { artifacts }: GarbagePorts,
): Promise<Judged> {
  const oldReleases: string[] = [];
  const referred = new Set<string>();
  const unreadable: string[] = [];
  const configured = new Set(stages.map(({ name }) => stackName(pipeline, name)));
  const objects = all.flatMap((object) => {
    const of = readReleaseKey(object.key);
    return of ? [{ ...object, of }] : [];
  });
  for (const [name, folder] of Map.groupBy(objects, ({ of }) => of.stackName)) {
    const stack = stacks.find((one) => one.name === name);
    const read = await readReleases({ bucket, stackName: name, stack, objects: folder }, artifacts, Infinity);
    unreadable.push(...read.unreadable);
    const { judged } = read;
    const isOurs = judged.every(({ release }) => release.pipeline === pipeline);
    const isGone = isNewestConfig && !stack && !configured.has(name);
    const running = digestOf(stack);
    const kept: readonly Kept[] = folder;
    const old =
      isOurs && read.unreadable.length === 0
        ? judgeStackReleases({ judged, objects: kept, isGone, running }, releases, now)
        : [];
    oldReleases.push(...old);
    for (const { key, release } of judged) {
      if (!old.includes(key)) for (const artifact of release.artifacts) referred.add(artifact);
    }
  }
  return { oldReleases, referred, unreadable };
}

/** Which of two templates an operation ends with is not known, and CloudFormation tells only one of them. */
function whyUnclear(stacks: readonly Stack[]): string | undefined {
  const moving = stacks.find(({ status }) => {
    const phase = phaseOf(status);
    return phase === "stuck" || (phase === "running" && !isBeingDeleted(status));
  });
  return moving && `${moving.name} is ${moving.status}`;
}

function tell(
  { condemned, removed, left }: GarbageOutcome,
  bytes: ReadonlyMap<string, number>,
  { dryRun }: GarbageRequest,
  log: Log,
): void {
  const size = (keys: readonly string[]): string =>
    `${Math.ceil(keys.reduce((sum, key) => sum + (bytes.get(key) ?? 0), 0) / 1_000_000)} MB`;
  if (left !== undefined) log.info(`artifacts are left to the next run: ${left}`);
  if (condemned.length > 0) {
    const verb = dryRun ? "would be marked" : "are marked";
    log.info(
      `${condemned.length} artifacts that nothing needs (${size(condemned)}) ${verb}, to go in a later sweep`,
    );
  }
  const verb = dryRun ? "would delete" : "will delete";
  for (const key of removed.slice(0, TOLD)) log.info(`${verb} ${key}`);
  if (removed.length > TOLD) log.info(`${verb} ${removed.length - TOLD} more of them`);
  if (condemned.length === 0 && removed.length === 0 && left === undefined)
    log.info("no artifact is to be deleted");
}
