/** What CloudFormation tells of a failure, in the shapes of its API, to be written down in a line. */
import type { FailedEvent } from "../../action/core/failed-event.ts";
import type { Origin } from "../../action/core/rendered.ts";
import type { StackEvent } from "../../action/aws-ports.ts";
import { STACK_ID, eventOf } from "../deploy/fake-stacks.ts";

const TYPE = "AWS::SQS::Queue";

/** `own UPDATE_IN_PROGRESS`, `JobsQueue CREATE_FAILED: reason`; one a second. */
export function stackEvents(...lines: readonly string[]): readonly StackEvent[] {
  return lines.map((line, index) => {
    const [, who = "", status = "", reason = ""] = /^(\w+) (\w+)(?:: (.*))?$/.exec(line) ?? [];
    const physicalId = who === "own" ? STACK_ID : `prod-${who}-1a2b3c`;
    const event = { logicalId: who, physicalId, type: TYPE, status, reason, time: new Date(index * 1_000) };
    return eventOf(event, `e${index}`, "token");
  });
}

/** A provisioning error, if nothing else is said. */
export function failedEvent(event: Partial<FailedEvent>): FailedEvent {
  return {
    time: new Date(0),
    kind: "PROVISIONING_ERROR",
    logicalId: "JobsQueue",
    physicalId: "",
    type: TYPE,
    status: "",
    reason: "",
    by: "",
    path: "",
    warning: false,
    ...event,
  };
}

export function originAt(component: string, line: number, more: Partial<Origin> = {}): Origin {
  return { component, label: "queue", place: { file: "config/pipeline.yaml", line, column: 3 }, ...more };
}

export const ORIGINS: Readonly<Record<string, Origin>> = {
  JobsQueue: originAt("jobs", 6, { options: { VisibilityTimeout: "visibility-timeout" } }),
  MoreQueue: originAt("more", 7),
  WorkerRole: originAt("worker", 8, { label: "role" }),
};
