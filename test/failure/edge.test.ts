/** DescribeEvents and the results of hooks, read by the real SDK from answers in AWS's documented shapes. */
import { expect, test } from "vitest";
import { systemClock } from "../../action/edge/clock.ts";
import { createStacks } from "../../action/edge/stacks.ts";
import { STACK_ID } from "../deploy/fake-stacks.ts";
import { fakeCloudFormation, xml } from "./cloudformation.ts";

const CHANGE_SET = "arn:aws:cloudformation:us-east-1:111122223333:changeSet/warren-1/2";
const OF = { stackName: "prod", changeSetId: CHANGE_SET };

test("failed events of a change set, from all pages, asked with the stack's name as well", async () => {
  const validation = {
    EventId: "1",
    OperationType: "CREATE_CHANGESET",
    EventType: "VALIDATION_ERROR",
    LogicalResourceId: "JobsQueue",
    ResourceType: "AWS::SQS::Queue",
    Timestamp: "2026-01-02T03:04:05.678Z",
    ValidationFailureMode: "FAIL",
    ValidationName: "NAME_CONFLICT_VALIDATION",
    ValidationStatus: "FAILED",
    ValidationStatusReason: "Resource of type 'AWS::SQS::Queue' with identifier 'jobs' already exists.",
    ValidationPath: "/Resources/JobsQueue",
  };
  const emptiness = {
    ...validation,
    EventId: "2",
    ValidationFailureMode: "WARN",
    ValidationStatusReason: "not empty",
  };
  await using aws = await fakeCloudFormation(({ NextToken }) => ({
    result: NextToken
      ? xml({ OperationEvents: [xml(emptiness)] })
      : xml({ OperationEvents: [xml(validation)], NextToken: "more" }),
  }));
  const events = await createStacks(aws.clients, systemClock).failedEvents(OF);
  expect(events).toMatchObject([
    {
      time: new Date("2026-01-02T03:04:05.678Z"),
      kind: "VALIDATION_ERROR",
      logicalId: "JobsQueue",
      by: "NAME_CONFLICT_VALIDATION",
      path: "/Resources/JobsQueue",
      reason: validation.ValidationStatusReason,
      warning: false,
    },
    { reason: "not empty", warning: true },
  ]);
  expect(aws.asked[0]).toMatchObject({
    Action: "DescribeEvents",
    StackName: "prod",
    ChangeSetName: CHANGE_SET,
    "Filters.FailedEvents": "true",
  });
});

test("of an operation: a resource's own reason, and a hook's, each with who says so", async () => {
  const hook = {
    EventType: "HOOK_INVOCATION_ERROR",
    LogicalResourceId: "JobsQueue",
    HookType: "Private::Guard::Queues",
    HookStatus: "HOOK_COMPLETE_FAILED",
    HookStatusReason: "not encrypted",
    HookFailureMode: "FAIL",
  };
  const provisioning = {
    EventType: "PROVISIONING_ERROR",
    LogicalResourceId: "WorkerRole",
    ResourceStatus: "CREATE_FAILED",
    ResourceStatusReason: "Access Denied",
  };
  await using aws = await fakeCloudFormation(() => ({
    result: xml({ OperationEvents: [xml(hook), xml(provisioning)] }),
  }));
  const stacks = createStacks(aws.clients, systemClock);
  expect(await stacks.failedEvents({ stackId: STACK_ID, operation: "op-1" })).toMatchObject([
    { kind: "HOOK_INVOCATION_ERROR", by: "Private::Guard::Queues", reason: "not encrypted", warning: false },
    { kind: "PROVISIONING_ERROR", status: "CREATE_FAILED", reason: "Access Denied" },
  ]);
  expect(aws.asked[0]).toMatchObject({ StackName: STACK_ID, OperationId: "op-1" });
});

test("what hooks have found on a change set: of those that stopped it, rule by rule, with the remedy", async () => {
  const summary = (id: string, mode: string, status: string): string =>
    xml({ HookResultId: id, TypeName: `Private::Hook::${id}`, FailureMode: mode, Status: status });
  await using aws = await fakeCloudFormation(({ Action, HookResultId, NextToken }) => {
    if (Action === "ListHookResults") {
      const first = [
        summary("Guard", "FAIL", "HOOK_COMPLETE_FAILED"),
        summary("Warns", "WARN", "HOOK_COMPLETE_FAILED"),
      ];
      const second = [
        summary("Fine", "FAIL", "HOOK_COMPLETE_SUCCEEDED"),
        summary("Plain", "FAIL", "HOOK_FAILED"),
      ];
      return { result: xml(NextToken ? { HookResults: second } : { HookResults: first, NextToken: "more" }) };
    }
    const rule = xml({
      AnnotationName: "QUEUE_ENCRYPTED",
      Status: "FAILED",
      StatusMessage: "no key",
      RemediationMessage: "Set KmsMasterKeyId",
      RemediationLink: "https://example.com/7",
    });
    const passed = xml({ AnnotationName: "QUEUE_NAMED", Status: "PASSED" });
    return {
      result:
        HookResultId === "Guard"
          ? xml({ TypeName: "Private::Hook::Guard", Annotations: [passed, rule] })
          : xml({ TypeName: "Private::Hook::Plain", HookStatusReason: "it broke" }),
    };
  });
  const stacks = createStacks(aws.clients, systemClock);
  expect(await stacks.hookRemedies({ changeSetId: CHANGE_SET })).toEqual([
    {
      hook: "Private::Hook::Guard",
      logicalId: "",
      rule: "QUEUE_ENCRYPTED",
      reason: "no key",
      remedy: "Set KmsMasterKeyId",
      link: "https://example.com/7",
    },
    { hook: "Private::Hook::Plain", logicalId: "", rule: "", reason: "it broke", remedy: "", link: "" },
  ]);
  expect(aws.asked[0]).toMatchObject({ TargetType: "CHANGE_SET", TargetId: CHANGE_SET });
});

test("where there is no such API nothing is told; a refusal is one", async () => {
  await using old = await fakeCloudFormation(() => ({ error: "InvalidAction", status: 400 }));
  const stacks = createStacks(old.clients, systemClock);
  expect(await stacks.failedEvents(OF)).toBeUndefined();
  expect(await stacks.hookRemedies({ changeSetId: CHANGE_SET })).toBeUndefined();
  await using shut = await fakeCloudFormation(() => ({ error: "AccessDenied", status: 403 }));
  await expect(createStacks(shut.clients, systemClock).failedEvents(OF)).rejects.toThrow("no");
});

test("a stack event tells its operation, and a hook that has stopped its resource", async () => {
  const event = {
    EventId: "1",
    StackId: STACK_ID,
    StackName: "fake",
    Timestamp: "2026-01-02T03:04:05Z",
    OperationId: "op-1",
    LogicalResourceId: "JobsQueue",
    HookType: "Private::Guard::Queues",
    HookStatus: "HOOK_COMPLETE_FAILED",
    HookStatusReason: "not encrypted",
    HookInvocationId: "inv-1",
  };
  const warned = { ...event, EventId: "2", HookFailureMode: "WARN" };
  await using aws = await fakeCloudFormation(() => ({
    result: xml({ StackEvents: [xml(warned), xml({ ...event, HookFailureMode: "FAIL" })] }),
  }));
  const [first, second] = await createStacks(aws.clients, systemClock).events(STACK_ID, () => false);
  expect(first).toMatchObject({
    operation: "op-1",
    hook: { name: "Private::Guard::Queues", reason: "not encrypted", invocation: "inv-1" },
  });
  expect(second).not.toHaveProperty("hook");
});
