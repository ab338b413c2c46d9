/** CloudFormation over the SDK: shapes are translated, nothing is decided. */
import type { DescribeChangeSetInput, DescribeChangeSetOutput } from "@aws-sdk/client-cloudformation";
import { listIn, neverTwice, onward } from "../core/aws-answer.ts";
import { UserError } from "../core/problem.ts";
import type {
  Change,
  Accepted,
  ChangeSet,
  ChangeSetInput,
  Stack,
  StackEvent,
  StackResource,
  Stacks,
} from "../aws-ports.ts";
import type { Clock } from "../ports.ts";
import type { AwsSettings, Clients } from "./clients.ts";
import { failureReader } from "./failed-events.ts";
import { toChange, toEvent, toStack } from "./stack-shapes.ts";

const FIRST_SETTLE_POLL_MS = 200;
const SLOWEST_SETTLE_POLL_MS = 1_500;
const SETTLE_LIMIT_MS = 15 * 60_000;

export function createStacks(clients: Clients, clock: Clock): Stacks {
  return {
    ...failureReader(clients),
    async find(nameOrId) {
      const { client, sdk } = await clients.cloudformation();
      try {
        const { Stacks: stacks } = await client.send(new sdk.DescribeStacksCommand({ StackName: nameOrId }));
        return stacks?.[0] && toStack(stacks[0]);
      } catch (error) {
        if (isRejection(error, /does not exist/)) return undefined;
        throw error;
      }
    },

    async list() {
      const { client, sdk } = await clients.cloudformation();
      const found: Stack[] = [];
      const pages = sdk.paginateDescribeStacks({ client }, {});
      for await (const { Stacks: page } of onward(pages, ({ NextToken }) => NextToken)) {
        found.push(...listIn(page, "the stacks").map(toStack));
      }
      return found;
    },

    async createChangeSet(input) {
      const { client, sdk } = await clients.cloudformation();
      try {
        const { Id: id = "" } = await client.send(
          new sdk.CreateChangeSetCommand({
            StackName: input.stackName,
            ChangeSetName: input.name,
            ClientToken: input.name,
            ChangeSetType: input.type,
            Capabilities: [input.namesRoles ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM"],
            Description: input.description,
            Tags: Object.entries(input.tags).map(([Key, Value]) => ({ Key, Value })),
            ...templateOf(input.template, clients.settings),
            ...(input.parameters && {
              Parameters: Object.entries(input.parameters).map(([ParameterKey, ParameterValue]) => ({
                ParameterKey,
                ParameterValue,
              })),
            }),
            ...(input.serviceRole !== undefined && { RoleARN: input.serviceRole }),
            ...(input.revertsDrift === true && { DeploymentMode: "REVERT_DRIFT" }),
          }),
        );
        return await settled(input.stackName, id);
      } catch (error) {
        // Another run's operation: a plain ValidationError, or a stack that has come to be since it was looked for.
        if (isRejection(error, /is in \w+_IN_PROGRESS state|already exists and cannot be created again/)) {
          return { kind: "busy" };
        }
        // Another run has executed one of its own meanwhile, with which CloudFormation takes all others away.
        if (error instanceof sdk.ChangeSetNotFoundException) return { kind: "busy" };
        if (error instanceof sdk.AlreadyExistsException) {
          return { kind: /change ?set/i.test(error.message) ? "exists" : "busy" };
        }
        if (error instanceof Error && REFUSALS.has(error.name))
          return { kind: "refused", reason: error.message };
        throw error;
      }
    },

    async deleteChangeSet(stackName, changeSetId) {
      const { client, sdk } = await clients.cloudformation();
      await client.send(new sdk.DeleteChangeSetCommand({ StackName: stackName, ChangeSetName: changeSetId }));
    },

    async executeChangeSet({ stackName, changeSetId, token }) {
      const { client, sdk } = await clients.cloudformation();
      try {
        await client.send(
          new sdk.ExecuteChangeSetCommand({
            // The name as well: policies that are scoped to a stack do not match a change set's ARN alone.
            StackName: stackName,
            ChangeSetName: changeSetId,
            ClientRequestToken: token,
            // A creation that fails leaves nothing behind, also of what is to be retained later.
            RetainExceptOnCreate: true,
          }),
        );
        return "started";
      } catch (error) {
        if (
          error instanceof sdk.InvalidChangeSetStatusException ||
          error instanceof sdk.ChangeSetNotFoundException
        ) {
          return "busy";
        }
        throw error;
      }
    },

    async events(stackId, reached) {
      const { client, sdk } = await clients.cloudformation();
      const newestFirst: StackEvent[] = [];
      const pages = sdk.paginateDescribeStackEvents({ client }, { StackName: stackId });
      for await (const page of onward(pages, ({ NextToken }) => NextToken)) {
        const events = (page.StackEvents ?? []).map(toEvent);
        newestFirst.push(...events);
        if (events.some(reached)) break;
      }
      return newestFirst.toReversed();
    },

    async resources(stackId) {
      const { client, sdk } = await clients.cloudformation();
      const resources: StackResource[] = [];
      const pages = sdk.paginateListStackResources({ client }, { StackName: stackId });
      for await (const page of onward(pages, ({ NextToken }) => NextToken)) {
        for (const resource of page.StackResourceSummaries ?? []) {
          resources.push({
            logicalId: resource.LogicalResourceId ?? "",
            physicalId: resource.PhysicalResourceId ?? "",
            type: resource.ResourceType ?? "",
            status: resource.ResourceStatus ?? "",
            ...(resource.ResourceStatusReason && { reason: resource.ResourceStatusReason }),
          });
        }
      }
      return resources;
    },

    async setTerminationProtection(stackName, on) {
      const { client, sdk } = await clients.cloudformation();
      await client.send(
        new sdk.UpdateTerminationProtectionCommand({ StackName: stackName, EnableTerminationProtection: on }),
      );
    },

    async continueRollback({ stackId, token, skip, serviceRole }) {
      const { client, sdk } = await clients.cloudformation();
      return accepted(() =>
        client.send(
          new sdk.ContinueUpdateRollbackCommand({
            StackName: stackId,
            ClientRequestToken: token,
            ...(skip.length > 0 && { ResourcesToSkip: [...skip] }),
            ...(serviceRole !== undefined && { RoleARN: serviceRole }),
          }),
        ),
      );
    },

    async rollBack({ stackId, token, serviceRole }) {
      const { client, sdk } = await clients.cloudformation();
      return accepted(() =>
        client.send(
          new sdk.RollbackStackCommand({
            StackName: stackId,
            ClientRequestToken: token,
            ...(serviceRole !== undefined && { RoleARN: serviceRole }),
          }),
        ),
      );
    },

    async delete({ stackId, token, retain, serviceRole }) {
      const { client, sdk } = await clients.cloudformation();
      await client.send(
        new sdk.DeleteStackCommand({
          StackName: stackId,
          ClientRequestToken: token,
          ...(retain && { RetainResources: [...retain] }),
          ...(serviceRole !== undefined && { RoleARN: serviceRole }),
        }),
      );
    },
  };

  /** Polls fast at first: most change sets are ready within a second. */
  async function settled(stackName: string, id: string): Promise<ChangeSet> {
    const { client, sdk } = await clients.cloudformation();
    const deadline = clock.now() + SETTLE_LIMIT_MS;
    for (let wait = FIRST_SETTLE_POLL_MS; ; wait = Math.min(wait * 1.5, SLOWEST_SETTLE_POLL_MS)) {
      await clock.sleep(wait);
      const request = { StackName: stackName, ChangeSetName: id, IncludePropertyValues: true };
      const answer = await client.send(new sdk.DescribeChangeSetCommand(request));
      const stackId = answer.StackId ?? "";
      if (answer.Status === "CREATE_COMPLETE") {
        return { kind: "ready", id, stackId, changes: await allChanges(request, answer) };
      }
      if (answer.Status === "FAILED") {
        const reason = answer.StatusReason || "no reason was given";
        return isNoChange(reason) ? { kind: "empty", id, stackId } : { kind: "failed", id, stackId, reason };
      }
      if (clock.now() > deadline) {
        throw new UserError("change-set-timeout", {
          message: `the change set ${id} is still ${answer.Status ?? "unknown"} after ${SETTLE_LIMIT_MS / 60_000} minutes`,
          hint: "Nothing was changed: run the same command again.",
        });
      }
    }
  }

  async function allChanges(
    request: DescribeChangeSetInput,
    first: DescribeChangeSetOutput,
  ): Promise<readonly Change[]> {
    const { client, sdk } = await clients.cloudformation();
    const changes = [...(first.Changes ?? [])];
    const isNew = neverTwice();
    for (let token = first.NextToken; token;) {
      isNew(token);
      const page = await client.send(new sdk.DescribeChangeSetCommand({ ...request, NextToken: token }));
      changes.push(...(page.Changes ?? []));
      token = page.NextToken;
    }
    return changes.map(toChange);
  }
}

async function accepted(call: () => Promise<unknown>): Promise<Accepted> {
  try {
    await call();
    return { kind: "started" };
  } catch (error) {
    if (error instanceof Error && error.name === "ValidationError") {
      return { kind: "refused", reason: error.message };
    }
    throw error;
  }
}

/** CloudFormation has no code for it, only these sentences. */
function isNoChange(reason: string): boolean {
  return /didn't contain changes|No updates are to be performed/.test(reason);
}

function isRejection(error: unknown, message: RegExp): boolean {
  return error instanceof Error && error.name === "ValidationError" && message.test(error.message);
}

/** Of the request itself: there is no change set then. */
const REFUSALS: ReadonlySet<string> = new Set([
  "ValidationError",
  "InsufficientCapabilitiesException",
  "LimitExceededException",
]);

function templateOf(
  template: ChangeSetInput["template"],
  settings: AwsSettings,
): { TemplateBody: string } | { TemplateURL: string } | { UsePreviousTemplate: true } {
  if (template.kind === "inline") return { TemplateBody: template.body };
  if (template.kind === "deployed") return { UsePreviousTemplate: true };
  const suffix = settings.region.startsWith("cn-") ? ".cn" : "";
  // Path style: the one form that CloudFormation and the emulators both take.
  const host = settings.endpoint ?? `https://s3.${settings.region}.amazonaws.com${suffix}`;
  return { TemplateURL: `${host.replace(/\/$/, "")}/${template.bucket}/${template.key}` };
}
