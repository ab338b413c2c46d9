/** What GitHub's webhooks send, as far as it decides what starts. */

interface Branch {
  readonly ref: string;
  readonly sha: string;
  /** Null when the fork is gone. */
  readonly repo: { readonly full_name: string } | null;
}

export interface Payload {
  readonly action?: string;
  readonly ref?: string;
  readonly inputs?: Readonly<Record<string, string | boolean>> | null;
  readonly pull_request?: {
    readonly number: number;
    readonly merged?: boolean | null;
    /** Null until GitHub has computed it. */
    readonly mergeable?: boolean | null;
    readonly head: Branch;
    readonly base: Branch;
  };
  readonly repository?: { readonly full_name: string; readonly default_branch: string; readonly id: number };
  readonly schedule?: string;
  readonly sender?: { readonly login: string };
  /** The one workflow that a dispatch starts, as a path. */
  readonly workflow?: string;
}

/** Its head lies in another repository, or lay there: the fork can be deleted. */
export function isFromFork({ pull_request: pull }: Payload): boolean {
  return pull !== undefined && pull.head.repo?.full_name !== pull.base.repo?.full_name;
}

/** What `github.ref` is in a run that the event starts: https://docs.github.com/actions/reference/workflows-and-actions/contexts */
export function refOf(eventName: string, payload: Payload): string {
  const pull = payload.pull_request;
  if (eventName === "pull_request" && pull) {
    // https://github.blog/changelog/2023-09-13-github-actions-updates-to-github_ref-and-github-ref/
    return pull.merged === true ? `refs/heads/${pull.base.ref}` : `refs/pull/${pull.number}/merge`;
  }
  if (["push", "workflow_dispatch"].includes(eventName) && payload.ref !== undefined) return payload.ref;
  const branch = payload.repository?.default_branch;
  if (branch === undefined) throw new Error(`the payload of ${eventName} does not name the default branch`);
  return `refs/heads/${branch}`;
}
