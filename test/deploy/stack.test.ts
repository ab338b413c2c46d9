import { StackStatus } from "@aws-sdk/client-cloudformation";
import { describe, expect, test } from "vitest";
import { operationOf } from "../../action/core/operation.ts";
import { STATUSES, accountOf, deployStep, destroyStep, phaseOf, sweepStep } from "../../action/core/stack.ts";
import { pollDelay } from "../../action/follow.ts";
import { STACK_ID, eventOf } from "./fake-stacks.ts";

describe("the statuses of a stack", () => {
  /** status: what a deploy, a destroy and a sweep do */
  const table: Record<string, string> = {
    CREATE_COMPLETE: "update, delete, delete",
    CREATE_FAILED: "recreate, delete, delete",
    CREATE_IN_PROGRESS: "attach, attach, leave",
    DELETE_COMPLETE: "create, done, none",
    DELETE_FAILED: "recreate-unprotected, delete, delete",
    DELETE_IN_PROGRESS: "attach, attach, delete",
    IMPORT_COMPLETE: "update, delete, delete",
    IMPORT_IN_PROGRESS: "attach, attach, leave",
    IMPORT_ROLLBACK_COMPLETE: "update, delete, delete",
    IMPORT_ROLLBACK_FAILED: "refuse, delete, delete",
    IMPORT_ROLLBACK_IN_PROGRESS: "attach, attach, leave",
    REVIEW_IN_PROGRESS: "create, delete, later",
    ROLLBACK_COMPLETE: "recreate, delete, delete",
    ROLLBACK_FAILED: "recreate, delete, delete",
    ROLLBACK_IN_PROGRESS: "attach, attach, leave",
    UPDATE_COMPLETE: "update, delete, delete",
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: "attach, attach, leave",
    UPDATE_FAILED: "roll-back, delete, delete",
    UPDATE_IN_PROGRESS: "attach, attach, leave",
    UPDATE_ROLLBACK_COMPLETE: "update, delete, delete",
    UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: "attach, attach, leave",
    UPDATE_ROLLBACK_FAILED: "continue-rollback, delete, delete",
    UPDATE_ROLLBACK_IN_PROGRESS: "attach, attach, leave",
  };

  test("all 23 that the SDK knows lead to a step, and no others", () => {
    const statuses = Object.values(StackStatus).toSorted();
    expect(statuses).toHaveLength(23);
    const steps = statuses.map((status) => [
      status,
      [deployStep(phaseOf(status)), destroyStep(phaseOf(status)), sweepStep(status)].join(", "),
    ]);
    expect(Object.fromEntries(steps)).toEqual(table);
    expect(Object.keys(STATUSES).toSorted()).toEqual(statuses);
  });

  test("one that AWS invents is an error, not a guess", () => {
    expect(() => phaseOf("TELEPORT_IN_PROGRESS")).toThrow("TELEPORT_IN_PROGRESS");
  });

  test("the account is read from the stack's ARN", () => {
    expect(accountOf(STACK_ID)).toBe("111122223333");
  });
});

/** `own UPDATE_IN_PROGRESS @t1`, `Queue UPDATE_FAILED: reason`: enough to write a history down. */
function history(...lines: readonly string[]) {
  return lines.map((line, index) => {
    const [, who = "", status = "", token = "", reason = ""] =
      /^(\w+) (\w+)(?: @(\w+))?(?:: (.*))?$/.exec(line) ?? [];
    const physicalId = who === "own" ? STACK_ID : who;
    return eventOf(
      { logicalId: who, physicalId, type: "AWS::Some::Thing", status, reason },
      `e${index}`,
      token,
    );
  });
}

function idsOf(lines: readonly string[], token?: string, askedAt?: number): readonly string[] {
  return operationOf(history(...lines), STACK_ID, token, askedAt).map(({ id }) => id);
}

describe("one operation among a stack's events", () => {
  const former = ["own UPDATE_IN_PROGRESS @old", "Queue UPDATE_COMPLETE @old", "own UPDATE_COMPLETE @old"];
  const mine = ["own UPDATE_IN_PROGRESS @new", "Queue UPDATE_COMPLETE @new"];
  test("the former one's end is not taken for ours while events lag behind", () => {
    expect(idsOf(former, "new")).toEqual([]);
  });

  test("ours begins where its token first shows", () => {
    expect(idsOf([...former, ...mine], "new")).toEqual(["e3", "e4"]);
  });

  test("what comes after our end is not ours", () => {
    expect(idsOf([...former, "own DELETE_IN_PROGRESS @next"], "old")).toEqual(["e0", "e1", "e2"]);
  });

  test("attaching sees the running one only", () => {
    expect(idsOf([...former, ...mine])).toEqual(["e3", "e4"]);
  });

  test("attaching sees one that ended meanwhile", () => {
    expect(idsOf([...former, ...mine, "own UPDATE_COMPLETE @new"])).toEqual(["e3", "e4", "e5"]);
  });
});

describe("a deletion that somebody else had asked for already", () => {
  const theirs = ["own DELETE_IN_PROGRESS @theirs", "Queue DELETE_COMPLETE @theirs"];
  test("is followed while it runs, and to its end", () => {
    expect(idsOf(theirs, "ours")).toEqual(["e0", "e1"]);
    expect(idsOf([...theirs, "own DELETE_COMPLETE @theirs"], "ours")).toEqual(["e0", "e1", "e2"]);
  });

  test("is over when the stack is gone, though its beginning was not read", () => {
    expect(idsOf(["Queue DELETE_COMPLETE @theirs", "own DELETE_COMPLETE @theirs"], "ours")).toEqual([
      "e0",
      "e1",
    ]);
  });

  test("that failed after we had asked is ours; one that had failed before is not", () => {
    const failed = [...theirs, "own DELETE_FAILED @theirs"];
    const failedAt = history(...failed)[2]?.time.getTime() ?? 0;
    expect(idsOf(failed, "ours", failedAt - 1)).toEqual(["e0", "e1", "e2"]);
    expect(idsOf(failed, "ours", failedAt + 1)).toEqual([]);
  });

  test("does not hide ours, once it shows", () => {
    const failed = [...theirs, "own DELETE_FAILED @theirs", "own DELETE_IN_PROGRESS @ours"];
    expect(idsOf(failed, "ours", 0)).toEqual(["e3"]);
  });
});

test("polling starts fast, slows down with silence, and never stops looking", () => {
  expect([0, 3_000, 6_000, 12_000, 3_600_000].map(pollDelay)).toEqual([400, 400, 600, 1_200, 2_000]);
});
