/** Why a run failed, as a stable word: what it means, what to do, and the exit code that scripts decide on. */
import pages from "../../templates/reasons.json" with { type: "json" };

/** A key of templates/reasons.json, where a new one is added: an error with any other does not compile. */
export type Reason = keyof typeof pages;

export interface ReasonPage {
  /** What has happened, and what has not. Markdown. */
  readonly meaning: string;
  /** What to do. Markdown. */
  readonly mend: string;
  /** It may pass by itself: the same again is the thing to do. */
  readonly again?: boolean;
  /** Of the command line, where it is not what `again` says. */
  readonly exit?: number;
}

export const REASONS: Readonly<Record<Reason, ReasonPage>> = pages;

/** 75 is EX_TEMPFAIL of sysexits.h, which mail programs and job runners take for "again, later". */
const EXIT = { mend: 1, again: 75 } as const;

export function exitCodeOf(reason: Reason): number {
  const { again = false, exit } = REASONS[reason];
  return exit ?? (again ? EXIT.again : EXIT.mend);
}
