import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { received, refused } from "./delivered.ts";
import { eventually, startInstance } from "./instance.ts";
import { createdStack, outputs } from "./stack.ts";
import { arn, lambdaFunction, lambdaRole, letsIn, ref } from "./templates.ts";

let aws: LocalAws;
let formation: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  formation = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

function alarm(properties: object) {
  return {
    Type: "AWS::CloudWatch::Alarm",
    Properties: {
      Statistic: "Maximum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      ...properties,
    },
  };
}

function errorsAlarm(id: string) {
  const Dimensions = [{ Name: "FunctionName", Value: ref(id) }];
  return alarm({ Namespace: "AWS/Lambda", MetricName: "Errors", Statistic: "Sum", Dimensions });
}

async function state(name: string | undefined): Promise<string | undefined> {
  const client = new CloudWatchClient(aws.clientConfig());
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name ?? ""] }));
  return MetricAlarms[0]?.StateValue;
}

describe("an alarm", () => {
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
            PolicyDocument: letsIn("sns.amazonaws.com", "sqs:SendMessage", arn("Inbox"), ref("Topic")),
          },
        },
        TopicPolicy: {
          Type: "AWS::SNS::TopicPolicy",
          Properties: {
            Topics: [ref("Topic")],
            PolicyDocument: letsIn("cloudwatch.amazonaws.com", "sns:Publish", ref("Topic"), arn("Alarm")),
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

    expect(await received(aws, made["Inbox"])).toContain(made["Alarm"]);
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
        GoodAlarm: errorsAlarm("Good"),
        BadAlarm: errorsAlarm("Bad"),
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
            PolicyDocument: letsIn(
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
    expect(await refused(aws, Topic)).toBe(true);
  });
});
