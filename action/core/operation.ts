/** Reading stack events: which belong to one operation, when it ends, and how they look to people. */
import type { StackEvent } from "../aws-ports.ts";
import type { Origin } from "./rendered.ts";
import { isBeingDeleted, phaseOf } from "./stack.ts";

/** The four statuses with which an operation that Warren starts begins; rollbacks follow within it. */
const STARTS: ReadonlySet<string> = new Set([
  "CREATE_IN_PROGRESS",
  "UPDATE_IN_PROGRESS",
  "DELETE_IN_PROGRESS",
  "IMPORT_IN_PROGRESS",
]);

/** A nested stack is a resource too; the stack's own events carry its id as physical id. */
export function isOwn(event: StackEvent, stackId: string): boolean {
  return event.physicalId === stackId;
}

export function isStart(event: StackEvent, stackId: string): boolean {
  return isOwn(event, stackId) && STARTS.has(event.status);
}

export function isEnd(event: StackEvent, stackId: string): boolean {
  if (!isOwn(event, stackId)) return false;
  const phase = phaseOf(event.status);
  return phase !== "running" && phase !== "shell";
}

export function hasSettled(event: StackEvent): boolean {
  return !event.status.endsWith("_IN_PROGRESS");
}

/**
 * The part of `events` (oldest first) that is one operation's, up to its end.
 *
 * With a token, the operation begins at the start event that carries it. Events lag behind: right after
 * ExecuteChangeSet the newest event can still be the *former* operation's UPDATE_COMPLETE, which would look
 * like success. Without a token (attaching), it is what follows the last end but one:
 *
 *     ... UPDATE_COMPLETE | UPDATE_IN_PROGRESS  Queue...  Fn...        still running
 *     ... UPDATE_COMPLETE | UPDATE_IN_PROGRESS  Queue...  UPDATE_COMPLETE   ended meanwhile
 */
export function operationOf(
  events: readonly StackEvent[],
  stackId: string,
  token: string | undefined,
  /** When the operation was asked for, in milliseconds since 1970. */
  askedAt = Number.POSITIVE_INFINITY,
): readonly StackEvent[] {
  if (token !== undefined) {
    const own = events.findIndex((event) => isStart(event, stackId) && event.token === token);
    const start = own >= 0 ? own : otherStart(events, stackId, token, askedAt);
    if (start < 0) return [];
    const end = events.findIndex((event, index) => index > start && isEnd(event, stackId));
    return events.slice(start, end < 0 ? undefined : end + 1);
  }
  const before = events.slice(0, -1).findLastIndex((event) => isEnd(event, stackId));
  return events.slice(before + 1);
}

/** A rollback that was asked for begins by itself; every other follows within the operation that has failed. */
function otherStart(events: readonly StackEvent[], stackId: string, token: string, askedAt: number): number {
  const rollback = events.findIndex(
    (event) => isOwn(event, stackId) && event.status === ROLLBACK_START && event.token === token,
  );
  return rollback < 0 ? joinedDeletion(events, stackId, askedAt) : rollback;
}

const ROLLBACK_START = "UPDATE_ROLLBACK_IN_PROGRESS";

/**
 * To delete what is being deleted is granted and begins nothing: all events carry the token of whoever came first. So a
 * deletion that still ran when ours was asked for is ours, too.
 */
function joinedDeletion(events: readonly StackEvent[], stackId: string, askedAt: number): number {
  const start = events.findLastIndex((event) => isStart(event, stackId) && isBeingDeleted(event.status));
  const end = events.slice(Math.max(0, start)).find((event) => isEnd(event, stackId));
  const gone = end !== undefined && phaseOf(end.status) === "absent";
  // Its start may lie on a page that was not read; nothing comes after it.
  if (start < 0) return gone ? 0 : -1;
  return gone || end === undefined || end.time.getTime() >= askedAt ? start : -1;
}

type Origins = Readonly<Record<string, Origin>>;

/** `producer queue`: the resource in the words of pipeline.yaml; its logical id if it is no longer in there. */
function resourceName(logicalId: string, origins: Origins): string {
  const origin = origins[logicalId];
  return origin ? `${origin.component} ${origin.label}` : logicalId;
}

/** As wide as the longest name of the stack: lines come one by one, and still form columns. */
function nameColumn(logicalId: string, origins: Origins): string {
  const widths = Object.keys(origins).map((id) => resourceName(id, origins).length);
  return resourceName(logicalId, origins).padEnd(Math.min(60, Math.max(20, ...widths)));
}

/** `CREATE_COMPLETE  producer queue  AWS::SQS::Queue  3.2 s`; `since` is the resource's first event. */
export function eventLine(event: StackEvent, since: StackEvent | undefined, origins: Origins): string {
  const seconds = since ? `${((event.time.getTime() - since.time.getTime()) / 1000).toFixed(1)} s` : "";
  const words = [event.status.padEnd(15), nameColumn(event.logicalId, origins)];
  words.push(event.type.padEnd(31), seconds.padStart(7));
  if (event.status.endsWith("_FAILED") && event.reason) words.push(event.reason);
  return words.join("  ").trimEnd();
}

/** What is under way: `UPDATE_IN_PROGRESS: 3 done, 2 under way (producer queue, worker function)`. */
export function progressLine(events: readonly StackEvent[], stackId: string, origins: Origins): string {
  const latest = new Map(
    events.filter((event) => !isOwn(event, stackId)).map((event) => [event.logicalId, event]),
  );
  const open = [...latest.values()].filter((event) => !hasSettled(event));
  const names = open.slice(0, 5).map(({ logicalId }) => resourceName(logicalId, origins));
  if (open.length > names.length) names.push("...");
  const status = events.findLast((event) => isOwn(event, stackId))?.status ?? "waiting";
  const detail = names.length > 0 ? ` (${names.join(", ")})` : "";
  return `${status}: ${latest.size - open.length} done, ${open.length} under way${detail}`;
}
