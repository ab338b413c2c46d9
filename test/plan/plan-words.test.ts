import { describe, expect, test } from "vitest";
import { planLines } from "../../action/core/plan-lines.ts";
import { lostName } from "../../action/core/plan-words.ts";
import type { Origin } from "../../action/core/rendered.ts";
import type { Change } from "../../action/aws-ports.ts";
import { add, detail, following, modify, planOf, remove } from "./change-set.ts";

const QUEUE = "AWS::SQS::Queue";
const ROLE_POLICY = "AWS::IAM::RolePolicy";
const place = { file: "config/pipeline.yaml", line: 7, column: 3 };
const ORIGINS: Readonly<Record<string, Origin>> = {
  JobsQueue: {
    component: "jobs",
    label: "queue",
    place,
    main: true,
    options: { VisibilityTimeout: "visibility-timeout", QueueName: "name" },
  },
  JobsDeadletterqueue: { component: "jobs", label: "dead-letter-queue", place },
  JobsToWorkerPolicy: { component: "jobs -> worker", label: "policy", place },
};

const lines = (...changes: readonly Change[]) => planLines(planOf(changes, ORIGINS).words).join("\n");
const allow = (Action: string | string[], Resource = "arn:q", more = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});
const policy = (...Statement: object[]) => ({
  RoleName: "r",
  PolicyDocument: { Version: "2012-10-17", Statement },
});
const policyChange = (before: object[], after: object[]) =>
  lines(
    modify("JobsToWorkerPolicy", ROLE_POLICY, [detail("PolicyDocument")], {
      before: policy(...before),
      after: policy(...after),
    }),
  );

describe("a property", () => {
  test("has its option's name, and the resource its component's, with CloudFormation's ids behind them", () => {
    const change = modify("JobsQueue", QUEUE, [detail("VisibilityTimeout")], {
      before: { VisibilityTimeout: 180, DelaySeconds: 1 },
      after: { VisibilityTimeout: 360 },
    });
    expect(lines(change)).toMatchInlineSnapshot(`
      "change    queue jobs            JobsQueue AWS::SQS::Queue
          DelaySeconds: 1 -> (not set)
          visibility-timeout: 180 -> 360"
    `);
  });

  test("that makes a new resource is told first, and that it does", () => {
    const change = modify(
      "JobsQueue",
      QUEUE,
      [detail("DelaySeconds"), detail("QueueName", { recreation: "Always" })],
      {
        before: { DelaySeconds: 1, QueueName: "a" },
        after: { DelaySeconds: 2, QueueName: "b" },
      },
    );
    expect(lines(change)).toMatchInlineSnapshot(`
      "REPLACE   queue jobs            JobsQueue AWS::SQS::Queue  (ReplaceAndDelete)
          name: a -> b (replaces it)
          DelaySeconds: 1 -> 2"
    `);
  });

  test("is told once where its option stands in several places, with the gravest of them", () => {
    const table = (key: string) => ({
      AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
    });
    const options = { "AttributeDefinitions.0.AttributeName": "key", "KeySchema.0.AttributeName": "key" };
    const change = modify("T", "AWS::DynamoDB::Table", [detail("KeySchema", { recreation: "Always" })], {
      before: table("a"),
      after: table("b"),
    });
    const origins: Record<string, Origin> = { T: { component: "t", label: "table", place, options } };
    expect(planLines(planOf([change], origins).words).slice(1)).toEqual(["    key: a -> b (replaces it)"]);
  });

  test("that is not known yet says so, and what it follows", () => {
    const change = modify(
      "JobsToWorkerPolicy",
      ROLE_POLICY,
      [following("RoleName", "Role", { recreation: "Always" })],
      {
        before: { RoleName: "old-role" },
        after: { RoleName: "{{changeSet:KNOWN_AFTER_APPLY}}" },
      },
    );
    expect(lines(add("Role", "AWS::IAM::Role"), change)).toMatchInlineSnapshot(`
      "REPLACE?  policy of jobs -> worker  JobsToWorkerPolicy AWS::IAM::RolePolicy  (ReplaceAndDelete)
          RoleName: old-role -> known after the deploy (may replace it) (follows Role)
      add       Role                      Role AWS::IAM::Role"
    `);
  });

  test("that CloudFormation has cut off says so", () => {
    const cut = (digit: string) => ({
      Tags: [{ Key: "k", Value: `(Truncated-Signature):${digit.repeat(64)}` }],
    });
    const change = modify("JobsQueue", QUEUE, [], { before: cut("1"), after: cut("2") });
    expect(lines(change)).toMatchInlineSnapshot(`
      "change    queue jobs            JobsQueue AWS::SQS::Queue
          Tags.k.Value: changes"
    `);
  });

  test("that is long or has a structure is a diff of what may be shown", () => {
    const rules = (days: number, n: number) => ({
      LifecycleConfiguration: {
        Rules: Array.from({ length: n }, (_, index) => ({
          Prefix: `folder-${index}`,
          ExpirationInDays: days + index,
        })),
      },
      // A secret in it shows as a fingerprint in the diff too.
      WebsiteConfiguration: {
        RoutingRules: Array.from({ length: n }, () => ({ Password: "hunter2hunter2" })),
      },
    });
    const change = modify("JobsQueue", "AWS::S3::Bucket", [], { before: rules(30, 3), after: rules(30, 4) });
    const shown = lines(change).replaceAll(/sha256:[0-9a-f]{8}/g, "sha256:(fingerprint)");
    expect(shown).toMatchInlineSnapshot(`
      "change    queue jobs            JobsQueue AWS::S3::Bucket
          LifecycleConfiguration.Rules:
            @@ -10,5 +10,9 @@
               {
                 "ExpirationInDays": "32",
                 "Prefix": "folder-2"
            +  },
            +  {
            +    "ExpirationInDays": "33",
            +    "Prefix": "folder-3"
               }
             ]
          WebsiteConfiguration.RoutingRules:
            @@ -7,5 +7,8 @@
               },
               {
                 "Password": "sha256:(fingerprint).."
            +  },
            +  {
            +    "Password": "sha256:(fingerprint).."
               }
             ]"
    `);
  });
});

describe("a policy", () => {
  test("is told statement by statement, and a Deny that goes comes first", () => {
    const deny = { Effect: "Deny", Action: "s3:*", Resource: "a", Sid: "NoRead" };
    const other = { ...deny, Resource: "b", Sid: "NoWrite" };
    expect(policyChange([allow("sqs:Get"), deny, other], [other, allow("sqs:Get"), allow("s3:Put")]))
      .toMatchInlineSnapshot(`
      "change    policy of jobs -> worker  JobsToWorkerPolicy AWS::IAM::RolePolicy
          PolicyDocument.Statement:
            - Deny s3:* on a (NoRead)
            + Allow s3:Put on arn:q"
    `);
  });

  test("with an action more or less names that action alone", () => {
    expect(policyChange([allow(["sqs:A", "sqs:B"])], [allow(["sqs:B", "sqs:C"])])).toMatchInlineSnapshot(`
      "change    policy of jobs -> worker  JobsToWorkerPolicy AWS::IAM::RolePolicy
          PolicyDocument.Statement:
            - sqs:A, of: Allow … on arn:q
            + sqs:C, of: Allow … on arn:q"
    `);
  });

  test("that comes or goes as a whole is told by its statements", () => {
    const role = (...names: string[]) => ({
      Policies: names.map((PolicyName) => ({
        PolicyName,
        PolicyDocument: { Statement: [allow(`${PolicyName}:*`)] },
      })),
    });
    const change = modify("JobsQueue", "AWS::IAM::Role", [], {
      before: role("a", "b"),
      after: role("b", "c"),
    });
    expect(lines(change)).toMatchInlineSnapshot(`
      "change    queue jobs            JobsQueue AWS::IAM::Role
          Policies.a:
            - Allow a:* on arn:q
          Policies.c:
            + Allow c:* on arn:q"
    `);
  });

  test("hides an external id, and shows that it changes", () => {
    const trust = (id: string) => ({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: { AWS: "arn:x" },
            Condition: { StringEquals: { "sts:ExternalId": id } },
          },
        ],
      },
    });
    const shown = lines(
      modify("JobsQueue", "AWS::IAM::Role", [], { before: trust("one"), after: trust("two") }),
    );
    expect(shown).not.toMatch(/\bone\b|\btwo\b/);
    expect(shown.replaceAll(/sha256:[0-9a-f]{8}/g, "sha256:(fingerprint)")).toMatchInlineSnapshot(`
      "change    queue jobs            JobsQueue AWS::IAM::Role
          AssumeRolePolicyDocument.Statement:
            - StringEquals sts:ExternalId: sha256:(fingerprint).., of: Allow sts:AssumeRole to AWS: arn:x if …
            + StringEquals sts:ExternalId: sha256:(fingerprint).., of: Allow sts:AssumeRole to AWS: arn:x if …"
    `);
  });

  test("of unknown resources says that they are not known yet", () => {
    const unknown = "{{changeSet:KNOWN_AFTER_APPLY}}";
    expect(policyChange([allow("a", "arn:1")], [allow("a", unknown)])).toMatchInlineSnapshot(`
      "change    policy of jobs -> worker  JobsToWorkerPolicy AWS::IAM::RolePolicy
          PolicyDocument.Statement:
            - arn:1, of: Allow a on …
            + (known after the deploy), of: Allow a on …"
    `);
  });
});

test("the worst comes first, then by component, the component itself before what stands around it", () => {
  const rename = { before: { QueueName: "a" }, after: { QueueName: "b" } };
  const delay = { before: { DelaySeconds: 1 }, after: { DelaySeconds: 2 } };
  const shown = lines(
    add("AddedQueue", QUEUE),
    modify("JobsDeadletterqueue", QUEUE, [], delay),
    modify("JobsQueue", QUEUE, [], delay),
    modify("AaaQueue", QUEUE, [], delay),
    remove("FangTable", "AWS::DynamoDB::Table"),
    modify("ZooQueue", QUEUE, [detail("QueueName", { recreation: "Always" })], rename),
  );
  expect(shown).toMatchInlineSnapshot(`
    "REPLACE   queue of zoo               ZooQueue AWS::SQS::Queue  (ReplaceAndDelete)
        QueueName: a -> b (replaces it)
    REMOVE    table of fang              FangTable AWS::DynamoDB::Table  (Delete)
    change    queue of aaa               AaaQueue AWS::SQS::Queue
        DelaySeconds: 1 -> 2
    change    queue jobs                 JobsQueue AWS::SQS::Queue
        DelaySeconds: 1 -> 2
    change    dead-letter-queue of jobs  JobsDeadletterqueue AWS::SQS::Queue
        DelaySeconds: 1 -> 2
    add       queue of added             AddedQueue AWS::SQS::Queue"
  `);
});

test.each([
  ["FangTable", { component: "fang", label: "table" }],
  ["EveryFiveMinutesRule", { component: "every-five-minutes", label: "rule" }],
  ["FangToIndexerMapping", { component: "fang -> indexer", label: "mapping" }],
  ["FangToIndexerByStreamPollpolicy", { component: "fang -stream-> indexer", label: "pollpolicy" }],
  ["Odd", { component: "Odd", label: "" }],
  ["9", { component: "9", label: "" }],
])("%s that pipeline.yaml no longer has still has its name", (logicalId, name) => {
  expect(lostName(logicalId)).toEqual(name);
});
