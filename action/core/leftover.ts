/** What a stack has left behind, so that somebody can take it away: a table for people in every place they look. */
import type { DestroyOutcome } from "../destroy.ts";
import type { StackResource } from "../aws-ports.ts";
import { code, prose, row } from "./markdown.ts";
import { type Problem, UserError } from "./problem.ts";
import { plainMessage } from "./aws-message.ts";
import type { Origin } from "./rendered.ts";
import { redactText } from "./redact.ts";
import { removalCommand, teardownOf } from "./teardown.ts";

export interface Leftover extends StackResource {
  /** As pipeline.yaml knows it, if it does: `fangsentiment (bucket)`. */
  readonly name: string;
  /** One sentence without a full stop. */
  readonly why: string;
  /** For a shell; empty for none. */
  readonly command: string;
  /** What to know before it is run; empty for nothing. */
  readonly note: string;
}

/** `region` is the stack's. */
export function leftoverOf(
  resource: StackResource,
  why: string,
  { region, origins }: { readonly region: string; readonly origins: Readonly<Record<string, Origin>> },
): Leftover {
  const { logicalId, physicalId, type, status } = resource;
  const origin = origins[logicalId];
  const { before = "", part } = teardownOf(type);
  return {
    logicalId,
    physicalId,
    type,
    status,
    name: origin ? `${origin.component} (${origin.label})` : logicalId,
    why: redactText(plainMessage(why)),
    command: removalCommand(resource, region),
    note: part ? "It goes with what it belongs to." : before,
  };
}

/** For logs. */
export function leftoverLines(leftovers: readonly Leftover[]): readonly string[] {
  return leftovers.flatMap(({ name, type, physicalId, why, command, note }) => [
    `left: ${name} ${type} ${physicalId}: ${why}`,
    ...(command === "" ? [] : [`  to remove it: ${command}`]),
    ...(note === "" ? [] : [`  ${note}`]),
  ]);
}

/** Of what could not be deleted: somebody has to. */
export function leftoverProblems(leftovers: readonly Leftover[]): readonly Problem[] {
  return leftovers.map(({ name, type, physicalId, why, command, note }) => ({
    message: `${name} ${type} ${physicalId} is left: ${why}`,
    ...(note !== "" && { details: [note] }),
    ...(command !== "" && { hint: `To remove it: \`${command}\`` }),
  }));
}

/** Undefined if nothing was left. UserError `resources-left`: the stack is gone, and yet not all is done. */
export function leftoverFailure(destroy: DestroyOutcome): UserError | undefined {
  if (destroy.kind !== "destroyed" || destroy.leftovers.length === 0) return undefined;
  return new UserError("resources-left", leftoverProblems(destroy.leftovers));
}

/** Markdown; empty for nothing. */
export function leftoverTable(leftovers: readonly Leftover[]): readonly string[] {
  if (leftovers.length === 0) return [];
  return [
    row(["left", "name in AWS", "why", "what removes it"]),
    row(["-", "-", "-", "-"]),
    ...leftovers.map(({ name, type, physicalId, why, command, note }) =>
      row([
        `${prose(name)}<br>${code(type)}`,
        code(physicalId, 300),
        prose(why, 500),
        [command === "" ? "" : code(command, 1_000), prose(note)].filter((part) => part !== "").join("<br>"),
      ]),
    ),
  ];
}
