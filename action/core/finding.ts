/** What the doctor, or a judge of templates, says of one thing. */
import { type Place, type Problem, formatProblem } from "./problem.ts";

export interface Finding {
  readonly kind: "ok" | "warning" | "problem";
  readonly what: string;
  readonly place?: Place;
  /** What to do or to paste; absent if all is well. */
  readonly fix?: string;
  /** Whose it is and its name: `cfn-lint E3012`. */
  readonly rule?: string;
  /** A page about it. */
  readonly link?: string;
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

export function warningsOf(findings: readonly Finding[]): readonly Problem[] {
  return findings.filter(({ kind }) => kind === "warning").map(asProblem);
}

function asProblem({ what, place, fix, rule, link }: Finding): Problem {
  return {
    message: rule === undefined ? what : `${what} (${rule})`,
    ...(place && { place }),
    ...(fix !== undefined && { hint: fix }),
    ...(link !== undefined && { link }),
  };
}
