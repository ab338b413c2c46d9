import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { zipFiles } from "../../action/edge/zip.ts";
import type { LocalAws } from "../../action/local/aws.ts";
import { startInstance } from "./instance.ts";
import { createdStack, outputs } from "./stack.ts";
import { allow, lambdaFunction, lambdaRole, ref, type Statement } from "./templates.ts";

let aws: LocalAws;
let formation: CloudFormationClient;
let lambda: LambdaClient;

beforeAll(async () => {
  process.env["SECRET_OF_THE_CALLER"] = "must not be seen";
  aws = await startInstance({ lambdaEnvironment: { WIKIPEDIA_URL: "http://127.0.0.1:1" } });
  formation = new CloudFormationClient(aws.clientConfig());
  lambda = new LambdaClient(aws.clientConfig());
});
afterAll(async () => {
  delete process.env["SECRET_OF_THE_CALLER"];
  await aws[Symbol.asyncDispose]();
});

/** The function's answer and its log. Fails if the function did. */
async function invoke(
  FunctionName: string,
  payload: unknown = {},
): Promise<{ answer: unknown; log: string }> {
  const { Payload, FunctionError, LogResult } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload), LogType: "Tail" }),
  );
  const text = new TextDecoder().decode(Payload);
  if (FunctionError !== undefined) throw new Error(text);
  return { answer: JSON.parse(text), log: Buffer.from(LogResult ?? "", "base64").toString() };
}

async function deployed(
  name: string,
  properties: object,
  ...statements: readonly Statement[]
): Promise<string> {
  const stack = await createdStack(formation, name, {
    Resources: { Role: lambdaRole(...statements), Function: lambdaFunction("Role", { ...properties }) },
    Outputs: { Name: { Value: ref("Function") } },
  });
  return outputs(stack)["Name"] ?? "";
}

const ENVIRONMENT = "exports.handler = async () => process.env;";

function variables(answer: unknown): Record<string, unknown> {
  return typeof answer === "object" && answer !== null ? { ...answer } : {};
}

describe("a function's environment", () => {
  test("is what AWS gives it, its own variables, and what the instance was told to add", async () => {
    const name = await deployed("environment", {
      Code: { ZipFile: ENVIRONMENT },
      MemorySize: 256,
      LoggingConfig: { LogGroup: "/my/logs" },
      Environment: { Variables: { FANG_NAME: "fang", NODE_OPTIONS: "--enable-source-maps" } },
    });
    const environment = variables((await invoke(name)).answer);

    expect(environment).toMatchObject({
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: "/my/logs",
      AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      AWS_REGION: aws.region,
      FANG_NAME: "fang",
      NODE_OPTIONS: "--enable-source-maps",
      TZ: ":UTC",
      WIKIPEDIA_URL: "http://127.0.0.1:1",
      _HANDLER: "index.handler",
    });
    expect(environment["AWS_ACCESS_KEY_ID"]).toMatch(/^ASIA/);
    const names = Object.keys(environment);
    expect(
      names.filter((each) =>
        /^(AUTH|WARREN|MINISTACK|GATEWAY|SECRET|PYTHON|LOG_LEVEL|STATE|S3_|SFTP|IOT)/.test(each),
      ),
    ).toEqual([]);
  });

  test("keeps a variable of the function over one that the instance adds", async () => {
    const Variables = { WIKIPEDIA_URL: "https://en.wikipedia.org" };
    const name = await deployed("own", { Code: { ZipFile: ENVIRONMENT }, Environment: { Variables } });

    expect((await invoke(name)).answer).toMatchObject(Variables);
  });
});

const POWERTOOLS = `
import { Logger } from "@aws-lambda-powertools/logger";
import { SQSClient, ListQueuesCommand } from "@aws-sdk/client-sqs";

const logger = new Logger({ serviceName: "burrow" });
const queues = new SQSClient({});

export async function handler(event, context) {
  logger.addContext(context);
  await queues.send(new ListQueuesCommand({}));
  logger.info("dug", { event });
  const bad = event.Records.filter((record) => record.body === "bad");
  return { batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
`;

describe("a bundled function", () => {
  test("runs with real Powertools and a real SDK, with its role's rights", async () => {
    const folder = await mkdtemp(join(tmpdir(), "warren-bundle-"));
    const { outputFiles } = await build({
      stdin: { contents: POWERTOOLS, resolveDir: import.meta.dirname, loader: "js" },
      bundle: true,
      platform: "node",
      target: "node24",
      format: "cjs",
      write: false,
      outdir: folder,
    });
    await rm(folder, { recursive: true });
    const storage = new S3Client(aws.clientConfig());
    await storage.send(new CreateBucketCommand({ Bucket: "code" }));
    const Body = await zipFiles([
      { path: "index.js", mode: 0o644, content: outputFiles[0]?.contents ?? new Uint8Array() },
    ]);
    await storage.send(new PutObjectCommand({ Bucket: "code", Key: "a.zip", Body }));
    const name = await deployed(
      "powertools",
      { Code: { S3Bucket: "code", S3Key: "a.zip" }, Timeout: 20 },
      allow("sqs:ListQueues", "*"),
    );

    const records = ["good", "bad"].map((body) => ({ messageId: body, body, eventSource: "aws:sqs" }));
    const { answer, log } = await invoke(name, { Records: records });

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "bad" }] });
    const line: unknown = JSON.parse(/\{.*"dug".*\}/.exec(log)?.[0] ?? "{}");
    expect(line).toMatchObject({
      cold_start: true,
      function_name: name,
      function_memory_size: expect.stringMatching("128"),
      level: "INFO",
      message: "dug",
      service: "burrow",
    });
  });
});
