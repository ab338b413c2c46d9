/** A failure for machines: `--json`, outcome.json. */
import type { DocumentOf } from "./outcome-document.ts";
import { VERSION } from "./plan-document.ts";
import { UserError } from "./problem.ts";
import { redactText } from "./redact.ts";

/** `thrown` is explained already (aws-error.ts): all but a UserError is a bug, whose stack is in the log. */
export function failureJson(thrown: unknown): DocumentOf<"failed"> {
  if (thrown instanceof UserError) {
    return { version: VERSION, kind: "failed", reason: thrown.reason, problems: thrown.problems };
  }
  const said = redactText(thrown instanceof Error ? thrown.message : String(thrown));
  const message = `this is a bug in Warren: ${said}`;
  return { version: VERSION, kind: "failed", reason: "bug", problems: [{ message }] };
}
