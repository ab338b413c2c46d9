import { describe, expect, test } from "vitest";
import type { PlannedChange, PropertyChange } from "../../action/core/planned-change.ts";
import { type Risk, risksOf } from "../../action/core/risk.ts";
import type { ValueMap } from "../../action/core/value.ts";
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
      "exposure: bucket of `out`: public access to the bucket is not blocked any more: RestrictPublicBuckets",
    ]);
    expect(texts({ ...changed, before: after, after: before })).toEqual([]);
  });

  test("a policy that everybody is allowed by is an exposure; under a condition it is a right", () => {
    const open = (more = {}): PlannedChange => ({
      ...policy("InQueuepolicy", [], [allow("sqs:SendMessage", "q", { Principal: "*", ...more })]),
    });
    expect(texts(open())).toEqual([
      "exposure: queuepolicy of `in`: sqs:SendMessage on q is newly allowed to everybody",
    ]);
    expect(texts(open({ Condition: { ArnEquals: { "aws:SourceArn": "rule" } } }))).toEqual([
      "rights: queuepolicy of `in`: sqs:SendMessage on q is newly allowed to everybody",
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

describe("rights that no policy document tells", () => {
  const role = (before: ValueMap, after: ValueMap): string[] =>
    texts(change("WorkerRole", "AWS::IAM::Role", { effect: "changed", before, after }));

  test("a policy that is attached", () => {
    const [logs, admin] = ["arn:aws:iam::aws:policy/Logs", "arn:aws:iam::aws:policy/AdministratorAccess"];
    expect(role({ ManagedPolicyArns: [logs] }, { ManagedPolicyArns: [admin, logs] })).toEqual([
      `rights: role of \`worker\`: it gets all rights of one more policy: ${admin}`,
    ]);
    expect(role({ ManagedPolicyArns: [admin, logs] }, { ManagedPolicyArns: [logs] })).toEqual([]);
  });

  test("a boundary that goes or is another one", () => {
    const bounded = (PermissionsBoundary: string) => ({ PermissionsBoundary });
    expect(role(bounded("a"), {})).toEqual([
      "rights: role of `worker`: no boundary limits its rights any more",
    ]);
    expect(role(bounded("a"), bounded("b"))).toEqual([
      "rights: role of `worker`: another boundary limits its rights: b",
    ]);
    expect(role({}, bounded("b"))).toEqual([]);
  });

  test("a permission for another account, or for any caller of its service", () => {
    const permission = (before: ValueMap, after: ValueMap): string[] =>
      texts(change("WorkerPermission", "AWS::Lambda::Permission", { effect: "changed", before, after }));
    const own = { Principal: "events.amazonaws.com", SourceArn: "arn:rule" };
    expect(permission(own, { Principal: "999999999999", SourceArn: "arn:rule" })).toEqual([
      "rights: permission of `worker`: another account, user or role may invoke the function: 999999999999",
    ]);
    expect(permission(own, { Principal: own.Principal })).toEqual([
      "rights: permission of `worker`: whatever the caller is for, it may invoke the function",
    ]);
    expect(permission({}, own)).toEqual([]);
  });
});

describe("a policy that CloudFormation does not show", () => {
  const type = "AWS::IAM::RolePolicy";
  const unseen =
    "rights: policy of `worker`: PolicyDocument changes, and CloudFormation does not show into what: look at the template";
  const cut = (digit: string): string => `(Truncated-Signature):${digit.repeat(64)}`;
  const document = (Action: string): ValueMap => ({ Statement: [allow(Action, "*")] });
  const told = (path: string, more: Partial<PropertyChange> = {}): PropertyChange => ({
    path,
    uncertain: true,
    recreation: "never",
    ...more,
  });

  test("is told as such, and not as one that has gone", () => {
    const one = change("WorkerPolicy", type, {
      effect: "changed",
      before: { PolicyDocument: { Statement: [deny("s3:*", "*")] } },
      after: { PolicyDocument: cut("a") },
    });
    expect(texts(one)).toEqual([unseen]);
    expect(texts({ ...one, before: { PolicyDocument: cut("b") } })).toEqual([unseen]);
    expect(texts({ ...one, before: { PolicyDocument: cut("a") } })).toEqual([]);
  });

  test("is told where no whole resource is, and compared where the whole policy is", () => {
    const one = change("WorkerPolicy", type, { effect: "changed" });
    expect(texts({ ...one, properties: [told("PolicyDocument")] })).toEqual([unseen]);
    const part = told("PolicyDocument.Statement.0.Action", { before: "a:X", after: "*" });
    expect(texts({ ...one, properties: [part] })).toEqual([unseen]);
    const whole = told("PolicyDocument", { before: document("a:X"), after: document("a:Y") });
    expect(texts({ ...one, properties: [whole] })).toEqual([
      "rights: policy of `worker`: a:Y on everything is newly allowed",
    ]);
    expect(texts({ ...one, properties: [told("RoleName")] })).toEqual([]);
  });
});

test("what protects data, and goes, is told, and so is a stack within the stack", () => {
  const before = { DeletionProtectionEnabled: "true" };
  const after = { DeletionProtectionEnabled: "false" };
  expect(texts(change("FangTable", TABLE, { effect: "changed", before, after }))).toEqual([
    "data: table of `fang`: anybody who may delete the table can, from now on",
  ]);
  const nested = change("MoreStack", "AWS::CloudFormation::Stack", { effect: "changed" });
  expect(texts(nested)).toEqual(["data: stack of `more`: what changes within this stack is not shown here"]);
  expect(texts({ ...nested, effect: "added" })).toEqual([]);
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
    "cost: table of `fang`: more capacity is paid by the hour: ReadCapacityUnits 5",
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
    "rights: policy of `worker`: a:Y on what this makes is newly allowed",
  ]);
});
