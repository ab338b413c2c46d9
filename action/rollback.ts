/** An earlier release, found by its commit and made ready to be deployed again: nothing is built, no old tree is needed. */
import { statefulTypes, statelessTypes } from "./core/catalog.ts";
import { stackName as nameOfStack } from "./core/names.ts";
import { eachAtOnce } from "./core/parallel.ts";
import { type Problem, UserError } from "./core/problem.ts";
import { renderedOf } from "./core/release.ts";
import {
  type Found,
  type IsAncestor,
  type JudgedRelease,
  findRelease,
  releaseBefore,
  releaseLine,
  releasesThatRan,
} from "./core/releases.ts";
import type { Rendered } from "./core/rendered.ts";
import { refuseForeign, ownerTags } from "./core/stack-owner.ts";
import type { ConcreteStage } from "./core/stage.ts";
import { accountOf, phaseOf } from "./core/stack.ts";
import type { Stack } from "./aws-ports.ts";
import { type Project, originsOf } from "./project.ts";
import { type ReleasePorts, listReleases } from "./releases.ts";

export interface RollbackPlace {
  readonly project: Project;
  readonly stage: ConcreteStage;
  /** Of whoever deploys it now. */
  readonly repository: string;
  readonly repositoryId?: string;
}

export type RollbackPorts = ReleasePorts & { readonly isAncestor: IsAncestor };

const LISTED = 10;
const CALLS_AT_ONCE = 8;

/** As it was typed; in lower case. Throws UserError `commit-invalid`. */
export function commitOf(text: string): string {
  const commit = text.trim().toLowerCase();
  if (/^[0-9a-f]{4,64}$/.test(commit)) return commit;
  throw new UserError("commit-invalid", {
    message: `\`${text.slice(0, 80)}\` is no commit`,
    hint: "Write its SHA, or the first characters of it, 4 at least: digits and a to f.",
  });
}

/** Throws UserError `commit-invalid`, `release-unknown`, `release-unusable`, `stack-foreign`. */
export async function rollbackTo(
  text: string,
  place: RollbackPlace,
  ports: RollbackPorts,
): Promise<Rendered> {
  const commit = commitOf(text);
  const { project, stage } = place;
  const stackName = nameOfStack(project.pipeline.name, stage.name);
  const { trigger } = project.pipeline.stages.find(({ name }) => name === stage.of) ?? {};
  if (trigger?.kind === "pull-requests") {
    throw unknown(
      "previews keep no releases",
      [],
      "A preview follows its branch: push that commit, or `git revert`.",
    );
  }
  const stack = await ports.stacks.find(stackName);
  if (stack && phaseOf(stack.status) !== "shell") {
    refuseForeign(stack, ownerTags(project.pipeline.name, stage.name));
  }
  const judged = (await listReleases(stackName, stack, ports)).filter(
    ({ release }) => release.pipeline === project.pipeline.name && release.stage === stage.name,
  );
  const chosen = await choose(findRelease(judged, commit), commit, judged, stackName, ports);
  return again(chosen, place, stack, ports);
}

async function choose(
  found: Found,
  commit: string,
  judged: readonly JudgedRelease[],
  stackName: string,
  { isAncestor, log }: RollbackPorts,
): Promise<JudgedRelease> {
  if (found.kind === "found") {
    log.info(`goes back to the release ${releaseLine(found.release)}`);
    return found.release;
  }
  if (found.kind === "ambiguous") {
    throw unknown(
      `\`${commit}\` fits ${found.commits.length} releases of ${stackName}`,
      found.commits,
      "Write more of it.",
    );
  }
  if (found.kind === "failed") {
    throw unknown(
      `the deploy of ${found.commit.slice(0, 12)} to ${stackName} failed, so that there is nothing to go back to`,
      lines(judged),
    );
  }
  const before = await releaseBefore(judged, commit, isAncestor);
  if (before) {
    log.info(
      `commit ${commit.slice(0, 12)} made no release: it changed nothing, or was never deployed. ` +
        `Goes back to what had run last before it: ${releaseLine(before)}`,
    );
    return before;
  }
  throw unknown(`${stackName} has no release of commit \`${commit}\`, nor of one before it`, lines(judged));
}

function lines(judged: readonly JudgedRelease[]): readonly string[] {
  const ran = releasesThatRan(judged).slice(0, LISTED).map(releaseLine);
  return ran.length === 0 ? ["No release of this stage is kept yet."] : ["The last releases are", ...ran];
}

function unknown(message: string, details: readonly string[], hint?: string): UserError {
  return new UserError("release-unknown", { message, details, ...(hint !== undefined && { hint }) });
}

/** Throws UserError `release-unusable`. */
export async function again(
  { release, key }: JudgedRelease,
  { project, stage, ...whose }: RollbackPlace,
  stack: Stack | undefined,
  ports: Pick<RollbackPorts, "artifacts">,
): Promise<Rendered> {
  const short = release.commit.slice(0, 12);
  if (stage.protected && !release.protected) {
    throw unusable({
      message: `the release ${short} was made when stage \`${stage.of}\` was not protected`,
      hint: "Its code lies where pull requests may write. Revert to its commit in Git instead.",
    });
  }
  const missing = await missingArtifacts(release.artifacts, stack, ports);
  if (missing.length > 0) {
    throw unusable({
      message: `${missing.length} of ${release.artifacts.length} artifacts of the release ${short} are gone`,
      details: [...missing, `The release is ${key}.`],
      hint: "Revert to its commit in Git, which builds them anew.",
    });
  }
  return renderedOf(release, {
    ...whose,
    of: stage.of,
    origins: originsOf(project, stage),
    guard: {
      statefulTypes: statefulTypes(project.catalog),
      statelessTypes: statelessTypes(project.catalog),
      waivers: project.pipeline.waivers,
    },
  });
}

async function missingArtifacts(
  keys: readonly string[],
  stack: Stack | undefined,
  { artifacts }: Pick<RollbackPorts, "artifacts">,
): Promise<readonly string[]> {
  const bucket = await artifacts.bucket(stack && accountOf(stack.id));
  const missing: string[] = [];
  // One that is condemned is there, too: a release that is kept is reason enough to spare it. Listed and not asked for: a
  // plan's role may not read code.
  await eachAtOnce(CALLS_AT_ONCE, keys, async (key) => {
    const beside = await artifacts.list(bucket, key);
    if (!beside.some((one) => one.key === key)) missing.push(key);
  });
  return missing.toSorted();
}

function unusable(problem: Problem): UserError {
  return new UserError("release-unusable", problem);
}
