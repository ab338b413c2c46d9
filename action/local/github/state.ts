/** One repository on GitHub: what the stand-in remembers between two requests. */
import { createHash } from "node:crypto";
import type { Commit } from "./history.ts";

export interface PullRequest {
  readonly number: number;
  title: string;
  body: string;
  readonly author: string;
  /** `owner/name` of where its branch lies; null once that fork was deleted. */
  headRepository: string | null;
  readonly branch: string;
  /** Stays when the branch goes. */
  headSha: string;
  readonly base: string;
  /** Moves with the base branch while it is open. */
  baseSha: string;
  draft: boolean;
  state: "open" | "closed";
  merged: Merged | undefined;
  readonly createdAt: string;
  updatedAt: string;
  closedAt: string | null;
}

export type MergeMethod = "merge" | "squash" | "rebase";

export interface Merged {
  readonly method: MergeMethod;
  readonly sha: string;
  readonly at: string;
  /** The commits that it brought into the base branch. */
  readonly commits: readonly string[];
}

export interface Comment {
  readonly id: number;
  /** Of the issue or pull request that it is on. */
  readonly number: number;
  readonly author: string;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
  /** How often its text was written again. */
  edits: number;
}

export interface Issue {
  readonly number: number;
  readonly author: string;
  title: string;
  body: string;
  state: "open" | "closed";
  labels: readonly string[];
  readonly createdAt: string;
  updatedAt: string;
}

export interface DeploymentStatus {
  readonly id: number;
  readonly state: "error" | "failure" | "inactive" | "in_progress" | "queued" | "pending" | "success";
  readonly description: string;
  readonly environment: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
  readonly createdAt: string;
}

export interface Deployment {
  readonly id: number;
  readonly ref: string;
  readonly sha: string;
  readonly task: string;
  readonly payload: unknown;
  readonly environment: string;
  readonly description: string | null;
  readonly transient: boolean;
  readonly production: boolean;
  readonly createdAt: string;
  /** Oldest first. */
  readonly statuses: DeploymentStatus[];
}

export interface CommitStatus {
  readonly id: number;
  readonly sha: string;
  readonly context: string;
  readonly state: "error" | "failure" | "pending" | "success";
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly createdAt: string;
}

/** Who and what may deploy to an environment. */
export interface Protection {
  /** Logins that have to approve; none unless given. */
  readonly reviewers?: readonly string[];
  readonly waitMinutes?: number;
  /** Patterns of branches, or all that are protected; any branch unless given. */
  readonly branches?: readonly string[] | "protected";
}

export interface Environment {
  readonly id: number;
  readonly name: string;
  readonly createdAt: string;
  readonly protection: Protection;
}

export interface State {
  /** `owner/name`. */
  readonly repository: string;
  readonly repositoryId: number;
  readonly ownerId: number;
  readonly visibility: "public" | "private";
  readonly defaultBranch: string;
  readonly commits: Map<string, Commit>;
  readonly branches: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly pullRequests: Map<number, PullRequest>;
  readonly issues: Map<number, Issue>;
  readonly comments: Map<number, Comment>;
  readonly deployments: Map<number, Deployment>;
  readonly environments: Map<string, Environment>;
  readonly protectedBranches: Set<string>;
  readonly commitStatuses: CommitStatus[];
  /** What `PUT /actions/oidc/customization/sub` has set. */
  oidcSubject: { readonly useDefault: boolean; readonly immutable: boolean };
  /** `write`: the setting that GitHub recommends against. */
  defaultWorkflowPermissions: "read" | "write";
  /** The last number of an issue or pull request. */
  lastNumber: number;
  lastId: number;
}

export interface StateOptions {
  /** `owner/name`; `warren/rabbit-hole` unless given. */
  readonly repository?: string;
  readonly repositoryId?: number;
  readonly ownerId?: number;
  /** Private unless given: what is public may be read with any token. */
  readonly visibility?: "public" | "private";
  /** `main` unless given; it is there, with one commit. */
  readonly defaultBranch?: string;
  /** The first commit. */
  readonly sha?: string;
}

export function createState(options: StateOptions): State {
  const { repository = "warren/rabbit-hole", defaultBranch = "main" } = options;
  const state: State = {
    repository,
    repositoryId: options.repositoryId ?? 700_000_001,
    ownerId: options.ownerId ?? 9_000_001,
    visibility: options.visibility ?? "private",
    defaultBranch,
    commits: new Map(),
    branches: new Map(),
    tags: new Map(),
    pullRequests: new Map(),
    issues: new Map(),
    comments: new Map(),
    deployments: new Map(),
    environments: new Map(),
    protectedBranches: new Set(),
    commitStatuses: [],
    oidcSubject: { useDefault: true, immutable: false },
    defaultWorkflowPermissions: "read",
    lastNumber: 0,
    lastId: 0,
  };
  state.branches.set(defaultBranch, addCommit(state, [], "first", options.sha));
  return state;
}

export function nextId(state: State): number {
  state.lastId += 1;
  return state.lastId;
}

/** Issues and pull requests share their numbers. */
export function nextNumber(state: State): number {
  state.lastNumber += 1;
  return state.lastNumber;
}

/** GitHub's times have no fractions of a second. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+/, "");
}

/** Adds a commit; its sha is made up when none is given. Throws if it is no SHA-1 or a parent is unknown. */
export function addCommit(state: State, parents: readonly string[], message: string, given?: string): string {
  const sha =
    given ??
    createHash("sha1")
      .update(JSON.stringify([state.repository, state.commits.size, parents, message]))
      .digest("hex");
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new Error(`not a commit: ${sha}`);
  for (const parent of parents) if (!state.commits.has(parent)) throw new Error(`unknown parent: ${parent}`);
  if (!state.commits.has(sha)) state.commits.set(sha, { sha, parents, message });
  return sha;
}

/** The commit that a branch, a tag or a sha names, with or without `refs/`. */
export function resolve(state: State, ref: string): string | undefined {
  const short = ref.replace(/^refs\//, "");
  return (
    state.branches.get(short.replace(/^heads\//, "")) ??
    state.tags.get(short.replace(/^tags\//, "")) ??
    state.commits.get(ref)?.sha
  );
}
