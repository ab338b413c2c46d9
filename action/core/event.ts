/** What GitHub says happened, as a union: unknown fields stop here. */

export interface PullRequest {
  readonly number: number;
  /** The branch that it comes from. */
  readonly branch: string;
  readonly headSha: string;
  readonly baseBranch: string;
  readonly open: boolean;
  readonly draft: boolean;
  readonly merged: boolean;
  /** Its branch lies in another repository: no token to write with, no OIDC token. */
  readonly fromFork: boolean;
}

/** Commands of `workflow_dispatch`. */
export const COMMANDS = ["plan", "deploy", "destroy", "sweep", "drift", "doctor"] as const;
export type Command = (typeof COMMANDS)[number];

export type Event =
  | { readonly kind: "push"; readonly branch: string; readonly sha: string; readonly deleted: boolean }
  | { readonly kind: "tag-push"; readonly tag: string }
  | { readonly kind: "pull-request"; readonly action: string; readonly pullRequest: PullRequest }
  | { readonly kind: "branch-deleted"; readonly branch: string }
  | { readonly kind: "tag-deleted"; readonly tag: string }
  | {
      readonly kind: "dispatch";
      /** Both as they were typed, or empty. */
      readonly command: string;
      readonly stage: string;
      /** Empty if a tag was chosen. */
      readonly branch: string;
      readonly sha: string;
      readonly allowOlder: boolean;
      readonly approve: string;
      readonly commit: string;
      readonly skip: string;
      readonly dryRun: boolean;
      readonly revert: boolean;
    }
  | { readonly kind: "schedule" }
  | { readonly kind: "merge-group" }
  | { readonly kind: "other"; readonly name: string };

/** The run that the event started. */
export interface RunContext {
  /** `owner/name`. */
  readonly repository: string;
  /** Number that survives renames; stacks carry it. */
  readonly repositoryId: string;
  readonly ownerId: string;
  readonly defaultBranch: string;
  readonly sha: string;
  readonly actor: string;
  readonly runId: string;
  /** From 1; more means that somebody pressed "re-run". */
  readonly runAttempt: number;
  /** Web address of the run, for links. */
  readonly runUrl: string;
}
