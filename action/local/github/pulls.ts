/** Pull requests. */
import { type Answer, type Call, type Handler, notFound, ok, page, problem } from "./answer.ts";
import type { Body, Frame } from "./frame.ts";
import { ancestry, commitsBetween } from "./history.ts";
import type { OperationId } from "./permissions.ts";
import { type PullRequest, resolve, type State } from "./state.ts";

export const pullHandlers = {
  "pulls/list": list,

  "pulls/get": ({ state, frame, path }) => {
    const pull = state.pullRequests.get(Number(path["pull_number"]));
    return pull === undefined ? notFound : ok(pullRequestBody(state, frame, pull));
  },

  "repos/list-pull-requests-associated-with-commit": ofCommit,
} as const satisfies Partial<Record<OperationId, Handler>>;

/** https://docs.github.com/en/rest/pulls/pulls#list-pull-requests : open ones unless asked for others, newest first. */
function list(call: Call): Answer {
  const { state = "open", head, base, sort = "created" } = call.query;
  const direction = call.query["direction"] ?? (sort === "created" ? "desc" : "asc");
  const found = [...call.state.pullRequests.values()]
    .filter((pull) => state === "all" || pull.state === state)
    // `owner:branch`; GitHub does not filter at all by a head without an owner.
    .filter((pull) => head === undefined || !head.includes(":") || head === label(pull))
    .filter((pull) => base === undefined || pull.base === base)
    .toSorted((one, other) =>
      sort === "updated" ? one.updatedAt.localeCompare(other.updatedAt) : one.number - other.number,
    );
  const ordered = direction === "desc" ? found.toReversed() : found;
  return page(call, ordered, (pulls) => pulls.map((pull) => listedBody(call.state, call.frame, pull)));
}

/**
 * "Lists the merged pull request that introduced the commit to the repository. If the commit is not present in the
 * default branch, it will return merged and open pull requests associated with the commit."
 * https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
 */
function ofCommit(call: Call): Answer {
  const { state } = call;
  const sha = resolve(state, call.path["commit_sha"] ?? "");
  if (sha === undefined) return problem(422, `No commit found for SHA: ${call.path["commit_sha"]}`);
  const isOnDefault = ancestry(state.commits, state.branches.get(state.defaultBranch) ?? "").has(sha);
  const found = [...state.pullRequests.values()].filter((pull) =>
    isOnDefault
      ? pull.merged?.commits.includes(sha)
      : (pull.merged || pull.state === "open") && holds(state, pull, sha),
  );
  return page(call, found, (pulls) => pulls.map((pull) => listedBody(state, call.frame, pull)));
}

function holds(state: State, pull: PullRequest, sha: string): boolean {
  const base = state.branches.get(pull.base) ?? pull.baseSha;
  return commitsBetween(state.commits, base, pull.headSha).some((commit) => commit.sha === sha);
}

function label({ headRepository, branch }: PullRequest): string {
  return `${headRepository?.split("/")[0] ?? "unknown"}:${branch}`;
}

/** Also what `pull_request` is in the event's payload, but for a few fields that only lists lack. */
export function pullRequestBody(state: State, frame: Frame, pull: PullRequest): Body {
  const isOpen = pull.state === "open";
  return {
    ...frame.example("pull-request"),
    ...listedBody(state, frame, pull),
    merged: pull.merged !== undefined,
    merged_by: pull.merged ? frame.user("alice") : null,
    mergeable: isOpen ? true : null,
    mergeable_state: isOpen ? "clean" : "unknown",
    comments: [...state.comments.values()].filter(({ number }) => number === pull.number).length,
    commits: commitsBetween(state.commits, pull.baseSha, pull.headSha).length,
  };
}

/** Fields that a single pull request has and one in a list has not. */
const ONLY_SINGLE = [
  "merged",
  "mergeable",
  "rebaseable",
  "mergeable_state",
  "merged_by",
  "comments",
  "review_comments",
  "maintainer_can_modify",
  "commits",
  "additions",
  "deletions",
  "changed_files",
];

function listedBody(state: State, frame: Frame, pull: PullRequest): Body {
  const example = frame.example("pull-request");
  const common = Object.fromEntries(Object.entries(example).filter(([key]) => !ONLY_SINGLE.includes(key)));
  const url = `${frame.api}/pulls/${pull.number}`;
  const issue = `${frame.api}/issues/${pull.number}`;
  const web = `${frame.web}/pull/${pull.number}`;
  const links = { self: url, html: web, issue, comments: `${issue}/comments` };
  return {
    ...common,
    _links: {
      ...(example["_links"] as Body),
      ...Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    },
    number: pull.number,
    url,
    html_url: web,
    issue_url: issue,
    comments_url: `${issue}/comments`,
    title: pull.title,
    body: pull.body === "" ? null : pull.body,
    state: pull.state,
    draft: pull.draft,
    locked: false,
    active_lock_reason: null,
    user: frame.user(pull.author),
    labels: [],
    milestone: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.merged?.at ?? null,
    merge_commit_sha: pull.merged?.sha ?? null,
    head: endBody(frame, pull.headRepository, { label: label(pull), ref: pull.branch, sha: pull.headSha }),
    base: endBody(frame, state.repository, {
      label: `${state.repository.split("/")[0]}:${pull.base}`,
      ref: pull.base,
      sha: pull.baseSha,
    }),
  };
}

/** A fork that was deleted leaves `repo: null` behind. */
function endBody(frame: Frame, repository: string | null, end: Body): Body {
  const user = frame.user(repository?.split("/")[0] ?? "ghost");
  return { ...end, user, repo: repository === null ? null : frame.repository(repository) };
}
