/** A stack operation that ended badly, with how it went. */
import { type Problem, UserError } from "./problem.ts";
import type { Reason } from "./reason.ts";
import type { Timeline } from "./timeline.ts";

export class OperationFailure extends UserError {
  /** The stack's ARN. */
  readonly stackId: string;
  readonly timeline: Timeline | undefined;

  constructor(
    reason: Reason,
    problems: readonly Problem[],
    { stackId, timeline }: { readonly stackId: string; readonly timeline: Timeline | undefined },
  ) {
    super(reason, problems);
    this.name = "OperationFailure";
    this.stackId = stackId;
    this.timeline = timeline;
  }
}
