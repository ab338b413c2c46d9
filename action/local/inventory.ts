/** Everything that is in an account of the local AWS, by kind: the proof that a teardown left nothing. */
import { CloudFormationClient, ListStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { LocalAws } from "./aws.ts";

export type Inventory = Readonly<Record<string, readonly string[]>>;

/** A local account never holds more than a page (50 to 1,000) of anything. */
export async function everythingIn(aws: LocalAws): Promise<Inventory> {
  const config = aws.clientConfig();
  const lambda = new LambdaClient(config);
  const [stacks, buckets, queues, tables, functions, mappings, rules, roles, logGroups, alarms] =
    await Promise.all([
      new CloudFormationClient(config).send(new ListStacksCommand({})),
      new S3Client({ ...config, forcePathStyle: true }).send(new ListBucketsCommand({})),
      new SQSClient(config).send(new ListQueuesCommand({})),
      new DynamoDBClient(config).send(new ListTablesCommand({})),
      lambda.send(new ListFunctionsCommand({})),
      lambda.send(new ListEventSourceMappingsCommand({})),
      new EventBridgeClient(config).send(new ListRulesCommand({})),
      new IAMClient(config).send(new ListRolesCommand({})),
      new CloudWatchLogsClient(config).send(new DescribeLogGroupsCommand({})),
      new CloudWatchClient(config).send(new DescribeAlarmsCommand({})),
    ]);
  const living = (stacks.StackSummaries ?? []).filter(({ StackStatus }) => StackStatus !== "DELETE_COMPLETE");
  return {
    stacks: living.map(({ StackName }) => StackName ?? ""),
    buckets: (buckets.Buckets ?? []).map(({ Name }) => Name ?? ""),
    queues: (queues.QueueUrls ?? []).map((url) => url.split("/").at(-1) ?? ""),
    tables: tables.TableNames ?? [],
    functions: (functions.Functions ?? []).map(({ FunctionName }) => FunctionName ?? ""),
    "event source mappings": (mappings.EventSourceMappings ?? []).map(({ UUID }) => UUID ?? ""),
    rules: (rules.Rules ?? []).map(({ Name }) => Name ?? ""),
    roles: (roles.Roles ?? []).map(({ RoleName }) => RoleName ?? ""),
    "log groups": (logGroups.logGroups ?? []).map(({ logGroupName }) => logGroupName ?? ""),
    alarms: (alarms.MetricAlarms ?? []).map(({ AlarmName }) => AlarmName ?? ""),
  };
}
