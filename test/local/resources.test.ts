import { CloudFormationClient, CreateStackCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { GetOpenIDConnectProviderCommand, GetRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetEventSourceMappingCommand, GetFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { startInstance } from "./instance.ts";
import {
  createdStack,
  createStack,
  deleteStack,
  events,
  failure,
  findStack,
  outputs,
  settled,
  updateStack,
} from "./stack.ts";
import { allow, arn, lambdaFunction, lambdaRole, policy, ref, trust } from "./templates.ts";

let aws: LocalAws;
let client: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  client = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

function tableWith(properties: object) {
  return {
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
  };
}

describe("a table", () => {
  test("has the time to live, the recovery and the stream of its template, also after an update", async () => {
    const database = new DynamoDBClient(aws.clientConfig());
    const on = {
      TimeToLiveSpecification: { AttributeName: "expires", Enabled: "true" },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
    };
    const TableName = outputs(await createdStack(client, "table", tableWith(on)))["Name"];
    const described = async () => [
      (await database.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription
        ?.TimeToLiveStatus,
      (await database.send(new DescribeContinuousBackupsCommand({ TableName }))).ContinuousBackupsDescription
        ?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
      (await database.send(new DescribeTableCommand({ TableName }))).Table?.StreamSpecification
        ?.StreamViewType,
    ];
    expect(await described()).toEqual(["ENABLED", "ENABLED", "NEW_AND_OLD_IMAGES"]);

    await updateStack(client, "table", tableWith({}));
    expect(await described()).toEqual(["DISABLED", "DISABLED", undefined]);
  });
});

function logGroupFor(RetentionInDays: number) {
  return {
    Resources: { Logs: { Type: "AWS::Logs::LogGroup", Properties: { RetentionInDays } } },
  };
}

describe("a log group without a name", () => {
  test("is named after its stack, and keeps its name", async () => {
    const logs = new CloudWatchLogsClient(aws.clientConfig());
    const groups = async () =>
      ((await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "diary-" }))).logGroups ?? []).map(
        (each) => [each.logGroupName, each.retentionInDays],
      );
    await createdStack(client, "diary", logGroupFor(7));
    expect(await groups()).toEqual([[expect.stringMatching(/^diary-Logs-/), 7]]);
    const [[name] = []] = await groups();

    await updateStack(client, "diary", logGroupFor(30));
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

function functionWith(properties: object, role: object = lambdaRole()) {
  return {
    Resources: { Role: role, Function: lambdaFunction("Role", { ...properties }) },
    Outputs: { Name: { Value: ref("Function") } },
  };
}

describe("a function", () => {
  test.each([
    ["no-code", functionWith({ Code: { S3Bucket: "code", S3Key: "gone.zip" } }), "S3 Error Code: NoSuchKey"],
    ["no-runtime", functionWith({ Runtime: "nodejs9.x" }), "Value nodejs9.x at 'runtime'"],
    ["no-memory", functionWith({ MemorySize: 64 }), "Value '64' at 'MemorySize'"],
    [
      "no-trust",
      functionWith(
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
    const stack = await createdStack(client, "reserved", functionWith({ ReservedConcurrentExecutions: 2 }));
    const reserved = async () =>
      (await lambda.send(new GetFunctionCommand({ FunctionName: outputs(stack)["Name"] }))).Concurrency;
    expect(await reserved()).toEqual({ ReservedConcurrentExecutions: 2 });

    await updateStack(client, "reserved", functionWith({}));
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
    expect((await findStack(formation, "slow")).StackStatus).toBe("CREATE_IN_PROGRESS");
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
