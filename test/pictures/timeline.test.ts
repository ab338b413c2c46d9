import { expect, test } from "vitest";
import { drawGantt } from "../../action/core/gantt.ts";
import { timelineOf } from "../../action/core/timeline.ts";
import type { StackEvent } from "../../action/aws-ports.ts";

const stackId = "arn:aws:cloudformation:eu-central-1:1:stack/rabbit-hole-prod/1";
const place = { file: "config/pipeline.yaml", line: 1, column: 1 };
const origins = {
  ProducerQueue: { component: "producer", label: "queue", place },
  WorkerFunction: { component: "worker", label: "function", place },
};

let count = 0;
function event(seconds: number, logicalId: string, status: string): StackEvent {
  count += 1;
  const own = logicalId === "stack";
  return {
    id: `e${count}`,
    time: new Date(1_000_000 + seconds * 1_000),
    logicalId,
    physicalId: own ? stackId : logicalId,
    type: own ? "AWS::CloudFormation::Stack" : "AWS::SQS::Queue",
    status,
    reason: "",
    token: "",
  };
}

const former = [event(0, "stack", "CREATE_IN_PROGRESS"), event(20, "stack", "CREATE_COMPLETE")];
const update = [
  event(100, "stack", "UPDATE_IN_PROGRESS"),
  event(101, "ProducerQueue", "UPDATE_IN_PROGRESS"),
  event(102, "ProducerQueue", "UPDATE_IN_PROGRESS"),
  event(103.5, "WorkerFunction", "CREATE_IN_PROGRESS"),
  event(104, "ProducerQueue", "UPDATE_COMPLETE"),
  event(109, "WorkerFunction", "CREATE_FAILED"),
  event(110, "stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
  event(111, "ProducerQueue", "UPDATE_COMPLETE"),
  event(112, "stack", "UPDATE_ROLLBACK_COMPLETE"),
];

test("a resource's time is from its first to its last event, and it is touched again when it is rolled back", () => {
  expect(timelineOf(update, [...former, ...update], stackId, origins)).toEqual({
    totalMs: 12_000,
    formerMs: 20_000,
    bars: [
      {
        logicalId: "ProducerQueue",
        component: "producer",
        label: "queue",
        fromMs: 1_000,
        toMs: 4_000,
        failed: false,
      },
      {
        logicalId: "WorkerFunction",
        component: "worker",
        label: "function",
        fromMs: 3_500,
        toMs: 9_000,
        failed: true,
      },
      {
        logicalId: "ProducerQueue",
        component: "producer",
        label: "queue",
        fromMs: 11_000,
        toMs: 11_000,
        failed: false,
      },
    ],
  });
});

test("the former operation's time is told only where its events were read", () => {
  expect(timelineOf(update, update, stackId, origins)).not.toHaveProperty("formerMs");
  expect(timelineOf([], former, stackId, origins)).toBeUndefined();
});

test("the chart has a section for each component, and marks what failed", () => {
  const timeline = timelineOf(update, [...former, ...update], stackId, origins);
  expect(timeline && drawGantt("rabbit-hole-prod", timeline)).toMatchInlineSnapshot(`
    "gantt
        title rabbit-hole-prod: 12.0 s, before that 20.0 s
        dateFormat x
        axisFormat %S.%L s
        todayMarker off
        section producer
        3.0 s queue :1000, 4000
        0 ms queue :11000, 11001
        section worker
        5.5 s function :crit, 3500, 9000
    "
  `);
});

test("of many resources those that took longest are shown", () => {
  const bars = Array.from({ length: 100 }, (_, index) => ({
    logicalId: `C${index}Queue`,
    component: `c${index}`,
    label: `C${index}Queue`,
    fromMs: index,
    toMs: index * 2,
    failed: false,
  }));
  const chart = drawGantt("big", { totalMs: 200, bars });
  expect(chart).toContain("title big: 0.2 s, 60 shorter ones are left out");
  expect(chart.match(/(?<=^ {4}[\d.]+ m?s )C\d+Queue/gm)?.[0]).toBe("C60Queue");
});
