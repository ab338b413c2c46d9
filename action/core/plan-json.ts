/** A plan for machines. Values are redacted as they are for people: a log of JSON is a log too. */
import type { Plan } from "../plan.ts";
import { consoleUrl } from "./comment.ts";
import { type PlanDocument, VERSION } from "./plan-document.ts";

export function planJson(plan: Plan, stage: string | undefined): PlanDocument {
  const { kind, stackName, stackId, digest, words, counts, untouched, risk, items, content } = plan;
  const url = stackId === undefined ? undefined : consoleUrl(stackId);
  return {
    version: VERSION,
    kind: "planned",
    would: kind,
    ...(stage !== undefined && { stage }),
    stackName,
    ...(stackId !== undefined && { stackId }),
    ...(url !== undefined && { url }),
    digest: content.digest,
    templateDigest: digest,
    ...counts,
    untouched,
    risk: risk.risks[0]?.kind ?? "none",
    risks: risk.risks,
    stops: risk.stops,
    notes: risk.notes,
    changes: words,
    items,
  };
}
