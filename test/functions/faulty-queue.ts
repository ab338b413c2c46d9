/** Stands between a function and SQS and makes SQS turn away some entries of a batch. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import type {
  BatchResultErrorEntry,
  SendMessageBatchRequest,
  SendMessageBatchResult,
} from "@aws-sdk/client-sqs";

export interface Fault {
  /** Entries whose body holds this part. */
  readonly part: string;
  readonly times: number;
  readonly senderFault: boolean;
}

export interface FaultyQueue extends AsyncDisposable {
  readonly url: string;
  /** The bodies of each SendMessageBatch call so far. */
  readonly calls: readonly (readonly string[])[];
  /** Forgets the calls, and fails these entries from now on. */
  use(faults: readonly Fault[]): void;
}

export async function startFaultyQueue(endpoint: string): Promise<FaultyQueue> {
  const calls: string[][] = [];
  let left = new Map<Fault, number>();

  function fails(body: string): Fault | undefined {
    const fault = [...left].find(([{ part }, times]) => times > 0 && body.includes(part))?.[0];
    if (fault) left.set(fault, (left.get(fault) ?? 0) - 1);
    return fault;
  }

  const server = createServer((request, response) => {
    void (async () => {
      const batch: SendMessageBatchRequest = JSON.parse(await text(request));
      calls.push((batch.Entries ?? []).map(({ MessageBody = "" }) => MessageBody));
      const Failed: BatchResultErrorEntry[] = [];
      const Entries = (batch.Entries ?? []).filter(({ Id, MessageBody = "" }) => {
        const fault = fails(MessageBody);
        if (fault) Failed.push({ Id, SenderFault: fault.senderFault, Code: "Made", Message: "by the test" });
        return !fault;
      });
      const answer: Partial<SendMessageBatchResult> =
        Entries.length === 0
          ? { Successful: [] }
          : await forward(endpoint, request.headers, { ...batch, Entries });
      response
        .writeHead(200, { "content-type": "application/x-amz-json-1.0" })
        .end(JSON.stringify({ ...answer, Failed: [...(answer.Failed ?? []), ...Failed] }));
    })().catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    use(faults) {
      calls.length = 0;
      left = new Map(faults.map((fault) => [fault, fault.times]));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function forward(
  endpoint: string,
  { authorization = "", "x-amz-target": target = "" }: NodeJS.Dict<string | string[]>,
  batch: SendMessageBatchRequest,
): Promise<SendMessageBatchResult> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      authorization: String(authorization),
      "x-amz-target": String(target),
    },
    body: JSON.stringify(batch),
  });
  if (!answer.ok) throw new Error(`SQS refused the batch: ${answer.status} ${await answer.text()}`);
  return JSON.parse(await answer.text());
}
