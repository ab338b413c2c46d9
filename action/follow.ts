/** Follows one CloudFormation operation to its end: one line per resource, one call per poll, bounded. */
import { eventLine, hasSettled, isEnd, isOwn, isStart, operationOf, progressLine } from "./core/operation.ts";
import { UserError } from "./core/problem.ts";
import { redactText } from "./core/redact.ts";
import type { Origin } from "./core/rendered.ts";
import { type Timeline, timelineOf } from "./core/timeline.ts";
import type { StackEvent, Stacks } from "./aws-ports.ts";
import type { Clock, Log } from "./ports.ts";

export interface FollowPorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly stacks: Stacks;
}

/** Lasts for a whole deploy or destroy: events are told once, however many operations are followed. */
export interface Watch {
  readonly origins: Readonly<Record<string, Origin>>;
  /** Milliseconds since 1970: then it is given up. */
  readonly deadline: number;
  /** Ids of the events that were told. */
  readonly told: Set<string>;
  /** Values that AWS may repeat in its reasons and that nobody may read there. */
  readonly hidden?: readonly string[];
}

export interface Ending {
  readonly status: string;
  /** The operation's events, oldest first. */
  readonly events: readonly StackEvent[];
  readonly timeline: Timeline | undefined;
}

const FIRST_POLL_MS = 400;
const SLOWEST_POLL_MS = 2_000;
/**
 * The wait grows with the silence, so that what is lost at the end is a twentieth of it on average: a 12 s
 * operation is noticed 0.6 s late, an hour's 1 s late. CloudFormation throttles per account, so never faster
 * than 0.4 s.
 */
const WAIT_PER_SILENCE = 0.1;

export function pollDelay(silenceMs: number): number {
  return Math.min(SLOWEST_POLL_MS, Math.max(FIRST_POLL_MS, silenceMs * WAIT_PER_SILENCE));
}

/**
 * With a token: the operation that was started with it. Without: whichever runs on the stack.
 * Throws UserError `stack-timeout` at the deadline; the operation itself goes on in CloudFormation.
 */
export async function follow(
  stackId: string,
  token: string | undefined,
  watch: Watch,
  ports: FollowPorts,
): Promise<Ending> {
  const read = new Map<string, StackEvent>();
  const askedAt = ports.clock.now();
  let lastNews = askedAt;
  let wait = FIRST_POLL_MS;
  for (;;) {
    await ports.clock.sleep(wait);
    const page = await ports.stacks.events(
      stackId,
      (event) => read.has(event.id) || boundary(event, stackId, token),
    );
    const before = read.size;
    for (const event of page) {
      if (read.has(event.id)) continue;
      read.set(event.id, { ...event, reason: redactText(event.reason, watch.hidden) });
    }
    const events = operationOf([...read.values()], stackId, token, askedAt);
    tell(events, stackId, watch, ports.log);
    const last = events.at(-1);
    if (last && isEnd(last, stackId)) {
      const all = [...read.values()].toSorted((a, b) => a.time.getTime() - b.time.getTime());
      return { status: last.status, events, timeline: timelineOf(events, all, stackId, watch.origins) };
    }

    const now = ports.clock.now();
    failIfLate(stackId, watch, now);
    if (read.size > before) {
      lastNews = now;
      if (events.length > 0) ports.log.progress(progressLine(events, stackId, watch.origins));
    }
    wait = Math.min(pollDelay(now - lastNews), Math.max(1, watch.deadline - now));
  }
}

/** How far back events must be read: to the start of this operation, or to the end of the former one. */
function boundary(event: StackEvent, stackId: string, token: string | undefined): boolean {
  if (token === undefined) return isEnd(event, stackId);
  return isOwn(event, stackId) && (event.token !== token || isStart(event, stackId));
}

function tell(events: readonly StackEvent[], stackId: string, watch: Watch, log: Log): void {
  for (const event of events) {
    const turning = isOwn(event, stackId) && event.status.endsWith("ROLLBACK_IN_PROGRESS");
    if (watch.told.has(event.id) || (!turning && (isOwn(event, stackId) || !hasSettled(event)))) continue;
    watch.told.add(event.id);
    // Without it, the resources that are put back look as if they had been updated.
    if (turning) {
      log.warn(`${event.status}  ${event.reason}`);
      continue;
    }
    const begun = event.status.replace(/_(COMPLETE|FAILED|SKIPPED)$/, "_IN_PROGRESS");
    const since = events.find((other) => other.logicalId === event.logicalId && other.status === begun);
    const line = eventLine(event, since, watch.origins);
    if (event.status.endsWith("_FAILED")) log.warn(line);
    else log.info(line);
  }
}

/** A time-out is a failure, in words that say how to resume. */
export function failIfLate(stack: string, watch: Watch, now: number): void {
  if (now < watch.deadline) return;
  throw new UserError("stack-timeout", {
    message: `gave up waiting for stack ${stack.split("/")[1] ?? stack}; its operation goes on in CloudFormation`,
    hint: "Run the same command again: it attaches to the running operation and does what is left.",
  });
}
