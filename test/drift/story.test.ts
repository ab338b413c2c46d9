/** Drift in the states that no emulator gets into, told by a CloudFormation that plays what it is told. */
import { expect, test } from "vitest";
import type { Detection } from "../../action/core/detection.ts";
import { checkDrift, detectDrift, revertDrift } from "../../action/drift.ts";
import type { Change, ChangeSet } from "../../action/aws-ports.ts";
import { detail, modify } from "../plan/change-set.ts";
import { STACK_ID, type Script, fakeClock, fakeStacks } from "../deploy/fake-stacks.ts";
import { failureOf, sha256 } from "../deploy/world.ts";

const TAGS = { "warren:pipeline": "p", "warren:stage": "prod" };
const ORDER = {
  stackName: "fake",
  tags: TAGS,
  origins: {
    Jobs: {
      component: "jobs",
      label: "queue",
      place: { file: "config/pipeline.yaml", line: 6, column: 3 },
    },
  },
};
const DRIFTED: Detection = {
  kind: "complete",
  reason: "",
  resources: [
    {
      kind: "modified",
      logicalId: "Jobs",
      physicalId: "jobs",
      type: "AWS::SQS::Queue",
      properties: [{ kind: "changed", path: "/DelaySeconds", expected: "0", actual: "9" }],
      reason: "",
    },
  ],
};
const IN_SYNC: Detection = { kind: "complete", reason: "", resources: [] };

function world(script: Script, detections: readonly Detection[] = []) {
  const stacks = fakeStacks({ stack: { tags: TAGS, ...script.stack }, ...script });
  const left = [...detections];
  const lines: string[] = [];
  const tell = (text: string): void => void lines.push(text);
  const detect = async (): Promise<Detection> => {
    const next = left.shift();
    if (!next) throw new Error("nobody is to look again");
    return next;
  };
  const log = { info: tell, warn: tell, error: tell, progress: () => undefined };
  return {
    stacks,
    lines,
    ports: { log, clock: fakeClock(), stacks, drift: { detect }, workspace: { sha256 } },
  };
}

function ready(...changes: readonly Partial<Change>[]): ChangeSet {
  const change: Change = {
    action: "Modify",
    logicalId: "Jobs",
    physicalId: "jobs",
    type: "AWS::SQS::Queue",
    replacement: "False",
    policyAction: "",
    details: [],
  };
  return {
    kind: "ready",
    id: "set",
    stackId: STACK_ID,
    changes: changes.map((rest) => ({ ...change, ...rest })),
  };
}

test.each([
  ["UPDATE_IN_PROGRESS", "unavailable"],
  ["ROLLBACK_COMPLETE", "unavailable"],
  ["REVIEW_IN_PROGRESS", "absent"],
] as const)("a stack in %s is not asked about: %s", async (status, kind) => {
  const { ports } = world({ stack: { status, tags: TAGS } });
  expect((await detectDrift(ORDER, ports)).kind).toBe(kind);
});

test.each(["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "IMPORT_COMPLETE"])(
  "a stack in %s is",
  async (status) => {
    const { ports } = world({ stack: { status, tags: TAGS } }, [DRIFTED]);
    expect((await detectDrift(ORDER, ports)).kind).toBe("drifted");
  },
);

test("somebody else's stack of the same name is not looked at", async () => {
  const { ports } = world({ stack: { tags: { ...TAGS, "warren:pipeline": "other" } } });
  expect((await failureOf(detectDrift(ORDER, ports))).reason).toBe("stack-foreign");
});

test("what is put back is looked at again, and what is left is told", async () => {
  const { ports, stacks } = world({ changeSets: [ready({})], plays: [{ end: "UPDATE_COMPLETE" }] }, [
    DRIFTED,
    DRIFTED,
  ]);
  const check = await checkDrift(ORDER, ports, ports);
  expect(check).toMatchObject({ drift: { kind: "drifted" }, reverted: [{ logicalId: "Jobs" }] });
  expect(stacks.calls).toEqual(["find", "find", "createChangeSet UPDATE", "executeChangeSet", "find"]);
});

test("what will be put back is told as a plan is, with no value that may not be shown", async () => {
  const environment = (TOKEN: string) => ({ Environment: { Variables: { TOKEN } } });
  const back = [
    modify("Jobs", "AWS::SQS::Queue", [detail("DelaySeconds")], {
      before: { DelaySeconds: 9 },
      after: { DelaySeconds: 0 },
    }),
    modify("Worker", "AWS::Lambda::Function", [detail("Environment/Variables/TOKEN")], {
      before: environment("by-hand"),
      after: environment("as-deployed"),
    }),
  ];
  const { ports, lines } = world({ changeSets: [ready(...back)], plays: [{ end: "UPDATE_COMPLETE" }] });
  await revertDrift(ORDER, new Set(), ports);
  const told = lines.join("\n");
  expect(told).toMatch(/^change {4}queue of jobs .*Jobs AWS::SQS::Queue\n {4}DelaySeconds: 9 -> 0$/m);
  expect(told).not.toMatch(/by-hand|as-deployed/);
});

test("without drift nothing is made and nothing executed", async () => {
  const { ports, stacks } = world({}, [IN_SYNC]);
  expect(await checkDrift(ORDER, ports, ports)).toMatchObject({ drift: { kind: "in-sync" }, reverted: [] });
  expect(stacks.calls).toEqual(["find"]);
});

test("nothing is put back where it is not known what was changed", async () => {
  const { ports, stacks } = world({}, [{ kind: "refused", reason: "no" }]);
  expect(await failureOf(checkDrift(ORDER, ports, ports))).toMatchObject({
    reason: "drift-unavailable",
    message: expect.stringContaining("no"),
  });
  expect(stacks.calls).toEqual(["find"]);
});

test.each(["True", "Conditional"] as const)(
  "a change that would replace (%s) stops it, and the change set goes",
  async (replacement) => {
    const { ports, stacks } = world({ changeSets: [ready({ replacement })] });
    const error = await failureOf(revertDrift(ORDER, new Set(), ports));
    expect(error.reason).toBe("revert-replaces");
    expect(error.problems[0]).toMatchObject({ place: { line: 6 } });
    expect(stacks.calls).toEqual(["find", "createChangeSet UPDATE", "deleteChangeSet"]);
  },
);

test("what was found deleted is made anew, however CloudFormation calls it", async () => {
  const changes = [ready({ action: "Add" }), ready({ replacement: "True" })];
  for (const changeSet of changes) {
    const { ports } = world({ changeSets: [changeSet], plays: [{ end: "UPDATE_COMPLETE" }] });
    expect(await revertDrift(ORDER, new Set(["Jobs"]), ports)).toHaveLength(1);
  }
});

test("a revert that fails is told by its cause, at its line", async () => {
  const failed = { logicalId: "Jobs", status: "UPDATE_FAILED", reason: "Invalid value for DelaySeconds" };
  const { ports } = world({
    changeSets: [ready({})],
    plays: [{ events: [failed], end: "UPDATE_ROLLBACK_COMPLETE" }],
  });
  const error = await failureOf(revertDrift(ORDER, new Set(), ports));
  expect(error.reason).toBe("revert-failed");
  expect(error.problems[0]).toMatchObject({
    place: { line: 6 },
    message: expect.stringContaining("DelaySeconds"),
  });
});

test("CloudFormation's refusal and an empty change set leave nothing behind", async () => {
  const failed = { kind: "failed", id: "set", stackId: STACK_ID, reason: "drift is unknown" } as const;
  const refused = world({ changeSets: [failed] });
  expect(await failureOf(revertDrift(ORDER, new Set(), refused.ports))).toMatchObject({
    reason: "revert-failed",
    message: expect.stringContaining("drift is unknown"),
  });
  const empty = world({ changeSets: [{ kind: "empty", id: "set", stackId: STACK_ID }] });
  expect(await revertDrift(ORDER, new Set(), empty.ports)).toEqual([]);
  for (const { stacks } of [refused, empty]) expect(stacks.calls.at(-1)).toBe("deleteChangeSet");
});

test("another operation that comes first is told, and nothing changed", async () => {
  const scripts: readonly Script[] = [
    { stack: { status: "UPDATE_IN_PROGRESS", tags: TAGS } },
    { changeSets: [{ kind: "busy" }] },
    { changeSets: [ready({})], executions: ["busy"] },
  ];
  for (const script of scripts) {
    const error = await failureOf(revertDrift(ORDER, new Set(), world(script).ports));
    expect(error.reason).toBe("stack-busy");
  }
});

test("a stack that a person has to mend first is not touched", async () => {
  const { ports } = world({ stack: { status: "UPDATE_ROLLBACK_FAILED", tags: TAGS } });
  expect((await failureOf(revertDrift(ORDER, new Set(), ports))).reason).toBe("stack-stuck");
});
