/** CloudFormation's own account of a failure, where it has one: DescribeEvents and the results of hooks. */
import type { GetHookResultOutput, HookResultSummary, OperationEvent } from "@aws-sdk/client-cloudformation";
import { neverTwice, onward } from "../core/aws-answer.ts";
import type { FailedEvent, HookRemedy } from "../core/failed-event.ts";
import type { Stacks } from "../aws-ports.ts";
import type { Clients } from "./clients.ts";

/** Some regions and every emulator lack a part of it; each has another name for that. */
const NO_SUCH_API: ReadonlySet<string> = new Set([
  "InvalidAction",
  "UnknownOperation",
  "UnknownOperationException",
  "NotImplemented",
]);

export function failureReader(clients: Clients): Pick<Stacks, "failedEvents" | "hookRemedies"> {
  return {
    failedEvents: (of) =>
      whereThere(async () => {
        const { client, sdk } = await clients.cloudformation();
        const which =
          "changeSetId" in of
            ? { StackName: of.stackName, ChangeSetName: of.changeSetId }
            : { StackName: of.stackId, ...(of.operation !== undefined && { OperationId: of.operation }) };
        const found: FailedEvent[] = [];
        const pages = sdk.paginateDescribeEvents({ client }, { ...which, Filters: { FailedEvents: true } });
        for await (const page of onward(pages, ({ NextToken }) => NextToken)) {
          found.push(...(page.OperationEvents ?? []).map(toFailedEvent));
        }
        return found;
      }),

    hookRemedies: (of) =>
      whereThere(async () => {
        const { client, sdk } = await clients.cloudformation();
        const result = (id: string): Promise<GetHookResultOutput> =>
          client.send(new sdk.GetHookResultCommand({ HookResultId: id }));
        if ("invocations" in of) {
          const found = await Promise.all(
            of.invocations.map(async ({ id, logicalId }) => toRemedies(await result(id), logicalId)),
          );
          return found.flat();
        }
        const failed: HookResultSummary[] = [];
        const request = { TargetType: "CHANGE_SET" as const, TargetId: of.changeSetId };
        const isNew = neverTwice();
        for (let token: string | undefined, more = true; more; more = token !== undefined) {
          const page = await client.send(
            new sdk.ListHookResultsCommand({ ...request, ...(token !== undefined && { NextToken: token }) }),
          );
          failed.push(...(page.HookResults ?? []).filter(isFailed));
          token = page.NextToken || undefined;
          isNew(token);
        }
        const found = await Promise.all(
          failed.map(async (summary) => ({ ...summary, ...(await result(summary.HookResultId ?? "")) })),
        );
        return found.flatMap((one) => toRemedies(one, ""));
      }),
  };
}

async function whereThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && NO_SUCH_API.has(error.name)) return undefined;
    throw error;
  }
}

/** Those of failure mode WARN have stopped nothing. */
function isFailed({ Status, FailureMode }: HookResultSummary): boolean {
  return FailureMode !== "WARN" && (Status === "HOOK_COMPLETE_FAILED" || Status === "HOOK_FAILED");
}

/** A Guard hook tells its rules one by one; others have one sentence for all. */
function toRemedies(result: GetHookResultOutput, logicalId: string): readonly HookRemedy[] {
  const hook = result.TypeName ?? "";
  const failed = (result.Annotations ?? []).filter(({ Status }) => Status === "FAILED");
  if (failed.length === 0) {
    return [{ hook, logicalId, rule: "", reason: result.HookStatusReason || "", remedy: "", link: "" }];
  }
  return failed.map((one) => ({
    hook,
    logicalId,
    rule: one.AnnotationName || "",
    reason: one.StatusMessage || "",
    remedy: one.RemediationMessage || "",
    link: one.RemediationLink || "",
  }));
}

function toFailedEvent(event: OperationEvent): FailedEvent {
  const validation = event.EventType === "VALIDATION_ERROR";
  const hook = event.EventType === "HOOK_INVOCATION_ERROR";
  const mode = validation ? event.ValidationFailureMode : event.HookFailureMode;
  const reasons = [
    validation ? event.ValidationStatusReason : undefined,
    hook ? event.HookStatusReason : undefined,
    event.ResourceStatusReason,
  ];
  return {
    time: event.Timestamp ?? event.EndTime ?? event.StartTime ?? new Date(0),
    kind: event.EventType ?? "",
    logicalId: event.LogicalResourceId || "",
    physicalId: event.PhysicalResourceId || "",
    type: event.ResourceType || "",
    status: event.ResourceStatus || "",
    reason: reasons.find((text) => text) ?? "",
    by: (validation ? event.ValidationName : event.HookType) || "",
    path: event.ValidationPath || "",
    warning: (validation || hook) && mode === "WARN",
  };
}
