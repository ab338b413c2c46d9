/**
 * Whether a run's commit may still be deployed, asked when everything is built and before anything is changed: runs
 * start late, overtake each other (GitHub promises no order), and are re-run weeks later.
 */
import type { PullRequest } from "./event.ts";
import { type Skip, skip } from "./intent.ts";

export interface CommitFacts {
  /** Commit of the run. */
  readonly sha: string;
  readonly branch: string;
  /** Commit that the branch points to now; undefined: the branch is gone. */
  readonly head: string | undefined;
  /** The stack's tag `warren:commit`; undefined: there is no stack. */
  readonly deployed: string | undefined;
  /** True if `sha` is an ancestor of `deployed`. */
  readonly older: boolean;
  /** From 1; more means that somebody pressed "re-run". */
  readonly runAttempt: number;
  readonly allowOlder: boolean;
}

/**
 * - A commit before the deployed one stops, also if the branch was moved back to it: going back is never silent.
 * - A first run whose branch has moved on goes on. The newer commit's own run comes next, or never: GitHub starts none
 *   for a push by a workflow's token, such as a version bump right after a merge, and skipping would leave that merge
 *   undeployed in green.
 * - A re-run whose branch has moved on stops. `warren:commit` is the commit of the last *change*: when a revert was
 *   "nothing to do", the tag does not tell that the reverted commit is the older one.
 * - `allowOlder` overrides both, which is how to roll back on purpose.
 */
export function freshness(facts: CommitFacts): { readonly kind: "go" } | Skip {
  const { sha, branch, head, deployed, older, runAttempt, allowOlder } = facts;
  if (head === undefined) return skip("branch-gone", `branch \`${branch}\` is gone`);
  if (allowOlder) return { kind: "go" };
  const onPurpose = "to deploy it all the same, run it with `allow-older: true`";
  if (deployed !== undefined && deployed !== sha && older) {
    return skip(
      "newer-deployed",
      `commit ${short(sha)} is older than ${short(deployed)}, which is deployed; ${onPurpose}`,
    );
  }
  if (head !== sha && runAttempt > 1) {
    return skip(
      "newer-pushed",
      `this is a re-run of commit ${short(sha)}, and branch \`${branch}\` is at ${short(head)} now; ${onPurpose}`,
    );
  }
  return { kind: "go" };
}

function short(sha: string): string {
  return sha.slice(0, 7);
}

/**
 * Asked just before a preview is made or changed: what the event says may be long past, and a preview that is made
 * after its teardown would stay until the next sweep. `now` and `head` (of its branch) are read from GitHub for it.
 * Whether the commit is too old is `freshness`'s question.
 */
export function stillWanted(
  { number, branch }: PullRequest,
  now: PullRequest | undefined,
  head: string | undefined,
): { readonly kind: "wanted" } | Skip {
  if (!now?.open) return skip("pull-request-closed", `pull request #${number} is closed`);
  if (head === undefined) return skip("branch-gone", `branch \`${branch}\` is gone`);
  return { kind: "wanted" };
}
