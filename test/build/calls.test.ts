import { expect, test } from "vitest";

import type { Calls } from "../../action/core/artifact.ts";
import type { Place } from "../../action/core/problem.ts";
import { builderOf, project, requestOf } from "./project.ts";

interface Case {
  readonly what: string;
  readonly code: string;
  readonly calls: Calls;
}

const PARTIQL = [
  "dynamodb:PartiQLDelete",
  "dynamodb:PartiQLInsert",
  "dynamodb:PartiQLSelect",
  "dynamodb:PartiQLUpdate",
];
const exact = (...actions: string[]): Calls => ({ kind: "exact", actions });

const CASES: readonly Case[] = [
  { what: "no SDK at all", code: "export const handler = () => 1;", calls: exact() },
  {
    what: "two of a client's hundred commands",
    code: `
      import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
      export const handler = async () => [new S3Client({}), GetObjectCommand, PutObjectCommand];`,
    calls: exact("s3:GetObject", "s3:PutObject"),
  },
  {
    what: "commands whose actions have other names, and a command that needs none",
    code: `
      import { DeleteObjectsCommand, HeadObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
      import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
      import { InvokeCommand } from "@aws-sdk/client-lambda";
      import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
      import { PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
      import { PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
      import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
      export const handler = () => [DeleteObjectsCommand, HeadObjectCommand, ListObjectsV2Command, PutMetricDataCommand,
        SendMessageBatchCommand, InvokeCommand, PutEventsCommand, PutLogEventsCommand, GetCallerIdentityCommand];`,
    calls: exact(
      "cloudwatch:PutMetricData",
      "events:PutEvents",
      "lambda:InvokeFunction",
      "logs:PutLogEvents",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListBucket",
      "sqs:SendMessage",
    ),
  },
  {
    what: "the document client, and one of its paginators",
    code: `
      import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
      import { DynamoDBDocumentClient, GetCommand, paginateQuery } from "@aws-sdk/lib-dynamodb";
      const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
      export const handler = () => [new GetCommand({ TableName: "a", Key: {} }), paginateQuery({ client }, { TableName: "a" })];`,
    calls: exact("dynamodb:GetItem", "dynamodb:Query"),
  },
  {
    what: "a waiter and a paginator",
    code: `
      import { paginateListObjectsV2, waitUntilObjectExists } from "@aws-sdk/client-s3";
      export const handler = () => [paginateListObjectsV2, waitUntilObjectExists];`,
    calls: exact("s3:GetObject", "s3:ListBucket"),
  },
  {
    what: "commands whose arguments decide what they need",
    code: `
      import { ExecuteStatementCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
      export const handler = () => [ExecuteStatementCommand, ScanCommand];`,
    calls: { kind: "exact", actions: [...PARTIQL, "dynamodb:Scan"], oneOf: [PARTIQL] },
  },
  {
    what: "a namespace import of which one command is used",
    code: `
      import * as sqs from "@aws-sdk/client-sqs";
      export const handler = () => new sqs.ReceiveMessageCommand({ QueueUrl: "a" });`,
    calls: exact("sqs:ReceiveMessage"),
  },
  {
    what: "a command that only another export of the file uses",
    code: `
      import { DeleteQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
      export const forTests = () => DeleteQueueCommand;
      export const handler = () => SendMessageCommand;`,
    calls: exact("sqs:SendMessage"),
  },
  {
    what: "the aggregated client",
    code: `
      import { PutObjectCommand } from "@aws-sdk/client-s3";
      import { DynamoDB } from "@aws-sdk/client-dynamodb";
      export const handler = async () => [await new DynamoDB({}).scan({ TableName: "a" }), PutObjectCommand];`,
    calls: {
      kind: "uncertain",
      actions: ["s3:PutObject"],
      reason:
        "functions/c9.ts imports the class of @aws-sdk/client-dynamodb that has all commands, which can call all of it",
      prefixes: ["dynamodb"],
    },
  },
  {
    what: "import()",
    code: `
      export const handler = async () => new (await import("@aws-sdk/client-sqs")).SQSClient({});`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "functions/c10.ts loads @aws-sdk/client-sqs with import(), which can call all of it",
      prefixes: ["sqs"],
    },
  },
  {
    what: "require()",
    code: `
      const { SQSClient } = require("@aws-sdk/client-sqs");
      export const handler = () => new SQSClient({});`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "functions/c11.ts loads @aws-sdk/client-sqs with require(), which can call all of it",
      prefixes: ["sqs"],
    },
  },
  {
    what: "a library that calls by itself",
    code: `
      import { Upload } from "@aws-sdk/lib-storage";
      export const handler = () => Upload;`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "functions/c12.ts uses @aws-sdk/lib-storage, whose calls cannot be read",
      prefixes: ["s3"],
    },
  },
  {
    what: "a client that sdk-actions.json does not know",
    code: `
      import { DigCommand } from "@aws-sdk/client-burrow";
      export const handler = () => DigCommand;`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "it is not known which actions @aws-sdk/client-burrow needs for Dig",
    },
  },
  {
    what: "a client whose commands are not where the SDK keeps them",
    code: `
      import { S3Client } from "@aws-sdk/client-s3";
      export const handler = () => new S3Client({});`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "no command of @aws-sdk/client-s3 was found in the bundle",
      prefixes: ["s3"],
    },
  },
  {
    what: "requests that the code signs itself",
    code: `
      import { SignatureV4 } from "@smithy/signature-v4";
      export const handler = () => SignatureV4;`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "functions/c15.ts signs requests with @smithy/signature-v4",
    },
  },
  {
    what: "requests that the code signs with nothing but Node",
    code: `export const handler = async () => fetch("https://s3", { headers: { authorization: "AWS4-HMAC-SHA256 x" } });`,
    calls: { kind: "uncertain", actions: [], reason: "functions/c16.ts signs requests by itself" },
  },
  {
    what: "a package that holds a client of its own",
    code: `import sign from "signing"; export const handler = async () => sign;`,
    calls: { kind: "uncertain", actions: [], reason: "signing signs requests by itself" },
  },
  {
    what: "the SDK that Lambda brings, which is loaded past the bundler",
    code: `
      import { createRequire } from "node:module";
      export const handler = async () => createRequire(import.meta.url)("@aws-sdk/client-s3");`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "functions/c18.ts loads modules in a way that no bundler can see",
    },
  },
  {
    what: "modules whose names are made at run time",
    code: `export const handler = async (name: string) => import("@aws-sdk/client-" + name);`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason: "functions/c19.ts loads modules in a way that no bundler can see",
    },
  },
  {
    what: "a call that nobody signs",
    code: `
      import { AssumeRoleWithWebIdentityCommand } from "@aws-sdk/client-sts";
      export const handler = () => AssumeRoleWithWebIdentityCommand;`,
    calls: exact(),
  },
  {
    what: "a call of which no source says what it needs, beside one that is known",
    code: `
      import { GetLogObjectCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
      import { SendMessageCommand } from "@aws-sdk/client-sqs";
      export const handler = () => [GetLogObjectCommand, PutLogEventsCommand, SendMessageCommand];`,
    calls: {
      kind: "uncertain",
      actions: ["logs:PutLogEvents", "sqs:SendMessage"],
      reason: "it is not known which actions @aws-sdk/client-cloudwatch-logs needs for GetLogObject",
      prefixes: ["logs"],
    },
  },
  {
    what: "the aggregated client of a service that reads objects in the function's name",
    code: `
      import { Lambda } from "@aws-sdk/client-lambda";
      export const handler = (S3Bucket: string) => new Lambda({}).updateFunctionCode({ FunctionName: "a", S3Bucket });`,
    calls: {
      kind: "uncertain",
      actions: [],
      reason:
        "functions/c22.ts imports the class of @aws-sdk/client-lambda that has all commands, which can call all of it",
      prefixes: ["lambda", "s3"],
    },
  },
  {
    what: "calls after which AWS reads objects in the function's name",
    code: `
      import { DetectLabelsCommand } from "@aws-sdk/client-rekognition";
      import { UpdateFunctionCodeCommand } from "@aws-sdk/client-lambda";
      export const handler = ({ Name, ZipFile }: any) => [new UpdateFunctionCodeCommand({ FunctionName: Name, ZipFile }),
        new DetectLabelsCommand({ Image: { S3Object: { Bucket: "a", Name } } })];`,
    calls: {
      ...exact("lambda:UpdateFunctionCode", "rekognition:DetectLabels"),
      onBehalf: ["s3:GetObject", "s3:GetObjectVersion"],
    },
  },
  {
    what: "modules whose names are written out, and one of its own with a pattern",
    code: `
      // import(name) and require(name) are comments.
      export const handler = async (name: string) => [
        await import("node:path"), require( 'os' ), await import(\`node:fs\`), await import(\`./plug-\${name}.ts\`)];`,
    calls: exact(),
  },
];

/** Packages that are not installed here. `sideEffects` as in the SDK: else everything would stay in the bundle. */
const PACKAGES = {
  "functions/node_modules/@aws-sdk/client-burrow/package.json":
    '{"module":"dist-es/index.js","sideEffects":false}',
  "functions/node_modules/@aws-sdk/client-burrow/dist-es/index.js": 'export * from "./commands/DigCommand";',
  "functions/node_modules/@aws-sdk/client-burrow/dist-es/commands/DigCommand.js":
    "export class DigCommand {}",
  "functions/node_modules/@aws-sdk/client-rekognition/package.json":
    '{"module":"dist-es/index.js","sideEffects":false}',
  "functions/node_modules/@aws-sdk/client-rekognition/dist-es/index.js":
    'export * from "./commands/DetectLabelsCommand";',
  "functions/node_modules/@aws-sdk/client-rekognition/dist-es/commands/DetectLabelsCommand.js":
    "export class DetectLabelsCommand {}",
  "functions/plug-a.ts": "export {};",
  "functions/node_modules/signing/package.json": "{}",
  "functions/node_modules/signing/index.js": 'module.exports = () => "AWS4-HMAC-SHA256";',
  "functions/node_modules/@aws-sdk/lib-storage/package.json": '{"module":"dist-es/index.js"}',
  "functions/node_modules/@aws-sdk/lib-storage/dist-es/index.js": "export class Upload { done() {} }",
};

test("what each bundle can call, all of them built at once", async () => {
  const sources = CASES.map((_, i) => `functions/c${i + 1}.ts`);
  using here = project({
    ...PACKAGES,
    ...Object.fromEntries(CASES.map(({ code }, i) => [`functions/c${i + 1}.ts`, code])),
  });
  const artifacts = await here.build(...sources);
  expect(
    artifacts.map(({ calls: { sites: _sites, ...calls } }, i) => ({ what: CASES[i]?.what, calls })),
  ).toEqual(CASES.map(({ what, calls }) => ({ what, calls })));
});

test("the reference functions", async () => {
  const root = `${import.meta.dirname}/../..`;
  const requests = ["functions/serverlessproducer.ts", "functions/producerai.ts"].map(requestOf);
  const artifacts = await builderOf(root).build(requests);
  expect(artifacts.map(({ calls: { sites: _sites, ...calls } }) => calls)).toEqual([
    exact("dynamodb:Scan", "sqs:SendMessage"),
    exact("comprehend:DetectSentiment", "s3:PutObject"),
  ]);
});

test("where the user's own code makes a call", async () => {
  using here = project({
    "functions/a.ts": `import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
      import { read } from "./lib/read.ts";
      // Not new SendMessageCommand() here,
      export const handler = async () =>
        new SQSClient({}).send(new SendMessageCommand(await read()));`,
    "functions/lib/read.ts": `import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
      import { GetCommand, paginateScan } from "@aws-sdk/lib-dynamodb";
      const client = new DynamoDBClient({});
      export const read = async () => [
        paginateScan({ client } as never, { TableName: "a" }), client.send(new GetCommand({}) as never)] as never;`,
  });
  const [artifact] = await here.build("functions/a.ts");
  const place = (file: string, line: number, column: number): Place => ({ file, line, column });
  expect(artifact?.calls.sites).toEqual({
    "sqs:SendMessage": place("functions/a.ts", 5, 36),
    "dynamodb:GetItem": place("functions/lib/read.ts", 5, 80),
    "dynamodb:Scan": place("functions/lib/read.ts", 5, 9),
  });
});
