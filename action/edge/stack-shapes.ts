/** CloudFormation's shapes in the SDK's words -> ours. */
import type {
  Change as SdkChange,
  ResourceChangeDetail as SdkDetail,
  Stack as SdkStack,
  StackEvent as SdkEvent,
} from "@aws-sdk/client-cloudformation";
import type { Change, ChangeDetail, Stack, StackEvent } from "../aws-ports.ts";

// `||` where an absent value counts like an empty one: some emulators send empty elements.
export function toStack(stack: SdkStack): Stack {
  return {
    id: stack.StackId ?? "",
    name: stack.StackName ?? "",
    status: stack.StackStatus ?? "",
    statusReason: stack.StackStatusReason || "",
    tags: Object.fromEntries((stack.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""])),
    outputs: Object.fromEntries(
      (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? "", OutputValue ?? ""]),
    ),
    terminationProtection: stack.EnableTerminationProtection ?? false,
    // Without any date a stack never counts as expired.
    changedAt: (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? Number.POSITIVE_INFINITY,
    ...driftOf(stack),
  };
}

function driftOf({ DriftInformation: info }: SdkStack): Pick<Stack, "drift"> {
  const checkedAt = info?.LastCheckTimestamp?.getTime();
  if (checkedAt === undefined || info?.StackDriftStatus === "NOT_CHECKED") return {};
  return { drift: { found: info?.StackDriftStatus === "DRIFTED", checkedAt } };
}

export function toEvent(event: SdkEvent): StackEvent {
  return {
    id: event.EventId ?? "",
    time: event.Timestamp ?? new Date(0),
    logicalId: event.LogicalResourceId ?? "",
    physicalId: event.PhysicalResourceId ?? "",
    type: event.ResourceType ?? "",
    status: event.ResourceStatus ?? "",
    reason: event.ResourceStatusReason || "",
    token: event.ClientRequestToken || "",
    ...(event.OperationId && { operation: event.OperationId }),
    ...hookOf(event),
  };
}

function hookOf(event: SdkEvent): Pick<StackEvent, "hook"> {
  const { HookType: name, HookStatus, HookStatusReason: reason, HookFailureMode, HookInvocationId } = event;
  if (!name || HookFailureMode === "WARN" || !FAILED_HOOK.has(HookStatus ?? "")) return {};
  return { hook: { name, reason: reason || "", invocation: HookInvocationId || "" } };
}

const FAILED_HOOK: ReadonlySet<string> = new Set(["HOOK_COMPLETE_FAILED", "HOOK_FAILED"]);

export function toChange({ ResourceChange: change }: SdkChange): Change {
  return {
    action: change?.Action ?? "Modify",
    logicalId: change?.LogicalResourceId ?? "",
    physicalId: change?.PhysicalResourceId || "",
    type: change?.ResourceType ?? "",
    replacement: change?.Replacement || "",
    policyAction: change?.PolicyAction || "",
    details: (change?.Details ?? []).map(toDetail),
    ...(change?.BeforeContext && { before: change.BeforeContext }),
    ...(change?.AfterContext && { after: change.AfterContext }),
  };
}

function toDetail({ Target: target, Evaluation, ChangeSource, CausingEntity }: SdkDetail): ChangeDetail {
  const { BeforeValue: before, AfterValue: after } = target ?? {};
  return {
    attribute: target?.Attribute ?? "",
    name: target?.Name || "",
    path: target?.Path || "",
    recreation: target?.RequiresRecreation || "",
    evaluation: Evaluation ?? "Static",
    source: ChangeSource || "",
    cause: CausingEntity || "",
    changeType: target?.AttributeChangeType || "",
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  };
}
