/** Reviewed = applied: the plan that is about to be executed, held against those that were reviewed. */
import type { DigestedChange, DigestedRisk, PlanDigest, RememberedPlan } from "./plan-digest.ts";
import { HIDDEN } from "./redact.ts";
import { isOpenEnded } from "./rights-risk.ts";

/** The plan that a pull request was merged with, as its comment remembers it. */
export interface ReviewedPlan {
  readonly pullRequest: number;
  readonly plan: RememberedPlan;
}

export type Review =
  /** Every change was reviewed as it is now, in one pull request or in several that come together. */
  | { readonly kind: "as-reviewed"; readonly digest: string; readonly pullRequests: readonly number[] }
  /** A person named this plan. */
  | { readonly kind: "approved"; readonly digest: string }
  | {
      readonly kind: "not-riskier" | "riskier";
      readonly digest: string;
      readonly pullRequests: readonly number[];
      /** Undefined: a comment had no room for all changes. */
      readonly differences: readonly Difference[] | undefined;
      /** Those that nobody has seen; none if it is not riskier. */
      readonly risks: readonly DigestedRisk[];
    }
  /** A person named another plan. */
  | { readonly kind: "other-approved"; readonly digest: string; readonly approved: string }
  /** `why`: a sentence without a full stop. */
  | { readonly kind: "not-reviewed"; readonly digest: string; readonly why: string };

export interface Difference extends Pick<DigestedChange, "logicalId" | "effect"> {
  /** `gone`: it was to be, and is no longer. */
  readonly kind: "new" | "gone" | "different";
}

/** `approved`: all or the beginning of a digest; empty for none. Undefined: nobody has named a plan. */
export function judgeApproval({ digest }: PlanDigest, approved: string): Review | undefined {
  if (approved === "") return undefined;
  return digest.startsWith(approved)
    ? { kind: "approved", digest }
    : { kind: "other-approved", digest, approved };
}

export function isReviewed({ digest }: PlanDigest, own: readonly ReviewedPlan[]): boolean {
  return own.some(({ plan }) => plan.digest === digest);
}

/**
 * `own`: of the pull requests that the commit comes from. `earlier`: of those that were merged since the commit that is
 * deployed; their deploys failed, or were pushed out of the queue by this one, which makes up for them.
 */
export function judgeReview(
  actual: PlanDigest,
  own: readonly ReviewedPlan[],
  earlier: readonly ReviewedPlan[],
): Review {
  const { digest } = actual;
  const equal = own.filter(({ plan }) => plan.digest === digest);
  const numbers = (reviews: readonly ReviewedPlan[]): number[] =>
    [...new Set(reviews.map(({ pullRequest }) => pullRequest))].toSorted((a, b) => a - b);
  if (equal.length > 0) return { kind: "as-reviewed", digest, pullRequests: numbers(equal) };

  const all = [...own, ...earlier];
  const pullRequests = numbers(all);
  const risks = actual.risks.filter((risk) => !all.some(({ plan }) => hasSeen(plan, risk, actual)));
  const differences = differencesOf(actual, own, earlier);
  if (risks.length > 0) return { kind: "riskier", digest, pullRequests, differences, risks };
  return differences?.length === 0
    ? { kind: "as-reviewed", digest, pullRequests }
    : { kind: "not-riskier", digest, pullRequests, differences, risks };
}

/** Equal words are the same risk, unless they do not say all: then only of an equal change. */
function hasSeen(
  { risks = [], changes = [] }: RememberedPlan,
  risk: DigestedRisk,
  actual: PlanDigest,
): boolean {
  const { kind, logicalId, text } = risk;
  const told = risks.some(
    (other) => other.kind === kind && other.logicalId === logicalId && other.text === text,
  );
  if (!told || !(text.includes(HIDDEN) || isOpenEnded(text))) return told;
  const change = actual.changes.find((one) => one.logicalId === logicalId);
  return change !== undefined && changes.some((other) => isSame(other, change));
}

function isSame(a: DigestedChange, b: DigestedChange): boolean {
  return a.logicalId === b.logicalId && a.effect === b.effect && a.hash === b.hash;
}

function differencesOf(
  actual: PlanDigest,
  own: readonly ReviewedPlan[],
  earlier: readonly ReviewedPlan[],
): readonly Difference[] | undefined {
  const lists = [...own, ...earlier].map(({ plan }) => plan.changes);
  if (lists.includes(undefined)) return undefined;
  const seen = lists.flatMap((changes) => changes ?? []);
  const found = actual.changes
    .filter((change) => !seen.some((other) => isSame(other, change)))
    .map(({ logicalId, effect }): Difference => {
      const isKnown = seen.some((other) => other.logicalId === logicalId);
      return { kind: isKnown ? "different" : "new", logicalId, effect };
    });
  // What is gone of earlier ones was deployed meanwhile.
  const gone = own
    .flatMap(({ plan }) => plan.changes ?? [])
    .filter(({ logicalId }) => !actual.changes.some((change) => change.logicalId === logicalId))
    .map(({ logicalId, effect }): Difference => ({ kind: "gone", logicalId, effect }));
  return [...found, ...gone].toSorted((a, b) => (a.logicalId < b.logicalId ? -1 : 1));
}
