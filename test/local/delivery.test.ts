import { readFile } from "node:fs/promises";

import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { DeleteRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetEventSourceMappingCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { eventually, startInstance } from "./instance.ts";
import { createdStack, createStack, failure, outputs } from "./stack.ts";
import { allow, arn, lambdaFunction, lambdaRole, permission, policy, ref } from "./templates.ts";

let aws: LocalAws;
let formation: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  formation = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

/** The first line of the function's log that holds the text. */
async function logged(functionName: string, text: string): Promise<string> {
  const logs = new CloudWatchLogsClient(aws.clientConfig());
  return await eventually(`${text} in the log of ${functionName}`, async () => {
    const { events = [] } = await logs
      .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${functionName}` }))
      .catch((error: unknown) => {
        // There is no log group before the first run.
        if (error instanceof Error && error.name === "ResourceNotFoundException") return { events: [] };
        throw error;
      });
    return events.find((event) => event.message?.includes(text))?.message;
  });
}

async function invocations(functionName: string): Promise<number> {
  const logs = new CloudWatchLogsClient(aws.clientConfig());
  const { events = [] } = await logs
    .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${functionName}` }))
    .catch(() => ({ events: [] }));
  return events.filter((event) => event.message?.startsWith("START")).length;
}

async function received(QueueUrl: string | undefined): Promise<string> {
  const queues = new SQSClient(aws.clientConfig());
  return await eventually("a message", async () => {
    const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    return Messages[0]?.Body;
  });
}

/** Waits until the emulator has told in its log that it kept an event from its target. */
async function refused(target: string): Promise<void> {
  await eventually(`the refusal of ${target}`, async () =>
    (await readFile(aws.logFile, "utf8")).includes(`not delivered: ${target} does not let`)
      ? true
      : undefined,
  );
}

async function putEvent(source: string): Promise<void> {
  const entry = { Source: source, DetailType: "dug", Detail: JSON.stringify({ depth: 3 }) };
  await new EventBridgeClient(aws.clientConfig()).send(new PutEventsCommand({ Entries: [entry] }));
}

function service(name: string, action: string, resource: unknown, source: unknown) {
  return policy({
    Effect: "Allow",
    Principal: { Service: name },
    Action: action,
    Resource: resource,
    Condition: { ArnEquals: { "aws:SourceArn": source } },
  });
}

const POLL = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

describe("a queue's mapping", () => {
  const template = (...statements: Parameters<typeof lambdaRole>) => ({
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
  });

  test("is not made for a function whose role may not read the queue", async () => {
    await createStack(formation, "unread", template(allow(POLL.slice(0, 2), "*")));
    expect(await failure(formation, "unread")).toContain(
      "The provided execution role does not have permissions to call GetQueueAttributes on SQS",
    );
  });

  test("delivers, until the role loses its rights", async () => {
    const made = outputs(await createdStack(formation, "reads", template(allow(POLL, arn("Queue")))));
    const queues = new SQSClient(aws.clientConfig());
    await queues.send(new SendMessageCommand({ QueueUrl: made["Url"], MessageBody: "first" }));
    expect(JSON.parse(await logged(made["Function"] ?? "", "first"))).toMatchObject({
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
    expect(await received(made["Url"])).toBe("second");
  });
});

describe("a table's stream", () => {
  const READ = [
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:DescribeStream",
    "dynamodb:ListStreams",
  ];
  const template = (action: readonly string[]) => ({
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
  });

  test("is delivered to a function whose role may read it", async () => {
    const made = outputs(await createdStack(formation, "stream", template(READ)));
    await new DynamoDBClient(aws.clientConfig()).send(
      new PutItemCommand({ TableName: made["Table"], Item: { name: { S: "White Rabbit" } } }),
    );
    expect(JSON.parse(await logged(made["Function"] ?? "", "White Rabbit"))).toMatchObject({
      Records: [{ eventName: "INSERT", dynamodb: { NewImage: { name: { S: "White Rabbit" } } } }],
    });
  });

  test("has no mapping to a function whose role may not", async () => {
    await createStack(formation, "no-stream", template(READ.slice(0, 1)));
    expect(await failure(formation, "no-stream")).toContain("Cannot access stream");
  });
});

describe("a rule", () => {
  test("reaches the function that lets it in and not the one that knows only another rule", async () => {
    const rule = (target: string) => ({
      Type: "AWS::Events::Rule",
      Properties: { EventPattern: { source: ["burrow"] }, Targets: [{ Id: "a", Arn: arn(target) }] },
    });
    const stack = await createdStack(formation, "rules", {
      Resources: {
        Role: lambdaRole(),
        Known: lambdaFunction("Role"),
        Unknown: lambdaFunction("Role"),
        ToKnown: rule("Known"),
        ToUnknown: rule("Unknown"),
        Permission: permission("Known", "events.amazonaws.com", arn("ToKnown")),
        OtherPermission: permission("Unknown", "events.amazonaws.com", arn("ToKnown")),
      },
      Outputs: {
        Known: { Value: ref("Known") },
        Unknown: { Value: ref("Unknown") },
        Arn: { Value: arn("Unknown") },
      },
    });
    const made = outputs(stack);
    await putEvent("burrow");

    expect(JSON.parse(await logged(made["Known"] ?? "", "burrow"))).toMatchObject({ detail: { depth: 3 } });
    await refused(made["Arn"] ?? "");
    expect(await invocations(made["Unknown"] ?? "")).toBe(0);
  });

  test("reaches a queue whose policy lets it in and not one without a policy", async () => {
    const stack = await createdStack(formation, "queues", {
      Resources: {
        Open: { Type: "AWS::SQS::Queue" },
        Closed: { Type: "AWS::SQS::Queue" },
        Rule: {
          Type: "AWS::Events::Rule",
          Properties: {
            EventPattern: { source: ["queues"] },
            Targets: [
              { Id: "closed", Arn: arn("Closed") },
              { Id: "open", Arn: arn("Open") },
            ],
          },
        },
        Policy: {
          Type: "AWS::SQS::QueuePolicy",
          Properties: {
            Queues: [ref("Open")],
            PolicyDocument: service("events.amazonaws.com", "sqs:SendMessage", arn("Open"), arn("Rule")),
          },
        },
      },
      Outputs: { Open: { Value: ref("Open") }, Closed: { Value: arn("Closed") } },
    });
    await putEvent("queues");

    expect(JSON.parse(await received(outputs(stack)["Open"]))).toMatchObject({ detail: { depth: 3 } });
    await refused(outputs(stack)["Closed"] ?? "");
  });

  test("tells a function of a new object in a bucket", async () => {
    const stack = await createdStack(formation, "objects", {
      Resources: {
        Bucket: {
          Type: "AWS::S3::Bucket",
          Properties: {
            NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
          },
        },
        Role: lambdaRole(),
        Function: lambdaFunction("Role"),
        Rule: {
          Type: "AWS::Events::Rule",
          Properties: {
            EventPattern: {
              source: ["aws.s3"],
              "detail-type": ["Object Created"],
              detail: { bucket: { name: [ref("Bucket")] } },
            },
            Targets: [{ Id: "a", Arn: arn("Function") }],
          },
        },
        Permission: permission("Function", "events.amazonaws.com", arn("Rule")),
      },
      Outputs: { Bucket: { Value: ref("Bucket") }, Function: { Value: ref("Function") } },
    });
    const { Bucket, Function: name = "" } = outputs(stack);
    await new S3Client(aws.clientConfig()).send(
      new PutObjectCommand({ Bucket, Key: "carrot.json", Body: "{}" }),
    );

    expect(JSON.parse(await logged(name, "carrot.json"))).toMatchObject({
      detail: { object: { key: "carrot.json" } },
    });
  });
});

describe("a topic", () => {
  const subscription = (Protocol: string, endpoint: string) => ({
    Type: "AWS::SNS::Subscription",
    Properties: { TopicArn: ref("Topic"), Protocol, Endpoint: arn(endpoint) },
  });

  test("reaches the functions and queues that let it in, and no others", async () => {
    const stack = await createdStack(formation, "topic", {
      Resources: {
        Topic: { Type: "AWS::SNS::Topic" },
        Role: lambdaRole(),
        Known: lambdaFunction("Role"),
        Unknown: lambdaFunction("Role"),
        Queue: { Type: "AWS::SQS::Queue" },
        Rule: {
          Type: "AWS::Events::Rule",
          Properties: { EventPattern: { source: ["topic"] }, Targets: [{ Id: "a", Arn: ref("Topic") }] },
        },
        TopicPolicy: {
          Type: "AWS::SNS::TopicPolicy",
          Properties: {
            Topics: [ref("Topic")],
            PolicyDocument: service("events.amazonaws.com", "sns:Publish", ref("Topic"), arn("Rule")),
          },
        },
        QueuePolicy: {
          Type: "AWS::SQS::QueuePolicy",
          Properties: {
            Queues: [ref("Queue")],
            PolicyDocument: service("sns.amazonaws.com", "sqs:SendMessage", arn("Queue"), ref("Topic")),
          },
        },
        Permission: permission("Known", "sns.amazonaws.com", ref("Topic")),
        ToKnown: subscription("lambda", "Known"),
        ToUnknown: subscription("lambda", "Unknown"),
        ToQueue: subscription("sqs", "Queue"),
      },
      Outputs: {
        Known: { Value: ref("Known") },
        Unknown: { Value: ref("Unknown") },
        UnknownArn: { Value: arn("Unknown") },
        Queue: { Value: ref("Queue") },
      },
    });
    const made = outputs(stack);
    await putEvent("topic");

    await logged(made["Known"] ?? "", "aws:sns");
    expect(await received(made["Queue"])).toContain("depth");
    await refused(made["UnknownArn"] ?? "");
    expect(await invocations(made["Unknown"] ?? "")).toBe(0);
  });

  test("does not take an event from a rule that its policy does not name", async () => {
    const stack = await createdStack(formation, "closed-topic", {
      Resources: {
        Topic: { Type: "AWS::SNS::Topic" },
        Rule: {
          Type: "AWS::Events::Rule",
          Properties: { EventPattern: { source: ["closed"] }, Targets: [{ Id: "a", Arn: ref("Topic") }] },
        },
      },
      Outputs: { Topic: { Value: ref("Topic") } },
    });
    await putEvent("closed");
    await refused(outputs(stack)["Topic"] ?? "");
  });
});

describe("an alarm", () => {
  const alarm = (properties: object) => ({
    Type: "AWS::CloudWatch::Alarm",
    Properties: {
      Statistic: "Maximum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      ...properties,
    },
  });
  const errors = (id: string) =>
    alarm({
      Namespace: "AWS/Lambda",
      MetricName: "Errors",
      Statistic: "Sum",
      Dimensions: [{ Name: "FunctionName", Value: ref(id) }],
    });

  async function state(name: string | undefined): Promise<string | undefined> {
    const client = new CloudWatchClient(aws.clientConfig());
    const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name ?? ""] }));
    return MetricAlarms[0]?.StateValue;
  }

  test("on a queue is raised by a message in it, and tells its topic", async () => {
    const stack = await createdStack(formation, "dead", {
      Resources: {
        Dead: { Type: "AWS::SQS::Queue" },
        Inbox: { Type: "AWS::SQS::Queue" },
        Topic: { Type: "AWS::SNS::Topic" },
        Subscription: {
          Type: "AWS::SNS::Subscription",
          Properties: { TopicArn: ref("Topic"), Protocol: "sqs", Endpoint: arn("Inbox") },
        },
        InboxPolicy: {
          Type: "AWS::SQS::QueuePolicy",
          Properties: {
            Queues: [ref("Inbox")],
            PolicyDocument: service("sns.amazonaws.com", "sqs:SendMessage", arn("Inbox"), ref("Topic")),
          },
        },
        TopicPolicy: {
          Type: "AWS::SNS::TopicPolicy",
          Properties: {
            Topics: [ref("Topic")],
            PolicyDocument: service("cloudwatch.amazonaws.com", "sns:Publish", ref("Topic"), arn("Alarm")),
          },
        },
        Alarm: alarm({
          Namespace: "AWS/SQS",
          MetricName: "ApproximateNumberOfMessagesVisible",
          Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": ["Dead", "QueueName"] } }],
          AlarmActions: [ref("Topic")],
        }),
      },
      Outputs: {
        Dead: { Value: ref("Dead") },
        Inbox: { Value: ref("Inbox") },
        Alarm: { Value: ref("Alarm") },
      },
    });
    const made = outputs(stack);
    await eventually("the alarm to be content", async () =>
      (await state(made["Alarm"])) === "OK" ? true : undefined,
    );
    await new SQSClient(aws.clientConfig()).send(
      new SendMessageCommand({ QueueUrl: made["Dead"], MessageBody: "lost" }),
    );

    expect(await received(made["Inbox"])).toContain(made["Alarm"]);
    expect(await state(made["Alarm"])).toBe("ALARM");
  });

  test("on a function's errors is raised by that function alone", async () => {
    const fails = {
      Code: { ZipFile: "exports.handler = async () => { throw new Error('dug too deep'); };" },
    };
    const stack = await createdStack(formation, "errors", {
      Resources: {
        Role: lambdaRole(),
        Good: lambdaFunction("Role"),
        Bad: lambdaFunction("Role", fails),
        GoodAlarm: errors("Good"),
        BadAlarm: errors("Bad"),
      },
      Outputs: {
        Good: { Value: ref("Good") },
        Bad: { Value: ref("Bad") },
        GoodAlarm: { Value: ref("GoodAlarm") },
        BadAlarm: { Value: ref("BadAlarm") },
      },
    });
    const made = outputs(stack);
    const lambda = new LambdaClient(aws.clientConfig());
    for (const FunctionName of [made["Good"], made["Bad"]])
      await lambda.send(new InvokeCommand({ FunctionName }));

    await eventually("the alarm", async () =>
      (await state(made["BadAlarm"])) === "ALARM" ? true : undefined,
    );
    expect(await state(made["GoodAlarm"])).not.toBe("ALARM");
  });

  test("does not reach a topic whose policy does not name it", async () => {
    const stack = await createdStack(formation, "mute", {
      Resources: {
        Topic: { Type: "AWS::SNS::Topic" },
        TopicPolicy: {
          Type: "AWS::SNS::TopicPolicy",
          Properties: {
            Topics: [ref("Topic")],
            PolicyDocument: service(
              "events.amazonaws.com",
              "sns:Publish",
              ref("Topic"),
              "arn:aws:events:us-east-1:1:rule/a",
            ),
          },
        },
        Alarm: alarm({ Namespace: "Own", MetricName: "Depth", AlarmActions: [ref("Topic")] }),
      },
      Outputs: { Topic: { Value: ref("Topic") }, Alarm: { Value: ref("Alarm") } },
    });
    const { Alarm: AlarmName, Topic = "" } = outputs(stack);
    await new CloudWatchClient(aws.clientConfig()).send(
      new SetAlarmStateCommand({ AlarmName, StateValue: "ALARM", StateReason: "test" }),
    );
    await refused(Topic);
  });
});

describe("a failed event", () => {
  const template = (...statements: Parameters<typeof lambdaRole>) => ({
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
  });

  test("goes to the destination that the role may write to", async () => {
    const made = outputs(
      await createdStack(formation, "destination", template(allow("sqs:SendMessage", arn("Failed")))),
    );
    await new LambdaClient(aws.clientConfig()).send(
      new InvokeCommand({
        FunctionName: made["Function"],
        InvocationType: "Event",
        Payload: '{"who":"Alice"}',
      }),
    );
    expect(await received(made["Failed"])).toContain("Alice");
  });

  test("has no destination that the role may not write to", async () => {
    await createStack(formation, "no-destination", template());
    expect(await failure(formation, "no-destination")).toContain(
      "does not have permissions to call SendMessage",
    );
  });
});
