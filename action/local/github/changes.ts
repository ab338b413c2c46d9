/** What people do to a repository: push, open, merge, close, delete. */
import { commitsBetween } from "./history.ts";
import {
  addCommit,
  type Comment,
  type MergeMethod,
  nextId,
  nextNumber,
  now,
  type PullRequest,
  type State,
} from "./state.ts";

/**
 * Makes the branch, or moves it, also by force. A new commit comes after the branch's head, or after the default
 * branch's for a new one, unless `parents` says otherwise. Its open pull requests follow. Returns the commit.
 */
export function pushBranch(state: State, name: string, sha?: string, parents?: readonly string[]): string {
  const head = state.branches.get(name) ?? state.branches.get(state.defaultBranch);
  const pushed = addCommit(state, parents ?? (head === undefined ? [] : [head]), `push to ${name}`, sha);
  moveBranch(state, name, pushed);
  return pushed;
}

export function moveBranch(state: State, name: string, sha: string): void {
  state.branches.set(name, sha);
  for (const pull of openPullRequests(state)) {
    if (pull.branch === name && pull.headRepository === state.repository) {
      pull.headSha = sha;
      pull.updatedAt = now();
    }
    if (pull.base === name) pull.baseSha = sha;
  }
}

/**
 * Returns the pull requests that GitHub closes with it ("Deleting a branch closes all pull requests associated with it",
 * https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/creating-and-deleting-branches-within-your-repository).
 */
export function deleteBranch(state: State, name: string): readonly number[] {
  if (!state.branches.delete(name)) throw new Error(`there is no branch ${name}`);
  const closed = openPullRequests(state).filter(
    ({ branch, headRepository }) => branch === name && headRepository === state.repository,
  );
  for (const pull of closed) close(pull);
  return closed.map(({ number }) => number);
}

export interface PullRequestInput {
  readonly branch: string;
  /** The default branch unless given. */
  readonly base?: string;
  readonly title?: string;
  readonly body?: string;
  readonly author?: string;
  readonly draft?: boolean;
  /** `owner/name` of a fork that the branch lies in; its commit is then made up, unless `sha` is given. */
  readonly fork?: string;
  readonly sha?: string;
}

export function createPullRequest(state: State, input: PullRequestInput): PullRequest {
  const { branch, base = state.defaultBranch, fork } = input;
  const baseSha = state.branches.get(base);
  if (baseSha === undefined) throw new Error(`there is no branch ${base}`);
  // A fork's commits can be had from the repository as well, as refs/pull/N/head.
  const headSha =
    fork === undefined
      ? state.branches.get(branch)
      : addCommit(state, [baseSha], `push to ${fork}`, input.sha);
  if (headSha === undefined) throw new Error(`there is no branch ${branch}`);
  const pull: PullRequest = {
    number: nextNumber(state),
    title: input.title ?? `Change ${branch}`,
    body: input.body ?? "",
    author: input.author ?? "alice",
    headRepository: fork ?? state.repository,
    branch,
    headSha,
    base,
    baseSha,
    draft: input.draft ?? false,
    state: "open",
    merged: undefined,
    createdAt: now(),
    updatedAt: now(),
    closedAt: null,
  };
  state.pullRequests.set(pull.number, pull);
  return pull;
}

/** Closes it, merged in the given way or not at all. Returns the commit that the base branch is at now. */
export function closePullRequest(state: State, number: number, how?: MergeMethod): string {
  const pull = pullRequest(state, number);
  if (pull.state === "closed") throw new Error(`#${number} is closed already`);
  if (how !== undefined) merge(state, pull, how);
  close(pull);
  return pull.baseSha;
}

/** GitHub does not reopen a pull request whose branch is gone, nor a merged one. */
export function reopenPullRequest(state: State, number: number): void {
  const pull = pullRequest(state, number);
  const head = state.branches.get(pull.branch);
  if (pull.merged || head === undefined) throw new Error(`#${number} cannot be reopened`);
  Object.assign(pull, { state: "open", closedAt: null, headSha: head, updatedAt: now() });
}

export function addComment(state: State, number: number, author: string, body: string): Comment {
  const id = nextId(state);
  const comment = { id, number, author, body, createdAt: now(), updatedAt: now(), edits: 0 };
  state.comments.set(id, comment);
  return comment;
}

export function pullRequest(state: State, number: number): PullRequest {
  const pull = state.pullRequests.get(number);
  if (!pull) throw new Error(`there is no pull request #${number}`);
  return pull;
}

/**
 * https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
 */
function merge(state: State, pull: PullRequest, method: MergeMethod): void {
  const message = `${pull.title} (#${pull.number})`;
  const base = pull.baseSha;
  const changes = commitsBetween(state.commits, base, pull.headSha);
  const made =
    method === "merge"
      ? [addCommit(state, [base, pull.headSha], message)]
      : method === "squash"
        ? [addCommit(state, [base], message)]
        : changes.reduce<string[]>(
            (copies, change) => [...copies, addCommit(state, [copies.at(-1) ?? base], change.message)],
            [],
          );
  const sha = made.at(-1) ?? base;
  const commits = method === "merge" ? [...changes.map((change) => change.sha), ...made] : made;
  pull.merged = { method, sha, at: now(), commits };
  moveBranch(state, pull.base, sha);
}

function close(pull: PullRequest): void {
  pull.state = "closed";
  pull.closedAt = now();
  pull.updatedAt = pull.closedAt;
}

function openPullRequests(state: State): readonly PullRequest[] {
  return [...state.pullRequests.values()].filter((pull) => pull.state === "open");
}
