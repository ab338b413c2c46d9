/**
 * An artifact that an earlier run has built, verified and loaded, with the questions that its inputs answer. What is read is not
 * believed: the text carries its own hash, and every file is named by the hash of its content.
 */
import type { Artifact, BuildRequest } from "./artifact.ts";
import type { Question } from "./build-inputs.ts";
import type { Passport } from "./passport.ts";
import type { Place, Problem } from "./problem.ts";

export interface KeptFile {
  readonly path: string;
  readonly mode: number;
  readonly sha256: string;
  readonly bytes: number;
}

export interface KeptBuild extends Pick<Artifact, "handler" | "calls"> {
  readonly questions: readonly Question[];
  /** SHA-256 of the answers to all questions. */
  readonly answers: string;
  readonly files: readonly KeptFile[];
  readonly passport: Passport;
}

/** Stands for the place of the request, which moves within pipeline.yaml while the function stays the same. */
const HERE: Place = { file: "", line: 0, column: 0 };

/** Raised when the text changes its form. */
const FORMAT = 1;

type Sha256 = (text: string) => string;

/** `program`: whatever else decides what is built, such as the versions of Warren and of esbuild. */
export function keptName(
  { place: _place, ...request }: BuildRequest,
  program: string,
  sha256: Sha256,
): string {
  const fields = Object.entries(request).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([FORMAT, program, fields]));
}

export function keptText(build: KeptBuild, place: Place, sha256: Sha256): string {
  const text = JSON.stringify(withPlace(build, (one) => (isEqual(one, place) ? HERE : one)));
  return `${sha256(text)}\n${text}`;
}

/** Undefined for what is damaged. `place`: of the request. */
export function readKept(text: string, place: Place, sha256: Sha256): KeptBuild | undefined {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== sha256(body)) return undefined;
  return withPlace(JSON.parse(body) as KeptBuild, (one) => (isEqual(one, HERE) ? place : one));
}

function withPlace(build: KeptBuild, change: (place: Place) => Place): KeptBuild {
  const warnings = build.passport.warnings.map((warning): Problem => {
    return warning.place === undefined ? warning : { ...warning, place: change(warning.place) };
  });
  return { ...build, passport: { ...build.passport, warnings } };
}

function isEqual(one: Place, other: Place): boolean {
  return one.file === other.file && one.line === other.line && one.column === other.column;
}

/** The runner's environment variables. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Events that run in the default branch's scope and may have a stranger's code checked out. */
const FOREIGN = new Set(["pull_request_target", "workflow_run", "issue_comment"]);

/**
 * Where builds are kept; undefined: nowhere. A hash tells what was damaged, and not who wrote it: whoever may write this folder
 * decides what is deployed. So it has to be as safe as the branch that is deployed from it:
 *
 * - On GitHub's own runners it is empty unless a step with actions/cache brings it. GitHub keeps caches apart by branch: what a
 *   pull request saves belongs to its merge ref (`refs/pull/1/merge`), which neither the base branch nor another pull
 *   request can restore, while it may itself restore what the base branch has saved.
 *   https://docs.github.com/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache
 * - That protects nothing where a stranger's code runs in the default branch's scope, as in `pull_request_target`.
 * - A self-hosted runner has one folder for all its jobs, also those of forks.
 *
 * In the last two cases nothing is kept; on a self-hosted runner it is if WARREN_CACHE names a folder, which is for the owner to
 * say. `usual`: the folder of this machine's caches.
 */
export function buildsFolder(environment: Environment, usual: string): string | undefined {
  const { WARREN_CACHE: wanted, GITHUB_ACTIONS, GITHUB_EVENT_NAME = "", RUNNER_ENVIRONMENT } = environment;
  if (wanted === "off") return undefined;
  if (GITHUB_ACTIONS === "true") {
    if (FOREIGN.has(GITHUB_EVENT_NAME)) return undefined;
    if (!wanted && RUNNER_ENVIRONMENT === "self-hosted") return undefined;
  }
  return `${wanted || usual}/builds`;
}
