import { ALL } from "../support/extent.ts";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type Pipeline, parsePipeline } from "../../action/core/pipeline.ts";
import { formatProblem } from "../../action/core/problem.ts";
import { subNames } from "../../action/core/reference.ts";
import { type StackTemplate, render } from "../../action/core/render.ts";
import { type ConcreteStage, concreteStage } from "../../action/core/stage.ts";
import { type Value, canonicalJson, intrinsicOf, isValueList, isValueMap } from "../../action/core/value.ts";
import { repositoryRoot, shippedCatalog } from "../support/shipped.ts";
import { caseNames, renderCase } from "./case.ts";
import { MODEL_STAGES, type PipelineModel, pipelineModel, pipelineText } from "./pipelines.ts";

const run = promisify(execFile);
const catalog = await shippedCatalog();
const models = pipelineModel(catalog);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function pipelineOf(text: string): Pipeline {
  const result = parsePipeline({ file: "config/pipeline.yaml", text }, catalog);
  if (result.kind === "problems") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.pipeline;
}

function stackOf(pipeline: Pipeline, stage: ConcreteStage): StackTemplate {
  const result = render({ pipeline, stage, built: new Map() });
  if (result.kind === "problems") throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.stack;
}

/** Every stage of the model, and previews of two branches. */
function stagesOf(pipeline: Pipeline): ConcreteStage[] {
  const wanted = [
    ...Object.keys(MODEL_STAGES).map((stage) => ({ stage, branch: "feature/x" })),
    { stage: "preview", branch: "feature-x" },
  ];
  return wanted.map((one) => concreteStage(pipeline.stages, { ...one, sha256 }));
}

function bytes(text: string, stage: string): string {
  const pipeline = pipelineOf(text);
  return canonicalJson(
    stackOf(pipeline, concreteStage(pipeline.stages, { stage, branch: "b", sha256 })).template,
  );
}

/** Every value inside of a value, itself included, with its key. */
function* inside(value: Value, key = ""): Generator<readonly [string, Value]> {
  yield [key, value];
  const entries = isValueList(value)
    ? value.map((item) => [key, item] as const)
    : isValueMap(value)
      ? Object.entries(value)
      : [];
  for (const [name, item] of entries) yield* inside(item, name);
}

test("cfn-lint accepts what is rendered", { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "warren-rendered-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const stacks = new Map<string, string>();
  // A fixed seed: a failure here must mean that something was changed.
  for (const [index, model] of fc.sample(models, { numRuns: ALL ? 60 : 5, seed: 20 }).entries()) {
    const pipeline = pipelineOf(pipelineText(model));
    const stage = stagesOf(pipeline)[index % Object.keys(MODEL_STAGES).length];
    if (stage) stacks.set(`generated-${index}`, canonicalJson(stackOf(pipeline, stage).template));
  }
  // cfn-lint takes every text with `${AWS::…}` in it for a forgotten Fn::Sub; that case is about such texts.
  for (const name of caseNames().filter((one) => one !== "text-like-a-function")) {
    const stack = (await renderCase(name))["stack.json"];
    if (stack !== undefined) stacks.set(name, stack);
  }
  await Promise.all([...stacks].map(([name, text]) => writeFile(join(folder, `${name}.json`), text)));
  // cfn-lint takes a text that looks like `Fn::Sub` for a forgotten one; in this case the text is meant.
  const meant = /^E1029 text-like-a-function\.json/;
  const findings = await lint(folder);
  expect(findings.filter((finding) => !meant.test(finding))).toEqual([]);
});

/** One process for all files: starting it takes longer than reading them. */
async function lint(folder: string): Promise<string[]> {
  const args = ["--format", "json", "--regions", "us-east-1", "eu-central-1", "--", "*.json"];
  const answer = await run(join(repositoryRoot, ".venv/bin/cfn-lint"), args, { cwd: folder }).catch(
    (error: Error & { stdout?: string }) =>
      error.stdout?.startsWith("[") ? { stdout: error.stdout } : Promise.reject(error),
  );
  const findings: readonly {
    readonly Rule: { readonly Id: string };
    readonly Filename: string;
    readonly Location: { readonly Path: readonly string[] | null };
    readonly Message: string;
  }[] = JSON.parse(answer.stdout);
  return findings.map(
    ({ Rule, Filename, Location, Message }) =>
      `${Rule.Id} ${Filename} ${(Location.Path ?? []).join(".")}: ${Message}`,
  );
}

/** Properties by which CloudFormation lets a template name things that are one account's, or the world's. */
const NAMES = [
  "BucketName",
  "FunctionName",
  "LogGroupName",
  "Name",
  "QueueName",
  "RoleName",
  "TableName",
  "TopicName",
];

function physicalNames(stack: StackTemplate): string[] {
  const resources = Object.values(
    stack.template["Resources"] as Record<string, { Type: string; Properties?: Record<string, Value> }>,
  );
  return resources.flatMap(({ Type, Properties = {} }) =>
    NAMES.flatMap((property) => {
      const name = Properties[property];
      return typeof name === "string" ? [`${Type} ${name}`] : [];
    }),
  );
}

test("two stages share no physical name, and previews have none", () => {
  fc.assert(
    fc.property(models, (model) => {
      const pipeline = pipelineOf(pipelineText(model));
      const stages = stagesOf(pipeline);
      const stacks = stages.map((stage) => stackOf(pipeline, stage));
      expect(new Set(stacks.map(({ stackName }) => stackName)).size).toBe(stages.length);
      const names = stacks.flatMap(physicalNames);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
      const open = stages.filter((stage) => !stage.protected);
      expect(open.flatMap((stage) => physicalNames(stackOf(pipeline, stage)))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test("names that could meet in two stages are refused", () => {
  const part = fc.constantFrom("a", "b", "a-b", "{stage}");
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("-"));
  const stageNames = fc.uniqueArray(fc.constantFrom("a", "b", "a-b", "b-a", "a-a"), { minLength: 1 });
  const accepted = { some: false };
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), stageNames, (names, stages) => {
      const model: PipelineModel = {
        name: "names",
        stages: Object.fromEntries(stages.map((stage) => [stage, { branch: stage, protected: true }])),
        components: Object.fromEntries(
          names.map((one, index) => [`q${index}`, { kind: "topic", name: one }]),
        ),
        flow: [],
      };
      const result = parsePipeline({ file: "p", text: pipelineText(model) }, catalog);
      if (result.kind === "problems") return;
      const { pipeline } = result;
      const all = pipeline.stages.flatMap(({ name: stage }) =>
        physicalNames(stackOf(pipeline, concreteStage(pipeline.stages, { stage, branch: "", sha256 }))),
      );
      expect(new Set(all).size).toBe(all.length);
      accepted.some ||= all.length > 1;
    }),
    { numRuns: 300 },
  );
  expect(accepted.some).toBe(true);
});

test("every reference of a rendered template leads to one of its resources", () => {
  fc.assert(
    fc.property(models, fc.constantFrom(...Object.keys(MODEL_STAGES)), (model, stage) => {
      const pipeline = pipelineOf(pipelineText(model));
      const { template } = stackOf(pipeline, concreteStage(pipeline.stages, { stage, branch: "b", sha256 }));
      const expected = ["AWSTemplateFormatVersion", "Description", "Outputs", "Resources"];
      expect(Object.keys(template).filter((key) => !expected.includes(key))).toEqual([]);
      const resources = Object.keys(template["Resources"] as object);
      const names = [...referencedNames(template)].filter((name) => !name.startsWith("AWS::"));
      expect(names.filter((name) => !resources.includes(name))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

function* referencedNames(template: Value): Generator<string> {
  for (const [key, value] of inside(template)) {
    if (key === "DependsOn") yield* [value].flat().filter((name) => typeof name === "string");
    const call = intrinsicOf(value);
    const [first, own] = isValueList(call?.argument) ? call.argument : [call?.argument];
    if (typeof first !== "string") continue;
    if (call?.name === "Ref" || call?.name === "Fn::GetAtt") yield first;
    if (call?.name !== "Fn::Sub") continue;
    for (const name of subNames(first)) {
      if (!Object.hasOwn(isValueMap(own) ? own : {}, name)) yield name.split(".")[0] ?? "";
    }
  }
}

test("no condition of a template is left in a stack", () => {
  fc.assert(
    fc.property(models, (model) => {
      const pipeline = pipelineOf(pipelineText(model));
      for (const stage of stagesOf(pipeline)) {
        const { template } = stackOf(pipeline, stage);
        const resources = Object.values(template["Resources"] as Record<string, object>);
        expect(resources.filter((resource) => "Condition" in resource)).toEqual([]);
        expect([...inside(template)].filter(([key]) => key === "Fn::If" || key === "AWS::NoValue")).toEqual(
          [],
        );
      }
    }),
    { numRuns: 20 },
  );
});

test("the same pipeline has the same bytes, in whatever order its keys are written", () => {
  fc.assert(
    fc.property(models, fc.infiniteStream(fc.nat()), (model, randoms) => {
      const shuffled = shuffledKeys(model, randoms) as PipelineModel;
      for (const stage of ["prod", "preview"]) {
        const first = bytes(pipelineText(model), stage);
        expect(bytes(pipelineText(model), stage)).toBe(first);
        expect(bytes(pipelineText(shuffled), stage)).toBe(first);
      }
    }),
    { numRuns: 30 },
  );
});

/** Lists keep their order: the flow's is the order of what arrows append. */
function shuffledKeys(value: unknown, randoms: Iterator<number>): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffledKeys(item, randoms));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => ({
    key,
    item: shuffledKeys(item, randoms),
    rank: Number(randoms.next().value),
  }));
  return Object.fromEntries(entries.toSorted((a, b) => a.rank - b.rank).map(({ key, item }) => [key, item]));
}
