/** What helps against the commonest messages of AWS's services, as they come through CloudFormation. */
import rows from "../../templates/cause-hints.json" with { type: "json" };

export interface CauseHint {
  readonly id: string;
  /** One sentence or two. */
  readonly hint: string;
}

const HINTS = rows.map(({ id, match, hint }) => ({ id, hint, pattern: new RegExp(match, "i") }));

/** The first row that matches: special ones go before general ones. A guess would be worse than no hint. */
export function causeHint(reason: string): CauseHint | undefined {
  return HINTS.find(({ pattern }) => pattern.test(reason));
}
