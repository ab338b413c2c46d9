import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalStatement, diffStatements, statementText } from "../../action/core/statement-diff.ts";
import type { ValueMap } from "../../action/core/value.ts";

const deny = (Resource: string): ValueMap => ({ Effect: "Deny", Action: "s3:*", Resource, Principal: "*" });
const allow = (...Action: string[]): ValueMap => ({ Effect: "Allow", Action, Resource: "*" });

const oneOrMore = fc.oneof(
  fc.constantFrom("a", "b", "c"),
  fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }),
);
const statement: fc.Arbitrary<ValueMap> = fc.record(
  {
    Effect: fc.constantFrom("Allow", "Deny"),
    Action: oneOrMore,
    Resource: oneOrMore,
    Sid: fc.constantFrom("one", "two"),
    Condition: fc.record({ StringEquals: fc.record({ "aws:x": oneOrMore }) }),
    Principal: fc.oneof(fc.constant("*"), fc.record({ AWS: oneOrMore })),
  },
  { requiredKeys: ["Effect", "Action", "Resource"] },
);
const statements = fc.array(statement, { maxLength: 6 });
const sorted = (list: readonly ValueMap[]): string[] => list.map(canonicalStatement).toSorted();

describe("statements are compared as a set", () => {
  test("what is shown, applied to those before, gives those after", () => {
    fc.assert(
      fc.property(statements, statements, (before, after) => {
        const { removed, added, changed, renamed } = diffStatements(before, after);
        const pairs = [...changed, ...renamed];
        const rest = sorted(before);
        for (const gone of sorted([...removed, ...pairs.map((pair) => pair.before)])) {
          const at = rest.indexOf(gone);
          expect(at).toBeGreaterThanOrEqual(0);
          rest.splice(at, 1);
        }
        const came = sorted([...added, ...pairs.map((pair) => pair.after)]);
        expect([...rest, ...came].toSorted()).toEqual(sorted(after));
      }),
      { numRuns: 1_000 },
    );
  });

  test("of a statement that has changed, the parts that are shown make the one of the other", () => {
    fc.assert(
      fc.property(statements, statements, (before, after) => {
        for (const { before: old, after: now, part, removed, added } of diffStatements(before, after)
          .changed) {
          expect(old["Effect"]).toBe(now["Effect"]);
          expect(removed.length + added.length).toBeGreaterThan(0);
          if (part !== "Action" && part !== "Resource") continue;
          const parts = new Set([old[part]].flat());
          for (const one of removed) expect(parts.delete(one)).toBe(true);
          for (const one of added) parts.add(one);
          expect(parts).toEqual(new Set([now[part]].flat()));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("order, spelling and grouping of equal ones say nothing", () => {
    fc.assert(
      fc.property(statements, (list) => {
        const { removed, added, changed, renamed } = diffStatements(list, list.toReversed());
        expect([removed, added, changed, renamed]).toEqual([[], [], [], []]);
      }),
    );
    expect(diffStatements([allow("a")], [{ Effect: "Allow", Action: "a", Resource: ["*"] }]).changed).toEqual(
      [],
    );
  });
});

test("of two like Denys the one that goes is shown as gone", () => {
  const { removed, added, changed } = diffStatements([deny("a"), deny("b")], [deny("b")]);
  expect([removed, added, changed]).toEqual([[deny("a")], [], []]);
});

test("a Deny never becomes an Allow unseen", () => {
  const { removed, added } = diffStatements([deny("a")], [{ ...deny("a"), Effect: "Allow" }]);
  expect([removed, added]).toEqual([[deny("a")], [{ ...deny("a"), Effect: "Allow" }]]);
});

test("an action more or less is told as that", () => {
  const [only] = diffStatements([allow("s3:Get", "s3:Put")], [allow("s3:Put", "s3:Delete")]).changed;
  expect(only).toMatchObject({ part: "Action", removed: ["s3:Get"], added: ["s3:Delete"] });
});

test("a statement is a sentence", () => {
  const all = {
    Sid: "Tls",
    Effect: "Deny",
    Principal: { AWS: ["arn:1", "arn:2"] },
    Action: ["sqs:*"],
    Resource: "arn:q",
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  expect(statementText(all)).toBe(
    "Deny sqs:* on arn:q to AWS: arn:1, AWS: arn:2 if Bool aws:SecureTransport: false (Tls)",
  );
  expect(statementText({ Effect: "Allow", NotAction: "iam:*", NotResource: "x" })).toBe(
    "Allow everything but iam:* on everything but x",
  );
});
