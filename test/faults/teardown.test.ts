/**
 * Teardown under load: the pipeline works, its bucket is full, its queue has messages in flight, its functions run, and
 * somebody fills the bucket again between emptying and deletion. 50,000 versions with TESTS=all, else a sample.
 */
import { ALL } from "../support/extent.ts";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  SQSClient,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { type Bundle, buildBundle } from "../support/bundle.ts";
import { type Ran, type Repository, repository } from "../support/command-line.ts";
import { type Proxy, countByAction, startProxy } from "../support/proxy.ts";
import { repositoryRoot } from "../support/shipped.ts";

const VERSIONS = ALL ? 50_000 : 1_500;
/** Versions that are listed and deleted at once. */
const PAGE = 1_000;
const MOST_BYTES = 250 * 1024 * 1024;

const PIPELINE = `name: load
stages:
  dev: { branch: main }
components:
  tick: { kind: timer, schedule: rate(1 minute) }
  producer: { kind: function, source: functions/producer.ts }
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts, timeout: 60 }
  results: { kind: bucket }
flow:
  - tick -> producer -> jobs -> worker -> results
`;
const PRODUCER = `import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
const sqs = new SQSClient({});
export async function handler(): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env["JOBS_URL"], MessageBody: "tick" }));
}
`;
/** A run writes for three seconds, whatever becomes of its function meanwhile. */
const WORKER = `import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
const s3 = new S3Client({ forcePathStyle: true });
export async function handler(): Promise<void> {
  for (const end = Date.now() + 3_000; Date.now() < end;) {
    const Key = \`by-worker/\${crypto.randomUUID()}\`;
    await s3.send(new PutObjectCommand({ Bucket: process.env["RESULTS_NAME"], Key, Body: "late" }));
  }
}
`;

let aws: LocalAws;
/** The sample runs the source, which is the same but for its size. */
let bundle: Bundle | undefined;
let repo: Repository;
beforeAll(async () => {
  [aws, bundle] = await Promise.all([startLocalAws(), ALL ? buildBundle() : undefined]);
  const files = {
    "config/pipeline.yaml": PIPELINE,
    "functions/producer.ts": PRODUCER,
    "functions/worker.ts": WORKER,
  };
  repo = repository(files, bundle?.cli);
  symlinkSync(join(repositoryRoot, "node_modules"), join(repo.root, "node_modules"));
  await done(["bootstrap"]);
});
afterAll(async () => {
  repo?.[Symbol.dispose]();
  await aws?.[Symbol.asyncDispose]();
});

function environment(endpoint: string): Record<string, string> {
  const { accessKeyId, secretAccessKey } = aws.rootCredentials;
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

/** Resolves with what it prints. */
async function done(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await repo.warren(words, environment(aws.endpoint));
  if (code !== 0) throw new Error(`warren ${words.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

interface Outputs {
  readonly outputs: { readonly JobsUrl: string; readonly ResultsName: string };
}

async function underLoad(s3: S3Client): Promise<Outputs["outputs"]> {
  const deployed = await done(["deploy", "--stage", "dev", "--json"]);
  const { outputs } = JSON.parse(deployed) as Outputs;
  const { JobsUrl: QueueUrl, ResultsName: Bucket } = outputs;
  const Metadata = { "warren-copies": `${VERSIONS / 2}x2` };
  await s3.send(new PutObjectCommand({ Bucket, Key: "old", Body: "old", Metadata }));
  const sqs = new SQSClient(aws.clientConfig());
  const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: `${index}`, MessageBody: "now" }));
  for (let batch = 0; batch < 10; batch++) await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  await expect
    .poll(() => s3.send(new ListObjectsV2Command({ Bucket, Prefix: "by-worker/" })), { timeout: 30_000 })
    .toMatchObject({ KeyCount: expect.toSatisfy((count: number) => count > 0) as number });
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessagesNotVisible"] }),
  );
  expect(Number(Attributes?.["ApproximateNumberOfMessagesNotVisible"])).toBeGreaterThan(0);
  sqs.destroy();
  return outputs;
}

interface Measured {
  readonly ran: Ran;
  readonly seconds: number;
  readonly peakBytes: number;
}

async function destroyed({ endpoint }: Proxy): Promise<Measured> {
  const file = join(repo.root, "peak");
  const began = Date.now();
  const ran = await repo.warren(["destroy", "--stage", "dev", "--json"], {
    ...environment(endpoint),
    // What is read from it and written to it would count.
    NODE_DISABLE_COMPILE_CACHE: "1",
    NODE_OPTIONS: `--import ${join(import.meta.dirname, "peak.mjs")}`,
    WARREN_PEAK_FILE: file,
  });
  return { ran, seconds: (Date.now() - began) / 1_000, peakBytes: Number(readFileSync(file, "utf8")) };
}

/** All that the stack had, by name. */
async function rest(s3: S3Client): Promise<readonly string[]> {
  const config = aws.clientConfig();
  const clients = {
    cloudformation: new CloudFormationClient(config),
    logs: new CloudWatchLogsClient(config),
    events: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
    sqs: new SQSClient(config),
  };
  const lists = await Promise.all([
    clients.cloudformation
      .send(new DescribeStacksCommand({}))
      .then(({ Stacks = [] }) => Stacks.map(({ StackName }) => StackName)),
    clients.logs
      .send(new DescribeLogGroupsCommand({}))
      .then(({ logGroups = [] }) => logGroups.map(({ logGroupName }) => logGroupName)),
    clients.events.send(new ListRulesCommand({})).then(({ Rules = [] }) => Rules.map(({ Name }) => Name)),
    clients.lambda
      .send(new ListFunctionsCommand({}))
      .then(({ Functions = [] }) => Functions.map(({ FunctionName }) => FunctionName)),
    clients.lambda
      .send(new ListEventSourceMappingsCommand({}))
      .then(({ EventSourceMappings = [] }) => EventSourceMappings.map(({ UUID }) => UUID)),
    clients.sqs.send(new ListQueuesCommand({})).then(({ QueueUrls = [] }) => QueueUrls),
    s3.send(new ListBucketsCommand({})).then(({ Buckets = [] }) => Buckets.map(({ Name }) => Name)),
  ]);
  for (const client of Object.values(clients)) client.destroy();
  return lists.flat().flatMap((name = "") => (/^warren-(?:artifacts-|account$)/.test(name) ? [] : name));
}

test(
  `a pipeline that works, with ${VERSIONS} versions in its bucket, which is filled once more before it is deleted`,
  { timeout: 600_000 },
  async () => {
    const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
    const { ResultsName: Bucket } = await underLoad(s3);
    let filled = false;
    await using proxy = await startProxy(aws.endpoint, {
      async before({ action }) {
        if (filled || action !== "DeleteStack") return;
        filled = true;
        await s3.send(new PutObjectCommand({ Bucket, Key: "again", Body: "again" }));
      },
    });

    const { ran, seconds, peakBytes } = await destroyed(proxy);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const outcome = JSON.parse(ran.stdout) as { readonly objectsDeleted: number };
    expect(outcome).toMatchObject({ kind: "destroyed", result: "destroyed", kept: [], leftovers: [] });
    expect(outcome.objectsDeleted).toBeGreaterThan(VERSIONS + 2);
    expect(await rest(s3)).toEqual([]);
    s3.destroy();

    const counts = countByAction(proxy.calls);
    const pages = Math.ceil(outcome.objectsDeleted / PAGE);
    const { DeleteStack: deletions = 0, ListObjectVersions: lists = 0, DeleteObjects: deletes = 0 } = counts;
    console.log(
      `torn down under load: ${outcome.objectsDeleted} versions in ${seconds.toFixed(1)} s, ${deletions} deletions of the stack, ` +
        `${lists} lists, ${deletes} deletes, ${proxy.calls.length} calls, at most ${Math.round(peakBytes / 1024 / 1024)} MB`,
    );
    expect(deletions).toBeGreaterThan(1);
    expect(deletions).toBeLessThanOrEqual(4);
    // A page is listed once and deleted once; each time that the bucket is looked at again costs a list and a delete more.
    expect(lists).toBeLessThanOrEqual(pages + 2 * deletions);
    expect(deletes).toBeLessThanOrEqual(pages + deletions);
    expect(peakBytes).toBeLessThan(MOST_BYTES);
  },
);
