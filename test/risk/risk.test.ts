import { describe, expect, test } from "vitest";
import type { PlannedChange } from "../../action/core/planned-change.ts";
import { type Risk, risksOf } from "../../action/core/risk.ts";
import { allow, change, deny, policy } from "./changes.ts";

const TABLE = "AWS::DynamoDB::Table";
const statefulTypes = new Set([TABLE, "AWS::S3::Bucket", "AWS::SQS::Queue"]);

function texts(...changes: readonly PlannedChange[]): string[] {
  return risksOf(changes, { statefulTypes }).map(({ kind, text }) => `${kind}: ${text}`);
}

describe("data", () => {
  test("a table that is replaced is an empty one, and the old one goes or stays", () => {
    const effect = "replaced";
    expect(texts(change("FangTable", TABLE, { effect, policyAction: "ReplaceAndDelete" }))).toEqual([
      "data: table of `fang` is replaced by an empty one; the old one is deleted with its data",
    ]);
    expect(texts(change("FangTable", TABLE, { effect, policyAction: "ReplaceAndRetain" }))).toEqual([
      "data: table of `fang` is replaced by an empty one; the old one is kept with its data, outside of the stack",
    ]);
  });

  test("what may be replaced is told, too", () => {
    expect(texts(change("FangTable", TABLE, { effect: "may-be-replaced" }))).toEqual([
      "data: table of `fang` may be replaced by an empty one",
    ]);
  });

  test("what pipeline.yaml no longer has still has its name", () => {
    const removed = change("EveryFangTable", TABLE, {
      effect: "removed",
      policyAction: "Delete",
      origin: undefined,
    });
    expect(texts(removed)).toEqual([
      "data: AWS::DynamoDB::Table of `every-fang` is removed; it is deleted with its data",
    ]);
  });

  test("a rename is recognised, and the way to keep the data is said where the new name stands", () => {
    const removed = change("FangTable", TABLE, {
      effect: "removed",
      policyAction: "Retain",
      origin: undefined,
    });
    const added = change("FaangTable", TABLE, { effect: "added" });
    const [risk] = risksOf([removed, added], { statefulTypes });
    expect(risk).toEqual({
      kind: "data",
      logicalId: "FangTable",
      component: "fang",
      place: { file: "config/pipeline.yaml", line: 9, column: 3 },
      text: "it looks as if `fang` were renamed to `faang`, which makes an empty one; it is kept with its data, outside of the stack",
      hint: "Write `was: fang` at `faang`, and it stays the same one.",
      allow: "remove",
    } satisfies Risk);
  });

  test("a change without replacement, and what holds no data, is none", () => {
    expect(texts(change("FangTable", TABLE, { effect: "changed" }))).toEqual([]);
    expect(texts(change("WorkerLoggroup", "AWS::Logs::LogGroup", { effect: "replaced" }))).toEqual([]);
  });
});

describe("exposure", () => {
  test("a bucket that loses one block of public access", () => {
    const block = { BlockPublicAcls: true, RestrictPublicBuckets: true };
    const before = { PublicAccessBlockConfiguration: block };
    const after = { PublicAccessBlockConfiguration: { ...block, RestrictPublicBuckets: false } };
    const changed = change("OutBucket", "AWS::S3::Bucket", { effect: "changed", before, after });
    expect(texts(changed)).toEqual([
      "exposure: bucket of `out`: public access to the bucket is not blocked any more",
    ]);
    expect(texts({ ...changed, before: after, after: before })).toEqual([]);
  });

  test("a policy that everybody is allowed by is an exposure; under a condition it is a right", () => {
    const open = (more = {}): PlannedChange => ({
      ...policy("InQueuepolicy", [], [allow("sqs:SendMessage", "q", { Principal: "*", ...more })]),
    });
    expect(texts(open())).toEqual([
      "exposure: queuepolicy of `in`: sqs:SendMessage on q by everybody is newly allowed",
    ]);
    expect(texts(open({ Condition: { ArnEquals: { "aws:SourceArn": "rule" } } }))).toEqual([
      "rights: queuepolicy of `in`: sqs:SendMessage on q by everybody is newly allowed",
    ]);
  });
});

describe("rights", () => {
  test("one of two Denies that goes is never hidden", () => {
    const before = [deny("s3:DeleteObject", "a"), deny("s3:DeleteObject", "b")];
    expect(texts(policy("WorkerPolicy", before, [deny("s3:DeleteObject", "b")]))).toEqual([
      "rights: policy of `worker`: s3:DeleteObject on a is not forbidden any more",
    ]);
  });

  test("a right that moves from one policy of a role to another is not new", () => {
    const right = allow("sqs:SendMessage", "q");
    expect(texts(policy("OldPolicy", [right], []), policy("NewPolicy", [], [right]))).toEqual([]);
  });

  test("a new policy is all new", () => {
    const added = { ...policy("WorkerPolicy", [], [allow(["a:X", "a:Y"], "r")]), effect: "added" } as const;
    expect(texts(added)).toEqual([
      "rights: policy of `worker`: a:X on r is newly allowed",
      "rights: policy of `worker`: a:Y on r is newly allowed",
    ]);
  });
});

test("a trigger that is replaced interrupts", () => {
  const mapping = change("WorkerMapping", "AWS::Lambda::EventSourceMapping", { effect: "replaced" });
  expect(texts(mapping)).toEqual([
    "interruption: mapping of `worker` is replaced: until the new one works, nothing comes through",
  ]);
});

test("capacity that is paid by the hour costs", () => {
  const before = { BillingMode: "PAY_PER_REQUEST" };
  const after = { BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: "5" } };
  expect(texts(change("FangTable", TABLE, { effect: "changed", before, after }))).toEqual([
    "cost: table of `fang`: capacity is paid by the hour, used or not",
    "cost: table of `fang`: more capacity is paid by the hour",
  ]);
  expect(texts(change("FangTable", TABLE, { effect: "changed", before: after, after }))).toEqual([]);
});

test("the worst comes first", () => {
  const kinds = risksOf(
    [
      policy("WorkerPolicy", [], [allow("a:X", "r")]),
      change("WorkerMapping", "AWS::Lambda::EventSourceMapping", { effect: "replaced" }),
      change("FangTable", TABLE, { effect: "replaced" }),
    ],
    { statefulTypes },
  ).map(({ kind }) => kind);
  expect(kinds).toEqual(["data", "rights", "interruption"]);
});

test("a right that follows the resource that is made anew is not a new one; a new right on it is", () => {
  const arn = "{{changeSet:KNOWN_AFTER_APPLY}}";
  expect(texts(policy("WorkerPolicy", [allow("a:X", "arn:old")], [allow("a:X", arn)]))).toEqual([]);
  expect(texts(policy("WorkerPolicy", [allow("a:X", "arn:old")], [allow("a:Y", arn)]))).toEqual([
    "rights: policy of `worker`: a:Y on what is made then is newly allowed",
  ]);
});
