/** What a smoke run puts into AWS and sees there; the calls are those that templates name in `Probe`. */
import type { FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { checkListing, listIn, numberIn, textIn, timeIn } from "../core/aws-answer.ts";
import { lacking } from "../core/aws-error.ts";
import type { PutCall, SeeCall } from "../core/metadata.ts";
import { UserError } from "../core/problem.ts";
import { type Value, type ValueMap, isValueMap, textOf } from "../core/value.ts";
import type { Probe, ProbeItem, Sighting } from "../probe.ts";
import type { Clients } from "./clients.ts";

/** The attribute that tells our items from those of others. */
const MARK = "warren-smoke";
/** Lists are looked through again and again: there is no way to ask AWS for what is new. */
const PAGES = 20;
const OBJECT_BYTES = 1_000_000;

/** Physical id; a log group's and a table's name, a function's name, a queue's URL, a bucket's name. */
type On = string;

export function createProbe(clients: Clients): Probe {
  const putters: Readonly<Record<PutCall, (on: On, item: ProbeItem) => Promise<"put" | "there">>> = {
    "dynamodb:PutItem": putItem,
    "lambda:InvokeFunction": async (on, { value }) => {
      const { client, sdk } = await clients.lambda();
      // As event sources do it: an answer is not waited for, and no time-out of ours makes a second run.
      const how = { FunctionName: on, InvocationType: "Event" } as const;
      await client.send(new sdk.InvokeCommand({ ...how, Payload: JSON.stringify(value) }));
      return "put";
    },
    "s3:PutObject": async (on, { value }) => {
      const { client, sdk } = await clients.s3();
      const { key = "", body = "" } = isValueMap(value) ? value : {};
      await client.send(new sdk.PutObjectCommand({ Bucket: on, Key: textOf(key), Body: textOf(body) }));
      return "put";
    },
    "sqs:SendMessage": async (on, { value }) => {
      const { client, sdk } = await clients.sqs();
      await client.send(new sdk.SendMessageCommand({ QueueUrl: on, MessageBody: textOf(value) }));
      return "put";
    },
  };

  async function putItem(on: On, { value, keys, mark }: ProbeItem): Promise<"put" | "there"> {
    const { client, sdk } = await clients.dynamodb();
    const { marshall } = await import("@aws-sdk/util-dynamodb");
    try {
      await client.send(
        new sdk.PutItemCommand({
          TableName: on,
          Item: marshall({ ...(value as ValueMap), [MARK]: mark }),
          // Never over an item of somebody else; but over one of ours that a killed run has left.
          ConditionExpression: "attribute_not_exists(#key) OR attribute_exists(#mark)",
          ExpressionAttributeNames: { "#key": keys[0]?.name ?? MARK, "#mark": MARK },
        }),
      );
    } catch (error) {
      if (error instanceof sdk.ConditionalCheckFailedException) return "there";
      throw error;
    }
    return "put";
  }

  async function deleteItem(on: On, { value, keys }: ProbeItem): Promise<void> {
    const { client, sdk } = await clients.dynamodb();
    const { marshall } = await import("@aws-sdk/util-dynamodb");
    try {
      await client.send(
        new sdk.DeleteItemCommand({
          TableName: on,
          Key: marshall(keyOf(value, keys)),
          ConditionExpression: "attribute_exists(#mark)",
          ExpressionAttributeNames: { "#mark": MARK },
        }),
      );
    } catch (error) {
      // The pipeline has written it anew, or deleted it.
      if (!(error instanceof sdk.ConditionalCheckFailedException)) throw error;
    }
  }

  const lookers: Readonly<Record<SeeCall, (on: On, since: number) => Promise<readonly Sighting[]>>> = {
    "dynamodb:Scan": async (on) => {
      const { client, sdk } = await clients.dynamodb();
      const { unmarshall } = await import("@aws-sdk/util-dynamodb");
      const found: Sighting[] = [];
      const pages = sdk.paginateScan({ client }, { TableName: on, ConsistentRead: true });
      for await (const { Items, LastEvaluatedKey } of limited(pages, on)) {
        // It is sent back as it came.
        if (!Object.values(LastEvaluatedKey ?? {}).every(isKeyValue)) throw lacking("the next page of items");
        for (const item of listIn(Items, `the items of ${on}`)) {
          const text = readable(() => JSON.stringify(unmarshall(item, { wrapNumbers: true })));
          found.push({ id: text, text });
        }
      }
      return found;
    },
    "logs:FilterLogEvents": async (on, since) => {
      const { client, sdk } = await clients.logs();
      const found: FilteredLogEvent[] = [];
      const query = { logGroupName: on, startTime: since };
      for await (const page of limited(sdk.paginateFilterLogEvents({ client }, query), on)) {
        found.push(...listIn(page.events, `the log ${on}`));
      }
      return found
        .map(({ eventId, timestamp, message }) => ({
          // Two without one would be the same.
          id: textIn(eventId, "a log event's id"),
          time: numberIn(timestamp, "a log event's time"),
          text: typeof message === "string" ? message : "",
        }))
        .toSorted((a, b) => a.time - b.time);
    },
    "s3:ListBucket": async (on) => {
      const { client, sdk } = await clients.s3();
      const found: Sighting[] = [];
      for await (const page of limited(sdk.paginateListObjectsV2({ client }, { Bucket: on }), on)) {
        checkListing(page, on, "");
        if (page.IsTruncated) textIn(page.NextContinuationToken, `the rest of bucket ${on}`);
        for (const { Key, LastModified, ETag = "" } of page.Contents ?? []) {
          const key = textIn(Key, "an object's key");
          found.push({ id: `${key} ${timeIn(LastModified, "an object's date")} ${ETag}`, text: key });
        }
      }
      return found;
    },
  };

  return {
    put: (call, on, item) => putters[call](on, item),
    async remove(call, on, item) {
      if (call === "dynamodb:PutItem") return deleteItem(on, item);
      if (call !== "s3:PutObject") return;
      const { client, sdk } = await clients.s3();
      const key = isValueMap(item.value) ? textOf(item.value["key"]) : "";
      await client.send(new sdk.DeleteObjectCommand({ Bucket: on, Key: key }));
    },
    look: (call, on, since) => lookers[call](on, since),
    async read(call, on, { text }) {
      if (call !== "s3:ListBucket") return text;
      const { client, sdk } = await clients.s3();
      const range = `bytes=0-${OBJECT_BYTES - 1}`;
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: on, Key: text, Range: range }));
        return `${text}\n${(await Body?.transformToString()) ?? ""}`;
      } catch (error) {
        // The pipeline has taken it away since it was listed; or it is empty, and an empty object has no first byte.
        if (error instanceof Error && /^(?:NoSuchKey|InvalidRange)$/.test(error.name)) return `${text}\n`;
        throw error;
      }
    },
  };
}

async function* limited<Page>(pages: AsyncIterable<Page>, on: On): AsyncGenerator<Page> {
  let count = 0;
  for await (const page of pages) {
    if (++count > PAGES) {
      throw new UserError("smoke-too-much", {
        message: `there is too much in ${on} to look through it for what a smoke run has made`,
        hint: "In pipeline.yaml, `smoke.expect` can name another component of the way.",
      });
    }
    yield page;
  }
}

/** AWS's own reader of items throws plain errors for what is none. */
function readable(read: () => string): string {
  try {
    return read();
  } catch (error) {
    throw lacking("an item's attributes", error);
  }
}

function isKeyValue(value: AttributeValue | null): boolean {
  return typeof (value?.S ?? value?.N) === "string" || value?.B instanceof Uint8Array;
}

function keyOf(value: Value, keys: ProbeItem["keys"]): ValueMap {
  if (!isValueMap(value)) return {};
  return Object.fromEntries(keys.map(({ name }) => [name, value[name] ?? ""]));
}
