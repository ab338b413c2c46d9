import { expect, test } from "vitest";
import { COMMENT_CHARACTERS } from "../../action/core/paper.ts";
import { type CommentFacts, renderComment, renderSummary } from "../../action/core/comment.ts";
import type { Origin } from "../../action/core/rendered.ts";
import { resultOf } from "../../action/core/result.ts";
import type { Plan } from "../../action/plan.ts";
import type { Change } from "../../action/aws-ports.ts";
import { RETAGGED, add, detail, modify, planOf, remove } from "./change-set.ts";

const QUEUE = "AWS::SQS::Queue";
const POLICY = "AWS::SQS::QueuePolicy";
const FUNCTION = "AWS::Lambda::Function";

/** `Jobs7Queue` is the queue of the component `jobs7`. */
function originsOf(changes: readonly Change[]): Record<string, Origin> {
  return Object.fromEntries(
    changes.map(({ logicalId }, index): [string, Origin] => {
      const [, name = "", label = ""] = /^(.*)([A-Z][a-z]+)$/.exec(logicalId) ?? [];
      const place = { file: "config/pipeline.yaml", line: index + 1, column: 3 };
      const options = { VisibilityTimeout: "visibility-timeout", MemorySize: "memory", "Code.S3Key": "code" };
      const main = label === "Queue" || label === "Function";
      return [
        logicalId,
        { component: name.toLowerCase(), label: label.toLowerCase(), place, options, ...(main && { main }) },
      ];
    }),
  );
}

function comment(plan: Plan): string {
  return renderComment(factsOf(plan));
}

function factsOf(plan: Plan): CommentFacts {
  return {
    pipeline: "burrow",
    verdict: { kind: "ready", stackName: "burrow-x" },
    picture: "",
    merging: [{ kind: "planned", stage: "prod", plan }],
    checksUrl: "https://github.com/octo/burrow/pull/7/checks",
    runUrl: "https://github.com/octo/burrow/actions/runs/1",
  };
}

const tlsOnly = (resource: string) => ({
  Effect: "Deny",
  Action: "sqs:*",
  Resource: resource,
  Principal: "*",
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});
const policyOf = (...Statement: object[]) => ({ PolicyDocument: { Statement } });

/** Ten components with ten changes each, of every kind that there is. */
const HUNDRED: readonly Change[] = Array.from({ length: 10 }, (_, index): Change[] => {
  const name = `Jobs${index}`;
  const environment = (value: string) => ({ Environment: { Variables: { TOKEN: value, STAGE: "prod" } } });
  return [
    modify(`${name}Queue`, QUEUE, [detail("VisibilityTimeout"), RETAGGED], {
      before: { VisibilityTimeout: 180, DelaySeconds: index },
      after: { VisibilityTimeout: 360, DelaySeconds: index },
    }),
    modify(`${name}Policy`, POLICY, [detail("PolicyDocument")], {
      before: policyOf(tlsOnly("a"), tlsOnly("b")),
      after: policyOf(tlsOnly("b")),
    }),
    modify(`${name}Function`, FUNCTION, [detail("MemorySize"), detail("Environment"), detail("Code")], {
      before: {
        MemorySize: 128,
        Code: { S3Key: `functions/${"a1".repeat(32)}.zip` },
        ...environment("old-token"),
      },
      after: {
        MemorySize: 256,
        Code: { S3Key: `functions/${"b2".repeat(32)}.zip` },
        ...environment("new-token"),
      },
    }),
    modify(`${name}Table`, "AWS::DynamoDB::Table", [detail("TableName", { recreation: "Always" })], {
      before: { TableName: `fang-${index}` },
      after: { TableName: "Jürgen's 🐇 table" },
    }),
    modify(`${name}Rule`, "AWS::Events::Rule", [detail("ScheduleExpression")], {
      before: { ScheduleExpression: "rate(5 minutes)" },
      after: { ScheduleExpression: "rate(1 hour)" },
    }),
    modify(`${name}Bucket`, "AWS::S3::Bucket", [detail("Tags")], {
      before: { Tags: [{ Key: "note", Value: `(Truncated-Signature):${"0".repeat(64)}` }] },
      after: { Tags: [{ Key: "note", Value: `(Truncated-Signature):${"1".repeat(64)}` }] },
    }),
    modify(`${name}Alarm`, "AWS::CloudWatch::Alarm", [RETAGGED]),
    add(`${name}Topic`, "AWS::SNS::Topic"),
    add(`${name}Subscription`, "AWS::SNS::Subscription"),
    remove(`${name}Secret`, "AWS::SecretsManager::Secret", { SecretString: "old-token" }),
  ];
}).flat();

test("one component's changes read like this", () => {
  const ten = HUNDRED.slice(0, 10);
  const text = comment(planOf(ten, originsOf(ten.slice(0, 9))));
  expect(
    text.replaceAll(/sha256&#58;[0-9a-f]{8}|sha256:[0-9a-f]{8}/g, "sha256:(fingerprint)"),
  ).toMatchSnapshot();
});

test("a hundred changes: each is told, no value that may not be shown, and every Deny that goes", () => {
  const plan = planOf(HUNDRED, originsOf(HUNDRED));
  expect(plan.counts).toEqual({ added: 20, changed: 50, replaced: 10, removed: 10 });
  expect(plan.untouched).toBe(10);
  const text = comment(plan);
  expect(text).toContain(
    "**Merging into `prod`** changes `burrow-prod`: 10 replaced, 10 removed, 50 changed, 20 added.",
  );
  expect(text).not.toMatch(/old-token|new-token/);
  expect(text.match(/no longer denied/g)).toHaveLength(10);
  for (const { logicalId } of plan.changes) expect(text).toContain(`\`${logicalId}\``);
  expect(text).toContain("10 more resources stay as they are, but for their tags");
});

test("equal changes are an equal comment, in whatever order CloudFormation tells them", () => {
  const origins = originsOf(HUNDRED);
  expect(comment(planOf(HUNDRED.toReversed(), origins))).toBe(comment(planOf(HUNDRED, origins)));
});

test("500 changes fit into a comment, with every one that may hurt; the summary has all", () => {
  const risky = Array.from({ length: 60 }, (_, index) =>
    modify(`Zoo${index}Table`, "AWS::DynamoDB::Table", [detail("TableName", { recreation: "Always" })], {
      before: { TableName: `fang-${index}`, Tags: [{ Key: "k", Value: "long ".repeat(100) }] },
      after: { TableName: `faang-${index}`, Tags: [{ Key: "k", Value: "longer ".repeat(100) }] },
    }),
  );
  const gone = Array.from({ length: 40 }, (_, index) => remove(`Old${index}Bucket`, "AWS::S3::Bucket"));
  const harmless = Array.from({ length: 400 }, (_, index) =>
    modify(`Jobs${index}Queue`, QUEUE, [detail("VisibilityTimeout")], {
      before: { VisibilityTimeout: index, RedrivePolicy: { maxReceiveCount: 1 }, Note: "x".repeat(200) },
      after: { VisibilityTimeout: index + 1, RedrivePolicy: { maxReceiveCount: 2 }, Note: "y".repeat(200) },
    }),
  );
  const changes = [...harmless, ...risky, ...gone];
  const plan = planOf(changes, originsOf(changes));
  const text = comment(plan);
  expect(text.length).toBeLessThanOrEqual(COMMENT_CHARACTERS);
  for (const { logicalId } of [...risky, ...gone]) expect(text).toContain(`\`${logicalId}\``);
  expect(text).toContain("This is not all of it");
  const summary = renderSummary(factsOf(plan));
  for (const { logicalId } of changes) expect(summary).toContain(`\`${logicalId}\``);
});

test("drift stands before the changes, which may undo it", () => {
  const text = comment({
    ...planOf([modify("JobsQueue", QUEUE, [detail("DelaySeconds")])]),
    drift: "by hand",
  });
  const [banner, changes] = ["> ⚠️ **Drift of `", "**Merging into `prod`**"].map((part) =>
    text.indexOf(part),
  );
  expect(banner).toBeGreaterThan(0);
  expect(changes).toBeGreaterThan(banner ?? NaN);
});

test("the first line says that it must not be merged, however well the preview does", () => {
  const table = "AWS::DynamoDB::Table";
  const change = modify("FangTable", table, [detail("KeySchema", { recreation: "Always" })]);
  const guard = { statefulTypes: [table], waivers: [] };
  const [, heading] = comment(planOf([change], originsOf([change]), {}, guard)).split("\n");
  expect(heading).toBe("### `burrow`: must not be merged 🛑 (the preview `burrow-x` is up)");
  expect(comment(planOf([change], originsOf([change])))).toContain("### `burrow`: the preview");
});

test("the picture of a pipeline that is new is open: all of it is what changes", () => {
  const changes = [add("JobsQueue", QUEUE)];
  const drawn = (kind: Plan["kind"]): string =>
    renderComment({ ...factsOf(planOf(changes, originsOf(changes), { kind })), picture: "flowchart LR" });
  expect(drawn("create")).toContain("**The pipeline**, all of it new:");
  expect(drawn("update")).toContain("<summary>The pipeline</summary>");
});

test("a waiver that is for nothing is told where nothing changes, too, and at its line", () => {
  const place = { file: "config/pipeline.yaml", line: 9, column: 3 };
  const waiver = {
    component: "fang",
    allow: "replace",
    until: "2999-12-31",
    why: "another key",
    place,
  } as const;
  const plan = planOf([], {}, {}, { statefulTypes: [], waivers: [waiver] });
  const facts = factsOf(plan);
  expect(renderComment(facts)).toContain(
    "- ⚠️ the waiver for `fang` is for nothing&#58; this plan does not replace it&#46; Take it out when",
  );
  const { problems } = resultOf({ kind: "planned", stage: "prod", plan, facts });
  expect(problems).toMatchObject([{ place, message: expect.stringContaining("is for nothing") }]);
});

test("what stands for a value that is not shown is explained, where it stands", () => {
  const variable = (value: string) => ({ Environment: { Variables: { STAGE: value } } });
  const changed = (before: object, after: object): Plan =>
    planOf([
      modify("JobsFunction", FUNCTION, [detail("Environment")], {
        before: { ...before },
        after: { ...after },
      }),
    ]);
  expect(comment(changed(variable("a"), variable("b")))).toContain("`sha256:…` stands for a value");
  expect(comment(changed({ Timeout: 1 }, { Timeout: 2 }))).not.toContain("sha256");
});
