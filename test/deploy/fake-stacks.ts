/**
 * CloudFormation for the states that no emulator gets into. It plays what it is told: each execution, rollback or
 * deletion takes the next play, whose events then are there at once. What CloudFormation's reference says that it
 * refuses in a status, it refuses (stack-rules.ts).
 */
import type {
  FailedEvent,
  FailedOf,
  HookFailure,
  HookRemedy,
  HookedOf,
} from "../../action/core/failed-event.ts";
import type { ChangeSet, Stack, StackEvent, StackResource, Stacks } from "../../action/aws-ports.ts";
import type { Clock } from "../../action/ports.ts";
import { accepted, refuseChangeSet, refuseDeletion, refuseRollback, refuseSkips } from "./stack-rules.ts";

export interface Play {
  readonly events?: readonly {
    readonly logicalId: string;
    readonly type?: string;
    readonly status: string;
    readonly reason?: string;
    readonly hook?: HookFailure;
  }[];
  readonly end: string;
  /** Tags and outputs of the stack from then on. */
  readonly becomes?: Partial<Pick<Stack, "tags" | "outputs">>;
  /** Its resources from then on. */
  readonly resources?: readonly StackResource[];
  /** How many polls it takes until its first event shows. */
  readonly lag?: number;
}

export interface Script {
  readonly stack?: Partial<Stack>;
  /** What somebody else's operation ends with, which is under way: as soon as somebody looks at its events. */
  readonly ends?: string;
  readonly resources?: readonly StackResource[];
  readonly changeSets?: readonly ChangeSet[];
  /** What executions answer; `started` when there is no more. */
  readonly executions?: readonly ("started" | "busy")[];
  readonly plays?: readonly Play[];
  /** Events of before. */
  readonly history?: readonly StackEvent[];
  /** Without: a CloudFormation that has no such API. */
  readonly failedEvents?: (of: FailedOf) => readonly FailedEvent[];
  readonly hookRemedies?: (of: HookedOf) => readonly HookRemedy[];
}

export const STACK_ID = "arn:aws:cloudformation:us-east-1:111122223333:stack/fake/1";

export interface FakeStacks extends Stacks {
  /** Each call in a word or two, in order. */
  readonly calls: readonly string[];
}

export function fakeStacks(script: Script): FakeStacks {
  const calls: string[] = [];
  const changeSets = [...(script.changeSets ?? [])];
  const executions = [...(script.executions ?? [])];
  const plays = [...(script.plays ?? [])];
  let events = [...(script.history ?? [])];
  let resources = script.resources ?? [];
  let hidden: { readonly events: readonly StackEvent[]; polls: number } = { events: [], polls: 0 };
  let stack: Stack | undefined = script.stack && {
    id: STACK_ID,
    name: "fake",
    status: "CREATE_COMPLETE",
    statusReason: "",
    tags: {},
    outputs: {},
    terminationProtection: false,
    changedAt: 0,
    ...script.stack,
  };

  function play(start: string, token: string): void {
    const next = plays.shift();
    if (!next) throw new Error("the script has no further play");
    const own = { logicalId: "fake", physicalId: STACK_ID, type: "AWS::CloudFormation::Stack", reason: "" };
    const lines = [
      { ...own, status: start },
      ...(next.events ?? []).map((event) => ({
        type: "AWS::SQS::Queue",
        reason: "",
        physicalId: "",
        ...event,
      })),
      { ...own, status: next.end },
    ];
    const added = lines.map((line, index) => eventOf(line, `${token}-${index}`, token));
    hidden = { events: added, polls: next.lag ?? 0 };
    const base = stack ?? {
      id: STACK_ID,
      name: "fake",
      statusReason: "",
      tags: {},
      outputs: {},
      terminationProtection: false,
      changedAt: 0,
    };
    stack = { ...base, status: next.end, ...next.becomes };
    resources = next.resources ?? resources;
  }

  function endOthers(): void {
    if (!script.ends || !stack?.status.endsWith("_IN_PROGRESS")) return;
    const own = { logicalId: "fake", physicalId: STACK_ID, type: "AWS::CloudFormation::Stack" };
    const lines = [stack.status, script.ends].map((status) => ({ ...own, status, reason: "" }));
    events = [...events, ...lines.map((line, index) => eventOf(line, `theirs-${index}`, "theirs"))];
    stack = { ...stack, status: script.ends };
  }

  return {
    calls,
    async find(nameOrId) {
      calls.push("find");
      return stack?.status === "DELETE_COMPLETE" && nameOrId !== STACK_ID ? undefined : stack;
    },
    async list() {
      calls.push("list");
      return stack && stack.status !== "DELETE_COMPLETE" ? [stack] : [];
    },
    async createChangeSet({ type, tags }) {
      calls.push(`createChangeSet ${type}${"warren:marker" in tags ? " with marker" : ""}`);
      refuseChangeSet(stack, type);
      const next = changeSets.shift();
      if (!next) throw new Error("the script has no further change set");
      return next;
    },
    async deleteChangeSet() {
      calls.push("deleteChangeSet");
    },
    async executeChangeSet({ token }) {
      calls.push("executeChangeSet");
      if (executions.shift() === "busy") return "busy";
      play(stack ? "UPDATE_IN_PROGRESS" : "CREATE_IN_PROGRESS", token);
      return "started";
    },
    async events() {
      endOthers();
      if (hidden.polls-- <= 0) {
        events = [...events, ...hidden.events];
        hidden = { events: [], polls: 0 };
      }
      return events;
    },
    failedEvents: async (of) => script.failedEvents?.(of),
    hookRemedies: async (of) => script.hookRemedies?.(of),
    async resources() {
      calls.push("resources");
      return resources;
    },
    async setTerminationProtection(_name, on) {
      calls.push(`protection ${on ? "on" : "off"}`);
      if (stack) stack = { ...stack, terminationProtection: on };
    },
    async continueRollback({ token, skip }) {
      calls.push(["continueRollback", ...skip].join(" "));
      return accepted(() => {
        refuseRollback(stack, ["UPDATE_ROLLBACK_FAILED"]);
        refuseSkips(skip, resources);
        play("UPDATE_ROLLBACK_IN_PROGRESS", token);
      });
    },
    async rollBack({ token }) {
      calls.push("rollBack");
      return accepted(() => {
        refuseRollback(stack, ["CREATE_FAILED", "UPDATE_FAILED"]);
        play("UPDATE_ROLLBACK_IN_PROGRESS", token);
      });
    },
    async delete({ token, retain = [] }) {
      calls.push(["delete", ...(retain.length > 0 ? ["but", ...retain] : [])].join(" "));
      refuseDeletion(stack, retain, resources);
      play("DELETE_IN_PROGRESS", token);
    },
  };
}

export function eventOf(event: Partial<StackEvent>, id: string, token: string): StackEvent {
  const blank = { logicalId: "", physicalId: "", type: "", status: "", reason: "" };
  return { ...blank, time: new Date(0), ...event, id, token };
}

/** Time passes only while somebody sleeps. */
export function fakeClock(): Clock {
  let now = 1_000_000;
  return {
    now: () => now,
    sleep: async (milliseconds) => void (now += milliseconds),
  };
}
