/** What was reviewed of a plan: looked up when there is something to execute, and only then. */
import type { Permit } from "./apply.ts";
import type { PullRequest } from "./core/event.ts";
import { GitHubRefusal } from "./core/github-refusal.ts";
import { commentMarker } from "./core/comment.ts";
import { parseCommentData } from "./core/comment-data.ts";
import { type RememberedPlan, isSealed, plansIn, readRecord } from "./core/plan-digest.ts";
import { formatProblem } from "./core/problem.ts";
import { type Fingerprint, HIDDEN, fingerprinter } from "./core/redact.ts";
import { type Review, type ReviewedPlan, isReviewed, judgeApproval, judgeReview } from "./core/review.ts";
import { reviewRefusal, reviewWords } from "./core/review-words.ts";
import type { Errand } from "./errand.ts";

export interface ReviewTarget {
  readonly stage: string;
  readonly branch: string;
  /** The commit that is deployed. */
  readonly sha: string;
  /** Digest of the plan that a person approves, or its beginning; empty for none. */
  readonly approved: string;
}

/** Throws UserError `riskier-than-reviewed`, `approval-outdated`, and GitHubRefusal where GitHub cannot be asked. */
export function permitReviewed(target: ReviewTarget, errand: Errand): Permit {
  const { log, workspace } = errand.ports;
  return async ({ content, words, risk }, former) => {
    const fingerprint = fingerprinter(former?.tags, workspace.sha256);
    const deployed = former?.tags["warren:commit"] ?? "";
    const review =
      judgeApproval(content, target.approved) ??
      (await lookUp({ ...target, deployed }, { content, fingerprint }, errand));
    const refusal = reviewRefusal(review, target.stage, words, risk.risks);
    if (refusal) throw refusal;
    const told = reviewWords(review, words);
    const { differences } = told;
    // Without a salt all hidden values look alike (core/redact.ts).
    const blind = review.kind === "as-reviewed" && fingerprint("", "") === HIDDEN;
    const verdict = blind
      ? `${told.verdict}; values that a plan does not show are compared from the stack's second deploy on`
      : told.verdict;
    for (const line of [verdict, ...differences.map((one) => `  ${one}`)]) log.info(line);
    return { verdict, differences };
  };
}

async function lookUp(
  target: ReviewTarget & { readonly deployed: string },
  {
    content,
    fingerprint,
  }: { readonly content: Parameters<typeof judgeReview>[0]; readonly fingerprint: Fingerprint },
  errand: Errand,
): Promise<Review> {
  const { log, github } = errand.ports;
  const { sha, branch, deployed } = target;
  const { digest } = content;
  const plansOf = (pullRequests: readonly PullRequest[]): Promise<ReviewedPlan[]> =>
    reviewedPlans(pullRequests, target.stage, fingerprint, errand);
  try {
    const origins = (await github.pullRequestsOf(sha)).filter(
      ({ merged, baseBranch }) => merged && baseBranch === branch,
    );
    if (origins.length === 0) {
      return {
        kind: "not-reviewed",
        digest,
        why: `no pull request that was merged into \`${branch}\` has brought its commit`,
      };
    }
    const own = await plansOf(origins);
    if (own.length === 0) {
      const numbers = origins.map(({ number }) => `#${number}`).join(" and ");
      const why = `the comment of ${numbers} holds no plan of this stage`;
      if (deployed === "" || content.risks.length === 0) return { kind: "not-reviewed", digest, why };
      // Whoever may edit a comment may delete it, too: that must not get through what an edited one would not.
      log.warn(`${why}: no risk counts as reviewed`);
      own.push(...origins.map(({ number }) => ({ pullRequest: number, plan: NOTHING_SEEN })));
    }
    if (deployed === "" || isReviewed(content, own)) return judgeReview(content, own, []);
    const since = await github.mergedBetween(branch, deployed, sha);
    const others = since.filter(({ number }) => !origins.some((origin) => origin.number === number));
    return judgeReview(content, own, await plansOf(others));
  } catch (error) {
    // As a permission that comments lack: a question that GitHub may answer in a minute is not answered by a guess.
    if (!(error instanceof GitHubRefusal) || !["permission", "not-found"].includes(error.kind)) throw error;
    for (const problem of error.problems) log.warn(formatProblem(problem));
    return { kind: "not-reviewed", digest, why: "the job may not look at pull requests" };
  }
}

const NOTHING_SEEN: RememberedPlan = { digest: "", changes: [], risks: [] };

async function reviewedPlans(
  pullRequests: readonly PullRequest[],
  stage: string,
  fingerprint: Fingerprint,
  { project, ports: { github, log } }: Errand,
): Promise<ReviewedPlan[]> {
  const found: ReviewedPlan[] = [];
  for (const { number } of pullRequests) {
    const body = await github.comment(number, commentMarker(project.pipeline.name));
    const record = plansIn(parseCommentData(body ?? ""))[stage];
    if (!record) continue;
    const plan = readRecord(record);
    if (plan && isSealed(record, fingerprint)) found.push({ pullRequest: number, plan });
    else {
      log.warn(
        `what the comment of #${number} remembers of its plan was edited, or is older than the stack: no risk of it counts as reviewed`,
      );
      found.push({ pullRequest: number, plan: NOTHING_SEEN });
    }
  }
  return found;
}
