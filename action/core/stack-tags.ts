/** The tags by which a stack says what it is: the only state that Warren keeps. */

export interface StackFacts {
  readonly pipeline: string;
  readonly stage: string;
  readonly branch: string;
  /** Commit of the last change, not of the last run: a deploy that changes nothing leaves it. */
  readonly sha: string;
  readonly repository: string;
  readonly digest: string;
}

/** Tag values have 256 characters of letters, digits, spaces and `_.:/=+-@`; a branch's name may have others. */
export function stackTags(facts: StackFacts): Readonly<Record<string, string>> {
  const value = (text: string): string => text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, "_").slice(0, 256);
  return {
    "warren:pipeline": facts.pipeline,
    "warren:stage": facts.stage,
    "warren:branch": value(facts.branch),
    "warren:commit": facts.sha,
    "warren:repository": value(facts.repository),
    "warren:digest": facts.digest,
  };
}
