/** The AWS that a function under test finds in its environment, and what a test puts into it and reads back. */
import { randomUUID } from "node:crypto";

import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { vi } from "vitest";

import { startLocalAws } from "../../action/local/aws.ts";

export interface FunctionAws extends AsyncDisposable {
  readonly endpoint: string;
  readonly database: DynamoDBDocumentClient;
  readonly queues: SQSClient;
  readonly storage: S3Client;
}

/** Starts it and points this process at it. Import the function only then: its clients read the environment. */
export async function startFunctionAws(): Promise<FunctionAws> {
  const aws = await startLocalAws();
  vi.stubEnv("AWS_ENDPOINT_URL", aws.endpoint);
  vi.stubEnv("AWS_REGION", aws.region);
  vi.stubEnv("AWS_ACCESS_KEY_ID", aws.rootCredentials.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", aws.rootCredentials.secretAccessKey);
  // Powertools then logs to the console, which tests can read.
  vi.stubEnv("POWERTOOLS_DEV", "true");
  return {
    endpoint: aws.endpoint,
    database: DynamoDBDocumentClient.from(new DynamoDBClient(aws.clientConfig())),
    queues: new SQSClient(aws.clientConfig()),
    storage: new S3Client({ ...aws.clientConfig(), forcePathStyle: true }),
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      await aws[Symbol.asyncDispose]();
    },
  };
}

export async function createTable(
  { database }: FunctionAws,
  key: string,
  items: readonly Readonly<Record<string, unknown>>[],
): Promise<string> {
  const table = `table-${randomUUID()}`;
  await database.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
    }),
  );
  for (const item of items) await database.send(new PutCommand({ TableName: table, Item: item }));
  return table;
}

/** The new queue's path, to be put behind an address. Its messages may be received again at once. */
export async function createQueue({ queues }: FunctionAws): Promise<string> {
  const { QueueUrl = "" } = await queues.send(
    new CreateQueueCommand({ QueueName: `queue-${randomUUID()}`, Attributes: { VisibilityTimeout: "0" } }),
  );
  return QueueUrl;
}

export async function createBucket({ storage }: FunctionAws): Promise<string> {
  const bucket = `bucket-${randomUUID()}`;
  await storage.send(new CreateBucketCommand({ Bucket: bucket }));
  return bucket;
}

/** Everything in a queue, for as long as it gives something. */
export async function receiveAll({ queues }: FunctionAws, queueUrl: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const { Messages: batch = [] } = await queues.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 600,
        MessageSystemAttributeNames: ["All"],
      }),
    );
    if (batch.length === 0) return messages;
    messages.push(...batch);
  }
}
