import { numberField, textField } from "./field.ts";

const VERSION = 1;

/** What travels through the queue: one item of the table, as JSON. */
export interface ItemMessage {
  readonly version: typeof VERSION;
  /** The item's key. */
  readonly name: string;
  /**
   * When the timer fired, ISO 8601. The consumer takes its time from here and never from the clock, so that
   * a message that SQS delivers twice is worked into the same bytes twice.
   */
  readonly scheduledAt: string;
  /** The event's id: joins the log lines of one firing across both functions. */
  readonly run: string;
}

/**
 * SQS takes no U+FFFE and U+FFFF, and one such character fails the whole batch call. JSON leaves them as
 * they are, so they are written as escapes. (JSON itself escapes control characters and lone surrogates.)
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function formatMessage(message: ItemMessage): string {
  return JSON.stringify(message).replace(
    /[\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** Throws if `body` is not a message of this version; such a message can only end in the dead-letter queue. */
export function parseMessage(body: string): ItemMessage {
  const json: unknown = JSON.parse(body);
  const version = numberField(json, "version");
  if (version !== VERSION)
    throw new Error(`the message has version ${version}, this function knows ${VERSION}`);
  const name = textField(json, "name");
  // A lone surrogate has no UTF-8: two different names would become one object key.
  if (!name || !name.isWellFormed()) throw new Error("the message has no `name` that is text");
  const scheduledAt = textField(json, "scheduledAt");
  if (!scheduledAt || Number.isNaN(Date.parse(scheduledAt)))
    throw new Error("the message has no `scheduledAt` that is a time");
  const run = textField(json, "run");
  if (!run) throw new Error("the message has no `run`");
  return { version, name, scheduledAt, run };
}
