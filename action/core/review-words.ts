/** What the review of a plan came to, in words. */
import { resourceTitle, riskWord } from "./plan-lines.ts";
import { shortDigest } from "./plan-digest.ts";
import { type ResourceWords, lostName } from "./plan-words.ts";
import { type Problem, UserError } from "./problem.ts";
import type { Difference, Review } from "./review.ts";
import type { Risk } from "./risk.ts";

/** The verdict, then what differs, a line each; without full stops. */
export interface ReviewWords {
  readonly verdict: string;
  readonly differences: readonly string[];
}

export function reviewWords(review: Review, words: readonly ResourceWords[]): ReviewWords {
  const plan = `plan ${shortDigest(review.digest)}`;
  switch (review.kind) {
    case "as-reviewed":
      return { verdict: `as reviewed in ${named(review.pullRequests)} (${plan})`, differences: [] };
    case "approved":
      return { verdict: `as approved (${plan})`, differences: [] };
    case "not-reviewed":
      return { verdict: `this ${plan} was not reviewed: ${review.why}`, differences: [] };
    case "other-approved":
      return {
        verdict: `plan ${shortDigest(review.approved)} was approved, and this is ${plan}`,
        differences: [],
      };
    case "riskier":
    case "not-riskier": {
      const { pullRequests, differences, kind } = review;
      const than = `what was reviewed in ${named(pullRequests)}`;
      return {
        verdict:
          kind === "riskier"
            ? `this ${plan} is riskier than ${than}`
            : `this ${plan} differs from ${than}, and nothing in it is riskier`,
        differences: differences?.map((one) => differenceLine(one, words)) ?? [
          "what differs is not known: the plan was too long to be remembered",
        ],
      };
    }
  }
}

function named(pullRequests: readonly number[]): string {
  return pullRequests.map((number) => `#${number}`).join(" and ");
}

const WORDS = { new: "not reviewed", gone: "no longer in it", different: "not as reviewed" } as const;

function differenceLine({ kind, logicalId, effect }: Difference, words: readonly ResourceWords[]): string {
  const now = words.find((one) => one.logicalId === logicalId) ?? { ...lostName(logicalId), main: false };
  const title = resourceTitle(now, (name) => name);
  const id = title === logicalId ? "" : ` (${logicalId})`;
  return `${WORDS[kind]}: ${title} ${effect.replaceAll("-", " ")}${id}`;
}

/** Undefined for a review with which the plan may be executed. `all`: the plan's risks, with their places. */
export function reviewRefusal(
  review: Review,
  stage: string,
  words: readonly ResourceWords[],
  all: readonly Risk[],
): UserError | undefined {
  const { verdict, differences } = reviewWords(review, words);
  const hint = `If it is to be deployed all the same, start the workflow by hand with \`command: deploy\`, \`stage: ${stage}\`, \`approve: ${shortDigest(review.digest)}\`: whoever may approve jobs of the stage's environment then decides.`;
  switch (review.kind) {
    case "as-reviewed":
    case "approved":
    case "not-riskier":
    case "not-reviewed":
      return undefined;
    case "other-approved":
      return new UserError("approval-outdated", {
        message: `${verdict}: nothing was changed`,
        hint: `Look at what it would change, above. ${hint}`,
      });
    case "riskier": {
      const risks = review.risks.map(({ kind, logicalId, text }): Problem => {
        const risk = all.find((one) => one.kind === kind && one.logicalId === logicalId && one.text === text);
        return {
          ...(risk?.place && { place: risk.place }),
          message: `not reviewed: ${riskWord(kind)}: ${text}`,
        };
      });
      const different = differences.map((line) => `\n    ${line}`).join("");
      return new UserError("riskier-than-reviewed", [
        { message: `${verdict}: nothing was changed${different}`, hint },
        ...risks,
      ]);
    }
  }
}
