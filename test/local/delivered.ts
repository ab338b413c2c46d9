/** What a function, a queue or the emulator's log tells of an event that was, or was not, delivered. */
import { readFile } from "node:fs/promises";

import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

import type { LocalAws } from "../../action/local/aws.ts";
import { eventually } from "./instance.ts";

async function log(aws: LocalAws, functionName: string): Promise<string[]> {
  const client = new CloudWatchLogsClient(aws.clientConfig());
  try {
    const { events = [] } = await client.send(
      new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${functionName}` }),
    );
    return events.map((event) => event.message ?? "");
  } catch (error) {
    // There is no log group before the first run.
    if (error instanceof ResourceNotFoundException) return [];
    throw error;
  }
}

/** The first line of the function's log that holds the text, which is the event that it printed. */
export async function printed(
  aws: LocalAws,
  functionName: string | undefined,
  text: string,
): Promise<unknown> {
  const line = await eventually(`${text} in the log of ${functionName}`, async () =>
    (await log(aws, functionName ?? "")).find((message) => message.includes(text)),
  );
  return JSON.parse(line);
}

export async function runs(aws: LocalAws, functionName: string | undefined): Promise<number> {
  return (await log(aws, functionName ?? "")).filter((message) => message.startsWith("START")).length;
}

/** The body of a message in the queue. */
export async function received(aws: LocalAws, QueueUrl: string | undefined): Promise<string> {
  const queues = new SQSClient(aws.clientConfig());
  return await eventually("a message", async () => {
    const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    return Messages[0]?.Body;
  });
}

/** True once the emulator has told in its log that it kept an event from its target. */
export async function refused(aws: LocalAws, target: string | undefined): Promise<boolean> {
  return await eventually(`the refusal of ${target}`, async () =>
    (await readFile(aws.logFile, "utf8")).includes(`not delivered: ${target} does not let`)
      ? true
      : undefined,
  );
}

export async function putEvent(aws: LocalAws, source: string): Promise<void> {
  const entry = { Source: source, DetailType: "dug", Detail: JSON.stringify({ depth: 3 }) };
  await new EventBridgeClient(aws.clientConfig()).send(new PutEventsCommand({ Entries: [entry] }));
}
