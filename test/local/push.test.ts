import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { printed, putEvent, received, refused, runs } from "./delivered.ts";
import { startInstance } from "./instance.ts";
import { createdStack, outputs } from "./stack.ts";
import {
  allow,
  arn,
  lambdaFunction,
  lambdaRole,
  letsIn,
  permission,
  policy,
  ref,
  trust,
} from "./templates.ts";

let aws: LocalAws;
let formation: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  formation = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

function ruleFor(target: string) {
  return {
    Type: "AWS::Events::Rule",
    Properties: { EventPattern: { source: ["burrow"] }, Targets: [{ Id: "a", Arn: arn(target) }] },
  };
}

describe("a rule", () => {
  test("reaches the function that lets it in and not the one that knows only another rule", async () => {
    const stack = await createdStack(formation, "rules", {
      Resources: {
        Role: lambdaRole(),
        Known: lambdaFunction("Role"),
        Unknown: lambdaFunction("Role"),
        ToKnown: ruleFor("Known"),
        ToUnknown: ruleFor("Unknown"),
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
    await putEvent(aws, "burrow");

    expect(await printed(aws, made["Known"], "burrow")).toMatchObject({ detail: { depth: 3 } });
    expect(await refused(aws, made["Arn"])).toBe(true);
    expect(await runs(aws, made["Unknown"])).toBe(0);
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
            PolicyDocument: letsIn("events.amazonaws.com", "sqs:SendMessage", arn("Open"), arn("Rule")),
          },
        },
      },
      Outputs: { Open: { Value: ref("Open") }, Closed: { Value: arn("Closed") } },
    });
    await putEvent(aws, "queues");

    expect(JSON.parse(await received(aws, outputs(stack)["Open"]))).toMatchObject({ detail: { depth: 3 } });
    expect(await refused(aws, outputs(stack)["Closed"])).toBe(true);
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

    expect(await printed(aws, name, "carrot.json")).toMatchObject({
      detail: { object: { key: "carrot.json" } },
    });
  });
});

function subscription(Protocol: string, endpoint: string) {
  return {
    Type: "AWS::SNS::Subscription",
    Properties: { TopicArn: ref("Topic"), Protocol, Endpoint: arn(endpoint) },
  };
}

describe("a topic", () => {
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
            PolicyDocument: letsIn("events.amazonaws.com", "sns:Publish", ref("Topic"), arn("Rule")),
          },
        },
        QueuePolicy: {
          Type: "AWS::SQS::QueuePolicy",
          Properties: {
            Queues: [ref("Queue")],
            PolicyDocument: letsIn("sns.amazonaws.com", "sqs:SendMessage", arn("Queue"), ref("Topic")),
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
    await putEvent(aws, "topic");

    await printed(aws, made["Known"], "aws:sns");
    expect(await received(aws, made["Queue"])).toContain("depth");
    expect(await refused(aws, made["UnknownArn"])).toBe(true);
    expect(await runs(aws, made["Unknown"])).toBe(0);
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
    await putEvent(aws, "closed");
    expect(await refused(aws, outputs(stack)["Topic"])).toBe(true);
  });
});

describe("a schedule", () => {
  test("acts as its own role, which must be allowed to", async () => {
    // At a moment that has just passed: it fires at the emulator's next tick, within 10 seconds.
    const at = `at(${new Date().toISOString().slice(0, 19)})`;
    const schedule = (target: string) => ({
      Type: "AWS::Scheduler::Schedule",
      Properties: {
        ScheduleExpression: at,
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn: arn(target), RoleArn: arn("Role"), Input: "tick" },
      },
    });
    const stack = await createdStack(formation, "schedules", {
      Resources: {
        Open: { Type: "AWS::SQS::Queue" },
        Closed: { Type: "AWS::SQS::Queue" },
        Role: {
          Type: "AWS::IAM::Role",
          Properties: {
            AssumeRolePolicyDocument: trust("scheduler.amazonaws.com"),
            Policies: [{ PolicyName: "send", PolicyDocument: policy(allow("sqs:SendMessage", arn("Open"))) }],
          },
        },
        ToOpen: schedule("Open"),
        ToClosed: schedule("Closed"),
      },
      Outputs: { Open: { Value: ref("Open") }, Closed: { Value: arn("Closed") } },
    });

    expect(await received(aws, outputs(stack)["Open"])).toBe("tick");
    expect(await refused(aws, outputs(stack)["Closed"])).toBe(true);
  });
});
