/**
 * The AWS SDK's clients. Each SDK module is loaded on its first use: loading all of them takes longer than a
 * deploy that finds nothing to do.
 */
import { Readable } from "node:stream";
import type { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { STSClient } from "@aws-sdk/client-sts";
import { notFromAws } from "../core/aws-error.ts";
import { UserError } from "../core/problem.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsSettings {
  readonly region: string;
  /** Another AWS than AWS's own, for example `http://127.0.0.1:4566`. */
  readonly endpoint?: string;
  /** Without: where the SDK looks by itself (environment, shared files, instance). A function is asked again before they expire. */
  readonly credentials?: Credentials | (() => Promise<Credentials>);
}

/** A client and the SDK module that has its commands. */
interface Loaded<Client, Module> {
  readonly client: Client;
  readonly sdk: Module;
}

export interface Clients extends Disposable {
  readonly settings: AwsSettings;
  cloudformation(): Promise<Loaded<CloudFormationClient, typeof import("@aws-sdk/client-cloudformation")>>;
  dynamodb(): Promise<Loaded<DynamoDBClient, typeof import("@aws-sdk/client-dynamodb")>>;
  eventbridge(): Promise<Loaded<EventBridgeClient, typeof import("@aws-sdk/client-eventbridge")>>;
  lambda(): Promise<Loaded<LambdaClient, typeof import("@aws-sdk/client-lambda")>>;
  logs(): Promise<Loaded<CloudWatchLogsClient, typeof import("@aws-sdk/client-cloudwatch-logs")>>;
  s3(): Promise<Loaded<S3Client, typeof import("@aws-sdk/client-s3")>>;
  sqs(): Promise<Loaded<SQSClient, typeof import("@aws-sdk/client-sqs")>>;
  sts(): Promise<Loaded<STSClient, typeof import("@aws-sdk/client-sts")>>;
}

/** Makes no call and loads nothing yet. Disposing closes the kept-alive connections. */
export function createClients(settings: AwsSettings): Clients {
  const opened: { destroy(): void }[] = [];
  const config = {
    region: settings.region,
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
    ...(settings.credentials !== undefined && { credentials: settings.credentials }),
    // CloudFormation's limits are per account and shared with every other deployer in it. Not `adaptive`: it
    // slows a client down for good after one throttled call.
    retryMode: "standard",
    maxAttempts: 8,
    // The SDK's handler keeps connections alive and opens at most 50; only its time-outs are missing: without
    // them a lost connection would hang until the job's own limit.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  };
  const keep = <Client extends Opened>(client: Client): Client => {
    opened.push(client);
    client.middlewareStack.add(repeatUnreadable, {
      step: "deserialize",
      name: "repeatUnreadable",
      priority: "high",
    });
    return client;
  };
  return {
    settings,
    cloudformation: once(async () => {
      const sdk = await import("@aws-sdk/client-cloudformation");
      return { sdk, client: keep(new sdk.CloudFormationClient(config)) };
    }),
    dynamodb: once(async () => {
      const sdk = await import("@aws-sdk/client-dynamodb");
      return { sdk, client: keep(new sdk.DynamoDBClient(config)) };
    }),
    eventbridge: once(async () => {
      const sdk = await import("@aws-sdk/client-eventbridge");
      return { sdk, client: keep(new sdk.EventBridgeClient(config)) };
    }),
    lambda: once(async () => {
      const sdk = await import("@aws-sdk/client-lambda");
      return { sdk, client: keep(new sdk.LambdaClient(config)) };
    }),
    logs: once(async () => {
      const sdk = await import("@aws-sdk/client-cloudwatch-logs");
      return { sdk, client: keep(new sdk.CloudWatchLogsClient(config)) };
    }),
    s3: once(async () => {
      const sdk = await import("@aws-sdk/client-s3");
      // Bucket names as host names only resolve on AWS itself.
      return {
        sdk,
        client: keep(new sdk.S3Client({ ...config, forcePathStyle: settings.endpoint !== undefined })),
      };
    }),
    sqs: once(async () => {
      const sdk = await import("@aws-sdk/client-sqs");
      return { sdk, client: keep(new sdk.SQSClient(config)) };
    }),
    sts: once(async () => {
      const sdk = await import("@aws-sdk/client-sts");
      return { sdk, client: keep(new sdk.STSClient(config)) };
    }),
    [Symbol.dispose](): void {
      for (const client of opened) client.destroy();
    },
  };
}

interface Opened {
  destroy(): void;
  readonly middlewareStack: {
    add(
      middleware: typeof repeatUnreadable,
      options: { readonly step: "deserialize"; readonly name: string; readonly priority: "high" },
    ): void;
  };
}

/**
 * The SDK repeats what was refused and what got no answer, but not what got half an answer. All that Warren asks for is
 * safe to repeat: it reads, names its operation by a token, or says what is to be and not what is to change.
 */
function repeatUnreadable<Args, Answer>(
  next: (args: Args) => Promise<Answer>,
): (args: Args) => Promise<Answer> {
  return async (args) => {
    try {
      const answer = await next(args);
      // To the SDK any page of HTML is an answer in which everything is missing.
      if (requestIdOf(answer) === undefined) {
        abandon(answer);
        throw notFromAws();
      }
      return answer;
    } catch (error) {
      // The property is how the SDK's retry strategy is told that an error is passing.
      if (isUnreadable(error)) Object.assign(error, { $retryable: { throttling: false } });
      throw error;
    }
  };
}

/** An object that nobody reads would keep its connection, and end the process if it breaks off. */
function abandon(answer: unknown): void {
  const { output } = answer as { readonly output?: { readonly Body?: unknown } };
  if (output?.Body instanceof Readable) output.Body.on("error", () => {}).destroy();
}

function requestIdOf(answer: unknown): string | undefined {
  const { output } = answer as { readonly output?: { readonly $metadata?: { readonly requestId?: string } } };
  return output?.$metadata?.requestId;
}

/** By the SDK's own mark on an answer that it could not read, whatever was wrong with it; or it is none of AWS's. */
function isUnreadable(error: unknown): error is Error {
  return (
    error instanceof UserError || (error instanceof Error && error.message.includes("Deserialization error"))
  );
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
