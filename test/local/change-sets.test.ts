import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  ExecuteChangeSetCommand,
} from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { eventually, startInstance } from "./instance.ts";
import {
  changeSet,
  createdStack,
  createStack,
  deleteStack,
  events,
  findStack,
  outputs,
  settled,
} from "./stack.ts";
import { allow, lambdaFunction, lambdaRole, permission, policy, trust } from "./templates.ts";

const QUEUE = { Type: "AWS::SQS::Queue" };

let aws: LocalAws;
let client: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  client = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

function withTopic(value: string) {
  return {
    Parameters: { WithTopic: { Type: "String", Default: value } },
    Conditions: { HasTopic: { "Fn::Equals": [{ Ref: "WithTopic" }, "yes"] } },
    Resources: { Queue: QUEUE, Topic: { Type: "AWS::SNS::Topic", Condition: "HasTopic" } },
  };
}

function changes(set: Awaited<ReturnType<typeof changeSet>>): string[] {
  return (set.Changes ?? []).map(({ ResourceChange }) =>
    [ResourceChange?.Action, ResourceChange?.LogicalResourceId, ResourceChange?.Replacement]
      .filter(Boolean)
      .join(" "),
  );
}

describe("a change set", () => {
  test("leaves out a resource whose condition is false, and sees the condition flip", async () => {
    const first = await changeSet(client, "flip", "CREATE", withTopic("no"));
    expect(changes(first)).toEqual(["Add Queue"]);
    await client.send(new ExecuteChangeSetCommand({ ChangeSetName: first.ChangeSetId, StackName: "flip" }));
    await settled(client, "flip");

    const flipped = await changeSet(client, "flip", "UPDATE", withTopic("no"), {
      parameters: { WithTopic: "yes" },
    });
    expect(changes(flipped)).toEqual(["Add Topic"]);
  });

  test("replaces a table whose key is another one", async () => {
    const table = (name: string) => ({
      Resources: {
        Table: {
          Type: "AWS::DynamoDB::Table",
          Properties: {
            BillingMode: "PAY_PER_REQUEST",
            AttributeDefinitions: [{ AttributeName: name, AttributeType: "S" }],
            KeySchema: [{ AttributeName: name, KeyType: "HASH" }],
          },
        },
      },
    });
    await createdStack(client, "rekeyed", table("name"));
    expect(changes(await changeSet(client, "rekeyed", "UPDATE", table("symbol")))).toEqual([
      "Modify Table True",
    ]);
  });

  test("with nothing but changed outputs is ready and has no changes", async () => {
    await createdStack(client, "outputs", { Resources: { Queue: QUEUE } });
    const template = { Resources: { Queue: QUEUE }, Outputs: { Url: { Value: { Ref: "Queue" } } } };

    const set = await changeSet(client, "outputs", "UPDATE", template);
    expect([set.Status, set.ExecutionStatus, set.Changes ?? []]).toEqual([
      "CREATE_COMPLETE",
      "AVAILABLE",
      [],
    ]);
    await client.send(new ExecuteChangeSetCommand({ ChangeSetName: set.ChangeSetId, StackName: "outputs" }));
    expect(outputs(await settled(client, "outputs"))["Url"]).toContain("/outputs-Queue-");

    const again = await changeSet(client, "outputs", "UPDATE", template);
    expect([again.Status, again.StatusReason]).toEqual([
      "FAILED",
      expect.stringContaining("The submitted information didn't contain changes."),
    ]);
  });

  test("is refused for a stack that cannot be updated, in AWS's words", async () => {
    await createStack(client, "broken", {
      Resources: { Queue: { ...QUEUE, Properties: { VisibilityTimeout: 999_999 } } },
    });

    const good = { Resources: { Queue: QUEUE } };
    await expect(changeSet(client, "broken", "UPDATE", good)).rejects.toThrow(
      /Stack:arn:.* is in ROLLBACK_COMPLETE state and can not be updated/,
    );
    await expect(changeSet(client, "broken", "CREATE", good)).rejects.toThrow(
      "already exists and cannot be created again",
    );
    await expect(createStack(client, "broken", good)).rejects.toMatchObject({
      name: "AlreadyExistsException",
    });
  });

  test("given to a stack under review stays with that stack", async () => {
    const first = await changeSet(client, "review", "CREATE", { Resources: { Queue: QUEUE } });
    const second = await changeSet(client, "review", "CREATE", { Resources: { Other: QUEUE } });

    expect(second.StackId).toBe(first.StackId);
    expect((await findStack(client, "review")).StackId).toBe(first.StackId);
    const known = await events(client, first.StackId ?? "");
    expect(known.map((event) => event.ResourceStatus)).toEqual(["REVIEW_IN_PROGRESS"]);

    await client.send(
      new ExecuteChangeSetCommand({ ChangeSetName: second.ChangeSetId, StackName: "review" }),
    );
    expect((await settled(client, first.StackId ?? "")).StackStatus).toBe("CREATE_COMPLETE");
  });
});

describe("the events of a deleted stack", () => {
  test("are found by its id only", async () => {
    const { StackId = "" } = await createdStack(client, "past", { Resources: { Queue: QUEUE } });
    await deleteStack(client, StackId);

    expect((await events(client, StackId))[0]?.ResourceStatus).toBe("DELETE_COMPLETE");
    await expect(client.send(new DescribeStackEventsCommand({ StackName: "past" }))).rejects.toThrow(
      "does not exist",
    );
  });
});

/** type -> properties before, then property -> value after and the replacement that AWS documents. */
const REPLACEMENTS: Readonly<
  Record<string, { before: object; after: Record<string, [unknown, "True" | "False"]> }>
> = {
  "AWS::S3::Bucket": {
    before: {},
    after: {
      VersioningConfiguration: [{ Status: "Enabled" }, "False"],
      BucketName: ["a-new-name-1", "True"],
    },
  },
  "AWS::S3::BucketPolicy": {
    before: { Bucket: { Ref: "Bucket" }, PolicyDocument: policy(allow("sqs:SendMessage", "*")) },
    after: {
      PolicyDocument: [policy(allow("sqs:ReceiveMessage", "*")), "False"],
      Bucket: ["another", "True"],
    },
  },
  "AWS::Events::Rule": {
    before: { ScheduleExpression: "rate(5 minutes)" },
    after: { ScheduleExpression: ["rate(1 hour)", "False"], Name: ["named", "True"] },
  },
  "AWS::CloudWatch::Alarm": {
    before: { Namespace: "N", MetricName: "M", Threshold: 1, ComparisonOperator: "GreaterThanThreshold" },
    after: { Threshold: [2, "False"], AlarmName: ["named", "True"] },
  },
  "AWS::Logs::LogGroup": {
    before: { RetentionInDays: 7 },
    after: { RetentionInDays: [30, "False"], LogGroupName: ["named", "True"] },
  },
  "AWS::IAM::RolePolicy": {
    before: {
      RoleName: { Ref: "Role" },
      PolicyName: "p",
      PolicyDocument: policy(allow("sqs:SendMessage", "*")),
    },
    after: { PolicyDocument: [policy(allow("sqs:ReceiveMessage", "*")), "False"], PolicyName: ["q", "True"] },
  },
  "AWS::IAM::OIDCProvider": {
    before: { Url: "https://example.com", ClientIdList: ["a"] },
    after: { ClientIdList: [["b"], "False"], Url: ["https://example.org", "True"] },
  },
  "AWS::Lambda::EventSourceMapping": {
    before: { FunctionName: { Ref: "Function" }, EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] } },
    after: { BatchSize: [5, "False"], EventSourceArn: ["arn:aws:sqs:us-east-1:111122223333:other", "True"] },
  },
  "AWS::SNS::Subscription": {
    before: { TopicArn: { Ref: "Topic" }, Protocol: "sqs", Endpoint: { "Fn::GetAtt": ["Queue", "Arn"] } },
    after: { RawMessageDelivery: [true, "False"], Protocol: ["lambda", "True"] },
  },
  "AWS::SNS::TopicPolicy": {
    before: { Topics: [{ Ref: "Topic" }], PolicyDocument: policy(allow("sqs:SendMessage", "*")) },
    after: { PolicyDocument: [policy(allow("sqs:ReceiveMessage", "*")), "False"] },
  },
  "AWS::SQS::QueuePolicy": {
    before: { Queues: [{ Ref: "Queue" }], PolicyDocument: policy(allow("sqs:SendMessage", "*")) },
    after: { PolicyDocument: [policy(allow("sqs:ReceiveMessage", "*")), "False"] },
  },
  "AWS::SNS::Topic": { before: {}, after: { DisplayName: ["d", "False"], TopicName: ["named", "True"] } },
  "AWS::SQS::Queue": { before: {}, after: { DelaySeconds: [1, "False"], QueueName: ["named", "True"] } },
  "AWS::Scheduler::Schedule": {
    before: {
      ScheduleExpression: "rate(1 hour)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn: { "Fn::GetAtt": ["Queue", "Arn"] }, RoleArn: { "Fn::GetAtt": ["Role", "Arn"] } },
    },
    after: { ScheduleExpression: ["rate(2 hours)", "False"], Name: ["named", "True"] },
  },
};

function roleNamed(name: string) {
  return {
    Resources: {
      Role: {
        Type: "AWS::IAM::Role",
        Properties: { RoleName: name, AssumeRolePolicyDocument: trust("lambda.amazonaws.com") },
      },
    },
    Outputs: { Name: { Value: { Ref: "Role" } } },
  };
}

describe("Replacement", () => {
  const resources = {
    Bucket: { Type: "AWS::S3::Bucket" },
    Queue: QUEUE,
    Topic: { Type: "AWS::SNS::Topic" },
    Role: lambdaRole(allow("sqs:*", "*")),
    Function: lambdaFunction("Role"),
  };

  test("is what AWS documents for each property of each type", async () => {
    const before: Record<string, object> = { ...resources };
    for (const [Type, kind] of Object.entries(REPLACEMENTS)) {
      before[`Subject${Type.replaceAll(":", "")}`] = { Type, Properties: kind.before };
    }
    await createdStack(client, "kinds", { Resources: before });

    const found: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    for (const [Type, kind] of Object.entries(REPLACEMENTS)) {
      const id = `Subject${Type.replaceAll(":", "")}`;
      for (const [property, [value, replacement]] of Object.entries(kind.after)) {
        const subject = { Type, Properties: { ...kind.before, [property]: value } };
        const set = await changeSet(client, "kinds", "UPDATE", { Resources: { ...before, [id]: subject } });
        expected[`${Type} ${property}`] = [`Modify ${id} ${replacement}`];
        found[`${Type} ${property}`] = changes(set);
      }
    }
    expect(found).toEqual(expected);
  });

  test("is True for a permission, every property of which is create-only", async () => {
    const before = {
      ...resources,
      Permission: permission(
        "Function",
        "events.amazonaws.com",
        "arn:aws:events:us-east-1:111122223333:rule/a",
      ),
    };
    await createdStack(client, "permission", { Resources: before });
    const after = {
      ...before,
      Permission: permission(
        "Function",
        "events.amazonaws.com",
        "arn:aws:events:us-east-1:111122223333:rule/b",
      ),
    };

    expect(changes(await changeSet(client, "permission", "UPDATE", { Resources: after }))).toEqual([
      "Modify Permission True",
    ]);
  });

  test("is carried out: the new resource is made, the old one goes", async () => {
    await createdStack(client, "renamed", roleNamed("old-name"));
    const set = await changeSet(client, "renamed", "UPDATE", roleNamed("new-name"));
    expect(changes(set)).toEqual(["Modify Role True"]);
    await client.send(new ExecuteChangeSetCommand({ ChangeSetName: set.ChangeSetId, StackName: "renamed" }));

    const updated = await eventually("the update", async () => {
      const stack = await settled(client, "renamed");
      return stack.StackStatus === "UPDATE_COMPLETE" ? stack : undefined;
    });
    expect(outputs(updated)["Name"]).toBe("new-name");
  });
});
