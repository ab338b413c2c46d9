/** However much a plan changes, what may hurt is in the comment. */
import { expect, test } from "vitest";
import { type CommentFacts, renderComment } from "../../action/core/comment.ts";
import { COMMENT_CHARACTERS } from "../../action/core/paper.ts";
import { planLines } from "../../action/core/plan-lines.ts";
import type { Plan } from "../../action/plan.ts";
import type { Change } from "../../action/aws-ports.ts";
import { add, detail, modify, planOf } from "./change-set.ts";

const GUARD = { statefulTypes: ["AWS::DynamoDB::Table"], waivers: [] };

function comment(plan: Plan): string {
  const facts: CommentFacts = {
    pipeline: "burrow",
    verdict: { kind: "ready", stackName: "burrow-x" },
    picture: "",
    merging: [{ kind: "planned", stage: "prod", plan }],
    checksUrl: "https://github.com/octo/burrow/pull/7/checks",
    runUrl: "https://github.com/octo/burrow/actions/runs/1",
  };
  return renderComment(facts);
}

const ALLOW = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::zoo/*" };
const DENY = { Effect: "Deny", Action: "s3:DeleteObject", Resource: "arn:aws:s3:::zoo/*" };

function policy(logicalId: string, before: readonly object[], after: readonly object[]): Change {
  const properties = (Statement: readonly object[]) => ({
    RoleName: logicalId,
    PolicyDocument: { Statement },
  });
  return modify(logicalId, "AWS::IAM::RolePolicy", [detail("PolicyDocument")], {
    before: properties(before),
    after: properties(after),
  });
}

/** Each with a long diff, and of the effects that are told before a change. */
function harmless(count: number): readonly Change[] {
  return Array.from({ length: count }, (_, index) =>
    modify(`Any${index}Rule`, "AWS::Events::Rule", [detail("Name", { recreation: "Always" })], {
      before: { Name: `was ${"x".repeat(90)}`, ScheduleExpression: `rate(${index} minutes)` },
      after: { Name: `now ${"y".repeat(90)}`, ScheduleExpression: `rate(${index + 1} hours)` },
    }),
  );
}

test("a policy that loses a Deny is in the comment of 500 replacements, and first in the table", () => {
  const changes = [...harmless(499), policy("ZooPolicy", [ALLOW, DENY], [ALLOW])];
  const plan = planOf(changes, {}, {}, GUARD);
  expect(plan.counts).toMatchObject({ changed: 1, replaced: 499 });
  const text = comment(plan);
  expect(text.length).toBeLessThanOrEqual(COMMENT_CHARACTERS);
  expect(text).toContain("This is not all of it");
  expect(text).toContain("is not forbidden any more");
  const rows = text.split("\n").filter((line) => /^\| (?:✏️|♻️)/.test(line));
  expect(rows[0]).toContain("`ZooPolicy`");
  expect(text).toMatch(/\*\*interruption:\*\* 499 resources:\n  `Any0Rule` `Any/);
  expect(rows[0]).toContain("no longer denied");
});

test("the log has it first, too: data before rights before the rest", () => {
  const table = modify("ZooTable", "AWS::DynamoDB::Table", [detail("TableName", { recreation: "Always" })], {
    before: { TableName: "fang" },
    after: { TableName: "faang" },
  });
  const plan = planOf([...harmless(2), policy("ZooPolicy", [ALLOW, DENY], [ALLOW]), table], {}, {}, GUARD);
  const ids = planLines(plan.words).flatMap((line) => /^\S.* (\w+) AWS::/.exec(line)?.[1] ?? []);
  expect(ids).toEqual(["ZooTable", "ZooPolicy", "Any0Rule", "Any1Rule"]);
});

test("of an addition that risks something there is a row of its own", () => {
  const open = { Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" }] };
  const added = add("ZooOpen", "AWS::S3::BucketPolicy", { Bucket: "zoo", PolicyDocument: open });
  const text = comment(planOf([...harmless(499), added], {}, {}, GUARD));
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && line.includes("`ZooOpen`"));
  expect(rows).toHaveLength(1);
  expect(text).toContain("**exposed:**");
});

test("500 policies that lose a Deny are all named", () => {
  const changes = Array.from({ length: 500 }, (_, index) =>
    policy(`Zoo${index}Policy`, [ALLOW, DENY, { ...DENY, Action: "s3:PutObject" }], [ALLOW]),
  );
  const text = comment(planOf(changes, {}, {}, GUARD));
  expect(text.length).toBeLessThanOrEqual(COMMENT_CHARACTERS);
  for (const { logicalId } of changes) expect(text).toContain(`\`${logicalId}\``);
});

test("500 tables with long names, all replaced: each is named whole as far as there is room, and all are counted", () => {
  const long = (index: number): string => `Zoo${"x".repeat(130)}${index}Table`;
  const changes = Array.from({ length: 500 }, (_, index) =>
    modify(long(index), "AWS::DynamoDB::Table", [detail("TableName", { recreation: "Always" })], {
      before: { TableName: "🦊" },
      after: { TableName: "🐺" },
    }),
  );
  const text = comment(planOf(changes, {}, {}, GUARD));
  expect(text.length).toBeLessThanOrEqual(COMMENT_CHARACTERS);
  expect(text).toContain("**data at risk:** 500 resources:");
  expect(text).toContain("This is not all of it");
  expect(changes.filter(({ logicalId }) => text.includes(`\`${logicalId}\``)).length).toBeGreaterThan(400);
});

test("500 tables that are replaced leave room for what changes", () => {
  const changes = Array.from({ length: 500 }, (_, index) =>
    modify(`Zoo${index}Table`, "AWS::DynamoDB::Table", [detail("TableName", { recreation: "Always" })], {
      before: { TableName: "fang" },
      after: { TableName: "faang" },
    }),
  );
  const text = comment(planOf(changes, {}, {}, GUARD));
  for (const { logicalId } of changes) expect(text).toContain(`\`${logicalId}\``);
  expect(text).toContain("| ♻️ |");
  expect(text).toContain("and 490 more, each at its line of pipeline.yaml");
});
