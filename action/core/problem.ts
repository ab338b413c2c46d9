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
  /** What else is known of it, a line each. */
  readonly details?: readonly string[];
  /** How to mend it, one sentence or two. */
  readonly hint?: string;
  /** Address of a page that says more. */
  readonly link?: string;
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

/** More than any sentence has; what it quotes may be a whole file. */
const MAX_CHARACTERS = 2_000;

function readable({ message, details, hint, ...rest }: Problem): Problem {
  return {
    ...rest,
    message: brief(redactText(message)),
    ...(details && { details: details.map((detail) => brief(redactText(detail))) }),
    ...(hint !== undefined && { hint: brief(hint) }),
  };
}

function brief(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS).toWellFormed()}…` : text;
}

/** `config/pipeline.yaml:3:5: what`, the form that editors and terminals make clickable, and the rest below it. */
export function formatProblem(problem: Problem): string {
  return [`${formatPlace(problem.place)}${problem.message}`, ...furtherLines(problem)].join("\n    ");
}

export function formatPlace(place: Place | undefined): string {
  return place ? `${place.file}:${place.line}:${place.column}: ` : "";
}

/** Details, how to mend it, where to read more: what stands below a problem's first line. */
export function furtherLines({ details = [], hint, link }: Problem): readonly string[] {
  return [...details, ...(hint ? [hint] : []), ...(link ? [link] : [])];
}

/** What a person can read; a hostile file has as many problems as letters. */
export const MAX_PROBLEMS = 100;

/** The first ones, and how many more there are. */
export function atMost(problems: readonly Problem[]): readonly Problem[] {
  const next = problems[MAX_PROBLEMS];
  if (next === undefined) return problems;
  const message = `${problems.length - MAX_PROBLEMS} more problems are not shown`;
  return [...problems.slice(0, MAX_PROBLEMS), { ...(next.place && { place: next.place }), message }];
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
