/** One error out of several: of things that have nothing to do with each other, one that fails stops none. */
import { explainAwsError } from "./aws-error.ts";
import { type Problem, UserError, formatProblem } from "./problem.ts";
import type { Reason } from "./reason.ts";

export interface Failed {
  /** Of what failed, for example a stack's. */
  readonly name: string;
  readonly error: unknown;
}

/** Undefined if nothing failed; UserError with the reason, or a bug's error (`<name> <what>`) with its cause. */
export function combinedFailure(reason: Reason, what: string, failed: readonly Failed[]): Error | undefined {
  if (failed.length === 0) return undefined;
  const explained = failed.map(({ name, error }) => ({ name, error: explainAwsError(error) ?? error }));
  const problems = explained.flatMap(({ name, error }): readonly Problem[] =>
    error instanceof UserError
      ? error.problems.map((problem) => ({ ...problem, message: `${name}: ${problem.message}` }))
      : [],
  );
  const bug = explained.find(({ error }) => !(error instanceof UserError));
  if (!bug) return new UserError(reason, problems);
  const lines = [`${bug.name} ${what}`, ...problems.map(formatProblem)];
  return new Error(lines.join("\n"), { cause: bug.error });
}

/** Of several steps: all problems under the first reason; a bug goes before them. */
export function joinFailures(failures: readonly (Error | undefined)[]): Error | undefined {
  const all = failures.flatMap((failure) => (failure ? [explainAwsError(failure) ?? failure] : []));
  const [first] = all;
  if (!first || all.length === 1) return first;
  const [user, ...users] = all.filter((failure) => failure instanceof UserError);
  const bug = all.find((failure) => !(failure instanceof UserError));
  if (!bug && user) {
    return new UserError(
      user.reason,
      [user, ...users].flatMap(({ problems }) => problems),
    );
  }
  return new Error(all.map(({ message }) => message).join("\n"), { cause: bug });
}
