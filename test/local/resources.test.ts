import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { GetOpenIDConnectProviderCommand, GetRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetFunctionCommand, GetEventSourceMappingCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { startInstance } from "./instance.ts";
import {
  createdStack,
  createStack,
  deleteStack,
  events,
  failure,
  outputs,
  settled,
  updateStack,
} from "./stack.ts";
import { allow, arn, lambdaFunction, lambdaRole, policy, ref, trust } from "./templates.ts";

let aws: LocalAws;
let client: CloudFormationClient;
let storage: S3Client;

beforeAll(async () => {
  aws = await startInstance();
  client = new CloudFormationClient(aws.clientConfig());
  storage = new S3Client(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

describe("a bucket", () => {
  test.each([
    [
      "an object",
      {},
      async (Bucket: string) => await storage.send(new PutObjectCommand({ Bucket, Key: "a", Body: "b" })),
    ],
    [
      "nothing but a delete marker and the version under it",
      { VersioningConfiguration: { Status: "Enabled" } },
      async (Bucket: string) => {
        await storage.send(new PutObjectCommand({ Bucket, Key: "a", Body: "b" }));
        await storage.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
      },
    ],
  ])("that holds %s is not deleted", async (what, Properties, fill) => {
    const name = `full-${what.length}`;
    const stack = await createdStack(client, name, {
      Resources: { Bucket: { Type: "AWS::S3::Bucket", Properties } },
      Outputs: { Name: { Value: ref("Bucket") } },
    });
    const Bucket = outputs(stack)["Name"] ?? "";
    await fill(Bucket);

    const failed = await deleteStack(client, stack.StackId ?? "");
    expect(failed.StackStatus).toBe("DELETE_FAILED");
    expect(await failure(client, name)).toContain("The bucket you tried to delete is not empty");

    const { Versions = [], DeleteMarkers = [] } = await storage.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
      await storage.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
    expect((await deleteStack(client, stack.StackId ?? "")).StackStatus).toBe("DELETE_COMPLETE");
    await expect(storage.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: "NotFound" });
  });

  test("has the encryption, lifecycle, ownership, versioning and tags of its template", async () => {
    const bucket = (Properties: object) => ({
      Resources: { Bucket: { Type: "AWS::S3::Bucket", Properties } },
      Outputs: { Name: { Value: ref("Bucket") } },
    });
    const properties = {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" }] },
      VersioningConfiguration: { Status: "Enabled" },
      LifecycleConfiguration: {
        Rules: [
          { Id: "old", Status: "Enabled", NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
          {
            Id: "all",
            Status: "Enabled",
            ExpirationInDays: "90",
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
    };
    const stack = await createdStack(client, "settings", bucket(properties), { tags: { team: "rabbits" } });
    const of = { Bucket: outputs(stack)["Name"] };

    const encryption = await storage.send(new GetBucketEncryptionCommand(of));
    expect(
      encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault
        ?.SSEAlgorithm,
    ).toBe("aws:kms");
    const ownership = await storage.send(new GetBucketOwnershipControlsCommand(of));
    expect(ownership.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: "BucketOwnerPreferred" }]);
    const { Rules = [] } = await storage.send(new GetBucketLifecycleConfigurationCommand(of));
    expect(
      Rules.map((rule) => [rule.ID, rule.NoncurrentVersionExpiration?.NoncurrentDays, rule.Expiration?.Days]),
    ).toEqual([
      ["old", 30, undefined],
      ["all", undefined, 90],
    ]);
    const { TagSet = [] } = await storage.send(new GetBucketTaggingCommand(of));
    expect(TagSet).toContainEqual({ Key: "team", Value: "rabbits" });

    await updateStack(
      client,
      "settings",
      bucket({ ...properties, VersioningConfiguration: { Status: "Suspended" } }),
    );
    expect((await storage.send(new GetBucketVersioningCommand(of))).Status).toBe("Suspended");
  });
});

describe("a template in S3", () => {
  test("is found by a virtual-hosted address as well as by a path", async () => {
    const template = JSON.stringify({ Resources: { Queue: { Type: "AWS::SQS::Queue" } } });
    await storage.send(new CreateBucketCommand({ Bucket: "templates" }));
    await storage.send(new PutObjectCommand({ Bucket: "templates", Key: "a/b.json", Body: template }));

    for (const [name, TemplateURL] of [
      ["by-path", "https://s3.us-east-1.amazonaws.com/templates/a/b.json"],
      ["by-host", "https://templates.s3.amazonaws.com/a/b.json"],
      ["by-region", "https://templates.s3.us-east-1.amazonaws.com/a/b.json"],
    ] as const) {
      await client.send(new CreateStackCommand({ StackName: name, TemplateURL }));
      expect((await settled(client, name)).StackStatus, name).toBe("CREATE_COMPLETE");
    }
  });
});

describe("a table", () => {
  test("has the time to live, the recovery and the stream of its template, also after an update", async () => {
    const database = new DynamoDBClient(aws.clientConfig());
    const table = (properties: object) => ({
      Resources: {
        Table: {
          Type: "AWS::DynamoDB::Table",
          Properties: {
            BillingMode: "PAY_PER_REQUEST",
            AttributeDefinitions: [{ AttributeName: "name", AttributeType: "S" }],
            KeySchema: [{ AttributeName: "name", KeyType: "HASH" }],
            ...properties,
          },
        },
      },
      Outputs: { Name: { Value: ref("Table") } },
    });
    const on = {
      TimeToLiveSpecification: { AttributeName: "expires", Enabled: "true" },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
    };
    const TableName = outputs(await createdStack(client, "table", table(on)))["Name"];
    const described = async () => [
      (await database.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription
        ?.TimeToLiveStatus,
      (await database.send(new DescribeContinuousBackupsCommand({ TableName }))).ContinuousBackupsDescription
        ?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
      (await database.send(new DescribeTableCommand({ TableName }))).Table?.StreamSpecification
        ?.StreamViewType,
    ];
    expect(await described()).toEqual(["ENABLED", "ENABLED", "NEW_AND_OLD_IMAGES"]);

    await updateStack(client, "table", table({}));
    expect(await described()).toEqual(["DISABLED", "DISABLED", undefined]);
  });
});

describe("a log group without a name", () => {
  test("is named after its stack, and keeps its name", async () => {
    const logs = new CloudWatchLogsClient(aws.clientConfig());
    const group = (RetentionInDays: number) => ({
      Resources: { Logs: { Type: "AWS::Logs::LogGroup", Properties: { RetentionInDays } } },
    });
    const groups = async () =>
      ((await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "diary-" }))).logGroups ?? []).map(
        (each) => [each.logGroupName, each.retentionInDays],
      );
    await createdStack(client, "diary", group(7));
    expect(await groups()).toEqual([[expect.stringMatching(/^diary-Logs-/), 7]]);
    const [[name] = []] = await groups();

    await updateStack(client, "diary", group(30));
    expect(await groups()).toEqual([[name, 30]]);
  });
});

describe("IAM resources", () => {
  test("a role's policy is put, changed and deleted by itself", async () => {
    const iam = new IAMClient(aws.clientConfig());
    const role = {
      Type: "AWS::IAM::Role",
      Properties: { AssumeRolePolicyDocument: trust("lambda.amazonaws.com") },
    };
    const withPolicy = (action: string) => ({
      Resources: {
        Role: role,
        Policy: {
          Type: "AWS::IAM::RolePolicy",
          Properties: {
            RoleName: ref("Role"),
            PolicyName: "arrow",
            PolicyDocument: policy(allow(action, "*")),
          },
        },
      },
      Outputs: { Role: { Value: ref("Role") } },
    });
    const RoleName = outputs(await createdStack(client, "policies", withPolicy("sqs:SendMessage")))["Role"];
    const read = async () =>
      decodeURIComponent(
        (await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: "arrow" }))).PolicyDocument ?? "",
      );
    expect(await read()).toContain("sqs:SendMessage");

    await updateStack(client, "policies", withPolicy("sqs:ReceiveMessage"));
    expect(await read()).toContain("sqs:ReceiveMessage");

    await updateStack(client, "policies", { Resources: { Role: role } });
    await expect(read()).rejects.toMatchObject({ name: "NoSuchEntityException" });
  });

  test("an identity provider is made and deleted", async () => {
    const iam = new IAMClient(aws.clientConfig());
    const stack = await createdStack(client, "provider", {
      Resources: {
        Provider: {
          Type: "AWS::IAM::OIDCProvider",
          Properties: { Url: "https://token.example.com", ClientIdList: ["sts.amazonaws.com"] },
        },
      },
      Outputs: { Arn: { Value: arn("Provider") } },
    });
    const of = { OpenIDConnectProviderArn: outputs(stack)["Arn"] };
    expect((await iam.send(new GetOpenIDConnectProviderCommand(of))).ClientIDList).toEqual([
      "sts.amazonaws.com",
    ]);

    await deleteStack(client, stack.StackId ?? "");
    await expect(iam.send(new GetOpenIDConnectProviderCommand(of))).rejects.toMatchObject({
      name: "NoSuchEntityException",
    });
  });
});

describe("a function", () => {
  const resources = (properties: object, role: object = lambdaRole()) => ({
    Resources: { Role: role, Function: lambdaFunction("Role", { ...properties }) },
    Outputs: { Name: { Value: ref("Function") } },
  });

  test.each([
    ["no-code", resources({ Code: { S3Bucket: "code", S3Key: "gone.zip" } }), "S3 Error Code: NoSuchKey"],
    ["no-runtime", resources({ Runtime: "nodejs9.x" }), "Value nodejs9.x at 'runtime'"],
    ["no-memory", resources({ MemorySize: 64 }), "Value '64' at 'MemorySize'"],
    [
      "no-trust",
      resources(
        {},
        { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: trust("ec2.amazonaws.com") } },
      ),
      "The role defined for the function cannot be assumed by Lambda.",
    ],
  ])("is not made: %s", async (name, template, reason) => {
    expect((await createStack(client, name, template)).StackStatus).toBe("ROLLBACK_COMPLETE");
    expect(await failure(client, name)).toContain(reason);
  });

  test("reserves concurrency, and gives it back", async () => {
    const lambda = new LambdaClient(aws.clientConfig());
    const stack = await createdStack(client, "reserved", resources({ ReservedConcurrentExecutions: 2 }));
    const reserved = async () =>
      (await lambda.send(new GetFunctionCommand({ FunctionName: outputs(stack)["Name"] }))).Concurrency;
    expect(await reserved()).toEqual({ ReservedConcurrentExecutions: 2 });

    await updateStack(client, "reserved", resources({}));
    expect(await reserved()).toBeUndefined();
  });
});

describe("properties", () => {
  test("written as text are numbers and booleans", async () => {
    const stack = await createdStack(client, "typed", {
      Resources: {
        Queue: { Type: "AWS::SQS::Queue" },
        Role: lambdaRole(allow("sqs:*", "*")),
        Function: lambdaFunction("Role"),
        Mapping: {
          Type: "AWS::Lambda::EventSourceMapping",
          Properties: {
            EventSourceArn: arn("Queue"),
            FunctionName: ref("Function"),
            Enabled: "false",
            BatchSize: "5",
          },
        },
      },
      Outputs: { Mapping: { Value: ref("Mapping") } },
    });
    const lambda = new LambdaClient(aws.clientConfig());
    const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID: outputs(stack)["Mapping"] }));
    expect(mapping).toMatchObject({ State: "Disabled", BatchSize: 5 });
  });
});

describe("time", () => {
  const template = { Resources: { A: { Type: "AWS::SQS::Queue" }, B: { Type: "AWS::SQS::Queue" } } };

  test.each([
    ["each resource", { resourceDelayMs: 300 }],
    ["the whole operation", { operationMs: 600 }],
  ])("is taken by %s, while the server goes on answering", async (_what, options) => {
    await using slow = await startInstance(options);
    const formation = new CloudFormationClient(slow.clientConfig());
    // Only a lower bound is asked for: a busy machine may take any time longer.
    const start = performance.now();
    const { StackId = "" } = await formation.send(
      new CreateStackCommand({ StackName: "slow", TemplateBody: JSON.stringify(template) }),
    );
    const { Stacks = [] } = await formation.send(new DescribeStacksCommand({ StackName: "slow" }));
    expect(Stacks[0]?.StackStatus).toBe("CREATE_IN_PROGRESS");
    await settled(formation, StackId);
    expect(performance.now() - start).toBeGreaterThan(600);

    const created = (await events(formation, StackId)).filter(
      (event) => event.ResourceStatus === "CREATE_COMPLETE",
    );
    expect(created).toHaveLength(3);
    const beforeDelete = performance.now();
    await deleteStack(formation, StackId);
    expect(performance.now() - beforeDelete).toBeGreaterThan(600);
  });
});
