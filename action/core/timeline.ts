/** How long an operation took, resource by resource, read from its events. */
import type { StackEvent } from "../aws-ports.ts";
import { kebabCase } from "./names.ts";
import { hasSettled, isEnd, isOwn, isStart } from "./operation.ts";
import type { Origin } from "./rendered.ts";

export interface Timeline {
  /** From the stack's first event to its last one. */
  readonly totalMs: number;
  /** Of the operation before this one, if its events were read as well. */
  readonly formerMs?: number;
  /** In the order in which they began. */
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly logicalId: string;
  /** In the words of pipeline.yaml; of what is no longer in there, what its logical id tells. */
  readonly component: string;
  readonly label: string;
  /** Milliseconds since the operation began. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly failed: boolean;
}

/**
 * `events`: one operation's, oldest first; `read`: all that was read on the way, which may reach back to the operation
 * before. A resource that is touched again (rolled back, cleaned up) has a bar for each time.
 */
export function timelineOf(
  events: readonly StackEvent[],
  read: readonly StackEvent[],
  stackId: string,
  origins: Readonly<Record<string, Origin>>,
): Timeline | undefined {
  const [first] = events;
  const last = events.at(-1);
  if (!first || !last) return undefined;
  const begin = first.time.getTime();
  const former = formerMs(read, first, stackId);
  return {
    totalMs: last.time.getTime() - begin,
    ...(former !== undefined && { formerMs: former }),
    bars: bars(
      events.filter((event) => !isOwn(event, stackId)),
      begin,
      last.time.getTime(),
      origins,
    ),
  };
}

function bars(
  events: readonly StackEvent[],
  begin: number,
  end: number,
  origins: Readonly<Record<string, Origin>>,
): Bar[] {
  const open = new Map<string, StackEvent>();
  const done: Bar[] = [];
  const close = (from: StackEvent, time: number, failed: boolean): void => {
    const { logicalId } = from;
    const { component, label } = origins[logicalId] ?? { component: formerName(logicalId), label: logicalId };
    done.push({
      logicalId,
      component,
      label,
      fromMs: from.time.getTime() - begin,
      toMs: time - begin,
      failed,
    });
  };
  for (const event of events) {
    const started = open.get(event.logicalId);
    if (!hasSettled(event)) {
      // CloudFormation repeats IN_PROGRESS when the resource has a physical id.
      if (!started) open.set(event.logicalId, event);
      continue;
    }
    close(started ?? event, event.time.getTime(), event.status.endsWith("_FAILED"));
    open.delete(event.logicalId);
  }
  // What was still under way when the stack ended.
  for (const event of open.values()) close(event, end, true);
  return done.toSorted((a, b) => a.fromMs - b.fromMs || (a.logicalId < b.logicalId ? -1 : 1));
}

function formerMs(read: readonly StackEvent[], first: StackEvent, stackId: string): number | undefined {
  const index = read.findIndex(({ id }) => id === first.id);
  const before = index < 0 ? [] : read.slice(0, index);
  const end = before.findLast((event) => isEnd(event, stackId));
  if (!end) return undefined;
  const start = before.slice(0, before.indexOf(end)).findLast((event) => isStart(event, stackId));
  return start && end.time.getTime() - start.time.getTime();
}

function formerName(logicalId: string): string {
  return kebabCase(logicalId.replace(/[A-Z][a-z0-9]*$/, "")) || logicalId;
}
