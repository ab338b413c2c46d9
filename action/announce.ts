/**
 * Telling GitHub what goes on. It is told as well as the job may: what GitHub refuses becomes a warning that names the
 * missing permission, and the stacks do not depend on it.
 */
import { GitHubRefusal } from "./core/github-refusal.ts";
import { parseCommentData } from "./core/comment-data.ts";
import { type CommentFacts, commentMarker, consoleUrl, renderComment } from "./core/comment.ts";
import { plansData, plansIn } from "./core/plan-digest.ts";
import { UserError, formatProblem } from "./core/problem.ts";
import type { Reason } from "./core/reason.ts";
import type { ValueMap } from "./core/value.ts";
import type { CommitStatusInput, DeploymentInput, GitHub, IssueInput } from "./github-ports.ts";
import type { Log } from "./ports.ts";

export interface AnnouncePorts {
  readonly github: GitHub;
  readonly log: Log;
}

/** One for each run, so that a missing permission is told once. */
export interface Announcer {
  /** Undefined, and a warning, where GitHub refuses it. */
  readonly attempt: <T>(work: () => Promise<T>) => Promise<T | undefined>;
  /** What the pull request's comment remembers of earlier runs. Whoever may edit comments may have changed it. */
  remembered(pullRequest: number, pipeline: string): Promise<ValueMap>;
  /** Makes or edits the pull request's one comment. Plans that it remembers stay until there are newer ones. */
  comment(pullRequest: number, facts: CommentFacts): Promise<void>;
  status(sha: string, status: CommitStatusInput): Promise<void>;
  /** A deployment around `work`, with the status of how it ends. */
  deployment<T extends { readonly stackId: string }>(
    input: DeploymentInput,
    work: () => Promise<T>,
  ): Promise<T>;
  /** The one open issue with this marker: opened, edited, or, for undefined, closed. */
  issue(marker: string, wanted: Omit<IssueInput, "marker"> | undefined): Promise<void>;
  /** Ends all deployments of a stack that goes. Resolves with how many there were. */
  retire(environment: string, stack: string): Promise<number>;
}

export function announcer({ github, log }: AnnouncePorts): Announcer {
  const told = new Set<string>();

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GitHubRefusal)) throw error;
      for (const problem of error.problems) {
        const text = formatProblem(problem);
        if (!told.has(text)) log.warn(text);
        told.add(text);
      }
      return undefined;
    }
  }

  async function end(ids: readonly number[], text: string): Promise<void> {
    for (const id of ids) await attempt(() => github.setDeploymentState(id, "inactive", text));
  }

  async function remembered(pullRequest: number, pipeline: string): Promise<ValueMap> {
    const body = await attempt(() => github.comment(pullRequest, commentMarker(pipeline)));
    return parseCommentData(body ?? "");
  }

  /** What was reviewed has to be known at the merge, which the comment about the preview's end may come before. */
  async function withPlans({ pipeline, data = {} }: CommentFacts, pullRequest: number): Promise<ValueMap> {
    if (Object.keys(plansIn(data)).length > 0) return data;
    return { ...data, ...plansData(plansIn(await remembered(pullRequest, pipeline))) };
  }

  return {
    attempt,
    remembered,
    async status(sha, status) {
      await attempt(() => github.setCommitStatus(sha, status));
    },
    async comment(pullRequest, facts) {
      const body = renderComment({ ...facts, data: await withPlans(facts, pullRequest) });
      const done = await attempt(() =>
        github.upsertComment(pullRequest, commentMarker(facts.pipeline), body),
      );
      if (done !== undefined) log.info(`comment on pull request #${pullRequest}: ${done}`);
    },
    async issue(marker, wanted) {
      if (wanted) {
        const done = await attempt(() => github.upsertIssue({ marker, ...wanted }));
        if (done !== undefined) log.info(`issue "${wanted.title}": ${done}`);
        return;
      }
      const closed = await attempt(() => github.closeIssue(marker));
      if (closed !== undefined) log.info(`issue #${closed} is closed: there is no drift any more`);
    },
    async deployment(input, work) {
      const { environment, stack, transient } = input;
      const id = await attempt(() => github.createDeployment(input));
      if (id === undefined) return work();
      await attempt(() => github.setDeploymentState(id, "in_progress", `deploying ${stack}`));
      let result;
      try {
        result = await work();
      } catch (error) {
        await attempt(() => github.setDeploymentState(id, "failure", `${stack} ${failedWords(error)}`));
        throw error;
      }
      const url = consoleUrl(result.stackId);
      await attempt(() => github.setDeploymentState(id, "success", `${stack} is deployed`, url));
      // GitHub ends the former ones by itself, but not those that are transient.
      if (transient) {
        const active = (await attempt(() => github.activeDeployments(environment, stack))) ?? [];
        await end(
          active.filter((other) => other !== id),
          "a newer commit is deployed",
        );
      }
      return result;
    },
    async retire(environment, stack) {
      const active = (await attempt(() => github.activeDeployments(environment, stack))) ?? [];
      await end(active, `${stack} is taken down`);
      return active.length;
    },
  };
}

/** Of a reason that says what has become of the stack. */
const FAILED_WORDS: Readonly<Partial<Record<Reason, string>>> = {
  "rolled-back": "did not get through its smoke run: the last good release is deployed again",
  "rollback-failed": "is deployed, and did not get through its smoke run",
  "smoke-failed": "is deployed, and did not get through its smoke run",
};

function failedWords(error: unknown): string {
  return (error instanceof UserError ? FAILED_WORDS[error.reason] : undefined) ?? "could not be deployed";
}
