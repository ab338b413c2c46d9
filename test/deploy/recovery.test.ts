import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { DeleteQueueCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Rendered } from "../../action/core/rendered.ts";
import { deploy } from "../../action/deploy.ts";
import type { DeployPorts } from "../../action/deploy.ts";
import {
  BROKEN_QUEUE,
  countsOf,
  failureOf,
  openStage,
  queue,
  renderedAs,
  table,
  tableItems,
} from "./world.ts";
import type { Stage } from "./world.ts";

let stage: Stage;
beforeAll(async () => {
  // Slow enough that a run can be cut off in the middle of an operation.
  stage = await openStage({ resourceDelayMs: 500 });
});
afterAll(() => stage[Symbol.asyncDispose]());

type Cut = Partial<DeployPorts> & { readonly timeoutSeconds?: number; readonly skip?: readonly string[] };

function deployed(rendered: Rendered, cut: Cut = {}) {
  const { timeoutSeconds = 60, skip, ...ports } = cut;
  const request = { rendered, artifacts: [], timeoutSeconds, ...(skip && { skip }) };
  return stage.run((real) => deploy(request, { ...real, ...ports }));
}

async function status(stackName: string): Promise<string | undefined> {
  const client = new CloudFormationClient(stage.aws.clientConfig());
  const { Stacks: stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  client.destroy();
  return stacks?.[0]?.StackStatus;
}

async function queuesOf(stackName: string): Promise<readonly string[]> {
  const client = new SQSClient(stage.aws.clientConfig());
  const { QueueUrls: urls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix: stackName }));
  client.destroy();
  return urls;
}

async function itemCount(tableName: string | undefined): Promise<number | undefined> {
  const client = new DynamoDBClient(stage.aws.clientConfig());
  const { Count } = await client.send(new ScanCommand({ TableName: tableName ?? "" }));
  client.destroy();
  return Count;
}

test("a creation that fails names the cause at its line; the next deploy clears it away and creates", async () => {
  // Even what is to be retained later goes with a creation that failed.
  const good = { ...queue(), DeletionPolicy: "Retain" };
  const failing = renderedAs("fresh", {
    resources: { Good: good, Bad: { ...BROKEN_QUEUE, DependsOn: "Good" } },
  });
  const error = await failureOf(deployed(failing));
  expect(error.reason).toBe("deploy-failed");
  expect(error.message).toBe(
    "config/pipeline.yaml:11:3: bad (thing, AWS::SQS::Queue) could not be created: " +
      "Invalid value for the parameter VisibilityTimeout. Value must be between 0 and 43200\n" +
      "    AWS does not accept a value: correct the component's options or its `overrides:`.",
  );
  expect(await status("fresh")).toBe("ROLLBACK_COMPLETE");
  expect(await queuesOf("fresh")).toEqual([]);

  const { result, lines } = await deployed(renderedAs("fresh", { resources: { Good: queue() } }));
  expect(result.kind).toBe("created");
  expect(lines[0]).toBe("fresh is ROLLBACK_COMPLETE and empty: deleting it to create it afresh");
});

test("an update that fails is rolled back, and going back to the former commit works", async () => {
  const good = renderedAs("rolled", { resources: { Jobs: queue(30) } });
  await deployed(good);
  const error = await failureOf(deployed(renderedAs("rolled", { resources: { Jobs: BROKEN_QUEUE } })));
  expect(error.problems[0]).toMatchObject({ place: { file: "config/pipeline.yaml", line: 10 } });
  expect(error.message).toContain("jobs (thing, AWS::SQS::Queue) could not be updated: Invalid value");
  expect(await status("rolled")).toBe("UPDATE_ROLLBACK_COMPLETE");
  expect((await deployed(good)).result.kind).toBe("unchanged");
  expect((await deployed(renderedAs("rolled", { resources: { Jobs: queue(31) } }))).result.kind).toBe(
    "updated",
  );
});

test("a refused template leaves no stack behind", async () => {
  const wrong = { ...renderedAs("refused", { resources: { Jobs: queue() } }), body: '{"Resources":' };
  const error = await failureOf(deployed(wrong));
  expect(error.reason).toBe("change-set-failed");
  await expect(status("refused")).rejects.toThrow("does not exist");
});

test("a run that gave up says how to resume; the next one attaches, tells each resource once and finishes", async () => {
  const sketch = { resources: { A: queue(), B: queue(), C: queue(), D: queue() } };
  const rendered = renderedAs("resumed", sketch);
  const error = await failureOf(deployed(rendered, { timeoutSeconds: 1 }));
  expect(error.reason).toBe("stack-timeout");
  expect(error.message).toBe(
    "gave up waiting for stack resumed; its operation goes on in CloudFormation\n" +
      "    Run the same command again: it attaches to the running operation and does what is left.",
  );
  const { result, lines, calls } = await deployed(rendered);
  expect(result.kind).toBe("unchanged");
  expect(lines[0]).toBe("resumed is CREATE_IN_PROGRESS: waiting for that operation to end");
  expect(lines.slice(1).map((line) => line.split(/\s+/)[1])).toEqual(["a", "b", "c", "d"]);
  expect(countsOf({ calls })).toEqual({ DescribeStacks: 2 });
});

test("another commit waits for the running operation and then makes its own", async () => {
  const error = await failureOf(
    deployed(renderedAs("queued", { resources: { A: queue(), B: queue() } }), { timeoutSeconds: 0.5 }),
  );
  expect(error.reason).toBe("stack-timeout");
  const { result } = await deployed(renderedAs("queued", { resources: { A: queue(31), B: queue() } }));
  expect(result.kind).toBe("updated");
});

const killed = { load: () => Promise.reject(new Error("killed")) };
const fang = { resources: { Fang: table() }, outputs: { FangName: { Value: { Ref: "Fang" } } } };

test.each([
  { stackName: "healed", protected: false, usual: { DescribeStacks: 1, HeadObject: 1 } },
  { stackName: "healed-prod", protected: true, usual: { DescribeStacks: 1 } },
])("$stackName: items that a killed run did not load are loaded by the next", async (kind) => {
  const rendered = renderedAs(kind.stackName, {
    ...fang,
    items: [tableItems("Fang", ["a", "b"])],
    protected: kind.protected,
  });
  await expect(deployed(rendered, { items: killed })).rejects.toThrow("killed");
  expect(await status(kind.stackName)).toBe("CREATE_COMPLETE");

  const next = await deployed(rendered);
  expect(next.result.kind).toBe("updated");
  expect(await itemCount(next.result.outputs["FangName"])).toBe(2);

  const usual = await deployed(rendered);
  expect(usual.result.kind).toBe("unchanged");
  expect(countsOf(usual)).toEqual(kind.usual);
});

test("a table that an update adds is healed too, also by a later commit with the same items", async () => {
  await deployed(renderedAs("grown", { resources: { Jobs: queue() }, protected: true }));
  const items = [tableItems("Fang", ["a", "b", "c"])];
  const grown = { ...fang, items, protected: true };
  await expect(deployed(renderedAs("grown", grown), { items: killed })).rejects.toThrow("killed");

  const later = renderedAs("grown", { ...grown, resources: { Fang: table(), More: queue() } });
  const { result } = await deployed(later);
  expect(await itemCount(result.outputs["FangName"])).toBe(3);
  expect(countsOf(await deployed(later))).toEqual({ DescribeStacks: 1 });
});

test("a rollback that failed is continued, then goes on without what a person names", async () => {
  const before = { resources: { Jobs: queue(30), Results: queue(30) } };
  await deployed(renderedAs("stuck", before));
  // While the update is under way, somebody deletes what it has changed already: there is nothing to put back.
  const broken = renderedAs("stuck", {
    resources: {
      Jobs: queue(31),
      Results: queue(30),
      Slow: { ...queue(), DependsOn: "Jobs" },
      Bad: { ...BROKEN_QUEUE, DependsOn: "Slow" },
    },
  });
  const sqs = new SQSClient(stage.aws.clientConfig());
  const failure = failureOf(deployed(broken));
  await expect.poll(() => queuesOf("stuck"), { timeout: 20_000 }).toHaveLength(3);
  const url = (await queuesOf("stuck")).find((one) => one.includes("Jobs")) ?? "";
  await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
  sqs.destroy();
  expect((await failure).reason).toBe("deploy-failed");
  expect(await status("stuck")).toBe("UPDATE_ROLLBACK_FAILED");

  const wanted = renderedAs("stuck", { resources: { Jobs: queue(30), Results: queue(45) }, protected: true });
  const stuck = await failureOf(deployed(wanted));
  expect(stuck.reason).toBe("stack-stuck");
  expect(stuck.problems[1]?.message).toMatch(/^jobs .* cannot be put back: \S+ was not found$/);
  expect(await status("stuck")).toBe("UPDATE_ROLLBACK_FAILED");

  const { result } = await deployed(wanted, { skip: ["jobs"] });
  expect(result.kind).toBe("updated");
  expect(await status("stuck")).toBe("UPDATE_COMPLETE");
});
