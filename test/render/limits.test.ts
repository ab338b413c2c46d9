/** CloudFormation's quotas: found before anything is touched. */
import { expect, test } from "vitest";
import { type Pipeline, parsePipeline } from "../../action/core/pipeline.ts";
import { formatProblem } from "../../action/core/problem.ts";
import { render } from "../../action/core/render.ts";
import { shippedCatalog } from "../support/shipped.ts";

const catalog = await shippedCatalog();
const stage = { name: "prod", of: "prod", protected: false, timers: "on" } as const;

function pipelineOf(components: readonly string[]): Pipeline {
  const text = [
    "name: large",
    "stages: { prod: { branch: main } }",
    "components:",
    ...components,
    "flow: []",
  ].join("\n");
  const result = parsePipeline({ file: "config/pipeline.yaml", text }, catalog);
  if (result.kind === "problems") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.pipeline;
}

function problemsOf(components: readonly string[]): string[] {
  const result = render({ pipeline: pipelineOf(components), stage, built: new Map() });
  return result.kind === "stack" ? [] : result.problems.map(formatProblem);
}

/** One resource each. */
function timers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `  t${index}: { kind: timer, schedule: rate(1 hour) }`);
}

/** Some 60,000 bytes each, in a file that stays small: the text is written once. */
function longQueues(count: number, text: string): string[] {
  const queue = (value: string): string =>
    `{ kind: queue, overrides: { Queue: { Tags: [{ Key: text, Value: ${value} }] } } }`;
  const others = Array.from({ length: count - 1 }, (_, index) => `  q${index}: ${queue("*text")}`);
  return [`  first: ${queue(`&text ${text}`)}`, ...others];
}

test("500 resources are a stack, 501 are told to split", () => {
  expect(problemsOf(timers(500))).toEqual([]);
  expect(problemsOf(timers(501))).toMatchInlineSnapshot(`
    [
      "config/pipeline.yaml:1:1: the stack would have 501 resources; CloudFormation allows 500
        Split it into two pipelines.",
    ]
  `);
});

test("a template of more than a megabyte is told to split", () => {
  expect(problemsOf(longQueues(10, "x".repeat(60_000)))).toEqual([]);
  expect(problemsOf(longQueues(20, "x".repeat(60_000)))).toMatchInlineSnapshot(`
    [
      "config/pipeline.yaml:1:1: the template would have 1235101 bytes; CloudFormation allows 1000000
        Split it into two pipelines.",
    ]
  `);
});

test("the megabyte is counted in bytes, not in characters", () => {
  expect(problemsOf(longQueues(10, "🐇".repeat(30_000)))).toHaveLength(1);
  expect(problemsOf(longQueues(10, "é".repeat(55_000)))).toHaveLength(1);
});

test("of more than 200 outputs those that the deployer needs stay", () => {
  const tables = Array.from({ length: 200 }, (_, index) => `  t${index}: { kind: table, key: id }`);
  const pipeline = pipelineOf([...tables, "  last: { kind: table, key: id, items: last.yaml }"]);
  const result = render({ pipeline, stage, built: new Map() });
  const names = result.kind === "stack" ? Object.keys(result.stack.template["Outputs"] ?? {}) : [];
  expect(names).toHaveLength(200);
  expect(names).toContain("LastName");
});
