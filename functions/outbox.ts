import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";

import { backoffMs, pause } from "./backoff.ts";

/** A batch may hold 10 messages and 1 MiB in all (SendMessageBatch; 256 KiB until August 2025). */
const BATCH_ENTRIES = 10;
const BATCH_BYTES = 1_048_576;
const ATTEMPTS = 5;

export interface Letter {
  /** What the message is about: names it in errors. */
  readonly name: string;
  readonly body: string;
}

export interface Unsent {
  readonly name: string;
  /** SQS's code and words. */
  readonly reason: string;
}

const queue = new SQSClient({});

/**
 * Sends all letters. Those that SQS turns away for its own reasons are sent again with growing waits; what
 * cannot be sent comes back in `unsent`. Throws if a call fails as a whole (the SDK has repeated it already).
 */
export async function sendAll(
  queueUrl: string,
  letters: AsyncIterable<Letter>,
): Promise<{ readonly sent: number; readonly unsent: readonly Unsent[] }> {
  let sent = 0;
  const unsent: Unsent[] = [];
  for await (const batch of batches(letters)) {
    const failed = await sendBatch(queueUrl, batch);
    sent += batch.length - failed.length;
    unsent.push(...failed);
  }
  return { sent, unsent };
}

/** Groups letters as SendMessageBatch takes them. A letter over the limit stands alone. */
export async function* batches(letters: AsyncIterable<Letter>): AsyncGenerator<readonly Letter[]> {
  let batch: Letter[] = [];
  let batchBytes = 0;
  for await (const letter of letters) {
    const bytes = Buffer.byteLength(letter.body);
    if (batch.length === BATCH_ENTRIES || (batch.length > 0 && batchBytes + bytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      batchBytes = 0;
    }
    batch.push(letter);
    batchBytes += bytes;
  }
  if (batch.length > 0) yield batch;
}

async function sendBatch(queueUrl: string, batch: readonly Letter[]): Promise<readonly Unsent[]> {
  const [first] = batch;
  // SQS would refuse the whole call, and with it end the run for all that come after.
  if (first && Buffer.byteLength(first.body) > BATCH_BYTES)
    return [{ name: first.name, reason: "longer than 1 MiB" }];
  const unsent: Unsent[] = [];
  let pending = batch;
  for (let attempt = 1; pending.length > 0; attempt++) {
    if (attempt > 1) await pause(backoffMs(attempt - 1));
    const { Failed = [] } = await queue.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: pending.map(({ body }, index) => ({ Id: String(index), MessageBody: body })),
      }),
    );
    const again: Letter[] = [];
    for (const { Id, Code, Message, SenderFault } of Failed) {
      const letter = pending[Number(Id)];
      if (!letter) throw new Error(`SQS reports a failure of entry ${Id}, which was not sent`);
      // SenderFault means that the message itself is wrong: sending it again changes nothing.
      if (SenderFault || attempt === ATTEMPTS)
        unsent.push({ name: letter.name, reason: `${Code}: ${Message ?? ""}` });
      else again.push(letter);
    }
    pending = again;
  }
  return unsent;
}
