/** Why an operation or a change set failed: the first real failure, led back to pipeline.yaml, with what to do. */
import { messageKey, deniedAction, namedIds, plainMessage } from "./aws-message.ts";
import { causeHint } from "./cause-hint.ts";
import type { FailedEvent, HookRemedy } from "./failed-event.ts";
import { isOwn } from "./operation.ts";
import { type Problem, formatPlace } from "./problem.ts";
import type { Origin } from "./rendered.ts";
import type { StackEvent } from "../aws-ports.ts";

type Origins = Readonly<Record<string, Origin>>;
/** Never empty: the root cause first. */
export type Causes = readonly [Problem, ...Problem[]];

/** What AWS has told beside the stack's events; empty where it does not. */
export interface Account {
  readonly failed: readonly FailedEvent[];
  readonly remedies: readonly HookRemedy[];
}

export const NO_ACCOUNT: Account = { failed: [], remedies: [] };

/** CloudFormation cancels everything else as soon as one resource fails: consequences, not causes. */
const NOISE = /\bcancell?ed\b/i;
/** What a resource's event says where the hook's own says why. */
const HOOKED = /hook\(s\)(?:\/validation)? failed/i;

/** One thing that went wrong, wherever it was told. */
interface Failure {
  readonly time: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** `could not be created`. */
  readonly what: string;
  readonly reason: string;
  readonly details: readonly string[];
  readonly hint?: string;
  readonly link?: string;
}

/** Failed resource events that are no mere consequence, oldest first; `events` are one operation's. */
export function realFailures(events: readonly StackEvent[], stackId: string): readonly StackEvent[] {
  return events.filter(
    (event) => event.status.endsWith("_FAILED") && !isOwn(event, stackId) && !NOISE.test(event.reason),
  );
}

/** One problem a cause; if no resource failed, the stack's own reason. */
export function failureProblems(
  events: readonly StackEvent[],
  stackId: string,
  origins: Origins,
  { failed, remedies }: Account = NO_ACCOUNT,
): Causes {
  const told = failed
    .filter(({ physicalId }) => physicalId !== stackId)
    .flatMap((one) => toldFailure(one, origins));
  const known = new Set(told.map(({ logicalId }) => logicalId));
  const seen = realFailures(events, stackId).filter(({ logicalId }) => !known.has(logicalId));
  const failures = [...told, ...seen.map(eventFailure)];
  const hooked = hookFailures(failures, events, remedies);
  const [first, ...more] = grouped(hooked, origins);
  return first ? [first, ...more] : [ownReason(events, stackId)];
}

/** Of a change set that CloudFormation did not make: nothing was changed. */
export function refusalProblems(
  reason: string,
  origins: Origins,
  { failed, remedies }: Account = NO_ACCOUNT,
): Causes {
  const told = failed.filter(({ logicalId }) => logicalId !== "").flatMap((one) => toldFailure(one, origins));
  const [first, ...more] = [...grouped(told, origins), ...changeSetHooks(remedies, origins)];
  if (first) return [first, ...more];
  const message = `CloudFormation refuses the template: ${plainMessage(reason) || "no reason was given"}`;
  return [{ ...namedPlace(reason, origins), message, ...hintOf(reason) }];
}

/** What early validation and hooks have found and let pass: it has stopped nothing, and may be worth a look. */
export function warningProblems(events: readonly FailedEvent[], origins: Origins): readonly Problem[] {
  const found = events
    .filter(({ warning }) => warning)
    .map((event): Failure => {
      const { kind, logicalId, physicalId, type, reason, by, path, time } = event;
      const who = kind === "HOOK_INVOCATION_ERROR" ? "the hook" : "CloudFormation's validation";
      const what = `is doubted by ${who}${by === "" ? "" : ` \`${by}\``}, which stops nothing`;
      const details = pathText(path, origins[logicalId]);
      return { time: time.getTime(), logicalId, physicalId, type, what, reason, details };
    });
  return grouped(found, origins);
}

/** An event of a warning has stopped nothing, and a cancelled resource only followed. */
function toldFailure(event: FailedEvent, origins: Origins): readonly Failure[] {
  const { kind, logicalId, physicalId, type, status, reason, by, path, warning, time } = event;
  if (warning || NOISE.test(reason)) return [];
  const at = pathText(path, origins[logicalId]);
  const found = { time: time.getTime(), logicalId, physicalId, type, reason };
  if (kind === "VALIDATION_ERROR") {
    // The validation's name says what kind of mistake it is where its sentence is not in the table.
    return [{ ...found, what: "was refused before anything was made", details: at, ...hintOf(by) }];
  }
  if (kind === "HOOK_INVOCATION_ERROR") return [{ ...found, ...stoppedBy(by), details: at }];
  return [{ ...found, what: VERBS[status] ?? "failed", details: at }];
}

function eventFailure(event: StackEvent): Failure {
  const { logicalId, physicalId, type, status, reason, time } = event;
  const what = VERBS[status] ?? status;
  return { time: time.getTime(), logicalId, physicalId, type, what, reason, details: [] };
}

const VERBS: Readonly<Record<string, string>> = {
  CREATE_FAILED: "could not be created",
  UPDATE_FAILED: "could not be updated",
  DELETE_FAILED: "could not be deleted",
  IMPORT_FAILED: "could not be imported",
};

/** `at VisibilityTimeout, in pipeline.yaml \`visibility-timeout\``; nothing for the resource as a whole. */
function pathText(path: string, origin: Origin | undefined): readonly string[] {
  if (/^(?:\/?Resources\/[^/]*)?$/.test(path)) return [];
  const property = /\/Properties\/(.+)$/.exec(path)?.[1]?.replaceAll("/", ".");
  if (property === undefined) return [`at ${path}`];
  const option = origin?.options?.[property];
  return [option === undefined ? `at ${property}` : `at ${property}, in pipeline.yaml \`${option}\``];
}

function stoppedBy(hook: string): Pick<Failure, "what" | "hint"> {
  return {
    what: `was stopped by the hook \`${hook}\` of this account`,
    hint: "A hook is a rule that somebody has set for this account: do as it says, or ask whoever looks after the account.",
  };
}

/** Where the hook itself tells why, the resource's "the following hooks failed" is left out. */
function hookFailures(
  failures: readonly Failure[],
  events: readonly StackEvent[],
  remedies: readonly HookRemedy[],
): readonly Failure[] {
  const hooked = new Map(events.flatMap((event) => (event.hook ? [[event.logicalId, event] as const] : [])));
  return failures.map((failure) => {
    const event = hooked.get(failure.logicalId);
    const found = remedies.filter(({ logicalId }) => logicalId === failure.logicalId);
    const name = event?.hook?.name ?? found[0]?.hook;
    if (name === undefined || !(HOOKED.test(failure.reason) || failure.what === stoppedBy(name).what))
      return failure;
    const reason = found.find((one) => one.reason !== "")?.reason || event?.hook?.reason || failure.reason;
    return { ...failure, ...stoppedBy(name), reason, ...advice(found) };
  });
}

function changeSetHooks(remedies: readonly HookRemedy[], origins: Origins): readonly Problem[] {
  const byHook = Map.groupBy(remedies, ({ hook }) => hook);
  return [...byHook].map(([hook, found]) => {
    const reason = found.find((one) => one.reason !== "")?.reason ?? "no reason was given";
    const { what, hint } = stoppedBy(hook);
    const { details, link } = advice(found);
    const named = namedPlace(found.map((one) => one.reason).join("\n"), origins);
    return {
      ...named,
      message: `the change set ${what}: ${plainMessage(reason)}`,
      details: [...(named.details ?? []), ...details],
      ...(hint !== undefined && { hint }),
      ...(link !== undefined && { link }),
    };
  });
}

function advice(found: readonly HookRemedy[]): Pick<Failure, "details" | "link"> {
  const lines = found.flatMap(({ rule, reason, remedy }) => [
    ...(rule === "" ? [] : [`${rule}: ${plainMessage(reason)}`]),
    ...(remedy === "" ? [] : [`to do: ${remedy}`]),
  ]);
  const link = found.find((one) => one.link !== "")?.link;
  return { details: [...new Set(lines)], ...(link !== undefined && { link }) };
}

/** What failed for the same cause is one problem, at the place of the first. */
function grouped(failures: readonly Failure[], origins: Origins): readonly Problem[] {
  const inOrder = failures.toSorted((a, b) => a.time - b.time);
  const groups = Map.groupBy(inOrder, ({ what, reason, logicalId, physicalId }) =>
    JSON.stringify([what, messageKey(reason, [logicalId, physicalId])]),
  );
  return [...groups.values()].map((group) => groupProblem(group, origins));
}

function groupProblem(group: readonly Failure[], origins: Origins): Problem {
  const [first] = group;
  if (!first) throw new Error("a group has at least one failure");
  const { what, reason, logicalId, link } = first;
  const place = origins[logicalId]?.place ?? group.map((one) => origins[one.logicalId]?.place).find(Boolean);
  const names = [...new Set(group.map((one) => one.logicalId))];
  const action = deniedAction(reason);
  const plain = plainMessage(reason) || "no reason was given";
  const single = names.length === 1;
  const why = !single && action !== undefined ? `not authorized to perform: ${action}` : plain;
  const subject = single ? nameOf(first, origins) : `${names.length} resources`;
  const others = single
    ? []
    : names.map((name) =>
        listed(
          group.find((one) => one.logicalId === name)!,
          origins,
        ),
      );
  const details = [...others, ...new Set(group.flatMap((one) => one.details))];
  const { hint = first.hint } = hintOf(reason);
  return {
    ...(place && { place }),
    message: `${subject} ${what}: ${why}`,
    ...(details.length > 0 && { details }),
    ...(hint !== undefined && { hint }),
    ...(link !== undefined && { link }),
  };
}

function nameOf({ logicalId, type }: Failure, origins: Origins): string {
  const origin = origins[logicalId];
  return origin ? `${origin.component} (${origin.label}, ${type})` : `${logicalId} (${type})`;
}

function listed(failure: Failure, origins: Origins): string {
  return `${formatPlace(origins[failure.logicalId]?.place)}${nameOf(failure, origins)}`;
}

function hintOf(reason: string): { hint?: string } {
  const hint = causeHint(reason)?.hint;
  return hint === undefined ? {} : { hint };
}

/** Where AWS names a resource by its logical id, and nothing else tells which one it is. */
function namedPlace(text: string, origins: Origins): Pick<Problem, "place" | "details"> {
  const ids = namedIds(text, Object.keys(origins));
  const place = ids.map((id) => origins[id]?.place).find(Boolean);
  if (!place) return {};
  const details = ids.flatMap((id) => {
    const origin = origins[id];
    return origin
      ? [
          `${origin.place === place ? "" : formatPlace(origin.place)}${id} is ${origin.component} (${origin.label})`,
        ]
      : [];
  });
  return { place, details };
}

/** The first own event with a reason says why it turned; later ones only repeat that it did. */
function ownReason(events: readonly StackEvent[], stackId: string): Problem {
  const own = events.filter((event) => isOwn(event, stackId));
  const told = own.find(({ reason }) => reason && !/user initiated/i.test(reason)) ?? own.at(-1);
  const reason = told?.reason ?? "";
  const ended = own.at(-1)?.status ?? "unknown";
  return {
    message: `the stack ended as ${ended}: ${plainMessage(reason) || "no reason was given"}`,
    ...hintOf(reason),
  };
}
