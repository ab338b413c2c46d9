import { CloudFormationClient, DescribeChangeSetCommand } from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LocalAws } from "../../action/local/aws.ts";
import { startInstance } from "./instance.ts";
import { changeSet, createdStack } from "./stack.ts";
import type { Template } from "./stack.ts";
import { allow, lambdaFunction, lambdaRole } from "./templates.ts";

let aws: LocalAws;
let client: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  client = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

const UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}";

/** By logical id; details without what they all have. */
async function described(name: string, before: Template["Resources"], after: Template["Resources"]) {
  await createdStack(client, name, { Resources: before });
  const { ChangeSetId } = await changeSet(client, name, "UPDATE", { Resources: after });
  const { Changes = [] } = await client.send(
    new DescribeChangeSetCommand({ ChangeSetName: ChangeSetId, IncludePropertyValues: true }),
  );
  return Object.fromEntries(
    Changes.map(({ ResourceChange: change = {} }) => [
      change.LogicalResourceId ?? "",
      {
        details: (change.Details ?? []).map(({ Target: target = {}, ChangeSource, CausingEntity }) => [
          target.Path,
          target.BeforeValue,
          target.AfterValue,
          target.AttributeChangeType,
          CausingEntity ?? ChangeSource,
        ]),
        before: JSON.parse(change.BeforeContext ?? "null") as unknown,
        after: JSON.parse(change.AfterContext ?? "null") as unknown,
      },
    ]),
  );
}

const queue = (properties: object = {}) => ({ Type: "AWS::SQS::Queue", Properties: properties });
const topic = (properties: object = {}) => ({ Type: "AWS::SNS::Topic", Properties: properties });

describe("a change set that is asked for values", () => {
  test("tells both whole resources, and each part that differs by its JSON Pointer, scalars as texts", async () => {
    const { Queue } = await described(
      "parts",
      { Queue: queue({ DelaySeconds: 1, Tags: [{ Key: "a/b", Value: "1" }] }) },
      { Queue: queue({ DelaySeconds: 2, SqsManagedSseEnabled: true, Tags: [{ Key: "a/b", Value: "1" }] }) },
    );
    expect(Queue).toEqual({
      details: [
        ["/Properties/DelaySeconds", "1", "2", "Modify", "DirectModification"],
        ["/Properties/SqsManagedSseEnabled", undefined, "true", "Add", "DirectModification"],
      ],
      before: { Properties: { DelaySeconds: "1", Tags: [{ Key: "a/b", Value: "1" }] } },
      after: {
        Properties: { DelaySeconds: "2", SqsManagedSseEnabled: "true", Tags: [{ Key: "a/b", Value: "1" }] },
      },
    });
  });

  test("goes into maps and lists", async () => {
    const settings = (Variables: object) => ({ Environment: { Variables } });
    const resources = (variables: object) => ({
      Role: lambdaRole(allow("sqs:*", "*")),
      Function: {
        ...lambdaFunction("Role"),
        Properties: { ...lambdaFunction("Role").Properties, ...settings(variables) },
      },
    });
    const found = await described(
      "nested",
      resources({ SAME: "s", OLD: "o", "a~b": "1" }),
      resources({ SAME: "s", NEW: "n", "a~b": "2" }),
    );
    expect(found["Function"]?.details).toEqual([
      ["/Properties/Environment/Variables/OLD", "o", undefined, "Remove", "DirectModification"],
      ["/Properties/Environment/Variables/a~0b", "1", "2", "Modify", "DirectModification"],
      ["/Properties/Environment/Variables/NEW", undefined, "n", "Add", "DirectModification"],
    ]);
  });

  test("does not know the attributes of what changes, nor the name of what is made anew", async () => {
    const subscription = (Endpoint: unknown, TopicArn: unknown) => ({
      Type: "AWS::SNS::Subscription",
      Properties: { Protocol: "sqs", Endpoint, TopicArn },
    });
    const link = subscription({ "Fn::GetAtt": ["Queue", "Arn"] }, { Ref: "Topic" });
    const found = await described(
      "unknown",
      { Queue: queue(), Topic: topic(), Link: link },
      { Queue: queue({ DelaySeconds: 3 }), Topic: topic({ TopicName: "named" }), Link: link },
    );
    expect(found["Link"]?.details).toEqual([
      ["/Properties/Endpoint", expect.stringContaining(":unknown-Queue-"), UNKNOWN, "Modify", "Queue.Arn"],
      ["/Properties/TopicArn", expect.stringContaining(":unknown-Topic-"), UNKNOWN, "Modify", "Topic"],
    ]);
    expect(found["Link"]?.after).toEqual({
      Properties: { Protocol: "sqs", Endpoint: UNKNOWN, TopicArn: UNKNOWN },
    });
  });

  test("tells what comes and what goes, and its policies", async () => {
    const found = await described(
      "come-and-go",
      { Old: { ...queue({ DelaySeconds: 1 }), DeletionPolicy: "Retain" } },
      { New: queue({ DelaySeconds: 2 }) },
    );
    expect(found).toEqual({
      New: { details: [], before: null, after: { Properties: { DelaySeconds: "2" } } },
      Old: {
        details: [],
        before: { Properties: { DelaySeconds: "1" }, DeletionPolicy: "Retain" },
        after: null,
      },
    });
  });

  test("cuts off what is too long, and gives a signature of it", async () => {
    const long = (letter: string) => queue({ Tags: [{ Key: "long", Value: letter.repeat(5_000) }] });
    const { Queue } = await described("long", { Queue: long("a") }, { Queue: long("b") });
    const cut = expect.stringMatching(/^\(Truncated-Signature\):[0-9a-f]{64}$/);
    expect(Queue?.details).toEqual([["/Properties/Tags/0/Value", cut, cut, "Modify", "DirectModification"]]);
    expect(Queue?.after).toEqual({ Properties: { Tags: [{ Key: "long", Value: cut }] } });
  });

  test("tells none without being asked", async () => {
    await createdStack(client, "quiet", { Resources: { Queue: queue({ DelaySeconds: 1 }) } });
    const after = { Resources: { Queue: queue({ DelaySeconds: 2 }) } };
    const { Changes = [] } = await changeSet(client, "quiet", "UPDATE", after);
    expect(JSON.stringify(Changes)).not.toMatch(/Context|BeforeValue|Path/);
  });

  test("answers a megabyte a page", async () => {
    const tag = { Key: "long", Value: { Ref: "Long" } };
    const many = (DelaySeconds: number): Template => ({
      Parameters: { Long: { Type: "String" } },
      Resources: Object.fromEntries(
        Array.from({ length: 300 }, (_, index) => [`Q${index}`, queue({ DelaySeconds, Tags: [tag] })]),
      ),
    });
    const parameters = { Long: "x".repeat(2_000) };
    await createdStack(client, "many", many(1), { parameters });
    const { ChangeSetId } = await changeSet(client, "many", "UPDATE", many(2), { parameters });
    const ask = { ChangeSetName: ChangeSetId, IncludePropertyValues: true };
    const first = await client.send(new DescribeChangeSetCommand(ask));
    const second = await client.send(new DescribeChangeSetCommand({ ...ask, NextToken: first.NextToken }));
    expect(second.NextToken).toBeUndefined();
    const ids = [first, second].map(({ Changes = [] }) =>
      Changes.map(({ ResourceChange }) => ResourceChange?.LogicalResourceId),
    );
    expect(ids.map(({ length }) => length > 50)).toEqual([true, true]);
    expect(new Set(ids.flat()).size).toBe(300);
    expect(ids.flat()).toHaveLength(300);
  });
});
