import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { parseMessage } from "../../functions/message.ts";
import { createQueue, createTable, receiveAll, startFunctionAws, type FunctionAws } from "./aws.ts";
import { startFaultyQueue, type FaultyQueue } from "./faulty-queue.ts";
import { captureLogs } from "./logs.ts";
import { lambdaContext, scheduledEvent } from "./lambda.ts";

const FIRED = "2025-11-24T08:05:00Z";

const resources = new AsyncDisposableStack();
let aws: FunctionAws;
let sqs: FaultyQueue;
let handler: typeof import("../../functions/serverlessproducer.ts").handler;

beforeAll(async () => {
  aws = resources.use(await startFunctionAws());
  sqs = resources.use(await startFaultyQueue(aws.endpoint));
  vi.stubEnv("AWS_ENDPOINT_URL_SQS", sqs.url);
  ({ handler } = await import("../../functions/serverlessproducer.ts"));
});
afterAll(() => resources.disposeAsync());

let queueUrl: string;
let logs: () => readonly unknown[];

beforeEach(async () => {
  logs = captureLogs();
  queueUrl = await createQueue(aws);
  vi.stubEnv("PRODUCER_URL", sqs.url + new URL(queueUrl).pathname);
  sqs.use([]);
});

function named(...names: readonly string[]): readonly { readonly name: string }[] {
  return names.map((name) => ({ name }));
}

function numbered(count: number): readonly { readonly name: string }[] {
  return named(...Array.from({ length: count }, (_, index) => `item ${index}`));
}

async function useTable(items: readonly Readonly<Record<string, unknown>>[], key = "name"): Promise<string> {
  const table = await createTable(aws, key, items);
  vi.stubEnv("FANG_NAME", table);
  return table;
}

async function receivedNames(): Promise<readonly string[]> {
  const messages = await receiveAll(aws, queueUrl);
  return messages.map(({ Body = "" }) => parseMessage(Body).name).toSorted();
}

describe("serverlessproducer", () => {
  it("sends one message for each item, with the time and the id of the event", async () => {
    await useTable(named("Apple Inc.", "Zażółć 🐇"));
    const event = scheduledEvent(FIRED);

    expect(await handler(event, lambdaContext())).toEqual({ scanned: 2, sent: 2, skipped: 0 });

    const messages = await receiveAll(aws, queueUrl);
    const bodies = messages.map(({ Body = "" }): unknown => JSON.parse(Body));
    expect(bodies).toHaveLength(2);
    expect(bodies).toEqual(
      expect.arrayContaining(
        ["Apple Inc.", "Zażółć 🐇"].map((name) => ({ version: 1, name, scheduledAt: FIRED, run: event.id })),
      ),
    );
  });

  it("reads a table that needs more than one page", async () => {
    const items = numbered(6).map((item) => ({ ...item, padding: "x".repeat(250_000) }));
    const table = await useTable(items);
    const firstPage = await aws.database.send(new ScanCommand({ TableName: table }));
    expect(firstPage.LastEvaluatedKey).toBeDefined();

    expect(await handler(scheduledEvent(FIRED), lambdaContext())).toEqual({
      scanned: 6,
      sent: 6,
      skipped: 0,
    });
    expect(await receivedNames()).toEqual(items.map(({ name }) => name));
  });

  it("sends more than ten items in batches of ten", async () => {
    const items = numbered(23);
    await useTable(items);

    expect(await handler(scheduledEvent(FIRED), lambdaContext())).toEqual({
      scanned: 23,
      sent: 23,
      skipped: 0,
    });
    expect(sqs.calls.map((bodies) => bodies.length)).toEqual([10, 10, 3]);
    expect(await receivedNames()).toEqual(items.map(({ name }) => name).toSorted());
  });

  it("sends only the entries again that SQS turned away", async () => {
    await useTable(named("a", "b", "c"));
    sqs.use([
      { part: '"a"', times: 1, senderFault: false },
      { part: '"b"', times: 2, senderFault: false },
    ]);

    expect(await handler(scheduledEvent(FIRED), lambdaContext())).toEqual({
      scanned: 3,
      sent: 3,
      skipped: 0,
    });
    expect(sqs.calls.map((bodies) => bodies.map((body) => parseMessage(body).name).toSorted())).toEqual([
      ["a", "b", "c"],
      ["a", "b"],
      ["b"],
    ]);
    expect(await receivedNames()).toEqual(["a", "b", "c"]);
  });

  it("throws and names the items that could not be sent, after it has sent all others", async () => {
    await useTable([...numbered(12), { name: "never" }]);
    sqs.use([{ part: '"never"', times: Infinity, senderFault: false }]);

    await expect(handler(scheduledEvent(FIRED), lambdaContext())).rejects.toThrow(
      '1 of 13 items could not be sent: "never"',
    );
    expect(logs()).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        message: "item not sent",
        name: "never",
        reason: "Made: by the test",
      }),
    );
    expect(await receivedNames()).toHaveLength(12);
    expect(sqs.calls.flat().filter((body) => body.includes('"never"'))).toHaveLength(5);
  });

  it("names an item that is longer than a message may be, and sends the others", async () => {
    // JSON writes a control character as six.
    await useTable(
      [
        { id: "1", name: "\u0001".repeat(200_000) },
        { id: "2", name: "good" },
      ],
      "id",
    );

    await expect(handler(scheduledEvent(FIRED), lambdaContext())).rejects.toThrow(
      "1 of 2 items could not be sent",
    );
    expect(logs()).toContainEqual(expect.objectContaining({ level: "ERROR", reason: "longer than 1 MiB" }));
    expect(await receivedNames()).toEqual(["good"]);
  });

  it("does not repeat what is wrong with the message itself", async () => {
    await useTable(named("bad"));
    sqs.use([{ part: '"bad"', times: Infinity, senderFault: true }]);

    await expect(handler(scheduledEvent(FIRED), lambdaContext())).rejects.toThrow('"bad"');
    expect(sqs.calls).toHaveLength(1);
  });

  it("skips and logs items whose name is not text", async () => {
    await useTable(
      [{ id: "1", name: "good" }, { id: "2", name: 7 }, { id: "3" }, { id: "4", name: "" }],
      "id",
    );
    const event = scheduledEvent(FIRED);

    expect(await handler(event, lambdaContext())).toEqual({ scanned: 4, sent: 1, skipped: 3 });
    const said = { service: "serverlessproducer", correlation_id: event.id };
    expect(logs()).toEqual([
      ...Array.from({ length: 3 }, () => expect.objectContaining({ ...said, level: "WARN" })),
      expect.objectContaining({ ...said, level: "INFO", scanned: 4, sent: 1, skipped: 3 }),
    ]);
    expect(await receivedNames()).toEqual(["good"]);
  });

  it("sends nothing for an empty table", async () => {
    await useTable([]);
    expect(await handler(scheduledEvent(FIRED), lambdaContext())).toEqual({
      scanned: 0,
      sent: 0,
      skipped: 0,
    });
    expect(sqs.calls).toEqual([]);
  });

  it("runs by hand, with an empty event", async () => {
    await useTable(named("a"));
    const context = lambdaContext();
    expect(await handler({}, context)).toEqual({ scanned: 1, sent: 1, skipped: 0 });
    const [message] = await receiveAll(aws, queueUrl);
    expect(parseMessage(message?.Body ?? "").run).toBe(context.awsRequestId);
  });

  it("says which variable is missing when no arrow sets it", async () => {
    vi.stubEnv("FANG_NAME", undefined);
    await expect(handler(scheduledEvent(FIRED), lambdaContext())).rejects.toThrow("FANG_NAME is not set");
  });
});
