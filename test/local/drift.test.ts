import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DescribeChangeSetCommand,
  ExecuteChangeSetCommand,
} from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { DisableRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { DeleteRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  LambdaClient,
  RemovePermissionCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { PutPublicAccessBlockCommand, S3Client } from "@aws-sdk/client-s3";
import { SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Detection } from "../../action/core/detection.ts";
import { createClients } from "../../action/edge/clients.ts";
import { systemClock } from "../../action/edge/clock.ts";
import { createDrift } from "../../action/edge/drift.ts";
import type { LocalAws } from "../../action/local/aws.ts";
import { type Actor, actAs, allowRole } from "./acting.ts";
import { startInstance } from "./instance.ts";
import { createdStack, settled } from "./stack.ts";
import { allow, arn, lambdaFunction, lambdaRole, permission, policy, ref } from "./templates.ts";

const BLOCKED = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
};
const ALARM = {
  Namespace: "AWS/SQS",
  MetricName: "ApproximateNumberOfMessagesVisible",
  Statistic: "Maximum" as const,
  Period: 60,
  EvaluationPeriods: 1,
  ComparisonOperator: "GreaterThanThreshold" as const,
};
const RECEIVE = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/** One resource of each type that a mend reads, and of some that MiniStack does. */
const EVERYTHING = {
  Resources: {
    Queue: { Type: "AWS::SQS::Queue", Properties: { VisibilityTimeout: 180, DelaySeconds: 5 } },
    Role: lambdaRole(),
    Policy: {
      Type: "AWS::IAM::RolePolicy",
      Properties: {
        RoleName: ref("Role"),
        PolicyName: "arrow",
        PolicyDocument: policy(allow(RECEIVE, arn("Queue"))),
      },
    },
    Worker: lambdaFunction("Role", { Timeout: 30 }),
    Mapping: {
      Type: "AWS::Lambda::EventSourceMapping",
      DependsOn: "Policy",
      Properties: { EventSourceArn: arn("Queue"), FunctionName: ref("Worker"), BatchSize: 2, Enabled: true },
    },
    Timer: { Type: "AWS::Events::Rule", Properties: { ScheduleExpression: "rate(1 day)", State: "ENABLED" } },
    Permit: permission("Worker", "events.amazonaws.com", arn("Timer")),
    Bucket: { Type: "AWS::S3::Bucket", Properties: { PublicAccessBlockConfiguration: BLOCKED } },
    Alarm: { Type: "AWS::CloudWatch::Alarm", Properties: { ...ALARM, Threshold: 1 } },
  },
  Outputs: Object.fromEntries(
    ["Queue", "Role", "Worker", "Permit", "Mapping", "Timer", "Bucket", "Alarm"].map((id) => [
      id,
      { Value: ref(id) },
    ]),
  ),
};

let aws: LocalAws;
let cloudformation: CloudFormationClient;
let made: Readonly<Record<string, string>>;

beforeAll(async () => {
  aws = await startInstance();
  cloudformation = new CloudFormationClient(aws.clientConfig());
  const { Outputs = [] } = await createdStack(cloudformation, "all", EVERYTHING);
  made = Object.fromEntries(Outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
});
afterAll(async () => await aws[Symbol.asyncDispose]());

async function detect(as: Pick<Actor, "config"> = { config: aws.clientConfig() }): Promise<Detection> {
  using clients = createClients(as.config);
  return await createDrift(clients, systemClock).detect("all");
}

/** `Queue modified /VisibilityTimeout 180 60` */
function lines(detection: Detection): string[] {
  if (detection.kind === "refused") return [detection.reason];
  return detection.resources
    .flatMap(({ logicalId, kind, properties }) =>
      properties.length === 0
        ? [`${logicalId} ${kind}`]
        : properties.map(
            ({ path, expected, actual }) => `${logicalId} ${kind} ${path} ${expected} ${actual}`,
          ),
    )
    .toSorted();
}

async function changeByHand(): Promise<void> {
  const config = aws.clientConfig();
  const { Queue, Role, Worker, Permit, Mapping, Timer, Bucket, Alarm } = made;
  await new SQSClient(config).send(
    new SetQueueAttributesCommand({ QueueUrl: Queue, Attributes: { VisibilityTimeout: "60" } }),
  );
  await new IAMClient(config).send(new DeleteRolePolicyCommand({ RoleName: Role, PolicyName: "arrow" }));
  await new LambdaClient(config).send(new UpdateEventSourceMappingCommand({ UUID: Mapping, BatchSize: 9 }));
  await new LambdaClient(config).send(
    new RemovePermissionCommand({ FunctionName: Worker, StatementId: Permit }),
  );
  await new EventBridgeClient(config).send(new DisableRuleCommand({ Name: Timer }));
  await new S3Client({ ...config, forcePathStyle: true }).send(
    new PutPublicAccessBlockCommand({
      Bucket,
      PublicAccessBlockConfiguration: { ...BLOCKED, BlockPublicPolicy: false },
    }),
  );
  await new CloudWatchClient(config).send(
    new PutMetricAlarmCommand({ ...ALARM, AlarmName: Alarm, Threshold: 7 }),
  );
}

const CHANGED = [
  "Alarm modified /Threshold 1 7",
  "Bucket modified /PublicAccessBlockConfiguration/BlockPublicPolicy true false",
  "Mapping modified /BatchSize 2 9",
  "Permit deleted",
  "Policy deleted",
  "Queue modified /VisibilityTimeout 180 60",
  "Timer modified /State ENABLED DISABLED",
];

test("what was just deployed has not drifted", async () => {
  expect(await detect()).toEqual({ kind: "complete", reason: "", resources: [] });
});

test("what was changed by hand is found, whatever the type", async () => {
  await changeByHand();
  expect(lines(await detect())).toEqual(CHANGED);
});

test("a change set that reverts drift lists what it will put back, and does", async () => {
  const request = { StackName: "all", ChangeSetName: "back" };
  await cloudformation.send(
    new CreateChangeSetCommand({
      ...request,
      UsePreviousTemplate: true,
      Capabilities: ["CAPABILITY_IAM"],
      DeploymentMode: "REVERT_DRIFT",
    }),
  );
  const { Changes = [], Status } = await cloudformation.send(new DescribeChangeSetCommand(request));
  expect(Status).toBe("CREATE_COMPLETE");
  const told = Changes.map(({ ResourceChange: change }) =>
    [
      change?.Action,
      change?.LogicalResourceId,
      ...(change?.Details ?? []).map(({ Target }) => Target?.Name),
    ].join(" "),
  );
  expect(told.toSorted()).toEqual([
    "Add Permit",
    "Add Policy",
    "Modify Alarm Threshold",
    "Modify Bucket PublicAccessBlockConfiguration",
    "Modify Mapping BatchSize",
    "Modify Queue VisibilityTimeout",
    "Modify Timer State",
  ]);
  await cloudformation.send(new ExecuteChangeSetCommand(request));
  expect((await settled(cloudformation, "all")).StackStatus).toBe("UPDATE_COMPLETE");
  expect(lines(await detect())).toEqual([]);
});

test("without drift such a change set is empty, and it is no way to create", async () => {
  const request = { StackName: "all", ChangeSetName: "nothing", DeploymentMode: "REVERT_DRIFT" as const };
  await cloudformation.send(
    new CreateChangeSetCommand({ ...request, UsePreviousTemplate: true, Capabilities: ["CAPABILITY_IAM"] }),
  );
  const { Status, StatusReason } = await cloudformation.send(
    new DescribeChangeSetCommand({ StackName: "all", ChangeSetName: "nothing" }),
  );
  expect({ Status, StatusReason }).toMatchObject({
    Status: "FAILED",
    StatusReason: expect.stringContaining("didn't contain changes"),
  });
  await expect(
    cloudformation.send(
      new CreateChangeSetCommand({
        ...request,
        StackName: "new",
        ChangeSetType: "CREATE",
        TemplateBody: "{}",
      }),
    ),
  ).rejects.toThrow("only valid for ChangeSetType UPDATE");
});

test("who may not read a resource is told so, and gets the rest", async () => {
  const enough = [
    allow("cloudformation:*", "*"),
    allow(["sqs:*", "iam:*", "lambda:*", "events:*", "s3:*", "cloudwatch:*"], "*"),
  ];
  const actor = await actAs(aws, "looker", enough);
  expect(await detect(actor)).toMatchObject({ kind: "complete" });
  await allowRole(aws, "looker", [
    enough[0]!,
    allow(["iam:*", "lambda:*", "events:*", "s3:*", "cloudwatch:*"], "*"),
  ]);
  expect(await detect(actor)).toMatchObject({
    kind: "partial",
    reason: "Failed to detect drift on resources [Queue]",
    resources: [
      {
        kind: "unknown",
        logicalId: "Queue",
        reason: expect.stringContaining("not authorized to perform: sqs:GetQueueAttributes"),
      },
    ],
  });
  await allowRole(aws, "looker", [
    allow(["cloudformation:DetectStackDrift", "cloudformation:Describe*"], "*"),
    enough[1]!,
  ]);
  expect(await detect(actor)).toMatchObject({ kind: "partial", resources: { length: 9 } });
});
