/** The plan of a pull request, where its reviewers and a later deploy find it: hidden in the comment, and as a status. */
import type { StagePlan } from "./core/comment.ts";
import { plansData, shortDigest } from "./core/plan-digest.ts";
import { tally } from "./core/plan-lines.ts";
import type { ValueMap } from "./core/value.ts";
import type { Errand } from "./errand.ts";
import type { CommitStatusInput } from "./github-ports.ts";

/** A plan of a stage that is reviewed, which are those that are protected. */
export type ReviewedStage = StagePlan & { readonly stackName: string; readonly protected: boolean };

/** For the comment to remember: what the deploy is held against. */
export function recordsOf(merging: readonly ReviewedStage[]): ValueMap {
  const records = merging.flatMap((one): [string, ValueMap][] =>
    one.kind === "planned" && one.protected ? [[one.stage, one.plan.record]] : [],
  );
  return plansData(Object.fromEntries(records));
}

export async function tellStatus(sha: string, one: ReviewedStage, { announce }: Errand): Promise<void> {
  if (one.protected) await announce.status(sha, statusOf(one));
}

/** Named by the stack: a repository may have several pipelines, and all of them a `prod`. */
function statusOf(one: ReviewedStage): CommitStatusInput {
  const context = `warren/plan: ${one.stackName}`;
  if (one.kind === "unknown") return { context, state: "error", description: `no plan: ${one.why}` };
  const { words, risk, items, content } = one.plan;
  const counted = [tally(words), ...(items.length > 0 ? ["items put"] : [])].filter((part) => part !== "");
  const parts = [
    counted.length > 0 ? counted.join(", ") : "nothing changes",
    ...(risk.stops.length > 0 ? ["data at risk"] : []),
    `plan ${shortDigest(content.digest)}`,
  ];
  return { context, state: risk.stops.length > 0 ? "failure" : "success", description: parts.join(" · ") };
}
