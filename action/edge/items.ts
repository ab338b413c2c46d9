/** A table's items over DynamoDB. */
import type { WriteRequest } from "@aws-sdk/client-dynamodb";
import { listIn } from "../core/aws-answer.ts";
import { lacking } from "../core/aws-error.ts";
import { eachAtOnce } from "../core/parallel.ts";
import { UserError } from "../core/problem.ts";
import type { Items } from "../aws-ports.ts";
import type { Clock } from "../ports.ts";
import type { Clients } from "./clients.ts";

/** BatchWriteItem's own limit. */
const BATCH = 25;
/** On-demand tables start at 4,000 writes a second; more at once only makes unprocessed items. */
const BATCHES_AT_ONCE = 4;
const ATTEMPTS = 10;
const FIRST_BACKOFF_MS = 50;
const SLOWEST_BACKOFF_MS = 5_000;

export function createItems(clients: Clients, clock: Clock): Items {
  return {
    async load(table, items) {
      // Loaded here since most deploys have no items to load.
      const { marshall } = await import("@aws-sdk/util-dynamodb");
      const requests = items.map((item): WriteRequest => ({
        PutRequest: { Item: marshall(item, { removeUndefinedValues: true }) },
      }));
      const batches = Array.from({ length: Math.ceil(requests.length / BATCH) }, (_, index) =>
        requests.slice(index * BATCH, (index + 1) * BATCH),
      );
      await eachAtOnce(BATCHES_AT_ONCE, batches, (batch) => write(table, batch));
    },
  };

  async function write(table: string, batch: readonly WriteRequest[]): Promise<void> {
    const { client, sdk } = await clients.dynamodb();
    let left = [...batch];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) {
        // Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        await clock.sleep(Math.random() * Math.min(SLOWEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt));
      }
      const answer = await client.send(new sdk.BatchWriteItemCommand({ RequestItems: { [table]: left } }));
      left = unprocessed(answer.UnprocessedItems, table);
      if (left.length === 0) return;
    }
    throw new UserError("throttled", {
      message: `DynamoDB left ${left.length} items of ${table} unprocessed after ${ATTEMPTS} attempts`,
      hint: "The table takes no more writes: look at its capacity and at who else writes to it. Run this again: it goes on where it stopped.",
    });
  }
}

/** DynamoDB always says what it has left, if only that it is nothing. */
function unprocessed(
  left: Readonly<Record<string, readonly WriteRequest[]>> | undefined,
  table: string,
): WriteRequest[] {
  const what = "what was not written";
  if (typeof left !== "object" || left === null) throw lacking(what);
  const names = Object.keys(left);
  if (names.some((name) => name !== table)) throw lacking(what);
  const requests = names.length === 0 ? [] : listIn(left[table], what);
  for (const { PutRequest } of requests) {
    // They are sent as they came.
    if (typeof PutRequest?.Item !== "object" || PutRequest.Item === null) throw lacking(what);
  }
  return [...requests];
}
