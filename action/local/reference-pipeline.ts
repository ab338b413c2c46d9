/** The reference pipeline as it runs: seen through its logs, its queue's consumer and its bucket. */
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { setTimeout as sleep } from "node:timers/promises";
import type { ItemSentiment } from "../../functions/producerai.ts";
import { UserError } from "../core/problem.ts";
import type { Log } from "../ports.ts";
import { systemPorts } from "../system.ts";
import { localEnvironment, silent } from "./account.ts";
import type { LocalAws } from "./aws.ts";
import type { Wikipedia } from "./wikipedia.ts";

const POLL_MS = 400;

/** One line that a function has written with its logger; `correlation_id` is the run it belongs to. */
interface LogLine {
  readonly message?: string;
  readonly correlation_id?: string;
  readonly timestamp?: string;
  readonly scanned?: number;
  readonly sent?: number;
  readonly name?: string;
  readonly key?: string;
  /** Why a message failed. SQS sends it again when its visibility timeout has passed. */
  readonly error?: { readonly message?: string };
}

interface Watching {
  readonly names: readonly string[];
  readonly wikipedia: Wikipedia;
  readonly screen: Log;
  readonly stop: AbortSignal;
  readonly boundSeconds: number;
}

interface Found {
  readonly table: string;
  readonly bucket: string;
  readonly producer: string;
  readonly producerLogs: string;
  readonly consumerLogs: string;
}

export class Pipeline implements Disposable {
  readonly #found: Found;
  readonly #logs: CloudWatchLogsClient;
  readonly #lambda: LambdaClient;
  readonly #s3: S3Client;
  readonly #dynamodb: DynamoDBClient;
  /** Wikipedia's requests that belong to runs already watched. */
  #requestsSeen = 0;

  private constructor(aws: LocalAws, found: Found) {
    this.#found = found;
    this.#logs = new CloudWatchLogsClient(aws.clientConfig());
    this.#lambda = new LambdaClient(aws.clientConfig());
    this.#s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
    this.#dynamodb = new DynamoDBClient(aws.clientConfig());
  }

  static async find(aws: LocalAws, stackName: string): Promise<Pipeline> {
    const ports = systemPorts({ root: ".", console: silent, environment: localEnvironment(aws) });
    const resources = await ports.aws(undefined).stacks.resources(stackName);
    const physical = (logicalId: string): string => {
      const resource = resources.find((one) => one.logicalId === logicalId);
      if (!resource) throw new Error(`${stackName} has no ${logicalId}`);
      return resource.physicalId;
    };
    return new Pipeline(aws, {
      table: physical("FangTable"),
      bucket: physical("FangsentimentBucket"),
      producer: physical("ServerlessproducerFunction"),
      producerLogs: physical("ServerlessproducerLoggroup"),
      consumerLogs: physical("ProduceraiLoggroup"),
    });
  }

  /** What the table holds. */
  async names(): Promise<string[]> {
    const { Items } = await this.#dynamodb.send(new ScanCommand({ TableName: this.#found.table }));
    return (Items ?? []).flatMap(({ name }) => name?.S ?? []).toSorted();
  }

  /** Starts the producer as the timer would; returns the run's id. */
  async invoke(): Promise<string> {
    const id = `by-hand-${Date.now()}`;
    const event = { id, time: new Date().toISOString(), source: "warren.demo" };
    const input = { FunctionName: this.#found.producer, Payload: JSON.stringify(event) };
    const { FunctionError, Payload } = await this.#lambda.send(new InvokeCommand(input));
    if (FunctionError)
      throw new UserError("demo-failed", {
        message: `serverlessproducer failed: ${Payload?.transformToString()}`,
      });
    return id;
  }

  /** The next run that was not started by hand. */
  async nextFiring(options: {
    not: string;
    boundSeconds: number;
    screen: Log;
    stop: AbortSignal;
  }): Promise<string> {
    const { not, boundSeconds, screen, stop } = options;
    return within(boundSeconds, "the timer did not fire", stop, async (seconds) => {
      screen.progress(`waiting for the timer: ${seconds} s of at most ${boundSeconds} s`);
      const lines = await this.#lines(this.#found.producerLogs);
      return lines.find(({ correlation_id: run = not }) => run !== not)?.correlation_id;
    });
  }

  /** Follows one run through every hop, and tells each as it is seen. */
  async watch(run: string, { names, wikipedia, screen, stop, boundSeconds }: Watching): Promise<void> {
    const start = Date.now();
    const tell = (hop: string, what: string): void => {
      screen.info(
        `  ${`${((Date.now() - start) / 1000).toFixed(1)} s`.padStart(7)}  ${hop.padEnd(20)}  ${what}`,
      );
    };
    tell("timer -> function", `run ${run}`);
    const sent = await within(boundSeconds, "the function did not send its messages", stop, async () =>
      (await this.#lines(this.#found.producerLogs)).find(
        (line) => line.correlation_id === run && line.sent !== undefined,
      ),
    );
    tell("table -> function", `${sent.scanned} items scanned`);
    tell("function -> queue", `${sent.sent} messages sent`);
    if (sent.sent !== names.length)
      throw new UserError("demo-failed", { message: `${names.length} messages were due` });

    const written = new Set<string>();
    const failed = new Set<string>();
    await within(boundSeconds, "not every item came to the bucket", stop, async () => {
      for (const line of await this.#lines(this.#found.consumerLogs)) {
        if (line.correlation_id !== run) continue;
        const { key, name, error, timestamp = "" } = line;
        if (key !== undefined && !written.has(key)) {
          written.add(key);
          tell("function -> bucket", `${name}: ${key}`);
        }
        if (error !== undefined && !failed.has(timestamp)) {
          failed.add(timestamp);
          tell("function", `one message failed, and its queue will send it again: ${error.message}`);
        }
      }
      screen.progress(`waiting for ${names.length - written.size} more objects`);
      return written.size >= names.length ? written : undefined;
    });
    const asked = new Set(wikipedia.requests.slice(this.#requestsSeen).map(({ path }) => path)).size;
    this.#requestsSeen = wikipedia.requests.length;
    tell("Wikipedia", `was asked for ${asked} articles in this run`);
    if (asked < names.length)
      throw new UserError("demo-failed", { message: "not every article was asked for" });
  }

  /** The objects of the bucket, read back. */
  async sentiments(): Promise<ItemSentiment[]> {
    const { Contents } = await this.#s3.send(new ListObjectsV2Command({ Bucket: this.#found.bucket }));
    const read = async (key: string): Promise<ItemSentiment> => {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#found.bucket, Key: key }));
      return JSON.parse((await Body?.transformToString()) ?? "") as ItemSentiment;
    };
    return Promise.all((Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : read(Key))));
  }

  async #lines(logGroupName: string): Promise<LogLine[]> {
    const { events } = await this.#logs.send(new FilterLogEventsCommand({ logGroupName }));
    return (events ?? []).flatMap(({ message = "" }) => parseLine(message) ?? []);
  }

  [Symbol.dispose](): void {
    for (const client of [this.#logs, this.#lambda, this.#s3, this.#dynamodb]) client.destroy();
  }
}

/** Lambda's own lines (`START RequestId: …`) are not JSON. */
function parseLine(text: string): LogLine | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as LogLine;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function within<T>(
  boundSeconds: number,
  late: string,
  stop: AbortSignal,
  look: (seconds: number) => Promise<T | undefined>,
): Promise<T> {
  const start = Date.now();
  for (;;) {
    const seconds = Math.floor((Date.now() - start) / 1000);
    const seen = await look(seconds);
    if (seen !== undefined) return seen;
    if (seconds >= boundSeconds)
      throw new UserError("demo-failed", { message: `${late} within ${boundSeconds} s` });
    await sleep(POLL_MS, undefined, { signal: stop });
  }
}

export function sentimentTable(sentiments: readonly ItemSentiment[]): string {
  const score = (value: number): string => value.toFixed(2).padStart(8);
  const rows = sentiments
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((one) => {
      const scored =
        one.status === "scored"
          ? [one.sentiment.padEnd(9), ...Object.values(one.scores).map(score)].join(" ")
          : one.status.padEnd(45);
      return `  ${one.name.padEnd(18)} ${scored}  ${one.when}`;
    });
  const head = `  ${"name".padEnd(18)} ${"sentiment".padEnd(9)} positive negative  neutral    mixed  when`;
  return ["", head, ...rows, ""].join("\n");
}
