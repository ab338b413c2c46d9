/**
 * The runner's event payload -> Event. What a payload holds was partly written by strangers (names of branches), so it
 * is checked before it is believed; unknown fields stop here, and nothing that is in it makes this throw.
 */
import type { ErrorObject } from "ajv";
import type { Event, PullRequest, RunContext } from "./event.ts";
import {
  type AnyPayload,
  type DispatchPayload,
  type PullRequestPayload,
  type PushPayload,
  isAny,
  isDelete,
  isDispatch,
  isPullRequest,
  isPush,
} from "./payload.ts";
import type { Problem } from "./problem.ts";

export interface RawEvent {
  /** `GITHUB_EVENT_NAME`. */
  readonly eventName: string;
  /** The JSON of the file `GITHUB_EVENT_PATH`. */
  readonly payload: unknown;
  /** Variables that the runner sets: https://docs.github.com/actions/reference/workflows-and-actions/variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export type ReadEvent =
  | { readonly kind: "event"; readonly event: Event; readonly run: RunContext }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** Of the file that the runner has written. */
export function payloadOf(
  text: string,
):
  | { readonly kind: "payload"; readonly value: unknown }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] } {
  try {
    return { kind: "payload", value: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // What JSON.parse says repeats the text.
    const message = "the file of GITHUB_EVENT_PATH is no JSON";
    return { kind: "problems", problems: [{ message, hint: "It is the runner's: run the job again." }] };
  }
}

export function readEvent(raw: RawEvent): ReadEvent {
  const run = readRun(raw);
  if (run.problems) return { kind: "problems", problems: run.problems };
  const event = eventOf(raw, run.value);
  if (event.problems) return { kind: "problems", problems: event.problems };
  return { kind: "event", event: event.value, run: run.value };
}

type Read<T> =
  | { readonly value: T; readonly problems?: undefined }
  | { readonly problems: readonly Problem[] };

function eventOf({ eventName, payload }: RawEvent, run: RunContext): Read<Event> {
  switch (eventName) {
    case "push":
      return isPush(payload) ? pushed(payload) : wrong(eventName, isPush);
    case "pull_request":
      return isPullRequest(payload)
        ? { value: { kind: "pull-request", action: actionOf(payload), pullRequest: pullRequestOf(payload) } }
        : wrong(eventName, isPullRequest);
    case "delete":
      if (!isDelete(payload)) return wrong(eventName, isDelete);
      return {
        value:
          payload.ref_type === "branch"
            ? { kind: "branch-deleted", branch: payload.ref }
            : { kind: "tag-deleted", tag: payload.ref },
      };
    case "workflow_dispatch":
      return isDispatch(payload) ? { value: dispatched(payload, run) } : wrong(eventName, isDispatch);
    case "schedule":
      return { value: { kind: "schedule" } };
    case "merge_group":
      return { value: { kind: "merge-group" } };
    default:
      return { value: { kind: "other", name: eventName } };
  }
}

function pushed({ ref, after, deleted }: PushPayload): Read<Event> {
  const branch = nameOf(ref, "heads");
  if (branch !== undefined) return { value: { kind: "push", branch, sha: after, deleted } };
  const tag = nameOf(ref, "tags");
  if (tag === undefined) return { problems: [strange("push", `/ref is neither a branch nor a tag`)] };
  return { value: deleted ? { kind: "tag-deleted", tag } : { kind: "tag-push", tag } };
}

function nameOf(ref: string, kind: "heads" | "tags"): string | undefined {
  const prefix = `refs/${kind}/`;
  return ref.startsWith(prefix) && ref.length > prefix.length ? ref.slice(prefix.length) : undefined;
}

/** GitHub says `edited` of another title and of another base branch, and only the latter is another merge. */
function actionOf({ action, changes }: PullRequestPayload): string {
  return action === "edited" && changes?.base !== undefined ? "retargeted" : action;
}

function pullRequestOf({
  pull_request: { number, state, draft, merged, head, base },
}: PullRequestPayload): PullRequest {
  return {
    number,
    branch: head.ref,
    headSha: head.sha,
    baseBranch: base.ref,
    open: state === "open",
    draft: draft === true,
    merged: merged === true,
    // By id: a name may have changed since.
    fromFork: head.repo?.id !== base.repo.id,
  };
}

function dispatched({ ref, inputs }: DispatchPayload, { sha }: RunContext): Event {
  const given = (name: string): string => {
    const value = inputs?.[name];
    return typeof value === "string" || typeof value === "boolean" ? String(value).slice(0, 200) : "";
  };
  return {
    kind: "dispatch",
    command: given("command"),
    stage: given("stage"),
    branch: nameOf(ref, "heads") ?? "",
    sha,
    allowOlder: given("allow-older") === "true",
    approve: given("approve"),
    commit: given("commit"),
    skip: given("skip"),
    dryRun: given("dry-run") === "true",
    revert: given("revert") === "true",
  };
}

/** Which variables make up the run, and what they must look like. */
const VARIABLES = {
  GITHUB_REPOSITORY: /^[\w.-]{1,100}\/[\w.-]{1,100}$/,
  GITHUB_REPOSITORY_ID: /^[1-9]\d{0,18}$/,
  GITHUB_REPOSITORY_OWNER_ID: /^[1-9]\d{0,18}$/,
  GITHUB_SHA: /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/,
  GITHUB_ACTOR: /^[\w.[\]/-]{1,100}$/,
  GITHUB_RUN_ID: /^[1-9]\d{0,18}$/,
  GITHUB_RUN_ATTEMPT: /^[1-9]\d{0,5}$/,
  GITHUB_SERVER_URL: /^https?:\/\/[\w.:-]+$/,
} as const;

function readRun({ eventName, payload, environment }: RawEvent): Read<RunContext> {
  const problems: Problem[] = [];
  const variable = (name: keyof typeof VARIABLES): string => {
    const value = environment[name] ?? "";
    if (!VARIABLES[name].test(value)) {
      problems.push({
        message:
          value === "" ? `${name} is not set` : `${name} has a form that GitHub's runner does not give it`,
        hint: "Warren's Action runs on GitHub's runner; elsewhere, use the command line.",
      });
    }
    return value;
  };
  const repository = variable("GITHUB_REPOSITORY");
  const runId = variable("GITHUB_RUN_ID");
  const run = {
    repository,
    repositoryId: variable("GITHUB_REPOSITORY_ID"),
    ownerId: variable("GITHUB_REPOSITORY_OWNER_ID"),
    sha: variable("GITHUB_SHA"),
    actor: variable("GITHUB_ACTOR"),
    runId,
    runAttempt: Number(variable("GITHUB_RUN_ATTEMPT")),
    runUrl: `${variable("GITHUB_SERVER_URL")}/${repository}/actions/runs/${runId}`,
  };
  if (!isAny(payload)) problems.push(...wrong(eventName, isAny).problems);
  if (problems.length > 0) return { problems };
  const named = (payload as AnyPayload).repository?.default_branch;
  // Schedules run on the default branch only, and their payload may be nothing but the cron line.
  const defaultBranch =
    named ?? (eventName === "schedule" ? nameOf(environment["GITHUB_REF"] ?? "", "heads") : undefined);
  if (defaultBranch === undefined) {
    return { problems: [strange(eventName, "/repository does not say which branch is the default one")] };
  }
  return { value: { ...run, defaultBranch } };
}

function wrong(
  eventName: string,
  { errors }: { readonly errors?: ErrorObject[] | null | undefined },
): { readonly problems: readonly Problem[] } {
  // Ten say enough; a hostile payload may have thousands.
  const found = (errors ?? []).slice(0, 10);
  return {
    problems: found.map(({ instancePath, message }) =>
      strange(eventName, `${instancePath || "it"} ${message}`),
    ),
  };
}

/** The value itself is never quoted. */
function strange(eventName: string, what: string): Problem {
  return {
    message: `the payload of this \`${eventName}\` event is not what GitHub sends: ${what}`,
    hint: "If GitHub did send it, please report it.",
  };
}
