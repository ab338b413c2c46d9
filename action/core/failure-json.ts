/** A failure for machines: `--json`. */
import type { Problem, UserError } from "./problem.ts";
import type { Value } from "./value.ts";

export function failureJson({ reason, problems }: UserError): Value {
  return { kind: "failed", reason, problems: problems.map(problemJson) };
}

function problemJson({ place, message, details, hint, link }: Problem): Value {
  return {
    ...(place ? { place: { ...place } } : {}),
    message,
    ...(details ? { details } : {}),
    ...(hint === undefined ? {} : { hint }),
    ...(link === undefined ? {} : { link }),
  };
}
