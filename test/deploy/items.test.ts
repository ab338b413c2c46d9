/** DynamoDB under pressure: an endpoint that leaves items unprocessed, as a throttled table does. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createClients } from "../../action/edge/clients.ts";
import { createItems } from "../../action/edge/items.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";
import { fakeClock } from "./fake-stacks.ts";

interface Batch {
  readonly RequestItems: Readonly<Record<string, readonly unknown[]>>;
}

/** Processes `perCall` requests of each call and gives the rest back. */
async function startThrottled(perCall: number) {
  const processed: unknown[] = [];
  let calls = 0;
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      calls++;
      const batch: Batch = JSON.parse(body);
      const requests = batch.RequestItems["fang"] ?? [];
      processed.push(...requests.slice(0, perCall));
      const rest = requests.slice(perCall);
      const answer = { UnprocessedItems: rest.length > 0 ? { fang: rest } : {} };
      const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "b2f7" };
      outgoing.writeHead(200, headers).end(JSON.stringify(answer));
    });
  });
  const endpoint = await listenLocally(server);
  const clients = createClients({
    region: "us-east-1",
    endpoint,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  return {
    processed,
    calls: () => calls,
    items: createItems(clients, fakeClock()),
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      await closeLocally(server);
    },
  };
}

const words = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `word ${index}` }));

test("unprocessed items are sent again until all are in", async () => {
  await using throttled = await startThrottled(10);
  await throttled.items.load("fang", words(60));
  const names = throttled.processed.map((request) => JSON.stringify(request)).toSorted();
  expect(new Set(names).size).toBe(60);
  // 25 + 25 + 10 items, 10 a call.
  expect(throttled.calls()).toBe(3 + 3 + 1);
});

test("plain values are written as DynamoDB's own types", async () => {
  await using throttled = await startThrottled(25);
  await throttled.items.load("fang", [{ name: "a", depth: 3, flags: { deep: true }, tags: ["x", null] }]);
  expect(throttled.processed).toEqual([
    {
      PutRequest: {
        Item: {
          name: { S: "a" },
          depth: { N: "3" },
          flags: { M: { deep: { BOOL: true } } },
          tags: { L: [{ S: "x" }, { NULL: true }] },
        },
      },
    },
  ]);
});

test("a table that takes nothing is a failure, not an endless loop", async () => {
  await using throttled = await startThrottled(0);
  await expect(throttled.items.load("fang", words(3))).rejects.toThrow(
    "DynamoDB left 3 items of fang unprocessed after 10 attempts",
  );
});
