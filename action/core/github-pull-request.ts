/** A pull request as GitHub's API tells it, cut to what is used of it. */
import type { PullRequest } from "./event.ts";

interface PullRequestData {
  readonly number: number;
  readonly state: string;
  readonly draft?: boolean | undefined;
  readonly merged_at: string | null;
  readonly head: {
    readonly ref: string;
    readonly sha: string;
    readonly repo: { readonly id: number } | null;
  };
  readonly base: { readonly ref: string; readonly repo: { readonly id: number } };
}

export function pullRequestOf({ number, state, draft, merged_at, head, base }: PullRequestData): PullRequest {
  return {
    number,
    branch: head.ref,
    headSha: head.sha,
    baseBranch: base.ref,
    open: state === "open",
    draft: draft === true,
    merged: merged_at !== null,
    // A fork that was deleted is null.
    fromFork: head.repo?.id !== base.repo.id,
  };
}
