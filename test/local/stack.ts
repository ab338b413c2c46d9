/** CloudFormation stacks as the tests make them, change them and read them. */
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
  type CreateChangeSetCommandInput,
  type DescribeChangeSetCommandOutput,
  type Stack,
  type StackEvent,
} from "@aws-sdk/client-cloudformation";

import { eventually } from "./instance.ts";

export interface Template {
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, unknown>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

export interface StackOptions {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly roleArn?: string;
}

function request(name: string, template: Template, options: StackOptions) {
  return {
    StackName: name,
    TemplateBody: JSON.stringify(template),
    Capabilities: ["CAPABILITY_IAM" as const, "CAPABILITY_NAMED_IAM" as const],
    Parameters: Object.entries(options.parameters ?? {}).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    ...(options.tags && { Tags: Object.entries(options.tags).map(([Key, Value]) => ({ Key, Value })) }),
    ...(options.roleArn !== undefined && { RoleARN: options.roleArn }),
  };
}

export async function findStack(client: CloudFormationClient, nameOrId: string): Promise<Stack> {
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: nameOrId }));
  if (!Stacks[0]) throw new Error(`no stack ${nameOrId}`);
  return Stacks[0];
}

/** The stack once no operation runs on it any more. */
export async function settled(client: CloudFormationClient, nameOrId: string): Promise<Stack> {
  return await eventually(`${nameOrId} to settle`, async () => {
    const stack = await findStack(client, nameOrId);
    return stack.StackStatus?.endsWith("_IN_PROGRESS") ? undefined : stack;
  });
}

export async function createStack(
  client: CloudFormationClient,
  name: string,
  template: Template,
  options: StackOptions = {},
): Promise<Stack> {
  const { StackId = "" } = await client.send(new CreateStackCommand(request(name, template, options)));
  return await settled(client, StackId);
}

/** A stack that came to be; fails with the reason why it did not. */
export async function createdStack(
  client: CloudFormationClient,
  name: string,
  template: Template,
  options: StackOptions = {},
): Promise<Stack> {
  const stack = await createStack(client, name, template, options);
  if (stack.StackStatus === "CREATE_COMPLETE") return stack;
  throw new Error(`${name} is in ${stack.StackStatus}: ${await failure(client, stack.StackId ?? name)}`);
}

export async function updateStack(
  client: CloudFormationClient,
  name: string,
  template: Template,
  options: StackOptions = {},
): Promise<Stack> {
  await client.send(new UpdateStackCommand(request(name, template, options)));
  return await settled(client, name);
}

export async function deleteStack(client: CloudFormationClient, id: string): Promise<Stack> {
  await client.send(new DeleteStackCommand({ StackName: id }));
  return await eventually(`${id} to go`, async () => {
    const stack = await findStack(client, id);
    return stack.StackStatus === "DELETE_COMPLETE" || stack.StackStatus === "DELETE_FAILED"
      ? stack
      : undefined;
  });
}

/** A described change set; its name is its kind, so one of each at a time. */
export async function changeSet(
  client: CloudFormationClient,
  name: string,
  type: "CREATE" | "UPDATE",
  template: Template,
  options: StackOptions & Partial<CreateChangeSetCommandInput> = {},
): Promise<DescribeChangeSetCommandOutput> {
  const { Id } = await client.send(
    new CreateChangeSetCommand({
      ...request(name, template, options),
      ChangeSetName: `set-${crypto.randomUUID()}`,
      ChangeSetType: type,
    }),
  );
  return await client.send(new DescribeChangeSetCommand({ ChangeSetName: Id, StackName: name }));
}

export async function events(client: CloudFormationClient, id: string): Promise<StackEvent[]> {
  const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: id }));
  return StackEvents;
}

/** Why the first resource failed. */
export async function failure(client: CloudFormationClient, id: string): Promise<string> {
  const failed = (await events(client, id)).findLast((event) => event.ResourceStatus?.endsWith("_FAILED"));
  return failed?.ResourceStatusReason ?? "";
}

export function outputs(stack: Stack): Record<string, string> {
  return Object.fromEntries(
    (stack.Outputs ?? []).map((each) => [each.OutputKey ?? "", each.OutputValue ?? ""]),
  );
}
