import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { DeleteRuleCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eachAtOnce } from "../../action/core/parallel.ts";
import type { Rendered } from "../../action/core/rendered.ts";
import { deploy } from "../../action/deploy.ts";
import { destroy } from "../../action/destroy.ts";
import { artifact, countsOf, failureOf, functions, openStage, queue, renderedAs } from "./world.ts";
import type { Stage } from "./world.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

function deployed(rendered: Rendered, artifacts: Parameters<typeof deploy>[0]["artifacts"] = []) {
  return stage.run((ports) => deploy({ rendered, artifacts }, ports));
}

function destroyed(stackName: string) {
  return stage.run((ports) => destroy({ stackName, protected: false }, ports));
}

const bucket = { Type: "AWS::S3::Bucket", Properties: { VersioningConfiguration: { Status: "Enabled" } } };
const rule = { Type: "AWS::Events::Rule", Properties: { ScheduleExpression: "rate(1 hour)" } };

/** A pipeline with all that must be silenced or emptied. */
async function pipeline(stackName: string) {
  const worker = await artifact("Worker", stackName);
  const actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
  const polls = {
    PolicyName: "polls",
    PolicyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }],
    },
  };
  const mapping = {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: { EventSourceArn: { "Fn::GetAtt": ["Jobs", "Arn"] }, FunctionName: { Ref: "Worker" } },
  };
  const resources = {
    ...functions(stage.aws, [worker], [polls]),
    Jobs: queue(),
    Mapping: mapping,
    Timer: rule,
    Results: bucket,
  };
  const outputs = { ResultsName: { Value: { Ref: "Results" } }, TimerName: { Value: { Ref: "Timer" } } };
  const { result } = await deployed(renderedAs(stackName, { resources, outputs }), [worker]);
  return { results: result.outputs["ResultsName"] ?? "", timer: result.outputs["TimerName"] ?? "" };
}

async function bucketNames(): Promise<readonly (string | undefined)[]> {
  const { Buckets = [] } = await stage.s3.send(new ListBucketsCommand({}));
  return Buckets.map(({ Name }) => Name);
}

test("sources are switched off, then 2,500 versions and markers deleted, then the stack", async () => {
  const { results } = await pipeline("full");
  const keys = Array.from({ length: 1_200 }, (_, index) => `word-${index}.json`);
  for (const Body of ["first", "second"]) {
    await eachAtOnce(16, keys, async (Key) => {
      await stage.s3.send(new PutObjectCommand({ Bucket: results, Key, Body }));
    });
  }
  await eachAtOnce(16, keys.slice(0, 100), async (Key) => {
    await stage.s3.send(new DeleteObjectCommand({ Bucket: results, Key }));
  });

  const run = await destroyed("full");
  expect(run.result).toMatchObject({ kind: "destroyed", stackName: "full", objectsDeleted: 2_500, kept: [] });
  expect(await bucketNames()).not.toContain(results);
  const order = run.calls.map(({ action }) => action);
  const toLambda = run.calls.flatMap(({ service, method }, index) =>
    service === "lambda" && method === "PUT" ? [index] : [],
  );
  expect(Math.max(order.indexOf("DisableRule"), ...toLambda)).toBeLessThan(
    order.indexOf("ListObjectVersions"),
  );
  expect(order.lastIndexOf("DeleteObjects")).toBeLessThan(order.indexOf("DeleteStack"));
  const counts = countsOf({ calls: run.calls.filter((_, index) => !toLambda.includes(index)) });
  // The mapping and the function.
  expect(toLambda).toHaveLength(2);
  expect(counts).toEqual({
    DescribeStacks: 2,
    ListStackResources: 1,
    DisableRule: 1,
    ListObjectVersions: 3,
    DeleteObjects: 3,
    DeleteStack: 1,
  });
});

test("a stack that is not there is a success after one call", async () => {
  const { result, calls } = await destroyed("never-was");
  expect(result).toEqual({ kind: "absent", stackName: "never-was" });
  expect(countsOf({ calls })).toEqual({ DescribeStacks: 1 });
});

test("what was deleted by hand is no error", async () => {
  const { results, timer } = await pipeline("by-hand");
  const events = new EventBridgeClient(stage.aws.clientConfig());
  await events.send(new DeleteRuleCommand({ Name: timer }));
  events.destroy();
  await stage.s3.send(new DeleteBucketCommand({ Bucket: results }));
  expect((await destroyed("by-hand")).result.kind).toBe("destroyed");
});

test("what the template retains is reported, with the command that deletes it", async () => {
  const group = { Type: "AWS::Logs::LogGroup", DeletionPolicy: "Retain" };
  await deployed(renderedAs("keeping", { resources: { Jobs: queue(), Diary: group } }));
  const { result } = await destroyed("keeping");
  expect(result).toMatchObject({ kind: "destroyed", leftovers: [] });
  const [kept] = result.kind === "destroyed" ? result.kept : [];
  expect(kept).toMatchObject({ logicalId: "Diary", type: "AWS::Logs::LogGroup" });
  expect(kept?.command).toBe(
    `aws cloudcontrol delete-resource --type-name AWS::Logs::LogGroup --identifier ${kept?.physicalId} --region us-east-1`,
  );
});

test("a bucket that somebody fills for ever is left with what is in it, and the stack goes", async () => {
  const { result } = await deployed(
    renderedAs("filled", {
      resources: { Jobs: queue(), Results: bucket },
      outputs: { ResultsName: { Value: { Ref: "Results" } } },
    }),
  );
  const Bucket = result.outputs["ResultsName"];
  const gone = await stage.run((ports) => {
    const stacks = {
      ...ports.stacks,
      async delete(input: Parameters<typeof ports.stacks.delete>[0]) {
        await stage.s3.send(new PutObjectCommand({ Bucket, Key: "late", Body: "late" }));
        await ports.stacks.delete(input);
      },
    };
    const sleep = (milliseconds: number): Promise<void> => ports.clock.sleep(Math.min(100, milliseconds));
    const all = { ...ports, stacks, clock: { ...ports.clock, sleep } };
    return destroy({ stackName: "filled", protected: false }, all);
  });
  expect(gone.result).toMatchObject({
    kind: "destroyed",
    leftovers: [{ logicalId: "Results", physicalId: Bucket }],
  });
  expect(countsOf(gone)).toMatchObject({ DeleteStack: 5 });
  expect(await bucketNames()).toContain(Bucket);
  expect(gone.lines).toContainEqual(expect.stringMatching(/^left: Results AWS::S3::Bucket \S+: .*not empty/));
  expect((await destroyed("filled")).result.kind).toBe("absent");
});

test("a bucket without versioning, and one whose versioning was suspended, are emptied too", async () => {
  for (const Bucket of ["plain-bucket", "suspended-bucket"]) {
    await stage.s3.send(new CreateBucketCommand({ Bucket }));
    await stage.s3.send(new PutObjectCommand({ Bucket, Key: "a b/ü.json", Body: "x" }));
  }
  const VersioningConfiguration = { Status: "Suspended" as const };
  await stage.s3.send(
    new PutBucketVersioningCommand({ Bucket: "suspended-bucket", VersioningConfiguration }),
  );
  const count = (name: string) => stage.run((ports) => ports.quiet.emptyBucket(name, () => undefined));
  expect((await count("plain-bucket")).result).toBe(1);
  expect((await count("suspended-bucket")).result).toBe(1);
  await stage.s3.send(new DeleteBucketCommand({ Bucket: "plain-bucket" }));
  expect((await count("plain-bucket")).result).toBe(0);
});

test("a protected stage is refused in words that say how to really do it", async () => {
  await deployed(renderedAs("prod", { resources: { Jobs: queue() }, protected: true }));
  const how =
    "    If it really is to go: set `protected: false` for the stage in config/pipeline.yaml and merge that " +
    "(that deploy takes Retain and termination protection away), then destroy it.";

  const byConfig = await failureOf(
    stage.run((ports) => destroy({ stackName: "prod", protected: true }, ports)),
  );
  expect(byConfig.reason).toBe("stage-protected");
  expect(byConfig.message).toBe(
    `prod is not destroyed: its stage is protected in config/pipeline.yaml\n${how}`,
  );
  const byStack = await failureOf(destroyed("prod"));
  expect(byStack.message).toBe(`prod is not destroyed: the stack has termination protection\n${how}`);

  await deployed(renderedAs("prod", { resources: { Jobs: queue(31) } }));
  expect((await destroyed("prod")).result.kind).toBe("destroyed");
});

test("objects that somebody has locked end the emptying with their name", async () => {
  const Bucket = "locked-bucket";
  await stage.s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const ObjectLockRetainUntilDate = new Date(Date.now() + 3_600_000);
  await stage.s3.send(
    new PutObjectCommand({
      Bucket,
      Key: "evidence",
      Body: "x",
      ObjectLockMode: "COMPLIANCE",
      ObjectLockRetainUntilDate,
    }),
  );
  const error = await failureOf(stage.run((ports) => ports.quiet.emptyBucket(Bucket, () => undefined)));
  expect(error.reason).toBe("destroy-failed");
  expect(error.message).toContain(
    "1 objects of bucket locked-bucket cannot be deleted, the first is evidence",
  );
});
