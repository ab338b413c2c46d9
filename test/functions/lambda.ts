/** Events and contexts as Lambda hands them to a handler. */
import { randomUUID } from "node:crypto";

import type { Message } from "@aws-sdk/client-sqs";
import type { Context, ScheduledEvent, SQSEvent, SQSRecord } from "aws-lambda";

/** What the function learns about its invocation; `remainingMs` is what is left of its timeout. */
export function lambdaContext(remainingMs = 30_000): Context {
  const end = Date.now() + remainingMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: "under-test",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:111122223333:function:under-test",
    memoryLimitInMB: "128",
    awsRequestId: randomUUID(),
    logGroupName: "/aws/lambda/under-test",
    logStreamName: "2025/01/01/[$LATEST]0123456789abcdef",
    getRemainingTimeInMillis: () => end - Date.now(),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}

/** What EventBridge sends when a rule's schedule fires. */
export function scheduledEvent(time: string): ScheduledEvent {
  return {
    id: randomUUID(),
    version: "0",
    account: "111122223333",
    time,
    region: "us-east-1",
    resources: ["arn:aws:events:us-east-1:111122223333:rule/every-five-minutes"],
    source: "aws.events",
    "detail-type": "Scheduled Event",
    detail: {},
  };
}

/** What the queue's event source mapping makes of the messages that it has received. */
export function sqsEvent(messages: readonly Message[]): SQSEvent {
  return { Records: messages.map(sqsRecord) };
}

function sqsRecord(message: Message): SQSRecord {
  const {
    MessageId = randomUUID(),
    Body = "",
    ReceiptHandle = "",
    MD5OfBody = "",
    Attributes = {},
  } = message;
  const now = String(Date.now());
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? "1",
      SentTimestamp: Attributes.SentTimestamp ?? now,
      SenderId: "AIDAEXAMPLE",
      ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? now,
    },
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:111122223333:producer",
    awsRegion: "us-east-1",
  };
}
