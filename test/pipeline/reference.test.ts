/** The repository's own pipeline, deployed as `warren deploy` does and read back from the local AWS. */
import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from "@aws-sdk/client-eventbridge";
import {
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { GetPolicyCommand, LambdaClient, ListEventSourceMappingsCommand } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localEnvironment, setUpAccount, silent } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { Pipeline } from "../../action/local/reference-pipeline.ts";
import { type Wikipedia, startWikipedia } from "../../action/local/wikipedia.ts";
import { run } from "../../action/run.ts";
import { systemPorts } from "../../action/system.ts";

const STACK = "rabbit-hole-prod";
const root = `${import.meta.dirname}/../..`;
let aws: LocalAws;
let wikipedia: Wikipedia;
let pipeline: Pipeline;
let byHand: string;

beforeAll(async () => {
  wikipedia = await startWikipedia();
  aws = await startLocalAws({ lambdaEnvironment: { WIKIPEDIA_URL: wikipedia.url } });
  await setUpAccount(aws);
  const ports = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
  await run({ command: "deploy", target: { stage: "prod" } }, ports);
  pipeline = await Pipeline.find(aws, STACK);
});

afterAll(async () => {
  pipeline?.[Symbol.dispose]();
  await aws?.[Symbol.asyncDispose]();
  await wikipedia?.[Symbol.asyncDispose]();
});

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** Every Allow statement of every role in the account, as IAM stores it. */
async function allowed(): Promise<Statement[]> {
  const iam = new IAMClient(aws.clientConfig());
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const perRole = Roles.map(async ({ RoleName }) => {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const documents = PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      return (JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: Statement[] }).Statement;
    });
    return (await Promise.all(documents)).flat();
  });
  return (await Promise.all(perRole)).flat().filter(({ Effect }) => Effect === "Allow");
}

test("the timer sees the function and the function sees the timer", async () => {
  const events = new EventBridgeClient(aws.clientConfig());
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  expect(Rules).toMatchObject([{ ScheduleExpression: "rate(5 minutes)", State: "ENABLED" }]);
  const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: Rules[0]?.Name }));
  const target = Targets[0]?.Arn ?? "";
  expect(target).toMatch(/:function:rabbit-hole-prod-Serverlessproducer/);

  const lambda = new LambdaClient(aws.clientConfig());
  const { Policy = "" } = await lambda.send(new GetPolicyCommand({ FunctionName: target }));
  const { Statement } = JSON.parse(Policy) as { Statement: unknown[] };
  expect(Statement).toMatchObject([
    {
      Effect: "Allow",
      Action: "lambda:InvokeFunction",
      Principal: { Service: "events.amazonaws.com" },
      Condition: { ArnLike: { "AWS:SourceArn": Rules[0]?.Arn } },
    },
  ]);
});

test("the functions may do exactly eleven things, each on one resource", async () => {
  const statements = await allowed();
  expect(statements.flatMap(({ Action }) => Action).toSorted()).toEqual([
    "comprehend:DetectSentiment",
    "dynamodb:Scan",
    "logs:CreateLogStream",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:PutLogEvents",
    "s3:PutObject",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
  ]);
  const everywhere = statements.filter(({ Resource }) => [Resource].flat().includes("*"));
  // Comprehend has no resources to name.
  expect(everywhere.flatMap(({ Action }) => Action)).toEqual(["comprehend:DetectSentiment"]);
});

test("no role has a managed policy", async () => {
  const iam = new IAMClient(aws.clientConfig());
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  expect(Roles).toHaveLength(2);
  for (const { RoleName } of Roles) {
    const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    expect(AttachedPolicies).toEqual([]);
  }
});

test("a message stays hidden for six times the consumer's timeout, and failures are reported one by one", async () => {
  const sqs = new SQSClient(aws.clientConfig());
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const QueueUrl = QueueUrls.find((url) => url.includes("ProducerQueue"));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["VisibilityTimeout", "RedrivePolicy"] }),
  );
  expect(Attributes).toMatchObject({
    VisibilityTimeout: "180",
    RedrivePolicy: expect.stringContaining("Dead"),
  });
  const lambda = new LambdaClient(aws.clientConfig());
  const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({}));
  expect(EventSourceMappings).toMatchObject([{ FunctionResponseTypes: ["ReportBatchItemFailures"] }]);
});

test("every name of the table comes to the bucket with its sentiment", async () => {
  const names = await pipeline.names();
  expect(names).toHaveLength(5);
  byHand = await pipeline.invoke();
  const stop = new AbortController().signal;
  await pipeline.watch(byHand, { names, wikipedia, screen: silent, stop, boundSeconds: 30 });
  const sentiments = await pipeline.sentiments();
  expect(sentiments.map(({ name }) => name).toSorted()).toEqual(names);
  expect(sentiments.map(({ status }) => status)).toEqual(names.map(() => "scored"));
});

test("a hop that does not happen fails the demo", async () => {
  const stop = new AbortController().signal;
  const options = { names: await pipeline.names(), wikipedia, screen: silent, stop, boundSeconds: 0 };
  await expect(pipeline.watch("no-such-run", options)).rejects.toMatchObject({ reason: "demo-failed" });
  const firing = pipeline.nextFiring({ not: byHand, boundSeconds: 0, screen: silent, stop });
  await expect(firing).rejects.toThrow("the timer did not fire within 0 s");
});
