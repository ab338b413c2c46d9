/** A plan for machines. Values are redacted as they are for people: a log of JSON is a log too. */
import type { Plan } from "../plan.ts";
import type { Value } from "./value.ts";

export function planJson(plan: Plan): Value {
  const { kind, stackName, digest, words, counts, untouched, risk, items, content } = plan;
  return {
    kind: "planned",
    would: kind,
    stackName,
    digest,
    planDigest: content.digest,
    ...counts,
    untouched,
    risks: risk.risks as unknown as Value,
    stops: risk.stops as unknown as Value,
    notes: risk.notes as unknown as Value,
    changes: words as unknown as Value,
    items,
  };
}
