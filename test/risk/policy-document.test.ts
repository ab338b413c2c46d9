import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broadenings } from "../../action/core/policy-document.ts";
import type { ValueMap } from "../../action/core/value.ts";
import { allow, deny } from "./changes.ts";

function kinds(before: readonly ValueMap[], after: readonly ValueMap[]): string[] {
  return broadenings(before, after).map((one) =>
    "right" in one ? `${one.kind} ${one.right.action} ${one.right.resource}` : one.kind,
  );
}

const queue = "arn:aws:sqs:eu-central-1:1:producer";
const bucket = "arn:aws:s3:::sentiments";
const mine: ValueMap = { Condition: { StringEquals: { "aws:SourceAccount": "1" } } };

describe("what is newly allowed", () => {
  test.each([
    [
      "another action",
      [allow("sqs:SendMessage", queue)],
      [allow(["sqs:SendMessage", "sqs:PurgeQueue"], queue)],
      [`action sqs:PurgeQueue ${queue}`],
    ],
    [
      "an action with a wildcard",
      [allow("sqs:SendMessage", queue)],
      [allow("sqs:*", queue)],
      [`action sqs:* ${queue}`],
    ],
    [
      "a wider resource",
      [allow("s3:PutObject", `${bucket}/a/*`)],
      [allow("s3:PutObject", `${bucket}/*`)],
      [`resource s3:PutObject ${bucket}/*`],
    ],
    [
      "any resource",
      [allow("s3:PutObject", `${bucket}/*`)],
      [allow("s3:PutObject", "*")],
      ["resource s3:PutObject *"],
    ],
    [
      "a condition that is gone",
      [allow("s3:PutObject", bucket, mine)],
      [allow("s3:PutObject", bucket)],
      [`condition s3:PutObject ${bucket}`],
    ],
    [
      "one of two Denies that is gone",
      [deny("s3:DeleteObject", "a"), deny("s3:DeleteObject", "b")],
      [deny("s3:DeleteObject", "b")],
      ["deny s3:DeleteObject a"],
    ],
    [
      "a Deny that only counts under a condition now",
      [deny("s3:*", "*")],
      [deny("s3:*", "*", mine)],
      ["deny s3:* *"],
    ],
    ["NotAction", [], [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }], ["unreadable"]],
    [
      "a Deny of NotAction that is gone",
      [{ Effect: "Deny", NotAction: "iam:*", Resource: "*" }],
      [],
      ["unreadable"],
    ],
  ] as [string, ValueMap[], ValueMap[], string[]][])("%s", (_, before, after, expected) => {
    expect(kinds(before, after)).toEqual(expected);
  });

  test("another principal, and everybody", () => {
    const by = (principal: ValueMap | string): ValueMap =>
      allow("sqs:SendMessage", queue, { Principal: principal });
    const events = { Service: "events.amazonaws.com" };
    expect(kinds([by(events)], [by({ Service: ["events.amazonaws.com", "sns.amazonaws.com"] })])).toEqual([
      `principal sqs:SendMessage ${queue}`,
    ]);
    expect(broadenings([by(events)], [by({ AWS: "*" })])).toMatchObject([
      { kind: "principal", right: { principal: "*" } },
    ]);
    expect(kinds([by("*")], [by(events)])).toEqual([]);
  });
});

describe("what is no broadening", () => {
  test.each([
    [
      "order, Sid and grouping",
      [allow(["a:X", "a:Y"], ["r", "s"], { Sid: "One" })],
      [allow("a:Y", ["s", "r"]), allow("a:X", ["r", "s"])],
    ],
    ["an action spelled in other case", [allow("sqs:sendmessage", queue)], [allow("sqs:SendMessage", queue)]],
    ["less", [allow("s3:*", "*")], [allow("s3:PutObject", `${bucket}/*`, mine)]],
    ["a Deny that grows", [deny("s3:DeleteObject", bucket)], [deny("s3:*", "*")]],
  ] as [string, ValueMap[], ValueMap[]][])("%s", (_, before, after) => {
    expect(kinds(before, after)).toEqual([]);
  });
});

const words = fc.constantFrom("a:X", "a:Y", "a:*", "b:X", "*");
const statement = fc.record({
  Effect: fc.constantFrom("Allow", "Deny"),
  Action: fc.array(words, { minLength: 1, maxLength: 3 }),
  Resource: fc.array(fc.constantFrom("r/1", "r/*", "s", "*"), { minLength: 1, maxLength: 2 }),
});

test("no policy is broader than itself, in whatever order it is written", () => {
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 5 }), (statements) => {
      expect(broadenings(statements, statements.toReversed())).toEqual([]);
    }),
  );
});

test("whatever is newly allowed to a concrete request is told", () => {
  const actions = ["a:X", "a:Y", "b:X"];
  const resources = ["r/1", "r/2", "s"];
  const hits = (pattern: string, text: string): boolean =>
    new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "i").test(text);
  const allowed = (statements: readonly ValueMap[], action: string, resource: string): boolean => {
    const fitting = statements.filter(
      ({ Action, Resource }) =>
        (Action as string[]).some((one) => hits(one, action)) &&
        (Resource as string[]).some((one) => hits(one, resource)),
    );
    return (
      fitting.some(({ Effect }) => Effect === "Allow") && !fitting.some(({ Effect }) => Effect === "Deny")
    );
  };
  const property = fc.property(
    fc.array(statement, { maxLength: 4 }),
    fc.array(statement, { maxLength: 4 }),
    (before, after) => {
      const grows = actions.some((action) =>
        resources.some((resource) => !allowed(before, action, resource) && allowed(after, action, resource)),
      );
      return !grows || broadenings(before, after).length > 0;
    },
  );
  expect(fc.check(property, { numRuns: 2_000 })).toMatchObject({ failed: false });
});

test("a pattern of many stars is matched at once", () => {
  const stars = `${"a*".repeat(40)}b`;
  expect(kinds([allow("x:Y", stars)], [allow("x:Y", "a".repeat(4_000))])).toEqual([
    `resource x:Y ${"a".repeat(4_000)}`,
  ]);
});
