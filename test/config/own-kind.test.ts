/** A kind and an arrow of one's own: two YAML files in the user's repository, and no TypeScript. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  GetLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { GetRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { startLocalAws } from "../../action/local/aws.ts";
import { type Ran, type Repository, repository } from "../support/command-line.ts";
import { repositoryRoot } from "../support/shipped.ts";

const FILES = {
  "config/pipeline.yaml": `name: audited
stages:
  prod: { branch: main }
components:
  worker: { kind: function, source: functions/worker.ts }
  trail: { kind: journal, days: 365 }
flow:
  - worker -> trail
`,
  "functions/worker.ts": `import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
const logs = new CloudWatchLogsClient({});
export async function handler(event: { line: string }): Promise<string> {
  const where = { logGroupName: process.env["TRAIL_NAME"], logStreamName: "lines" };
  await logs.send(new CreateLogStreamCommand(where));
  await logs.send(new PutLogEventsCommand({ ...where, logEvents: [{ timestamp: Date.now(), message: event.line }] }));
  return where.logGroupName ?? "";
}
`,
  "templates/components/journal.yaml": `AWSTemplateFormatVersion: "2010-09-09"
Description: A log group that functions write lines into which nobody may lose.
Parameters:
  Days: { Type: Number, Description: Days for which lines are kept., Default: 30, AllowedValues: [30, 365] }
Resources:
  Lines:
    Type: AWS::Logs::LogGroup
    Properties: { RetentionInDays: !Ref Days }
Outputs:
  Name: { Description: Name of the log group., Value: !Ref Lines }
  Arn: { Description: ARN of the log group., Value: !GetAtt Lines.Arn }
Metadata:
  Warren: { Stateful: [Lines], Publish: [Name] }
`,
  "templates/connections/function-to-journal.yaml": `AWSTemplateFormatVersion: "2010-09-09"
Description: The function writes lines into the journal, and sees its name.
Parameters:
  FromRoleName: { Type: String, Description: Name of the function's role. }
  ToName: { Type: String, Description: Name of the log group. }
  ToArn: { Type: String, Description: ARN of the log group. }
Resources:
  Policy:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: !Ref FromRoleName
      PolicyName: journal
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: [logs:CreateLogStream, logs:DescribeLogStreams, logs:PutLogEvents]
            # The ARN of a log group ends in \`:*\`, its streams; the group itself has none.
            Resource: [!Ref ToArn, !Sub "arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:\${ToName}"]
Metadata:
  Warren:
    Grants: { Policy: From }
    Fills: [{ Slot: From.Environment, Value: { Name: !Ref ToName } }]
`,
};

function userRepository(): Repository {
  const user = repository(FILES);
  symlinkSync(join(repositoryRoot, "node_modules"), join(user.root, "node_modules"));
  return user;
}

async function good(running: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await running;
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

test("the new kind is checked, drawn and completed like a shipped one", async () => {
  using user = userRepository();
  const { code, stderr } = await user.warren(["check"]);
  expect(code).toBe(0);
  expect(stderr).toContain(
    "worker -> trail: `worker` may logs:CreateLogStream, logs:PutLogEvents; " +
      "not granted, since it is never called: logs:DescribeLogStreams\n",
  );
  expect(await good(user.warren(["graph"]))).toContain("trail<br><small>journal</small>");
  user.write("config/pipeline.yaml", FILES["config/pipeline.yaml"].replace("days: 365", "days: 31"));
  expect((await user.warren(["check"])).stderr).toContain(
    "error: config/pipeline.yaml:6:33: `components.trail.days` is `31`\n    It can be 30, 365.\n",
  );
});

test("the new kind is deployed, used and destroyed", { timeout: 180_000 }, async () => {
  await using aws = await startLocalAws();
  await setUpAccount(aws);
  using user = userRepository();
  const environment = localEnvironment(aws);
  const deployed = await good(user.warren(["deploy", "--stage", "prod", "--json"], environment));
  const { outputs } = JSON.parse(deployed) as { outputs: Readonly<Record<string, string>> };
  const { TrailName: journal, WorkerName: worker } = outputs;

  const logs = new CloudWatchLogsClient(aws.clientConfig());
  const groups = await logs.send(new DescribeLogGroupsCommand({}));
  expect(groups.logGroups).toContainEqual(
    expect.objectContaining({ logGroupName: journal, retentionInDays: 365 }),
  );

  const lambda = new LambdaClient(aws.clientConfig());
  const configuration = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: worker }));
  const iam = new IAMClient(aws.clientConfig());
  const RoleName = configuration.Role?.split("/").at(-1);
  const policy = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: "journal" }));
  const document = JSON.parse(decodeURIComponent(policy.PolicyDocument ?? ""));
  expect(document.Statement[0].Action).toEqual(["logs:CreateLogStream", "logs:PutLogEvents"]);

  const Payload = JSON.stringify({ line: "a rabbit was here" });
  const answer = await lambda.send(new InvokeCommand({ FunctionName: worker, Payload }));
  expect(answer.Payload?.transformToString()).toBe(JSON.stringify(journal));
  const { events } = await logs.send(
    new GetLogEventsCommand({ logGroupName: journal, logStreamName: "lines" }),
  );
  expect(events?.map(({ message }) => message)).toEqual(["a rabbit was here"]);

  await good(user.warren(["destroy", "--stage", "prod"], environment));
  const left = await logs.send(new DescribeLogGroupsCommand({}));
  expect(left.logGroups?.filter(({ logGroupName }) => logGroupName === journal)).toEqual([]);
});
