/** What deploy and destroy get in these tests: the real edge over HTTP, and a log that remembers. */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { ZipFile } from "yazl";
import type { DeployPorts } from "../../action/apply.ts";
import type { Artifact } from "../../action/core/artifact.ts";
import { UserError } from "../../action/core/problem.ts";
import type { Origin, Rendered, TableItems } from "../../action/core/rendered.ts";
import type { DestroyPorts } from "../../action/destroy.ts";
import { createArtifacts } from "../../action/edge/artifacts.ts";
import { createClients } from "../../action/edge/clients.ts";
import type { Clients } from "../../action/edge/clients.ts";
import { systemClock } from "../../action/edge/clock.ts";
import { createItems } from "../../action/edge/items.ts";
import { createQuiet } from "../../action/edge/quiet.ts";
import { createStacks } from "../../action/edge/stacks.ts";
import { startLocalAws } from "../../action/local/aws.ts";
import type { LocalAws, LocalAwsOptions } from "../../action/local/aws.ts";
import { countByAction, startProxy } from "../support/proxy.ts";
import type { Call, Proxy } from "../support/proxy.ts";

export interface Account {
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
}

export interface World extends Disposable {
  readonly clients: Clients;
  readonly ports: DeployPorts & DestroyPorts;
  /** What was told, without the lines that a terminal overwrites. */
  readonly lines: readonly string[];
}

/** A world of its own is what one run of the Action has: nothing is remembered from an earlier one. */
export function openWorld({ endpoint, region }: Pick<Account, "endpoint" | "region">): World {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const clients = createClients({ region, endpoint, credentials });
  const lines: string[] = [];
  const note = (text: string): void => void lines.push(text);
  return {
    clients,
    lines,
    ports: {
      log: { info: note, warn: note, error: note, progress: () => undefined },
      clock: systemClock,
      workspace: { sha256 },
      stacks: createStacks(clients, systemClock),
      artifacts: createArtifacts(clients),
      items: createItems(clients, systemClock),
      quiet: createQuiet(clients),
    },
    [Symbol.dispose]: () => clients[Symbol.dispose](),
  };
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

export function bucketOf({ account, region }: Account): string {
  return `warren-artifacts-${account}-${region}`;
}

export async function makeArtifactBucket(account: Account, s3: S3Client): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucketOf(account) }));
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

export interface Sketch {
  readonly resources: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly items?: readonly TableItems[];
  readonly protected?: boolean;
}

/** Each resource is placed at its own line of pipeline.yaml, from line 10 on. */
export function renderedAs(stackName: string, sketch: Sketch): Rendered {
  const { resources, outputs = {}, items = [] } = sketch;
  const body = JSON.stringify({
    Resources: resources,
    ...(Object.keys(outputs).length > 0 && { Outputs: outputs }),
  });
  const digest = sha256(body + items.map((each) => each.digest).join());
  return {
    stackName,
    body,
    digest,
    protected: sketch.protected ?? false,
    tags: { "warren:pipeline": "rabbit-hole", "warren:commit": "0123456789abcdef", "warren:digest": digest },
    items,
    origins: Object.fromEntries(Object.keys(resources).map((id, index) => [id, originOf(id, 10 + index)])),
  };
}

export function originOf(logicalId: string, line: number): Origin {
  const place = { file: "config/pipeline.yaml", line, column: 3 };
  return { component: logicalId.toLowerCase(), label: "thing", place };
}

export function queue(visibilityTimeout = 30): Resource {
  return { Type: "AWS::SQS::Queue", Properties: { VisibilityTimeout: visibilityTimeout } };
}

/** A value that CloudFormation takes and SQS refuses, so that the operation fails while it runs. */
export const BROKEN_QUEUE = queue(999_999);

export function table(): Resource {
  return {
    Type: "AWS::DynamoDB::Table",
    Properties: {
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "name", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "name", KeyType: "HASH" }],
    },
  };
}

export function tableItems(component: string, names: readonly string[]): TableItems {
  const items = names.map((name) => ({ name, depth: name.length, tags: ["a", "b"] }));
  return {
    output: `${component}Name`,
    component: component.toLowerCase(),
    digest: sha256(names.join()),
    items,
  };
}

/** A real zip, since an update of a function's code is refused without. */
export async function artifact(component: string, content: string): Promise<Artifact> {
  const file = new ZipFile();
  file.addBuffer(Buffer.from(`exports.handler = async () => ${JSON.stringify(content)};`), "index.js", {
    mtime: new Date(0),
  });
  file.end();
  const zip = await buffer(file.outputStream);
  return {
    component,
    key: `functions/${sha256(zip)}.zip`,
    handler: "index.handler",
    zip: async () => zip,
    unzippedBytes: zip.byteLength,
    calls: { kind: "exact", actions: [] },
    passport: { native: [], load: { kind: "not-loaded", why: "it was made for a test" }, warnings: [] },
  };
}

/** Functions and the one role they share (with these inline policies), with their code in the artifact bucket. */
export function functions(
  account: Account,
  artifacts: readonly Artifact[],
  policies: readonly unknown[] = [],
): Record<string, Resource> {
  const principal = {
    Effect: "Allow",
    Principal: { Service: "lambda.amazonaws.com" },
    Action: "sts:AssumeRole",
  };
  const role = {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: { Version: "2012-10-17", Statement: [principal] },
      Policies: policies,
    },
  };
  const made = artifacts.map(({ component, key, handler }): [string, Resource] => [
    component,
    {
      Type: "AWS::Lambda::Function",
      Properties: {
        Runtime: "nodejs24.x",
        Handler: handler,
        Role: { "Fn::GetAtt": ["Role", "Arn"] },
        Code: { S3Bucket: bucketOf(account), S3Key: key },
      },
    },
  ]);
  return { Role: role, ...Object.fromEntries(made) };
}

/** An AWS of its own with the artifact bucket, behind a proxy that counts; `run` is one run of the Action. */
export interface Stage extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly proxy: Proxy;
  readonly s3: S3Client;
  run<T>(work: (ports: World["ports"]) => Promise<T>): Promise<Run<T>>;
}

export interface Run<T> {
  readonly result: T;
  readonly lines: readonly string[];
  readonly calls: readonly Call[];
}

export async function openStage(options: LocalAwsOptions = {}): Promise<Stage> {
  const aws = await startLocalAws(options);
  const proxy = await startProxy(aws.endpoint);
  const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
  await makeArtifactBucket(aws, s3);
  return {
    aws,
    proxy,
    s3,
    async run(work) {
      using world = openWorld({ endpoint: proxy.endpoint, region: aws.region });
      proxy.take();
      const result = await work(world.ports);
      return { result, lines: world.lines, calls: proxy.take() };
    },
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await proxy[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
    },
  };
}

/** Counts without the two polled calls, whose number depends on how fast the machine is. */
export function countsOf({ calls }: Pick<Run<unknown>, "calls">): Record<string, number> {
  const { DescribeStackEvents: _events, DescribeChangeSet: _changeSet, ...counts } = countByAction(calls);
  return counts;
}

export async function failureOf(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error;
  throw new Error("expected a UserError", { cause: error });
}
