import { Logger } from "@aws-lambda-powertools/logger";
import { DynamoDBClient, ScanCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Context, ScheduledEvent } from "aws-lambda";

import { environment } from "./environment.ts";
import { formatMessage } from "./message.ts";
import { sendAll, type Letter } from "./outbox.ts";

const NAMES_IN_ERROR = 20;

export interface Outcome {
  /** Items that the table holds. */
  readonly scanned: number;
  /** Messages that the queue has taken. */
  readonly sent: number;
  /** Items without a `name` that is text. */
  readonly skipped: number;
}

const logger = new Logger({ serviceName: "serverlessproducer" });
const database = new DynamoDBClient({});

/**
 * Puts one message on the queue for each item of the table. Runs on a timer, or by hand with any JSON object.
 * Throws, after all items have been tried, if some could not be sent: Lambda then repeats the whole event,
 * which does no harm, as equal messages are worked into equal objects.
 */
export async function handler(event: Partial<ScheduledEvent>, context: Context): Promise<Outcome> {
  logger.addContext(context);
  const run = event.id ?? context.awsRequestId;
  logger.setCorrelationId(run);
  const scheduledAt = event.time ?? new Date().toISOString();

  let scanned = 0;
  let skipped = 0;
  async function* letters(): AsyncGenerator<Letter> {
    for await (const { name } of scan(environment("FANG_NAME"))) {
      scanned++;
      if (name?.S) {
        yield { name: name.S, body: formatMessage({ version: 1, name: name.S, scheduledAt, run }) };
      } else {
        skipped++;
        logger.warn("item skipped: its `name` is not text", { name });
      }
    }
  }

  const { sent, unsent } = await sendAll(environment("PRODUCER_URL"), letters());
  const outcome = { scanned, sent, skipped };
  if (unsent.length === 0) {
    logger.info("all items sent", { ...outcome });
    return outcome;
  }
  for (const { name, reason } of unsent) logger.error("item not sent", { name, reason });
  const names = unsent.slice(0, NAMES_IN_ERROR).map(({ name }) => JSON.stringify(name.slice(0, 200)));
  const more = unsent.length > names.length ? ` and ${unsent.length - names.length} more` : "";
  throw new Error(`${unsent.length} of ${scanned} items could not be sent: ${names.join(", ")}${more}`);
}

async function* scan(table: string): AsyncGenerator<Readonly<Record<string, AttributeValue>>> {
  let next: Record<string, AttributeValue> | undefined;
  do {
    const page = await database.send(
      new ScanCommand({
        TableName: table,
        // `name` is one of DynamoDB's reserved words.
        ProjectionExpression: "#name",
        ExpressionAttributeNames: { "#name": "name" },
        ExclusiveStartKey: next,
      }),
    );
    yield* page.Items ?? [];
    next = page.LastEvaluatedKey;
  } while (next);
}
