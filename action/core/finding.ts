/** What the doctor says of one thing. */
import { type Place, formatProblem } from "./problem.ts";

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
export function findingLine({ kind, what, place, fix }: Finding): string {
  const problem = { message: what, ...(place && { place }), ...(fix !== undefined && { hint: fix }) };
  return `${SIGNS[kind]}${formatProblem(problem)}`;
}
