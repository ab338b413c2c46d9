import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetEventSourceMappingCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { printed, received } from "./delivered.ts";
import { eventually, startInstance } from "./instance.ts";
import { createdStack, createStack, failure, outputs } from "./stack.ts";
import { allow, arn, lambdaFunction, lambdaRole, ref, type Statement } from "./templates.ts";

let aws: LocalAws;
let formation: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  formation = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

const POLL = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

function queueMapping(...statements: readonly Statement[]) {
  return {
    Resources: {
      Queue: { Type: "AWS::SQS::Queue" },
      Role: lambdaRole(...statements),
      Function: lambdaFunction("Role"),
      Mapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: { EventSourceArn: arn("Queue"), FunctionName: arn("Function") },
      },
    },
    Outputs: {
      Url: { Value: ref("Queue") },
      Function: { Value: ref("Function") },
      Mapping: { Value: ref("Mapping") },
      Role: { Value: ref("Role") },
    },
  };
}

describe("a queue's mapping", () => {
  test("is not made for a function whose role may not read the queue", async () => {
    await createStack(formation, "unread", queueMapping(allow(POLL.slice(0, 2), "*")));
    expect(await failure(formation, "unread")).toContain(
      "The provided execution role does not have permissions to call GetQueueAttributes on SQS",
    );
  });

  test("delivers, until the role loses its rights", async () => {
    const made = outputs(await createdStack(formation, "reads", queueMapping(allow(POLL, arn("Queue")))));
    const queues = new SQSClient(aws.clientConfig());
    await queues.send(new SendMessageCommand({ QueueUrl: made["Url"], MessageBody: "first" }));
    expect(await printed(aws, made["Function"], "first")).toMatchObject({
      Records: [{ body: "first", eventSource: "aws:sqs" }],
    });

    await new IAMClient(aws.clientConfig()).send(
      new DeleteRolePolicyCommand({ RoleName: made["Role"], PolicyName: "arrows" }),
    );
    const lambda = new LambdaClient(aws.clientConfig());
    await eventually("the mapping to notice", async () => {
      const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID: made["Mapping"] }));
      return mapping.LastProcessingResult?.startsWith("PROBLEM") ? true : undefined;
    });
    await queues.send(new SendMessageCommand({ QueueUrl: made["Url"], MessageBody: "second" }));
    expect(await received(aws, made["Url"])).toBe("second");
  });
});

const READ = [
  "dynamodb:GetRecords",
  "dynamodb:GetShardIterator",
  "dynamodb:DescribeStream",
  "dynamodb:ListStreams",
];

function streamMapping(action: readonly string[]) {
  return {
    Resources: {
      Table: {
        Type: "AWS::DynamoDB::Table",
        Properties: {
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "name", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "name", KeyType: "HASH" }],
          StreamSpecification: { StreamViewType: "NEW_IMAGE" },
        },
      },
      Role: lambdaRole(allow(action, { "Fn::GetAtt": ["Table", "StreamArn"] })),
      Function: lambdaFunction("Role"),
      Mapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: {
          EventSourceArn: { "Fn::GetAtt": ["Table", "StreamArn"] },
          FunctionName: arn("Function"),
          StartingPosition: "TRIM_HORIZON",
        },
      },
    },
    Outputs: { Table: { Value: ref("Table") }, Function: { Value: ref("Function") } },
  };
}

describe("a table's stream", () => {
  test("is delivered to a function whose role may read it", async () => {
    const made = outputs(await createdStack(formation, "stream", streamMapping(READ)));
    await new DynamoDBClient(aws.clientConfig()).send(
      new PutItemCommand({ TableName: made["Table"], Item: { name: { S: "White Rabbit" } } }),
    );
    expect(await printed(aws, made["Function"], "White Rabbit")).toMatchObject({
      Records: [{ eventName: "INSERT", dynamodb: { NewImage: { name: { S: "White Rabbit" } } } }],
    });
  });

  test("has no mapping to a function whose role may not", async () => {
    await createStack(formation, "no-stream", streamMapping(READ.slice(0, 1)));
    expect(await failure(formation, "no-stream")).toContain("Cannot access stream");
  });
});

function withDestination(...statements: readonly Statement[]) {
  return {
    Resources: {
      Failed: { Type: "AWS::SQS::Queue" },
      Role: lambdaRole(...statements),
      Function: lambdaFunction("Role", {
        Code: { ZipFile: "exports.handler = async () => { throw new Error('no'); };" },
      }),
      Config: {
        Type: "AWS::Lambda::EventInvokeConfig",
        Properties: {
          FunctionName: ref("Function"),
          Qualifier: "$LATEST",
          MaximumRetryAttempts: 0,
          DestinationConfig: { OnFailure: { Destination: arn("Failed") } },
        },
      },
    },
    Outputs: { Failed: { Value: ref("Failed") }, Function: { Value: ref("Function") } },
  };
}

describe("a failed event", () => {
  test("goes to the destination that the role may write to", async () => {
    const made = outputs(
      await createdStack(formation, "destination", withDestination(allow("sqs:SendMessage", arn("Failed")))),
    );
    await new LambdaClient(aws.clientConfig()).send(
      new InvokeCommand({
        FunctionName: made["Function"],
        InvocationType: "Event",
        Payload: '{"who":"Alice"}',
      }),
    );
    expect(await received(aws, made["Failed"])).toContain("Alice");
  });

  test("has no destination that the role may not write to", async () => {
    await createStack(formation, "no-destination", withDestination());
    expect(await failure(formation, "no-destination")).toContain(
      "does not have permissions to call SendMessage",
    );
  });
});
