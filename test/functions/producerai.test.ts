import { randomUUID } from "node:crypto";

import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageCommand, type Message } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { startWikipedia, type Wikipedia } from "../../action/local/wikipedia.ts";
import { formatMessage } from "../../functions/message.ts";
import { objectKey } from "../../functions/object-key.ts";
import { createBucket, createQueue, startFunctionAws, type FunctionAws } from "./aws.ts";
import { lambdaContext, sqsEvent } from "./lambda.ts";
import { captureLogs } from "./logs.ts";

const FIRED = "2025-11-24T08:05:00Z";

const resources = new AsyncDisposableStack();
let aws: FunctionAws;
let wikipedia: Wikipedia;
let handler: typeof import("../../functions/producerai.ts").handler;

beforeAll(async () => {
  aws = resources.use(await startFunctionAws());
  ({ handler } = await import("../../functions/producerai.ts"));
});
afterAll(() => resources.disposeAsync());

let bucket: string;
let logs: () => readonly unknown[];

beforeEach(async () => {
  logs = captureLogs();
  await wikipedia?.[Symbol.asyncDispose]();
  wikipedia = resources.use(await startWikipedia());
  vi.stubEnv("WIKIPEDIA_URL", wikipedia.url);
  bucket = await createBucket(aws);
  vi.stubEnv("FANGSENTIMENT_NAME", bucket);
});

function message(name: string, scheduledAt = FIRED): Message & { readonly MessageId: string } {
  return { MessageId: randomUUID(), Body: formatMessage({ version: 1, name, scheduledAt, run: "run-1" }) };
}

async function deliver(messages: readonly Message[], remainingMs?: number): Promise<SQSBatchResponse> {
  return handler(sqsEvent(messages), lambdaContext(remainingMs));
}

async function object(
  name: string,
): Promise<{ readonly text: string; readonly type: string; readonly etag: string }> {
  const found = await aws.storage.send(new GetObjectCommand({ Bucket: bucket, Key: objectKey(name) }));
  return {
    text: (await found.Body?.transformToString()) ?? "",
    type: found.ContentType ?? "",
    etag: found.ETag ?? "",
  };
}

async function result(name: string): Promise<unknown> {
  return JSON.parse((await object(name)).text);
}

async function keys(): Promise<readonly string[]> {
  const { Contents = [] } = await aws.storage.send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key = "" }) => Key);
}

describe("producerai", () => {
  it("writes one JSON object for each item, with the sentiment of its article", async () => {
    expect(await deliver([message("Apple Inc."), message("Google")])).toEqual({ batchItemFailures: [] });

    expect(await keys()).toEqual(["Apple_Inc..json", "Google.json"]);
    expect((await object("Google")).type).toBe("application/json");
    expect(await result("Google")).toEqual({
      version: 1,
      name: "Google",
      when: FIRED,
      status: "scored",
      article: { title: "Google", url: "https://en.wikipedia.org/wiki/Google", revision: "1317960455" },
      sentiment: expect.stringMatching(/^(POSITIVE|NEGATIVE|NEUTRAL|MIXED)$/),
      scores: {
        positive: expect.any(Number),
        negative: expect.any(Number),
        neutral: expect.any(Number),
        mixed: expect.any(Number),
      },
    });
  });

  it.each([
    ["Happy page", "POSITIVE"],
    ["Sad page", "NEGATIVE"],
    ["Mixed page", "MIXED"],
  ])("finds %s %s", async (name, sentiment) => {
    await deliver([message(name)]);
    expect(await result(name)).toMatchObject({ sentiment });
  });

  it.each(["Zażółć gęślą jaźń", "Long page"])(
    "takes the text of %s, whatever its letters and length",
    async (name) => {
      expect(await deliver([message(name)])).toEqual({ batchItemFailures: [] });
      expect(await result(name)).toMatchObject({ status: "scored", article: { title: name } });
    },
  );

  it("says who it is and how to reach its operator", async () => {
    vi.stubEnv("WIKIPEDIA_CONTACT", "ops@example.com");
    await deliver([message("Google")]);
    expect(wikipedia.requests).toEqual([
      {
        path: "/api/rest_v1/page/summary/Google",
        userAgent: expect.stringMatching(/^WarrenProduceraiBot\/1\.0 \(ops@example\.com\) /),
      },
    ]);
  });

  it("follows Wikipedia's redirects and tells where they led", async () => {
    await deliver([message("Redirect page")]);
    expect(await result("Redirect page")).toMatchObject({
      name: "Redirect page",
      article: { title: "Facebook" },
    });
  });

  it.each(["No such page", "[an impossible title]"])(
    "writes that Wikipedia has no article for %s",
    async (name) => {
      expect(await deliver([message(name)])).toEqual({ batchItemFailures: [] });
      expect(await result(name)).toEqual({ version: 1, name, when: FIRED, status: "not-found" });
      expect(wikipedia.requests).toHaveLength(1);
    },
  );

  it("does not ask Comprehend about an article without text", async () => {
    expect(await deliver([message("Empty page")])).toEqual({ batchItemFailures: [] });
    expect(await result("Empty page")).toMatchObject({ status: "no-text", article: { title: "Empty page" } });
  });

  it.each(["Busy page", "Flaky page", "Dropped page"])("asks again for the %s", async (name) => {
    expect(await deliver([message(name)])).toEqual({ batchItemFailures: [] });
    expect(await result(name)).toMatchObject({ status: "scored" });
    expect(wikipedia.requests).toHaveLength(2);
  });

  it.each([
    ["Broken page", 3, "status 503"],
    ["Overrun page", 1, "status 429"],
    ["Strange page", 1, "is not JSON"],
  ])("reports the %s after %i requests", async (name, requests, reason) => {
    const failing = message(name);
    expect(await deliver([failing])).toEqual({ batchItemFailures: [{ itemIdentifier: failing.MessageId }] });
    expect(wikipedia.requests).toHaveLength(requests);
    expect(logs()).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        correlation_id: "run-1",
        messageId: failing.MessageId,
        error: expect.objectContaining({ message: expect.stringContaining(reason) }),
      }),
    );
    expect(await keys()).toEqual([]);
  });

  it("gives a slow page up in time to report it, and what stands behind it", async () => {
    const messages = [message("Empty page"), message("Slow page"), message("Netflix")];
    expect(await deliver(messages, 3_500)).toEqual({
      batchItemFailures: messages.slice(1).map(({ MessageId }) => ({ itemIdentifier: MessageId })),
    });
    expect(await keys()).toEqual(["Empty_page.json"]);
  });

  it.each([
    ["no JSON", "hello"],
    ["another version", '{"version":2,"name":"Google"}'],
    ["no name", `{"version":1,"scheduledAt":"${FIRED}","run":"run-1"}`],
    ["half a character as its name", `{"version":1,"name":"\\ud83d","scheduledAt":"${FIRED}","run":"run-1"}`],
  ])("reports a poison message with %s alone", async (_, body) => {
    const poison = { MessageId: randomUUID(), Body: body };
    expect(await deliver([message("Google"), poison, message("Netflix")])).toEqual({
      batchItemFailures: [{ itemIdentifier: poison.MessageId }],
    });
    expect(await keys()).toEqual(["Google.json", "Netflix.json"]);
  });

  it("reports every message when the bucket cannot be written", async () => {
    vi.stubEnv("FANGSENTIMENT_NAME", `gone-${bucket}`);
    const messages = [message("Google"), message("Netflix")];
    const { batchItemFailures } = await deliver(messages);
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(
      messages.map((one) => one.MessageId),
    );
  });

  it("changes nothing when SQS delivers a message twice", async () => {
    const QueueUrl = await createQueue(aws);
    await aws.queues.send(new SendMessageCommand({ QueueUrl, MessageBody: message("Google").Body ?? "" }));
    const receive = new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ["All"] });
    async function deliverNext(): Promise<string | undefined> {
      const { Messages = [] } = await aws.queues.send(receive);
      expect(await deliver(Messages)).toEqual({ batchItemFailures: [] });
      return Messages[0]?.Attributes?.ApproximateReceiveCount;
    }

    expect(await deliverNext()).toBe("1");
    const first = await object("Google");
    expect(await deliverNext()).toBe("2");

    expect(await object("Google")).toEqual(first);
    expect(await keys()).toEqual(["Google.json"]);
  });

  it("replaces an item's object when the timer fires again", async () => {
    await deliver([message("Google")]);
    await deliver([message("Google", "2025-11-24T08:10:00Z")]);
    expect(await result("Google")).toMatchObject({ when: "2025-11-24T08:10:00Z" });
    expect(await keys()).toEqual(["Google.json"]);
  });

  it("logs with the id of the timer's event", async () => {
    await deliver([message("Google")]);
    expect(logs()).toContainEqual(
      expect.objectContaining({
        service: "producerai",
        correlation_id: "run-1",
        key: "Google.json",
        status: "scored",
      }),
    );
  });
});
