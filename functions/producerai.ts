import { Logger } from "@aws-lambda-powertools/logger";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Context, SQSBatchItemFailure, SQSBatchResponse, SQSEvent } from "aws-lambda";

import { environment } from "./environment.ts";
import { parseMessage, type ItemMessage } from "./message.ts";
import { objectKey } from "./object-key.ts";
import { detectSentiment, type Sentiment } from "./sentiment.ts";
import { findArticle, type Article } from "./wikipedia.ts";

/** Kept back to report what failed: a function that runs out of time fails its whole batch. */
const REPORT_MS = 1_000;

/** The object in the bucket, one for each item. */
export type ItemSentiment = Verdict & {
  readonly version: 1;
  readonly name: string;
  /** When the timer fired that asked for this, ISO 8601. */
  readonly when: string;
};

type Verdict =
  | ({ readonly status: "scored"; readonly article: Source } & Sentiment)
  /** There is an article, but its summary has no text. */
  | { readonly status: "no-text"; readonly article: Source }
  /** Wikipedia has no article of that name. */
  | { readonly status: "not-found" };

type Source = Omit<Article, "text">;

const logger = new Logger({ serviceName: "producerai" });
const storage = new S3Client({});

/**
 * Writes the sentiment of each message's Wikipedia article into the bucket. Messages that fail are reported
 * one by one, so that SQS delivers only those again.
 *
 * A name without an article is no failure: repeating does not write the article, and the reader of the bucket
 * learns more from an object that says `not-found` than from a message in the dead-letter queue.
 */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  const deadline = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - REPORT_MS));
  const batchItemFailures: SQSBatchItemFailure[] = [];
  // One after the other, as Wikimedia asks of robots: https://www.mediawiki.org/wiki/API:Etiquette
  for (const { messageId, body } of event.Records) {
    logger.setCorrelationId(messageId);
    try {
      await work(parseMessage(body), deadline);
    } catch (error) {
      logger.error("message failed", { error, messageId });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  logger.setCorrelationId(context.awsRequestId);
  logger.info("batch done", { messages: event.Records.length, failed: batchItemFailures.length });
  return { batchItemFailures };
}

async function work({ name, scheduledAt, run }: ItemMessage, deadline: AbortSignal): Promise<void> {
  logger.setCorrelationId(run);
  deadline.throwIfAborted();
  const result: ItemSentiment = { version: 1, name, when: scheduledAt, ...(await judge(name, deadline)) };
  const key = objectKey(name);
  await storage.send(
    new PutObjectCommand({
      Bucket: environment("FANGSENTIMENT_NAME"),
      Key: key,
      Body: JSON.stringify(result),
      ContentType: "application/json",
    }),
    { abortSignal: deadline },
  );
  logger.info("object written", { name, key, status: result.status });
}

async function judge(name: string, deadline: AbortSignal): Promise<Verdict> {
  const article = await findArticle(name, deadline);
  if (!article) return { status: "not-found" };
  const { text, ...source } = article;
  if (text.trim() === "") return { status: "no-text", article: source };
  return { status: "scored", article: source, ...(await detectSentiment(text, deadline)) };
}
