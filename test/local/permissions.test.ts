import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteStackCommand,
} from "@aws-sdk/client-cloudformation";
import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { actAs, allowRole, putRole } from "./acting.ts";
import { eventually, startInstance } from "./instance.ts";
import { createdStack, createStack, deleteStack, failure, findStack, settled, updateStack } from "./stack.ts";
import { allow, lambdaFunction, lambdaRole, permission, policy } from "./templates.ts";

const QUEUE = { Resources: { Queue: { Type: "AWS::SQS::Queue" } } };
const STACKS = allow("cloudformation:*", "*");
const CLOUDFORMATION = { Principal: { Service: "cloudformation.amazonaws.com" }, Action: "sts:AssumeRole" };

let aws: LocalAws;
let root: CloudFormationClient;

beforeAll(async () => {
  aws = await startInstance();
  root = new CloudFormationClient(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

describe("CloudFormation acts with the caller's permissions", () => {
  test("and names the one that is missing", async () => {
    const actor = await actAs(aws, "stacks-only", [STACKS]);
    const client = new CloudFormationClient(actor.config);

    expect((await createStack(client, "queues", QUEUE)).StackStatus).toBe("ROLLBACK_COMPLETE");
    expect(await failure(root, "queues")).toMatch(
      /User: arn:aws:sts::111122223333:assumed-role\/stacks-only\/test is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:us-east-1:111122223333:queues-Queue-/,
    );
  });

  test("on the resources that a policy names by the stack's name", async () => {
    const actor = await actAs(aws, "prefixed", [STACKS, allow("sqs:*", "arn:aws:sqs:*:*:pr-*")]);
    const client = new CloudFormationClient(actor.config);

    expect((await createStack(client, "pr-1", QUEUE)).StackStatus).toBe("CREATE_COMPLETE");
    expect((await createStack(client, "main", QUEUE)).StackStatus).toBe("ROLLBACK_COMPLETE");
  });

  test("for each update and each delete", async () => {
    const stack = await createdStack(root, "held", QUEUE);
    const actor = await actAs(aws, "no-changes", [STACKS, allow("sqs:Get*", "*")]);
    const client = new CloudFormationClient(actor.config);
    const changed = { Resources: { Queue: { Type: "AWS::SQS::Queue", Properties: { DelaySeconds: 1 } } } };

    expect((await updateStack(client, "held", changed)).StackStatus).toBe("UPDATE_ROLLBACK_COMPLETE");
    expect(await failure(root, "held")).toContain("sqs:SetQueueAttributes");

    await deleteStack(client, stack.StackId ?? "");
    expect((await findStack(root, "held")).StackStatus).toBe("DELETE_FAILED");
  });

  test("which include passing a function its role, and reading its code", async () => {
    const functions = { Resources: { Role: lambdaRole(), Function: lambdaFunction("Role") } };
    const everything = [
      STACKS,
      allow(["iam:CreateRole", "iam:GetRole", "iam:DeleteRole"], "*"),
      allow("lambda:*", "*"),
    ];
    const actor = await actAs(aws, "no-pass", everything);
    const client = new CloudFormationClient(actor.config);

    await createStack(client, "passing", functions);
    expect(await failure(root, "passing")).toMatch(
      /iam:PassRole on resource: arn:aws:iam::111122223333:role\/passing-Role-/,
    );

    const passed = {
      ...allow("iam:PassRole", "*"),
      Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
    };
    await allowRole(aws, "no-pass", [...everything, passed]);
    expect((await createStack(client, "passed", functions)).StackStatus).toBe("CREATE_COMPLETE");

    const fromS3 = {
      Resources: {
        Role: lambdaRole(),
        Function: lambdaFunction("Role", { Code: { S3Bucket: "b", S3Key: "k" } }),
      },
    };
    await createStack(client, "unread", fromS3);
    expect(await failure(root, "unread")).toContain("s3:GetObject on resource: arn:aws:s3:::b/k");
  });

  test("and only tags that the user gave need the permission to tag", async () => {
    const actor = await actAs(aws, "no-tags", [
      STACKS,
      allow(["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:Get*"], "*"),
    ]);
    const client = new CloudFormationClient(actor.config);

    expect((await createStack(client, "untagged", QUEUE)).StackStatus).toBe("CREATE_COMPLETE");
    await createStack(client, "tagged", QUEUE, { tags: { team: "rabbits" } });
    expect(await failure(root, "tagged")).toContain("sqs:TagQueue");
  });

  test("also when it reads the template", async () => {
    const storage = new S3Client(aws.clientConfig());
    await storage.send(new CreateBucketCommand({ Bucket: "templates" }));
    await storage.send(
      new PutObjectCommand({ Bucket: "templates", Key: "a.json", Body: JSON.stringify(QUEUE) }),
    );
    const actor = await actAs(aws, "no-read", [STACKS]);
    const command = new CreateStackCommand({
      StackName: "unreadable",
      TemplateURL: "https://templates.s3.amazonaws.com/a.json",
    });

    await expect(new CloudFormationClient(actor.config).send(command)).rejects.toThrow(
      "S3 error: Access Denied",
    );
  });
});

describe("a stack with a service role", () => {
  test("uses the role's permissions, and goes on using them when the caller does not name it any more", async () => {
    const roleArn = await putRole(aws, "makes-queues", CLOUDFORMATION, [allow("sqs:*", "*")]);
    const actor = await actAs(aws, "passes", [STACKS, allow("iam:PassRole", roleArn)]);
    const client = new CloudFormationClient(actor.config);

    const stack = await createStack(client, "served", QUEUE, { roleArn });
    expect(stack.StackStatus).toBe("CREATE_COMPLETE");
    await allowRole(aws, "makes-queues", [allow("sqs:Get*", "*")]);
    await client.send(new DeleteStackCommand({ StackName: stack.StackId }));

    await eventually("the failure", async () =>
      (await findStack(root, "served")).StackStatus === "DELETE_FAILED" ? true : undefined,
    );
    expect(await failure(root, "served")).toContain("assumed-role/makes-queues/AWSCloudFormation");
  });

  test("is refused to a caller who may not pass the role", async () => {
    const roleArn = await putRole(aws, "not-yours", CLOUDFORMATION, [allow("*", "*")]);
    const actor = await actAs(aws, "cannot-pass", [STACKS]);

    await expect(
      createStack(new CloudFormationClient(actor.config), "greedy", QUEUE, { roleArn }),
    ).rejects.toThrow(`not authorized to perform: iam:PassRole on resource: ${roleArn}`);
  });

  test("is refused for a role that CloudFormation cannot assume", async () => {
    const roleArn = await putRole(
      aws,
      "for-lambda",
      { ...CLOUDFORMATION, Principal: { Service: "lambda.amazonaws.com" } },
      [allow("*", "*")],
    );
    const command = new CreateChangeSetCommand({
      StackName: "untrusted",
      ChangeSetName: "a",
      ChangeSetType: "CREATE",
      TemplateBody: JSON.stringify(QUEUE),
      RoleARN: roleArn,
    });

    await expect(root.send(command)).rejects.toThrow(/is invalid or cannot be assumed/);
  });
});

describe("IAM", () => {
  test("takes a batch of messages for what it is: sqs:SendMessage", async () => {
    const { QueueUrl } = await new SQSClient(aws.clientConfig()).send(
      new CreateQueueCommand({ QueueName: "batches" }),
    );
    const command = new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "a", MessageBody: "b" }] });
    const sender = await actAs(aws, "sender", [allow("sqs:SendMessage", "*")]);
    const reader = await actAs(aws, "reader", [allow("sqs:ReceiveMessage", "*")]);

    expect((await new SQSClient(sender.config).send(command)).Successful).toHaveLength(1);
    await expect(new SQSClient(reader.config).send(command)).rejects.toThrow("sqs:SendMessage");
  });

  test("does not mistake the gateway's plain HTTP for an insecure transport", async () => {
    const storage = new S3Client(aws.clientConfig());
    await storage.send(new CreateBucketCommand({ Bucket: "tls-only" }));
    const Policy = policy({
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Resource: "arn:aws:s3:::tls-only/*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
    await storage.send(new PutBucketPolicyCommand({ Bucket: "tls-only", Policy: JSON.stringify(Policy) }));
    const writer = await actAs(aws, "writer", [allow("s3:PutObject", "arn:aws:s3:::tls-only/*")]);

    const put = new S3Client(writer.config).send(
      new PutObjectCommand({ Bucket: "tls-only", Key: "a", Body: "b" }),
    );
    await expect(put).resolves.toHaveProperty("ETag");
  });
});

const LAUNCHER = join(import.meta.dirname, "..", "..", "action", "local", "launcher");

/** Prints something about the launcher's table of permissions. */
async function printTable(script: string): Promise<string> {
  const source = `import sys; sys.path.insert(0, ${JSON.stringify(LAUNCHER)})
import registry
from permission_table import TABLE
${script}`;
  const python = join(LAUNCHER, "..", "..", "..", ".venv", "bin", "python");
  return (await promisify(execFile)(python, ["-B", "-c", source])).stdout;
}

describe("the table of permissions", () => {
  test("holds no action that the type's registry schema does not name", async () => {
    const unknown = await printTable(`for kind, needs in TABLE.items():
    handlers = registry.schema(kind)["handlers"]
    known = {action for handler in handlers.values() for action in handler["permissions"]}
    by_property = (needs.with_property, needs.update_with_property, needs.delete_with_property)
    more = [action for each in by_property for actions in each.values() for action in actions]
    for action in {*needs.create, *needs.update, *needs.delete, *more} - known:
        print(kind, action)`);
    expect(unknown).toBe("");
  });

  test("holds every type of our templates", async () => {
    const templates = join(import.meta.dirname, "..", "..", "templates");
    const files = (await readdir(templates, { recursive: true })).filter((name) => name.endsWith(".yaml"));
    const texts = await Promise.all(files.map(async (name) => await readFile(join(templates, name), "utf8")));
    const used = new Set(
      texts.flatMap((text) => text.match(/(?<=Type: )AWS::(?!CloudFormation::)[A-Za-z0-9:]+/g) ?? []),
    );
    const known = (await printTable("print(' '.join(TABLE))")).trim().split(" ");

    expect(used.size).toBeGreaterThan(10);
    expect([...used].filter((type) => !known.includes(type))).toEqual([]);
  });

  test("lets a role that may do exactly that make a rule that invokes a function", async () => {
    const actor = await actAs(aws, "exact", [
      STACKS,
      allow(["iam:CreateRole", "iam:GetRole", "iam:PassRole"], "arn:aws:iam::111122223333:role/exact-*"),
      allow(
        ["lambda:CreateFunction", "lambda:GetFunction", "lambda:AddPermission"],
        "arn:aws:lambda:us-east-1:111122223333:function:exact-*",
      ),
      allow(
        ["events:PutRule", "events:DescribeRule", "events:PutTargets"],
        "arn:aws:events:us-east-1:111122223333:rule/exact-*",
      ),
    ]);
    await createStack(new CloudFormationClient(actor.config), "exact-1", {
      Resources: {
        Role: lambdaRole(),
        Function: lambdaFunction("Role"),
        Rule: {
          Type: "AWS::Events::Rule",
          Properties: {
            ScheduleExpression: "rate(1 hour)",
            Targets: [{ Id: "a", Arn: { "Fn::GetAtt": ["Function", "Arn"] } }],
          },
        },
        Permission: permission("Function", "events.amazonaws.com", { "Fn::GetAtt": ["Rule", "Arn"] }),
      },
    });
    expect(await failure(root, "exact-1")).toBe("");
    expect((await settled(root, "exact-1")).StackStatus).toBe("CREATE_COMPLETE");
  });
});
