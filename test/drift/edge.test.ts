/** The drift port against a CloudFormation that is never done, or that refuses. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createClients } from "../../action/edge/clients.ts";
import { createDrift } from "../../action/edge/drift.ts";
import { fakeClock } from "../deploy/fake-stacks.ts";
import { failureOf } from "../deploy/world.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";

/** Answers each action with the XML of the list, in turn, and the last one for ever. */
async function playing(
  answers: Readonly<Record<string, readonly (string | { readonly refused: string })[]>>,
): Promise<AsyncDisposable & { readonly endpoint: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const query = new URLSearchParams(await text(request));
      const action = query.get("Action") ?? "";
      const list = answers[action] ?? [];
      const before = asked.filter((one) => one.startsWith(action)).length;
      const answer = list[Math.min(before, list.length - 1)] ?? { refused: "nothing to play" };
      response.setHeader("x-amzn-requestid", "b2f7");
      asked.push([action, query.get("NextToken") ?? ""].join(" ").trim());
      if (typeof answer === "string") {
        response.end(`<${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`);
        return;
      }
      response.statusCode = 400;
      response.end(
        `<ErrorResponse><Error><Code>ValidationError</Code><Message>${answer.refused}</Message></Error></ErrorResponse>`,
      );
    })();
  });
  return {
    endpoint: await listenLocally(server),
    asked,
    [Symbol.asyncDispose]: () => closeLocally(server),
  };
}

function portTo(endpoint: string) {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return createDrift(createClients({ region: "us-east-1", endpoint, credentials }), fakeClock());
}

const STARTED = ["<StackDriftDetectionId>1</StackDriftDetectionId>"];
const status = (text_: string): string => `<DetectionStatus>${text_}</DetectionStatus>`;
const resource = (id: string, kind: string): string =>
  `<member><LogicalResourceId>${id}</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType>` +
  `<StackResourceDriftStatus>${kind}</StackResourceDriftStatus></member>`;

test("a detection that never ends is a failure, not the absence of drift", async () => {
  await using aws = await playing({
    DetectStackDrift: STARTED,
    DescribeStackDriftDetectionStatus: [status("DETECTION_IN_PROGRESS")],
  });
  const error = await failureOf(portTo(aws.endpoint).detect("s"));
  expect(error).toMatchObject({ reason: "drift-timeout", message: expect.stringContaining("15 minutes") });
  // Ever more seldom: CloudFormation's limits count for the whole account.
  expect(aws.asked.length).toBeLessThan(220);
});

test("results are read to the last page, and only what is wrong is told", async () => {
  const page = (members: string, next = ""): string =>
    `<StackResourceDrifts>${members}</StackResourceDrifts>${next && `<NextToken>${next}</NextToken>`}`;
  await using aws = await playing({
    DetectStackDrift: STARTED,
    DescribeStackDriftDetectionStatus: [
      status("DETECTION_IN_PROGRESS"),
      `${status("DETECTION_FAILED")}<DetectionStatusReason>not all</DetectionStatusReason>`,
    ],
    DescribeStackResourceDrifts: [
      page(resource("A", "MODIFIED") + resource("B", "IN_SYNC"), "next"),
      page(resource("C", "DELETED") + resource("D", "UNKNOWN")),
    ],
  });
  const detection = await portTo(aws.endpoint).detect("s");
  expect(detection).toMatchObject({
    kind: "partial",
    reason: "not all",
    resources: [
      { logicalId: "A", kind: "modified" },
      { logicalId: "C", kind: "deleted" },
      { logicalId: "D", kind: "unknown" },
    ],
  });
  expect(aws.asked.slice(-2)).toEqual(["DescribeStackResourceDrifts", "DescribeStackResourceDrifts next"]);
});

test("CloudFormation's refusal is an answer", async () => {
  await using aws = await playing({ DetectStackDrift: [{ refused: "Stack is in ROLLBACK_FAILED state" }] });
  expect(await portTo(aws.endpoint).detect("s")).toEqual({
    kind: "refused",
    reason: "Stack is in ROLLBACK_FAILED state",
  });
});
