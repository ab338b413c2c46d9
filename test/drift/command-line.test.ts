/** `warren drift` as a process, against a stack that somebody changes by hand. */
import {
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import {
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, SQSClient, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { type Ran, type Repository, repository } from "../support/command-line.ts";

const FILES = {
  "config/pipeline.yaml": `name: burrow
stages:
  prod: { branch: main, protected: true }
  never: { branch: later, protected: true }
  preview: { pull-requests: true }
components:
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts, timeout: 20 }
  results: { kind: bucket }
flow:
  - jobs -> worker
  - worker -> results
`,
  "functions/worker.ts": "export async function handler(): Promise<void> {}\n",
};

let aws: LocalAws;
let checkout: Repository;

beforeAll(async () => {
  aws = await startLocalAws();
  await setUpAccount(aws);
  checkout = repository(FILES);
  const { code, stderr } = await warren("deploy", "--stage", "prod");
  if (code !== 0) throw new Error(stderr);
});
afterAll(async () => {
  checkout?.[Symbol.dispose]();
  await aws?.[Symbol.asyncDispose]();
});

function warren(...words: string[]): Promise<Ran> {
  return checkout.warren(words, localEnvironment(aws));
}

async function queueUrl(): Promise<string> {
  const { stdout } = await warren("deploy", "--stage", "prod", "--json");
  return (JSON.parse(stdout) as { outputs: { JobsUrl: string } }).outputs.JobsUrl;
}

async function visibilityTimeout(url: string): Promise<string | undefined> {
  const { Attributes } = await new SQSClient(aws.clientConfig()).send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["VisibilityTimeout"] }),
  );
  return Attributes?.["VisibilityTimeout"];
}

/** A queue's property, a secret in a function's environment, and an arrow's right that is taken away. */
async function changeByHand(url: string): Promise<void> {
  const config = aws.clientConfig();
  await new SQSClient(config).send(
    new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: "7" } }),
  );
  const lambda = new LambdaClient(config);
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const { FunctionName, Environment } = Functions[0] ?? {};
  const Variables = { ...Environment?.Variables, RESULTS_NAME: "hunter2-not-for-eyes" };
  await lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 3, Environment: { Variables } }),
  );
  const iam = new IAMClient(config);
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  for (const { RoleName } of Roles.filter((role) => role.RoleName?.startsWith("burrow-prod-Worker"))) {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    for (const PolicyName of PolicyNames)
      await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }
}

/** The same text in every run. */
function steady(text: string): string {
  return text
    .replaceAll(/sha256:[0-9a-f]{8}/g, "sha256:<hash>")
    .replaceAll(/-[0-9A-Z]{13}\b/g, "-<random>")
    .replaceAll(/ +\d+\.\d s$/gm, "  <seconds>");
}

test("a stage that is as it was deployed has not drifted", async () => {
  const { code, stdout, stderr } = await warren("drift", "prod");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toContain("burrow-prod is as it was deployed");
});

test("what was changed by hand is told by component and line, and put back", async () => {
  const url = await queueUrl();
  const before = await visibilityTimeout(url);
  await changeByHand(url);

  const found = await warren("drift", "prod");
  expect(found.code).toBe(3);
  expect(steady(found.stderr)).toMatchSnapshot("found");
  expect(found.stderr).not.toContain("hunter2");

  const json = await warren("drift", "prod", "--json");
  expect(json.code).toBe(3);
  expect(json.stdout).not.toContain("hunter2");
  const { stages } = JSON.parse(json.stdout) as { stages: { resources: unknown[] }[] };
  expect(stages).toMatchObject([
    { stage: "prod", stackName: "burrow-prod", status: "drifted", unchecked: [] },
  ]);
  expect(stages[0]?.resources).toContainEqual(
    expect.objectContaining({
      kind: "modified",
      type: "AWS::SQS::Queue",
      component: "jobs",
      label: "queue",
      place: { file: "config/pipeline.yaml", line: 7, column: 3 },
      properties: [{ kind: "changed", path: "VisibilityTimeout", expected: before, actual: "7" }],
    }),
  );

  const back = await warren("drift", "prod", "--revert");
  expect(back.code).toBe(0);
  expect(steady(back.stderr)).toMatchSnapshot("put back");
  expect(await visibilityTimeout(url)).toBe(before);
  expect(await warren("drift", "prod")).toMatchObject({ code: 0 });
});

test("without a stage, all protected ones are checked, also those that were never deployed", async () => {
  const { code, stdout } = await warren("drift", "--json");
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as { stages: unknown }).stages).toMatchObject([
    { stage: "prod", status: "in-sync" },
    { stage: "never", status: "absent" },
  ]);
});

test("nothing is put back without a stage's name", async () => {
  expect(await warren("drift", "--revert")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("need a stage"),
  });
});
