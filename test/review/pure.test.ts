/** Comparing plans: what counts, what does not, and that nothing riskier than what was reviewed gets through. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commentMarker } from "../../action/core/comment.ts";
import { formatCommentData, parseCommentData } from "../../action/core/comment-data.ts";
import {
  type Digestible,
  type PlanDigest,
  digestPlan,
  isSealed,
  plansData,
  plansIn,
  readRecord,
  recordPlan,
} from "../../action/core/plan-digest.ts";
import { EFFECTS } from "../../action/core/plan-words.ts";
import type { PlannedChange, PropertyChange } from "../../action/core/planned-change.ts";
import { SALT_TAG, fingerprinter } from "../../action/core/redact.ts";
import { type ReviewedPlan, judgeApproval, judgeReview } from "../../action/core/review.ts";
import { reviewRefusal, reviewWords } from "../../action/core/review-words.ts";
import { RISK_KINDS, type Risk } from "../../action/core/risk.ts";
import type { ValueMap } from "../../action/core/value.ts";
import { sha256 } from "../deploy/world.ts";
import { change, place } from "../risk/changes.ts";

const fingerprint = fingerprinter({ [SALT_TAG]: "salt" }, sha256);
const digestOf = (
  changes: readonly PlannedChange[],
  risks: readonly Risk[] = [],
  more: Partial<Digestible> = {},
): PlanDigest =>
  digestPlan({ stackName: "burrow-prod", changes, items: [], risks, ...more }, fingerprint, sha256);

const property: fc.Arbitrary<PropertyChange> = fc.record(
  {
    path: fc.constantFrom("DelaySeconds", "Environment.Variables.TOKEN", "PolicyDocument.Statement"),
    before: fc.jsonValue().map((value) => value as string),
    after: fc.jsonValue().map((value) => value as string),
    uncertain: fc.boolean(),
    recreation: fc.constantFrom("never", "conditionally", "always"),
  },
  { requiredKeys: ["path", "uncertain", "recreation"] },
);
const planned: fc.Arbitrary<PlannedChange> = fc
  .record({
    logicalId: fc.constantFrom("JobsQueue", "FangTable", "WorkerRole", "WorkerFunction", "LogsBucket"),
    effect: fc.constantFrom(...EFFECTS),
    properties: fc.uniqueArray(property, { selector: ({ path }) => path }),
    policyAction: fc.constantFrom("", "Delete", "Retain"),
  })
  .map(({ logicalId, ...rest }) => change(logicalId, "AWS::SQS::Queue", rest));
const changes = fc.uniqueArray(planned, { selector: ({ logicalId }) => logicalId });
/** Each makes something else of a change, or nothing at all. */
const EDITS: readonly ((item: PlannedChange) => PlannedChange[])[] = [
  () => [],
  (item) => [{ ...item, logicalId: `${item.logicalId}2` }],
  (item) => [{ ...item, type: `${item.type}2` }],
  (item) => [{ ...item, policyAction: `${item.policyAction}2` }],
  (item) => [{ ...item, effect: item.effect === "changed" ? "replaced" : "changed" }],
  (item) => [{ ...item, properties: [...item.properties, { ...delay(5), path: "Other" }] }],
  ({ properties: [first = delay(5), ...rest], ...item }) => [
    { ...item, properties: [{ ...first, path: "DelaySeconds", after: [first.after ?? 0] }, ...rest] },
  ],
];
const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length });

const anyRisk: fc.Arbitrary<Risk> = fc
  .record({
    kind: fc.constantFrom(...RISK_KINDS),
    logicalId: fc.constantFrom("JobsQueue", "FangTable"),
    text: fc.constantFrom("it is replaced", "everybody may", "[hidden] is allowed"),
  })
  .map((risk) => ({ ...risk, component: "jobs", place }));
const risks = fc.array(anyRisk, { maxLength: 4 });

function reviewed(plan: PlanDigest, pullRequest = 12): ReviewedPlan {
  const read = readRecord(recordPlan(plan, fingerprint));
  if (!read) throw new Error("a record of ours can be read");
  return { pullRequest, plan: read };
}

describe("the digest of a plan", () => {
  test("is the same in any order, for any physical id, and whatever a change follows", () => {
    const same = changes.chain((one) =>
      fc.tuple(shuffled(one), fc.string()).chain(([order, physicalId]) =>
        fc.tuple(
          fc.constant(one),
          fc.tuple(
            ...order.map((item) =>
              shuffled(item.properties).map((properties) => ({
                ...item,
                physicalId,
                properties: properties.map((each) => ({ ...each, because: physicalId })),
              })),
            ),
          ),
        ),
      ),
    );
    fc.assert(
      fc.property(same, ([one, other]) => {
        expect(digestOf(other)).toEqual(digestOf(one));
      }),
    );
  });

  test("is another one for another stack, and for other items", () => {
    const of = (more: Partial<Digestible>): PlanDigest => digestOf([], [], more);
    const [before, after] = ["1", "2"].map((digest) => of({ items: [{ component: "fang", digest }] }));
    const digests = [of({}), of({ stackName: "burrow-staging" }), before, after].map((one) => one?.digest);
    expect(new Set(digests).size).toBe(4);
    expect(after?.changes).toMatchObject([{ logicalId: "items of fang", effect: "changed" }]);
  });

  test("is another one when any one thing of it is another, and says of which resource", () => {
    const edited = changes
      .filter((one) => one.length > 0)
      .chain((one) =>
        fc.record({
          one: fc.constant(one),
          index: fc.nat(one.length - 1),
          edit: fc.constantFrom(...EDITS),
        }),
      );
    fc.assert(
      fc.property(edited, ({ one, index, edit }) => {
        const before = digestOf(one);
        const after = digestOf(one.flatMap((item, at) => (at === index ? edit(item) : [item])));
        expect(after.digest).not.toBe(before.digest);
        const same = (left: PlanDigest, right: PlanDigest): number =>
          left.changes.filter((item) => right.changes.some((other) => other.hash === item.hash)).length;
        expect(same(before, after)).toBe(one.length - 1);
      }),
    );
  });

  test.each<[string, Partial<PlannedChange>]>([
    ["an effect", { effect: "replaced" }],
    ["a value that is shown", { properties: [{ ...delay(5), after: "7" }] }],
    [
      "a value that is hidden",
      { properties: [{ ...delay(5), path: "Environment.Variables.A", after: "x" }] },
    ],
    ["a former value", { properties: [{ ...delay(5), before: "1" }] }],
    ["no value instead of an empty one", { properties: [{ ...delay(5), after: "" }] }],
    ["what becomes of the data", { policyAction: "Delete" }],
    ["a replacement by a property", { properties: [{ ...delay(5), recreation: "always" }] }],
    ["certainty", { properties: [{ ...delay(5), uncertain: true }] }],
  ])("differs by %s", (_what, rest) => {
    const before = change("JobsQueue", "AWS::SQS::Queue", { effect: "changed", properties: [delay(5)] });
    expect(digestOf([{ ...before, ...rest }]).digest).not.toBe(digestOf([before]).digest);
  });

  test("differs by the stack, and by the items that are put; these are named, and no dictionary finds them", () => {
    const queue = change("JobsQueue", "AWS::SQS::Queue", { effect: "changed", properties: [delay(5)] });
    const items = (digest: string) => ({ items: [{ component: "fang", digest }] });
    const plan = digestOf([queue], [], items("a"));
    expect(digestOf([queue], [], { ...items("a"), stackName: "burrow-staging" }).digest).not.toBe(
      plan.digest,
    );
    expect(digestOf([queue]).digest).not.toBe(plan.digest);
    const other = digestOf([queue], [], items("b"));
    expect(other.digest).not.toBe(plan.digest);
    const review = judgeReview(other, [reviewed(plan)], []);
    expect(reviewWords(review, []).differences).toEqual(["not as reviewed: items of fang changed"]);
    expect(JSON.stringify(plan)).not.toContain(sha256("a").slice(0, 10));
  });

  test("differs by what comes or goes as a whole", () => {
    const statement = (Action: string) => ({ PolicyDocument: { Statement: [{ Action }] } });
    for (const [effect, side] of [
      ["added", "after"],
      ["removed", "before"],
    ] as const) {
      const one = change("WorkerPolicy", "AWS::IAM::RolePolicy", { effect, [side]: statement("sqs:*") });
      const other = { ...one, [side]: statement("sqs:SendMessage") };
      expect(digestOf([one]).digest).not.toBe(digestOf([other]).digest);
    }
  });
});

function delay(seconds: number): PropertyChange {
  const after = String(seconds);
  return { path: "DelaySeconds", before: "0", after, uncertain: false, recreation: "never" };
}

describe("what a comment remembers of a plan", () => {
  const queue = change("JobsQueue", "AWS::SQS::Queue", {
    effect: "changed",
    properties: [{ ...delay(5), path: "Environment.Variables.PASSWORD", after: "hunter2-hunter2" }],
  });

  test("comes back, without any value in it, and its seal breaks by any edit", () => {
    fc.assert(
      fc.property(changes, risks, (one, found) => {
        const plan = digestOf(one, found);
        const record = recordPlan(plan, fingerprint);
        const body = `${commentMarker("burrow")}\n${formatCommentData(plansData({ prod: record }))}`;
        const back = plansIn(parseCommentData(body))["prod"] ?? {};
        expect(readRecord(back)).toEqual({
          digest: plan.digest,
          changes: plan.changes,
          risks: plan.risks,
        });
        expect(isSealed(back, fingerprint)).toBe(true);
        expect(isSealed({ ...back, risks: [["data", "JobsQueue", "all goes"]] }, fingerprint)).toBe(false);
        expect(isSealed({ ...back, digest: sha256("") }, fingerprint)).toBe(false);
        expect(isSealed(back, fingerprinter({ [SALT_TAG]: "another" }, sha256))).toBe(false);
      }),
    );
    expect(JSON.stringify(recordPlan(digestOf([queue]), fingerprint))).not.toContain("hunter2");
  });

  test("of a plan that is too long keeps its digest and its risks, and then its digest alone", () => {
    const many = Array.from({ length: 900 }, (_, index) =>
      change(`Component${index}Queue`, "AWS::SQS::Queue", { effect: "added" }),
    );
    const risk = { kind: "data", component: "a", logicalId: "AQueue", text: "it is replaced" } as const;
    const first = recordPlan(digestOf(many, [risk]), fingerprint);
    expect(readRecord(first)).toMatchObject({ changes: undefined, risks: [{ kind: "data" }] });
    const all = many.map(({ logicalId }) => ({ ...risk, logicalId }));
    const second = recordPlan(digestOf(many, all), fingerprint);
    expect(readRecord(second)).toMatchObject({ changes: undefined, risks: undefined });
    // What is not remembered was not reviewed, but an equal plan still is equal.
    const actual = digestOf(many, all);
    expect(judgeReview(actual, [reviewed(actual)], []).kind).toBe("as-reviewed");
    const riskier = judgeReview(digestOf(many.slice(1), all), [reviewed(actual)], []);
    expect(riskier).toMatchObject({ kind: "riskier", differences: undefined });
  });

  test.each<[ValueMap, ReturnType<typeof readRecord>]>([
    [{}, undefined],
    [{ digest: "abc" }, undefined],
    [{ digest: 7 }, undefined],
    [{ digest: sha256("") }, { digest: sha256(""), changes: undefined, risks: undefined }],
    [
      { digest: sha256(""), changes: { A: "exploded 1" }, risks: [["fire", "A", "b"], "data"] },
      { digest: sha256(""), changes: [], risks: [] },
    ],
  ])("of %j nothing is believed that is not ours", (record, read) => {
    expect(readRecord(record)).toEqual(read);
  });
});

describe("the review of a plan", () => {
  test("an equal plan is as reviewed; any other passes only if each of its risks was reviewed", () => {
    fc.assert(
      fc.property(changes, risks, changes, risks, fc.boolean(), (one, seen, another, found, equal) => {
        const other = equal ? one : another;
        const before = digestOf(one, seen);
        const actual = digestOf(other, found);
        const review = judgeReview(actual, [reviewed(before)], []);
        const isKnown = (risk: Risk): boolean =>
          seen.some(
            (each) => each.kind === risk.kind && each.logicalId === risk.logicalId && each.text === risk.text,
          );
        const isEqual = before.digest === actual.digest;
        const passes = reviewRefusal(review, "prod", [], found) === undefined;
        expect(passes && !isEqual ? found.filter((risk) => !isKnown(risk)) : []).toEqual([]);
        expect([isEqual, passes]).not.toEqual([true, false]);
      }),
    );
  });

  const risk = (text: string): Risk => ({
    kind: "rights",
    component: "worker",
    logicalId: "WorkerPolicy",
    text,
    place,
  });
  const policy = (after: string): PlannedChange =>
    change("WorkerPolicy", "AWS::IAM::RolePolicy", {
      effect: "changed",
      properties: [{ ...delay(1), path: "PolicyName", after }],
    });

  test("words in which something is hidden are the same risk only of an equal change", () => {
    const hidden = risk("s3:* on [hidden] is newly allowed");
    const queue = change("JobsQueue", "AWS::SQS::Queue", { effect: "changed", properties: [delay(5)] });
    const own = [reviewed(digestOf([policy("a")], [hidden]))];
    expect(judgeReview(digestOf([policy("b")], [hidden]), own, []).kind).toBe("riskier");
    expect(judgeReview(digestOf([policy("a"), queue], [hidden]), own, []).kind).toBe("not-riskier");
  });

  test.each(["look at the template", "look at what it allows", "under another condition"])(
    "words that do not say into what, too: %s",
    (end) => {
      const vague = risk(`policy of \`worker\`: … ${end}`);
      const own = [reviewed(digestOf([policy("a")], [vague]))];
      expect(judgeReview(digestOf([policy("b")], [vague]), own, []).kind).toBe("riskier");
    },
  );

  test("what differs is named: new, gone, different", () => {
    const queue = (seconds: number) =>
      change("JobsQueue", "AWS::SQS::Queue", { effect: "changed", properties: [delay(seconds)] });
    const own = [reviewed(digestOf([queue(5), policy("a")]))];
    const actual = digestOf([queue(7), change("FangTable", "AWS::DynamoDB::Table", { effect: "added" })]);
    expect(judgeReview(actual, own, [])).toMatchObject({
      kind: "not-riskier",
      differences: [
        { kind: "new", logicalId: "FangTable", effect: "added" },
        { kind: "different", logicalId: "JobsQueue", effect: "changed" },
        { kind: "gone", logicalId: "WorkerPolicy", effect: "changed" },
      ],
    });
  });

  test("two pull requests that are deployed together were reviewed if each was", () => {
    const queue = change("JobsQueue", "AWS::SQS::Queue", { effect: "changed", properties: [delay(5)] });
    const wider = risk("sqs:* is newly allowed");
    const one = reviewed(digestOf([policy("a")], [wider]), 11);
    const two = reviewed(digestOf([queue]), 12);
    const actual = digestOf([policy("a"), queue], [wider]);
    expect(judgeReview(actual, [two], [one])).toMatchObject({ kind: "as-reviewed", pullRequests: [11, 12] });
    expect(judgeReview(actual, [two], [])).toMatchObject({ kind: "riskier", risks: [{ text: wider.text }] });
  });

  test("an approval is of one plan, and says so", () => {
    const plan = digestOf([policy("a")]);
    expect(judgeApproval(plan, "")).toBeUndefined();
    expect(judgeApproval(plan, plan.digest.slice(0, 12))).toEqual({ kind: "approved", digest: plan.digest });
    const other = judgeApproval(plan, "0123456789ab");
    expect(other?.kind).toBe("other-approved");
    expect(other && reviewRefusal(other, "prod", [], [])?.reason).toBe("approval-outdated");
  });

  test("what stops a plan has its line, and how to go on", () => {
    const wider = risk("`worker` may s3:* on everything");
    const review = judgeReview(digestOf([policy("b")], [wider]), [reviewed(digestOf([policy("a")]))], []);
    expect(reviewRefusal(review, "prod", [], [wider])?.message).toMatchInlineSnapshot(`
      "this plan 2659a52c8708 is riskier than what was reviewed in #12: nothing was changed
          not as reviewed: policy of worker changed (WorkerPolicy)
          If it is to be deployed all the same, start the workflow by hand with \`command: deploy\`, \`stage: prod\`, \`approve: 2659a52c8708\`: whoever may approve jobs of the stage's environment then decides.
      config/pipeline.yaml:9:3: not reviewed: more rights: \`worker\` may s3:* on everything"
    `);
  });
});
