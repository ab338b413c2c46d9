import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eachAtOnce } from "../../action/core/parallel.ts";
import type { Rendered } from "../../action/core/rendered.ts";
import { deploy } from "../../action/deploy.ts";
import type { DeployOutcome } from "../../action/deploy.ts";
import { SALT_TAG } from "../../action/core/redact.ts";
import {
  artifact,
  bucketOf,
  countsOf,
  failureOf,
  functions,
  openStage,
  openWorld,
  queue,
  renderedAs,
  sha256,
  table,
  tableItems,
} from "./world.ts";
import type { Stage } from "./world.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

function deployed(rendered: Rendered, artifacts: Parameters<typeof deploy>[0]["artifacts"] = []) {
  return stage.run((ports) => deploy({ rendered, artifacts }, ports));
}

async function names(outcome: DeployOutcome, output: string): Promise<readonly string[]> {
  const client = new DynamoDBClient(stage.aws.clientConfig());
  const { Items = [] } = await client.send(new ScanCommand({ TableName: outcome.outputs[output] ?? "" }));
  client.destroy();
  return Items.map((item) => item["name"]?.S ?? "").toSorted();
}

test("first deploy, one changed function, nothing changed: the calls to AWS", async () => {
  const one = await artifact("One", "first");
  const two = await artifact("Two", "first, but another");
  const oneChanged = await artifact("One", "second");
  const before = renderedAs("counted", { resources: functions(stage.aws, [one, two]), protected: true });
  const after = renderedAs("counted", {
    resources: functions(stage.aws, [oneChanged, two]),
    protected: true,
  });
  const round = { DescribeStacks: 2, ListObjectsV2: 1, CreateChangeSet: 1, ExecuteChangeSet: 1 };

  const first = await deployed(before, [one, two]);
  expect(first.result.kind).toBe("created");
  expect(countsOf(first)).toEqual({
    ...round,
    GetCallerIdentity: 1,
    PutObject: 2,
    UpdateTerminationProtection: 1,
  });

  const nothing = await deployed(before, [one, two]);
  expect(nothing.result.kind).toBe("unchanged");
  expect(nothing.calls.map(({ action }) => action)).toEqual(["DescribeStacks"]);

  const packedInVain = () => Promise.reject(new Error("it is in the bucket already"));
  const change = await deployed(after, [oneChanged, { ...two, zip: packedInVain }]);
  expect(change.result.kind).toBe("updated");
  expect(countsOf(change)).toEqual({ ...round, PutObject: 1 });
  expect(
    change.result.changes.filter(({ properties }) => properties.some(({ path }) => path.startsWith("Code"))),
  ).toMatchObject([{ effect: "changed", logicalId: "One" }]);

  const rebuilt = await deployed(after, [await artifact("One", "second"), two]);
  expect(rebuilt.calls.map(({ action }) => action)).toEqual(["DescribeStacks"]);
});

test("200 functions cost no more calls than their uploads and ten others", async () => {
  const artifacts = await Promise.all(
    Array.from({ length: 200 }, (_, index) => artifact(`Fn${index}`, `${index}`)),
  );
  const resources = { ...functions(stage.aws, artifacts.slice(0, 3)), Queue: queue() };
  const first = await deployed(renderedAs("wide", { resources }), artifacts);
  const { PutObject: uploads, ...others } = countsOf(first);
  expect(uploads).toBe(200);
  expect(Object.values(others).reduce((sum, count) => sum + count)).toBeLessThanOrEqual(10);
});

test("what is in a big artifact bucket is found with fewer calls than it has pages or than keys are wanted", async () => {
  const keys = Array.from(
    { length: 2_500 },
    (_, index) => `functions/${sha256(`old ${index}`)}.zip`,
  ).toSorted();
  const put = { Bucket: bucketOf(stage.aws), Body: "x" };
  await eachAtOnce(
    16,
    keys,
    async (Key) => void (await stage.s3.send(new PutObjectCommand({ ...put, Key }))),
  );
  const look = (wanted: readonly string[]) =>
    stage.run((ports) => ports.artifacts.present(bucketOf(stage.aws), "functions/", wanted));

  const absent = Array.from({ length: 100 }, (_, index) => `functions/${sha256(`new ${index}`)}.zip`);
  const many = await look([...absent, ...keys.filter((_, index) => index % 10 === 0)]);
  expect([...many.result].toSorted()).toEqual(keys.filter((_, index) => index % 10 === 0));
  expect(many.calls.length).toBeLessThanOrEqual(9);

  const farApart = [keys[0]!, absent[0]!, keys.at(-1)!];
  const few = await look(farApart);
  expect([...few.result].toSorted()).toEqual([keys[0], keys.at(-1)]);
  expect(few.calls.length).toBeLessThanOrEqual(farApart.length);
});

test("each resource is told in one line, in the words of pipeline.yaml", async () => {
  const { lines } = await deployed(renderedAs("told", { resources: { Jobs: queue(), Results: queue() } }));
  const told = lines.filter((line) => line.startsWith("CREATE_COMPLETE")).toSorted();
  expect(told.map((line) => line.replace(/[\d.]+ s$/, "N s").split(/\s{2,}/))).toEqual([
    ["CREATE_COMPLETE", "jobs thing", "AWS::SQS::Queue", "N s"],
    ["CREATE_COMPLETE", "results thing", "AWS::SQS::Queue", "N s"],
  ]);
});

test("the stack carries its tags and gives its outputs", async () => {
  const rendered = renderedAs("tagged", {
    resources: { Jobs: queue() },
    outputs: { JobsArn: { Value: { "Fn::GetAtt": ["Jobs", "Arn"] } } },
  });
  const { result } = await deployed(rendered);
  expect(result.stack.tags).toEqual({
    ...rendered.tags,
    [SALT_TAG]: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(result.outputs["JobsArn"]).toMatch(/^arn:aws:sqs:us-east-1:111122223333:tagged-Jobs/);
});

test("a template of more than 51,200 bytes goes through S3, under its hash", async () => {
  const long = { ...queue(), Metadata: { padding: "x".repeat(60_000) } };
  const rendered = renderedAs("long", { resources: { Jobs: long } });
  const { result, calls } = await deployed(rendered);
  expect(result.kind).toBe("created");
  const puts = calls.filter(({ action }) => action === "PutObject");
  expect(puts.map(({ url }) => url.split("?")[0])).toEqual([
    `/${bucketOf(stage.aws)}/templates/${sha256(rendered.body)}.json`,
  ]);
});

test("new tags alone are an update; the same template under another digest needs no upload", async () => {
  const rendered = renderedAs("retagged", { resources: { Jobs: queue() } });
  await deployed(rendered);
  const tags = { ...rendered.tags, "warren:digest": "0".repeat(64) };
  const { result, lines } = await deployed({ ...rendered, digest: "0".repeat(64), tags });
  expect(result.kind).toBe("updated");
  expect(result.stack.tags["warren:digest"]).toBe("0".repeat(64));
  expect(lines).toContain("1 more resource stays as it is, but for its tags");
});

test("a change set without any change is deleted, and the stack is unchanged", async () => {
  const rendered = renderedAs("same", { resources: { Jobs: queue() } });
  await deployed(rendered);
  // The same tags, but looked for under another digest: CloudFormation finds nothing to do.
  const { result, calls } = await deployed({ ...rendered, digest: "1".repeat(64) });
  expect(result.kind).toBe("unchanged");
  expect(countsOf({ calls })).toEqual({ DescribeStacks: 1, CreateChangeSet: 1, DeleteChangeSet: 1 });
});

test("items are loaded: after the creation of their table, before later updates, and only if they changed", async () => {
  const sketch = { resources: { Fang: table() }, outputs: { FangName: { Value: { Ref: "Fang" } } } };
  const words = Array.from({ length: 60 }, (_, index) => `word ${index}`);
  const first = await deployed(renderedAs("items", { ...sketch, items: [tableItems("Fang", words)] }));
  expect(await names(first.result, "FangName")).toEqual(words.toSorted());
  expect(countsOf(first)["BatchWriteItem"]).toBe(3);

  const again = renderedAs("items", { ...sketch, items: [tableItems("Fang", [...words, "one more"])] });
  const second = await deployed(again);
  expect(await names(second.result, "FangName")).toEqual([...words, "one more"].toSorted());
  const order = second.calls.map(({ action }) => action);
  expect(order.lastIndexOf("BatchWriteItem")).toBeLessThan(order.indexOf("ExecuteChangeSet"));

  const more = { ...sketch, resources: { ...sketch.resources, Jobs: queue() } };
  const third = await deployed(renderedAs("items", { ...more, items: again.items }));
  expect(countsOf(third)["BatchWriteItem"]).toBeUndefined();
});

test("a stage that is no longer protected loses its termination protection, after the update", async () => {
  const resources = { Jobs: queue() };
  const first = await deployed(renderedAs("released", { resources, protected: true }));
  expect(first.lines.at(-1)).toBe("termination protection of released is on");
  const second = await deployed(renderedAs("released", { resources: { Jobs: queue(31) } }));
  expect(second.lines.at(-1)).toBe("termination protection of released is off");
});

test("a missing artifact bucket is told with the way to make it", async () => {
  using world = openWorld({ endpoint: stage.aws.endpoint, region: "eu-west-1" });
  const one = await artifact("One", "elsewhere");
  const rendered = renderedAs("elsewhere", { resources: functions(stage.aws, [one]) });
  const error = await failureOf(deploy({ rendered, artifacts: [one] }, world.ports));
  expect(error.reason).toBe("artifact-bucket-missing");
  expect(error.message).toBe(
    "there is no artifact bucket warren-artifacts-111122223333-eu-west-1 in this account\n" +
      "    Run `warren bootstrap`, once for each account and region: it makes the bucket.",
  );
});

test("a stack that another run has made since it was looked for is waited for, and no mistake of the template", async () => {
  const rendered = renderedAs("meanwhile", { resources: { Jobs: queue() } });
  await deployed(rendered);
  const { result } = await stage.run(async (ports) => {
    let looks = 0;
    // As it was a moment ago, when both runs looked.
    const find: typeof ports.stacks.find = async (name) =>
      looks++ === 0 ? undefined : ports.stacks.find(name);
    return deploy({ rendered, artifacts: [] }, { ...ports, stacks: { ...ports.stacks, find } });
  });
  expect(result.kind).toBe("unchanged");
});
