/** What a run of the Action came to, for machines: plan.json and outcome.json. */
import type { GitopsOutcome } from "../gitops.ts";
import { type SweepOutcome, leftoversOf } from "../sweep.ts";
import { stageDriftJson } from "./drift-words.ts";
import { checkedJson, deployedJson, destroyedJson, leftoverJson } from "./outcome-json.ts";
import type { DocumentOf, OutcomeDocument } from "./outcome-document.ts";
import { type PlanDocument, VERSION } from "./plan-document.ts";
import { planJson } from "./plan-json.ts";

export function gitopsJson(outcome: GitopsOutcome): OutcomeDocument {
  switch (outcome.kind) {
    case "skip":
      return { version: VERSION, kind: "skipped", reason: outcome.reason, text: outcome.text };
    case "checked":
      return checkedJson(outcome.checked, outcome.reason);
    case "planned":
      return planJson(outcome.plan, outcome.stage);
    case "previewed":
    case "deployed":
      return deployedJson(outcome.deploy, outcome.stage);
    case "destroyed":
      return destroyedJson(outcome.destroy, outcome.stage);
    case "diagnosed":
      return { version: VERSION, kind: "diagnosed", findings: outcome.findings };
    case "drift":
      return { version: VERSION, kind: "drift", stages: outcome.stages.map(stageDriftJson) };
    case "swept":
      return { version: VERSION, kind: "swept", ...sweepJson(outcome) };
    case "nightly": {
      const swept = outcome.swept && { swept: sweepJson(outcome.swept) };
      const stages = outcome.stages.map(stageDriftJson);
      return { version: VERSION, kind: "nightly", ...swept, stages };
    }
  }
}

function sweepJson({
  wanted,
  stacks,
  garbage,
}: SweepOutcome): Pick<DocumentOf<"swept">, "wanted" | "stacks" | "artifacts"> {
  return {
    wanted,
    ...(garbage && { artifacts: garbageJson(garbage) }),
    stacks: stacks.map((stack) => {
      const { kind, reason, stackName, stage, branch, pullRequest, text } = stack;
      const leftovers = leftoversOf(stack);
      return {
        kind,
        reason,
        stackName,
        stage,
        branch,
        ...(pullRequest !== undefined && { pullRequest }),
        text,
        ...(leftovers.length > 0 && { leftovers: leftovers.map(leftoverJson) }),
      };
    }),
  };
}

function garbageJson({
  condemned,
  removed,
  left,
}: NonNullable<SweepOutcome["garbage"]>): NonNullable<DocumentOf<"swept">["artifacts"]> {
  return { condemned, removed, ...(left !== undefined && { left }) };
}

/** What was planned for a review: of a preview, what its merge would do. */
export function reviewedPlan(outcome: GitopsOutcome): PlanDocument | undefined {
  if (outcome.kind === "planned") return planJson(outcome.plan, outcome.stage);
  if (outcome.kind !== "previewed") return undefined;
  const merging = outcome.facts.merging.find((one) => one.kind === "planned");
  return merging?.kind === "planned" ? planJson(merging.plan, merging.stage) : undefined;
}
