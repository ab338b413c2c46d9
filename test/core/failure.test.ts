import { expect, test } from "vitest";
import { combinedFailure, joinFailures } from "../../action/core/failure.ts";
import { UserError } from "../../action/core/problem.ts";

const denied = Object.assign(new Error("no right to look."), { name: "AccessDenied" });
const mistake = (text: string): UserError => new UserError("stack-stuck", { message: text });

test("nothing that failed is no failure", () => {
  expect(combinedFailure("sweep-failed", "failed", [])).toBeUndefined();
  expect(joinFailures([undefined, undefined])).toBeUndefined();
});

test("what the user can mend is one list, each problem with its name, AWS's errors in words", () => {
  const failure = combinedFailure("sweep-failed", "failed", [
    { name: "a", error: mistake("is stuck") },
    { name: "b", error: denied },
  ]);
  expect(failure).toMatchObject({ reason: "sweep-failed" });
  expect(failure?.message).toMatch(/^a: is stuck\nb: AWS refuses: no right to look\n/);
});

test("a bug goes before them, keeps its stack, and hides nothing", () => {
  const bug = new TypeError("x is undefined");
  const failed = [
    { name: "a", error: mistake("is stuck") },
    { name: "b", error: bug },
  ];
  for (const failure of [
    combinedFailure("sweep-failed", "failed", failed),
    joinFailures([mistake("a: is stuck"), bug, undefined]),
  ]) {
    expect(failure).not.toBeInstanceOf(UserError);
    expect(failure).toMatchObject({ cause: bug, message: expect.stringContaining("a: is stuck") });
  }
});

test("failures of several steps keep the first one's reason and all their problems", () => {
  const joined = joinFailures([mistake("one"), undefined, denied]);
  expect(joined).toMatchObject({ reason: "stack-stuck", problems: { length: 2 } });
  const only = mistake("one");
  expect(joinFailures([undefined, only])).toBe(only);
});
