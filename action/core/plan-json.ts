/** A plan for machines. Values are redacted as they are for people: a log of JSON is a log too. */
import type { Plan } from "../plan.ts";
import type { Value } from "./value.ts";

export function planJson(plan: Plan): Value {
  const { kind, stackName, digest, words, counts, untouched, items } = plan;
  return {
    kind: "planned",
    would: kind,
    stackName,
    digest,
    ...counts,
    untouched,
    changes: words as unknown as Value,
    items,
  };
}
