/** What the doctor says of one thing. */
import { type Place, type Problem, formatProblem } from "./problem.ts";

export interface Finding {
  readonly kind: "ok" | "warning" | "problem";
  readonly what: string;
  readonly place?: Place;
  /** What to do or to paste; absent if all is well. */
  readonly fix?: string;
}

export function ok(what: string): Finding {
  return { kind: "ok", what };
}

const SIGNS = { ok: "ok      ", warning: "warning ", problem: "PROBLEM " } as const;

/** For people. */
export function findingLine(finding: Finding): string {
  return `${SIGNS[finding.kind]}${formatProblem(asProblem(finding))}`;
}

/** What has to be mended before a deploy can work. */
export function problemsOf(findings: readonly Finding[]): readonly Problem[] {
  return findings.filter(({ kind }) => kind === "problem").map(asProblem);
}

function asProblem({ what, place, fix }: Finding): Problem {
  return { message: what, ...(place && { place }), ...(fix !== undefined && { hint: fix }) };
}
