/**
 * Mistakes that the user can mend. Everything else that is thrown is a bug and keeps its stack trace.
 * A problem says where, what and how to mend it; problems travel in lists so that all are shown at once.
 */

import type { Reason } from "./reason.ts";
import { redactText } from "./redact.ts";

/** A place in a file of the user's repository. Lines and columns count from 1. */
export interface Place {
  /** Path from the repository's root, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly place?: Place;
  /** What is wrong, one sentence, without a full stop. */
  readonly message: string;
  /** How to mend it, one sentence. */
  readonly hint?: string;
}

/** Thrown once, caught once (main.ts and cli.ts): printed without a stack trace. */
export class UserError extends Error {
  readonly problems: readonly Problem[];
  /** Stable word for machines; `warren explain <reason>` prints its page. */
  readonly reason: Reason;

  constructor(reason: Reason, problems: Problem | readonly Problem[], options?: ErrorOptions) {
    // Whoever throws it: AWS repeats values in its reasons, and a problem is shown to anybody.
    const list = ("message" in problems ? [problems] : problems).map(readable);
    super(list.map(formatProblem).join("\n"), options);
    this.name = "UserError";
    this.reason = reason;
    this.problems = list;
  }
}

function readable({ message, ...rest }: Problem): Problem {
  return { ...rest, message: redactText(message) };
}

/** `config/pipeline.yaml:3:5: what (hint)`: the form that editors and terminals make clickable. */
export function formatProblem(problem: Problem): string {
  const { place, message, hint } = problem;
  const where = place ? `${place.file}:${place.line}:${place.column}: ` : "";
  return `${where}${message}${hint ? `\n    ${hint}` : ""}`;
}

/** Each problem once, by line and column; those of different files stay as they are. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  const key = ({ place, message }: Problem): string =>
    `${place?.file}:${place?.line}:${place?.column}:${message}`;
  const unique = [...new Map(problems.map((problem) => [key(problem), problem])).values()];
  return unique.toSorted((a, b) =>
    a.place?.file === b.place?.file
      ? (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0)
      : 0,
  );
}
