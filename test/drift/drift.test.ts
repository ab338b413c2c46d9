/** What CloudFormation's detection becomes: words, JSON, issue; redacted, with a place, and honest about what is not known. */
import { expect, test } from "vitest";
import type { Detection, ResourceDifference } from "../../action/core/detection.ts";
import { type StackDrift, readDetection } from "../../action/core/drift.ts";
import { driftIssue, driftMarker } from "../../action/core/drift-issue.ts";
import { driftLines, driftProblems, stageDriftJson } from "../../action/core/drift-words.ts";
import { fingerprinter } from "../../action/core/redact.ts";
import type { Origin } from "../../action/core/rendered.ts";
import { HOSTILE } from "../github/hostile.ts";

const STACK = {
  name: "rabbit-hole-prod",
  id: "arn:aws:cloudformation:us-east-1:111122223333:stack/rabbit-hole-prod/1",
};
const FILES = "https://github.com/rabbits/rabbit-hole/blob/main";

function origin(component: string, label: string, line: number): Origin {
  return { component, label, place: { file: "config/pipeline.yaml", line, column: 3 } };
}

const ORIGINS = {
  ProducerQueue: origin("producer", "queue", 12),
  WorkerFunction: origin("worker", "function", 13),
  ProducerToWorkerPollpolicy: origin("producer -> worker", "poll-policy", 20),
};

function difference(rest: Partial<ResourceDifference>): ResourceDifference {
  return {
    kind: "modified",
    logicalId: "ProducerQueue",
    physicalId: "https://sqs.us-east-1.amazonaws.com/1/producer",
    type: "AWS::SQS::Queue",
    properties: [],
    reason: "",
    ...rest,
  };
}

const QUEUE = difference({
  properties: [{ kind: "changed", path: "/VisibilityTimeout", expected: "180", actual: "60" }],
});
const FUNCTION = difference({
  logicalId: "WorkerFunction",
  physicalId: "worker",
  type: "AWS::Lambda::Function",
  properties: [
    { kind: "changed", path: "/Environment/Variables/MODE", expected: "quiet", actual: "hunter2-hunter2" },
    { kind: "added", path: "/Layers/0", expected: "null", actual: "arn:aws:lambda:us-east-1:1:layer:spy:1" },
    { kind: "removed", path: "/Environment/Variables/~1odd~0name", expected: "x", actual: "null" },
  ],
});
const POLICY = difference({
  kind: "deleted",
  logicalId: "ProducerToWorkerPollpolicy",
  physicalId: "poll|worker",
  type: "AWS::IAM::RolePolicy",
});

function read(
  resources: readonly ResourceDifference[],
  how: Partial<Exclude<Detection, { kind: "refused" }>> = {},
) {
  return readDetection(
    STACK,
    { kind: "complete", reason: "", resources, ...how },
    ORIGINS,
    () => "sha256:0..",
  );
}

function issueOf(drift: StackDrift, files = FILES): string {
  return driftIssue("rabbit-hole", "prod", drift, files)?.body ?? "";
}

test("resources come in the order of pipeline.yaml, each with its place and what to read", () => {
  const drift = read([POLICY, FUNCTION, QUEUE]);
  expect(driftLines(drift)).toEqual([
    "rabbit-hole-prod has drifted: 3 resources are not as deployed",
    "config/pipeline.yaml:12:3: producer queue (AWS::SQS::Queue) was changed by hand\n" +
      "    VisibilityTimeout is 60, was deployed as 180",
    "config/pipeline.yaml:13:3: worker function (AWS::Lambda::Function) was changed by hand\n" +
      "    Environment.Variables./odd~name is gone, was deployed as sha256:0..\n" +
      "    Environment.Variables.MODE is sha256:0.., was deployed as sha256:0..\n" +
      "    Layers.0 has arn:aws:lambda:us-east-1:1:layer:spy:1 added",
    "config/pipeline.yaml:20:3: producer -> worker poll-policy (AWS::IAM::RolePolicy) was deleted by hand: poll|worker",
  ]);
});

test("a resource that pipeline.yaml no longer has is told by its logical id, last, and without a place", () => {
  const drift = read([difference({ logicalId: "OldQueue", kind: "deleted" }), QUEUE]);
  const problems = driftProblems(drift);
  expect(problems.map(({ place }) => place?.line)).toEqual([12, undefined]);
  expect(problems[1]?.message).toMatch(/^OldQueue \(AWS::SQS::Queue\) was deleted/);
});

test("values that are not known to be harmless are in no output", () => {
  const drift = read([FUNCTION]);
  for (const text of [
    driftLines(drift).join(),
    JSON.stringify(stageDriftJson({ stage: "prod", drift })),
    issueOf(drift),
  ])
    expect(text).not.toMatch(/hunter2|quiet/);
});

test("equal secrets look equal only within a place, and only with the stack's salt", () => {
  const salted = fingerprinter({ "warren:salt": "s" }, (text) => Buffer.from(text).toString("hex"));
  const shown = readDetection(
    STACK,
    { kind: "complete", reason: "", resources: [FUNCTION] },
    ORIGINS,
    salted,
  );
  const { properties = [] } = shown.kind === "drifted" ? (shown.resources[0] ?? {}) : {};
  const mode = properties.find(({ path }) => path.endsWith("MODE"));
  expect(mode?.expected).toMatch(/^sha256:.{8}\.\.$/);
});

test("a whole document is shown as one, its parts redacted one by one", () => {
  const expected = JSON.stringify({ maxReceiveCount: 5 });
  const drift = read([
    difference({ properties: [{ kind: "changed", path: "/RedrivePolicy", expected, actual: "{cut off" }] }),
  ]);
  expect(driftLines(drift)[1]).toContain('was deployed as {"maxReceiveCount":5}');
});

test("what could not be looked at is told with its reason, whichever way AWS tells it", () => {
  const denied = difference({ kind: "unknown", reason: "not authorized to perform: sqs:GetQueueAttributes" });
  const byResource = read([denied], { kind: "partial", reason: "Failed to detect drift" });
  expect(driftLines(byResource)).toEqual([
    "it is not known whether rabbit-hole-prod has drifted: not all of it could be looked at",
    "config/pipeline.yaml:12:3: producer queue could not be looked at: not authorized to perform: sqs:GetQueueAttributes",
  ]);
  const failures = [{ Resource: "WorkerFunction", FailureReason: "Rate exceeded" }];
  const reason = JSON.stringify({ Summary: "Failed to detect drift on resources", Failures: failures });
  expect(read([], { kind: "partial", reason })).toMatchObject({
    kind: "unknown",
    unchecked: [{ logicalId: "WorkerFunction", reason: "Rate exceeded" }],
  });
  expect(read([], { kind: "partial", reason: "internal failure" })).toMatchObject({
    kind: "unknown",
    unchecked: [{ logicalId: "", reason: "internal failure" }],
  });
  expect(read([], { kind: "partial" })).toMatchObject({ kind: "unknown" });
});

test("drift that was found stays drift, with what could not be looked at beside it", () => {
  const drift = read(
    [QUEUE, difference({ kind: "unknown", logicalId: "WorkerFunction", reason: "denied" })],
    {
      kind: "partial",
    },
  );
  expect(drift.kind).toBe("drifted");
  expect(driftLines(drift)[0]).toContain("and not all could be looked at");
  expect(issueOf(drift)).toContain("Not looked at: `worker` function, denied");
});

test("what CloudFormation refuses is neither drift nor its absence", () => {
  const drift = readDetection(STACK, { kind: "refused", reason: "is in ROLLBACK state" }, ORIGINS, () => "");
  expect(drift).toMatchObject({ kind: "unavailable", reason: "is in ROLLBACK state" });
  expect(driftProblems(drift)).toHaveLength(1);
});

test("the issue says what, where, and both ways out", async () => {
  await expect(issueOf(read([POLICY, FUNCTION, QUEUE]))).toMatchFileSnapshot("issue.md");
});

test("without drift there is no issue", () => {
  expect(driftIssue("rabbit-hole", "prod", read([]), FILES)).toBeUndefined();
});

test("the issue of five hundred resources is one that GitHub takes, and says how many it leaves out", () => {
  const many = Array.from({ length: 500 }, (_, index) =>
    difference({
      logicalId: `Q${index}`,
      properties: [
        { kind: "changed", path: "/QueueName", expected: "é".repeat(400), actual: "b".repeat(400) },
      ],
    }),
  );
  const body = issueOf(read(many));
  expect(body.length).toBeLessThanOrEqual(65_536);
  const shown = body.split("\n").filter((line) => line.includes("<code>Q")).length;
  const rows = body.match(/^\| .*AWS::SQS::Queue/gm)?.length ?? 0;
  expect(body).toContain(`… and ${500 - Math.max(shown, rows)} more.`);
  expect(body).toContain("**To keep it**");
});

test("names from outside have no effect in the issue", () => {
  for (const text of Object.values(HOSTILE)) {
    const drift = readDetection(
      STACK,
      {
        kind: "partial",
        reason: "",
        resources: [
          difference({
            logicalId: "Evil",
            properties: [{ kind: "changed", path: `/QueueName/${text}`, expected: text, actual: text }],
          }),
          difference({ kind: "unknown", logicalId: "Other", reason: text }),
        ],
      },
      { Evil: origin(text, text, 3) },
      () => "",
    );
    const body = issueOf(drift, "");
    expect(body.startsWith(driftMarker("rabbit-hole", "prod"))).toBe(true);
    expect(body.split("\n").filter((line) => line.startsWith("| ") && line.endsWith(" |")).length).toBe(3);
    // Nobody is mentioned in code.
    expect(body.replaceAll(/`[^`]*`|<code>[^<]*<\/code>/g, "")).not.toMatch(/<img|<script|@[a-z]/);
  }
});
