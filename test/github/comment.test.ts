import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CommentFacts,
  type StagePlan,
  commentMarker,
  consoleUrl,
  renderComment,
  renderReport,
  renderSummary,
} from "../../action/core/comment.ts";
import { sameText } from "../../action/core/markdown.ts";
import { COMMENT_CHARACTERS, SUMMARY_BYTES } from "../../action/core/paper.ts";
import type { Plan } from "../../action/plan.ts";
import type { Change } from "../../action/aws-ports.ts";
import { RETAGGED, detail, planOf } from "../plan/change-set.ts";
import { HOSTILE } from "./hostile.ts";

const STACK_ID = "arn:aws:cloudformation:eu-central-1:111122223333:stack/burrow-x-123456/0a1b";

function change(
  logicalId: string,
  action: Change["action"],
  replacement: Change["replacement"] = "",
): Change {
  return {
    action,
    logicalId,
    physicalId: "",
    type: "AWS::SQS::Queue",
    replacement,
    policyAction: "",
    details: action === "Modify" ? [detail("DelaySeconds"), RETAGGED] : [],
  };
}

function merge(changes: readonly Change[], more: Partial<Plan> = {}): StagePlan {
  return { kind: "planned", stage: "prod", plan: planOf(changes, {}, more) };
}

const FACTS: CommentFacts = {
  pipeline: "burrow",
  verdict: { kind: "ready", stackName: "burrow-x-123456" },
  picture: "flowchart LR\n    c1 --> c2\n",
  merging: [
    merge([
      change("Added", "Add"),
      change("Changed", "Modify", "False"),
      change("Perhaps", "Modify", "Conditional"),
      change("Gone", "Remove"),
      change("Replaced", "Modify", "True"),
    ]),
  ],
  preview: { stackId: STACK_ID, outputs: { WorkerName: "w", JobsUrl: "https://sqs.example/jobs" } },
  hops: [
    { name: "timer -> table", milliseconds: 1_234 },
    { name: "table -> queue", milliseconds: 400 },
  ],
  checksUrl: "https://github.com/octo/burrow/pull/7/checks",
  runUrl: "https://github.com/octo/burrow/actions/runs/4711",
};

test("verdict, plan with what hurts first, outputs, times, picture, links", () => {
  expect(renderComment(FACTS)).toMatchSnapshot();
});

test("the marker is the first thing in it, and equal facts are equal bytes", () => {
  expect(renderComment(FACTS).startsWith(commentMarker("burrow"))).toBe(true);
  expect(renderComment(structuredClone(FACTS))).toBe(renderComment(FACTS));
});

test.each<[string, CommentFacts["verdict"]]>([
  ["ready", { kind: "ready", stackName: "burrow-x" }],
  ["planned", { kind: "planned", why: "no stage for pull requests" }],
  ["gone", { kind: "gone", stackName: "burrow-x", why: "pull request #7 is closed" }],
  [
    "gone, but not all of it",
    {
      kind: "gone",
      stackName: "burrow-x",
      why: "pull request #7 is closed",
      leftovers: [
        {
          logicalId: "Results",
          physicalId: "burrow-x-results-1a2b3c",
          type: "AWS::S3::Bucket",
          status: "DELETE_FAILED",
          name: "results (bucket)",
          why: "The bucket you tried to delete is not empty",
          command: 'python3 -c "import boto3; …"',
          note: "It runs in AWS CloudShell as it stands.",
        },
      ],
    },
  ],
  [
    "failed",
    {
      kind: "failed",
      what: "no preview",
      problems: [{ message: "it broke\n```\n# not a title", hint: "Mend it." }],
    },
  ],
])("the verdict %s", (_kind, verdict) => {
  expect(renderComment({ ...FACTS, verdict, merging: [], picture: "", hops: [] })).toMatchSnapshot();
});

test("a merge that changes nothing, one that is not known, and one that makes a stack", () => {
  const merging: readonly StagePlan[] = [
    merge([]),
    { kind: "unknown", stage: "prod", why: "burrow-prod is UPDATE_IN_PROGRESS: @team look" },
    merge([], { kind: "update", items: ["fang"] }),
    merge([change("One", "Add"), change("Two", "Add")], { kind: "create" }),
  ];
  expect(renderComment({ ...FACTS, merging, picture: "", hops: [] })).toMatchSnapshot();
});

test("a comment never exceeds GitHub's limit, and says where the rest is", () => {
  const many = Array.from({ length: 3_000 }, (_, index) => change(`Resource${index}`, "Modify", "False"));
  const big = { ...FACTS, merging: [merge([...many, change("Zebra", "Modify", "True")])] };
  const comment = renderComment(big);
  expect(comment.length).toBeLessThanOrEqual(COMMENT_CHARACTERS);
  expect(comment.length).toBeGreaterThan(COMMENT_CHARACTERS - 5_000);
  expect(comment).toContain("This is not all of it");
  expect(comment).toContain("is up ✅");
  expect(comment).toContain("the stack in the AWS console");
  // What hurts most is never what is left out.
  expect(comment).toContain("`Zebra`");
  expect(comment).not.toContain("`Resource999`");
  expect(comment).toContain("[the summary of its run](https://github.com/octo/burrow/actions/runs/4711)");
  expect(renderSummary(big)).toContain("`Resource999`");
  expect(renderSummary(big)).not.toContain("This is not all of it");
  expect(renderReport(big)).toBeUndefined();
});

test("what not even the summary has room for, by its bytes, is a file that both point to", () => {
  const many = Array.from({ length: 3_000 }, (_, index) => change(`${index}${"哺".repeat(120)}`, "Modify"));
  const huge = { ...FACTS, merging: [merge(many)] };
  const summary = renderSummary(huge);
  expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(SUMMARY_BYTES);
  expect(Buffer.byteLength(summary)).toBeGreaterThan(SUMMARY_BYTES - 5_000);
  for (const text of [summary, renderComment(huge)]) {
    expect(text).toContain(
      "`warren-burrow.md` among [the artifacts of its run](https://github.com/octo/burrow/actions/runs/4711#artifacts)",
    );
  }
  const { name, text } = renderReport(huge) ?? {};
  expect(name).toBe("warren-burrow.md");
  expect(text?.match(/<code>\d+哺+/g)).toHaveLength(2 * many.length);
});

test("a comment that differs by nothing but the run that it points to is the same", () => {
  const many = Array.from({ length: 3_000 }, (_, index) => change(`Resource${index}`, "Modify"));
  const of = (run: number, changes = many): string =>
    renderComment({
      ...FACTS,
      runUrl: `https://github.com/octo/burrow/actions/runs/${run}`,
      merging: [merge(changes)],
    });
  expect(of(1)).not.toBe(of(2));
  expect(sameText(`${of(1).replaceAll("\n", "\r\n")}\n`, of(2))).toBe(true);
  expect(sameText(of(1), of(1, many.slice(1)))).toBe(false);
});

test("whatever the sizes, it stays within its limit and keeps verdict and links", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 60 }),
      fc.array(fc.constantFrom(...Object.values(HOSTILE)), { maxLength: 60 }),
      fc.string({ maxLength: 3_000 }),
      fc.integer({ min: 1_200, max: 6_000 }),
      (changes, values, picture, limit) => {
        const facts: CommentFacts = {
          ...FACTS,
          picture,
          merging: [merge(Array.from({ length: changes }, (_, index) => change(`R${index}`, "Modify")))],
          preview: {
            stackId: STACK_ID,
            outputs: Object.fromEntries(values.map((value, at) => [`O${at}`, value])),
          },
        };
        const comment = renderComment(facts, limit);
        expect(comment.length).toBeLessThanOrEqual(limit);
        expect(comment).toContain("is up ✅");
        expect(comment).toContain("(https://github.com/octo/burrow/pull/7/checks)");
        const opened = comment.split("<details>").length;
        expect(comment.split("</details>").length).toBe(opened);
      },
    ),
  );
});

test.each(Object.entries(HOSTILE))("%s in outputs, reasons and resources adds no syntax", (_name, text) => {
  const hostile: CommentFacts = {
    ...FACTS,
    verdict: { kind: "gone", stackName: text, why: text },
    merging: [
      { kind: "unknown", stage: text, why: text },
      merge([{ ...change(text, "Modify"), type: text, details: [detail(text, { name: text })] }]),
    ],
    preview: { stackId: STACK_ID, outputs: { [text]: text } },
    hops: [{ name: text, milliseconds: 1 }],
  };
  const plain = "x".repeat(3);
  const tame: CommentFacts = {
    ...FACTS,
    verdict: { kind: "gone", stackName: plain, why: plain },
    merging: [
      { kind: "unknown", stage: plain, why: plain },
      merge([{ ...change(plain, "Modify"), type: plain, details: [detail(plain)] }]),
    ],
    preview: { stackId: STACK_ID, outputs: { [plain]: plain } },
    hops: [{ name: plain, milliseconds: 1 }],
  };
  const shape = (markdown: string): Record<string, number> => {
    const bare = markdown.replaceAll(/`[^`\n]*`/g, "").replaceAll(/&#\d+;/g, "");
    const count = (pattern: RegExp): number => [...bare.matchAll(pattern)].length;
    return {
      lines: count(/\n/g),
      cells: count(/\|/g),
      tags: count(/<(?!\/?code>)/g),
      links: count(/\]\(/g),
      mentions: count(/[@#](?=\w)/g),
      marks: count(/[*_~`]/g),
    };
  };
  expect(shape(renderComment(hostile))).toEqual(shape(renderComment(tame)));
});

test("the console's address is that of the stack's own partition and region", () => {
  expect(consoleUrl(STACK_ID)).toMatch(
    /^https:\/\/eu-central-1\.console\.aws\.amazon\.com\/cloudformation\/home\?region=eu-central-1#/,
  );
  expect(consoleUrl("arn:aws-cn:cloudformation:cn-north-1:1:stack/a/b")).toContain("console.amazonaws.cn");
  expect(consoleUrl("not an ARN")).toBeUndefined();
});
