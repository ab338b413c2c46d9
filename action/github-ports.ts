/** What the story needs of GitHub. Nothing here decides anything. */
import type { GuardedEnvironment } from "./core/doctor-facts.ts";
import type { PullRequest } from "./core/event.ts";

/** Keys of a deployment's state on GitHub. */
export type DeploymentState = "in_progress" | "success" | "failure" | "inactive";

export interface DeploymentInput {
  readonly environment: string;
  readonly sha: string;
  /** For a preview: GitHub shows it as destroyed, not as inactive, when it goes. */
  readonly transient: boolean;
  readonly production: boolean;
  /** The stack's name: how a deployment is found again when its stack goes. */
  readonly stack: string;
}

/** Of a commit; GitHub shows it at the pull request, and may ask for it before a merge. */
export interface CommitStatusInput {
  /** Its name: the last one of a name counts. */
  readonly context: string;
  readonly state: "success" | "failure" | "error";
  readonly description: string;
}

export interface IssueInput {
  /** What `body` begins with. */
  readonly marker: string;
  readonly title: string;
  readonly body: string;
}

/**
 * The repository on GitHub. Every list is read to its last page. A missing permission is a `GitHubRefusal`, which
 * the story reports and survives: the deploy itself does not depend on comments.
 */
export interface GitHub {
  pullRequest(number: number): Promise<PullRequest | undefined>;
  openPullRequests(): Promise<readonly PullRequest[]>;
  /** Of a branch of this repository, open or not: the ten that have changed last. */
  pullRequestsFrom(branch: string): Promise<readonly PullRequest[]>;
  /** Pull requests that a commit came from: how a merge, squash or rebase finds its pull request. */
  pullRequestsOf(sha: string): Promise<readonly PullRequest[]>;
  /**
   * Those that were merged into `branch` by the commits after `from`, up to `to`; among the 100 that have changed last.
   * None if one of the commits is not there.
   */
  mergedBetween(branch: string, from: string, to: string): Promise<readonly PullRequest[]>;
  branches(): Promise<readonly string[]>;
  /** The commit that a branch points to; undefined if there is no such branch. */
  head(branch: string): Promise<string | undefined>;
  /** True if `ancestor` is `sha` or comes before it. */
  isAncestor(ancestor: string, sha: string): Promise<boolean>;
  /** The text of our comment that holds `marker`; undefined if there is none. */
  comment(pullRequest: number, marker: string): Promise<string | undefined>;
  /** The comment that holds `marker`, made or edited; untouched if its text is equal. */
  upsertComment(
    pullRequest: number,
    marker: string,
    body: string,
  ): Promise<"created" | "updated" | "unchanged">;
  setCommitStatus(sha: string, status: CommitStatusInput): Promise<void>;
  /** The open issue that holds `marker`: made or edited, untouched if it is equal. */
  upsertIssue(issue: IssueInput): Promise<"opened" | "updated" | "unchanged">;
  /** Closes it as completed. Resolves with its number; undefined if there is none. */
  closeIssue(marker: string): Promise<number | undefined>;
  createDeployment(input: DeploymentInput): Promise<number>;
  setDeploymentState(id: number, state: DeploymentState, text: string, url?: string): Promise<void>;
  /** Ids of the stack's deployments that are not inactive yet. */
  activeDeployments(environment: string, stack: string): Promise<readonly number[]>;
}

/** How the repository is set up on GitHub: what the doctor asks. Throws GitHubRefusal. */
export interface RepositorySettings {
  /** Undefined: there is none of that name. */
  environment(name: string): Promise<GuardedEnvironment | undefined>;
  isProtected(branch: string): Promise<boolean>;
  /** What the subjects of OIDC tokens are made of; undefined: as GitHub makes them. */
  subjectClaims(): Promise<readonly string[] | undefined>;
  /** Of jobs that name no permissions. A job's own token may never see it. */
  defaultPermissions(): Promise<"read" | "write">;
}
