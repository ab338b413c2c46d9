/**
 * Whatever pipeline.yaml, a template or a file of items holds: reading it gives a stack whose references all lead
 * somewhere, or problems with their places. It never throws, never takes long.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { readCatalog } from "../../action/core/catalog.ts";
import type { SourceText } from "../../action/core/document.ts";
import { parseItems } from "../../action/core/items.ts";
import { parsePipeline } from "../../action/core/pipeline.ts";
import { MAX_PROBLEMS, type Problem, UserError } from "../../action/core/problem.ts";
import { parseTemplate } from "../../action/core/read-template.ts";
import { subNames } from "../../action/core/reference.ts";
import { type StackTemplate, render } from "../../action/core/render.ts";
import {
  type Value,
  canonicalJson,
  intrinsicOf,
  isValueList,
  isValueMap,
  textOf,
} from "../../action/core/value.ts";
import { repositoryRoot, shippedCatalog, shippedTemplates } from "../support/shipped.ts";
import { ALL } from "../support/extent.ts";
import { count, hold, inTime } from "./held.ts";
import { STRANGE_WORDS, changedYaml } from "./yaml-changes.ts";

const catalog = await shippedCatalog();
const templates = await shippedTemplates();
const stage = { name: "prod", of: "prod", protected: true, timers: "on" } as const;
const PIPELINE = "config/pipeline.yaml";

function source(file: string): SourceText {
  return { file: PIPELINE, text: readFileSync(join(repositoryRoot, file), "utf8") };
}

/** The shipped one, and those of the tests of rendering that need no templates of their own. */
const PIPELINES: readonly SourceText[] = [
  source(PIPELINE),
  ...["every-connection", "physical-names-protected", "overrides", "timers-off"].map((name) =>
    source(`test/render/${name}/pipeline.yaml`),
  ),
];
const ITEMS: SourceText = {
  file: "config/items.yaml",
  text: "- { name: Facebook, founded: 2004 }\n- name: Google\n  tags: [search, mail]\n- { name: Netflix }\n",
};

type Outcome = "taken" | "refused";

function checkProblems(problems: readonly Problem[], sources: readonly SourceText[]): Outcome {
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(MAX_PROBLEMS + 1);
  for (const { message, place } of new UserError("config-invalid", problems).problems) {
    expect(message).not.toBe("");
    expect(message.length).toBeLessThan(3_000);
    const found = sources.find(({ file }) => file === place?.file);
    if (place === undefined || found === undefined)
      throw new Error(`a problem without its place: ${message}`);
    expect(place.line).toBeGreaterThan(0);
    expect(place.line).toBeLessThanOrEqual(found.text.split("\n").length);
    expect(place.column).toBeGreaterThan(0);
  }
  return "refused";
}

/** Every name that a stack's values refer to is one of its resources, or AWS's. */
function checkReferences({ template }: StackTemplate): Outcome {
  const resources = template["Resources"];
  if (!isValueMap(resources)) throw new Error("the template has no resources");
  const known = (name: string): void => {
    if (!name.startsWith("AWS::") && !Object.hasOwn(resources, name)) throw new Error(`${name} is nowhere`);
  };
  const look = (value: Value): void => {
    const call = intrinsicOf(value);
    if (call?.name === "Ref") return known(textOf(call.argument));
    if (call?.name === "Fn::GetAtt") {
      return known(
        textOf(isValueList(call.argument) ? (call.argument[0] ?? "") : call.argument).split(".")[0] ?? "",
      );
    }
    if (call?.name === "Fn::Sub") {
      const [text, own] = isValueList(call.argument) ? call.argument : [call.argument];
      const names = subNames(textOf(text)).filter((name) => !isValueMap(own) || !Object.hasOwn(own, name));
      return names.forEach((name) => known(name.split(".")[0] ?? ""));
    }
    if (isValueList(value)) value.forEach(look);
    else if (isValueMap(value)) Object.values(value).forEach(look);
  };
  look(template);
  for (const resource of Object.values(resources)) {
    if (isValueMap(resource)) [resource["DependsOn"] ?? []].flat().forEach((name) => known(textOf(name)));
  }
  const text = canonicalJson(template);
  expect(canonicalJson(JSON.parse(text) as Value)).toBe(text);
  return "taken";
}

/** As far as a pipeline gets: what the check takes must be rendered, or told. */
function readPipeline(pipeline: SourceText): Outcome {
  const result = parsePipeline(pipeline, catalog);
  if (result.kind === "problems") return checkProblems(result.problems, [pipeline]);
  const rendered = render({ pipeline: result.pipeline, stage, built: new Map() });
  return rendered.kind === "problems"
    ? checkProblems(rendered.problems, [pipeline])
    : checkReferences(rendered.stack);
}

function readTemplate(template: SourceText): Outcome {
  const result = parseTemplate(template);
  return result.kind === "problems" ? checkProblems(result.problems, [template]) : "taken";
}

/** The template among all others, and the pipelines that use it. */
function useTemplate(template: SourceText): Outcome {
  const all = templates.map((one) => (one.file === template.file ? template : one));
  const result = readCatalog(all);
  if (result.kind === "problems") return checkProblems(result.problems, all);
  for (const pipeline of PIPELINES) {
    const parsed = parsePipeline(pipeline, result.catalog);
    if (parsed.kind === "problems") return checkProblems(parsed.problems, [pipeline, ...all]);
    const rendered = render({ pipeline: parsed.pipeline, stage, built: new Map() });
    if (rendered.kind === "problems") return checkProblems(rendered.problems, [pipeline, ...all]);
    checkReferences(rendered.stack);
  }
  return "taken";
}

function readItems(items: SourceText): Outcome {
  const result = parseItems(items, [{ name: "name", type: "S" }]);
  return result.kind === "problems" ? checkProblems(result.problems, [items]) : "taken";
}

const LIMIT = { timeout: 1_200_000 };

/** Mostly wrong, sometimes right: a generator that only makes the one or the other tests half. */
async function outcomes(
  what: string,
  cases: fc.Arbitrary<SourceText>,
  sizes: Parameters<typeof hold>[2],
  read: (one: SourceText) => Outcome,
): Promise<readonly Outcome[]> {
  const seen = new Set<Outcome>();
  await hold(what, cases, sizes, (one) => seen.add(read(one)));
  return [...seen].toSorted();
}

const BOTH = ["refused", "taken"];

const WORDS = fc.oneof(
  fc.constantFrom(...STRANGE_WORDS.filter(({ length }) => length < 100), ": ", "\n", "\n  ", "- "),
  fc.string({ maxLength: 5 }),
);
const ANY_TEXT = fc
  .array(WORDS, { size: "max", maxLength: 30 })
  .map((parts) => ({ file: PIPELINE, text: parts.join("") }));

test("a pipeline with any of its keys, values and entries changed", LIMIT, async () => {
  const cases = changedYaml(PIPELINES);
  const found = await outcomes("pipeline.yaml, changed", cases, { sample: 500, all: 20_000 }, readPipeline);
  expect(found).toEqual(BOTH);
});

test("a template with any of its keys, values and entries changed", LIMIT, async () => {
  const cases = changedYaml(templates);
  const found = await outcomes("templates, changed", cases, { sample: 400, all: 20_000 }, readTemplate);
  expect(found).toEqual(BOTH);
});

test("a template that was changed, and the pipelines that use it", LIMIT, async () => {
  const cases = changedYaml(templates);
  const found = await outcomes("templates in use, changed", cases, { sample: 20, all: 1_000 }, useTemplate);
  expect(found).toEqual(BOTH);
});

test("a file of items with any of its keys, values and entries changed", LIMIT, async () => {
  const cases = changedYaml([ITEMS]);
  const found = await outcomes("items, changed", cases, { sample: 1_000, all: 10_000 }, readItems);
  expect(found).toEqual(BOTH);
});

test("a pipeline.yaml of any text", LIMIT, async () => {
  const sizes = { sample: 1_500, all: 20_000 };
  expect(await outcomes("pipeline.yaml, any text", ANY_TEXT, sizes, readPipeline)).toEqual(["refused"]);
});

/** Right at the top, anything below: reaches the code behind the schema. */
const outline = fc
  .record(
    {
      name: fc.oneof(fc.constant("name"), fc.anything()),
      stages: fc.oneof(fc.constant({ prod: { branch: "main" } }), fc.dictionary(fc.string(), fc.anything())),
      components: fc.dictionary(
        fc.oneof(fc.constantFrom("a", "b", "c"), fc.constantFrom(...STRANGE_WORDS)),
        fc.oneof(
          fc.record(
            {
              kind: fc.oneof(fc.constantFrom(...catalog.components.keys()), fc.anything()),
              source: fc.oneof(fc.constant("functions/a.ts"), fc.anything()),
              name: fc.oneof(fc.constant("{stage}"), fc.anything()),
              overrides: fc.dictionary(fc.constantFrom("Queue", "Table", "Function"), fc.anything()),
            },
            { requiredKeys: ["kind"] },
          ),
          fc.anything(),
        ),
      ),
      flow: fc.oneof(
        fc.array(fc.oneof(fc.constantFrom("a -> b", "b -> c", "a -stream-> b", "c->a"), fc.anything())),
        fc.anything(),
      ),
    },
    { requiredKeys: [] },
  )
  .map(yamlOf);

function yamlOf(value: unknown): SourceText {
  const plain = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? String(item) : item,
  );
  return { file: PIPELINE, text: stringify(JSON.parse(plain ?? "null")) };
}

test("a pipeline of the right outline with anything inside", LIMIT, async () => {
  const sizes = { sample: 200, all: 3_000 };
  expect(await outcomes("pipeline.yaml, right outline", outline, sizes, readPipeline)).toContain("refused");
});

test("overrides of any kind", LIMIT, async () => {
  const key = fc.constantFrom(
    "Ref",
    "Fn::If",
    "Fn::Sub",
    "Fn::GetAtt",
    "Fn::Join",
    "QueueName",
    "RedrivePolicy",
    "x",
  );
  const leaf = fc.constantFrom(
    "Queue",
    "Queue.Arn",
    "Named",
    "AWS::NoValue",
    "${Queue}",
    "${x}",
    "",
    null,
    1,
    true,
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 2 }),
    ),
  }));
  const text = fc.dictionary(key, value, { maxKeys: 3 }).map((Queue) =>
    yamlOf({
      name: "overridden",
      stages: { prod: {} },
      components: { inbox: { kind: "queue", overrides: { Queue } } },
      flow: [],
    }),
  );
  expect(await outcomes("overrides", text, { sample: 400, all: 5_000 }, readPipeline)).toEqual(BOTH);
});

/** What once went wrong, and what is worth a look by name. A file's beginning says how it is read. */
test("the corpus", async () => {
  const readers = { pipeline: readPipeline, template: readTemplate, items: readItems, "in-use": useTemplate };
  const folder = join(import.meta.dirname, "corpus");
  const files = readdirSync(folder);
  for (const name of files) {
    const [kind = "", expected = ""] = name.split(".");
    const read = readers[kind as keyof typeof readers];
    const text = readFileSync(join(folder, name), "utf8");
    await inTime(() => expect([name, read({ file: name, text })]).toEqual([name, expected]));
  }
  count("corpus", files.length);
});

function queues(length: number): string {
  return Array.from({ length }, (_, index) => `  c${index}: { kind: queue }`).join("\n");
}

/** Each took the parser minutes, or the whole memory, before it was refused or read in linear time. */
const HOSTILE: Readonly<Record<string, string>> = {
  "18,000 keys": Array.from({ length: 18_000 }, (_, index) => `k${index}: 1`).join("\n"),
  "5,000 aliases": `a: &a 1\nb: [${"*a,".repeat(5_000)}]`,
  "aliases of aliases":
    "a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]\ne: [*d,*d,*d,*d]",
  "deep brackets": "[".repeat(100_000),
  "deep dashes": "- ".repeat(100_000),
  "deep dashes, line by line": Array.from(
    { length: 50 },
    (_, row) => " ".repeat(row * 100) + "- ".repeat(50),
  ).join("\n"),
  "deep question marks": "? ".repeat(100_000),
  "deep indentation": Array.from({ length: 1_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
  "ten megabytes": "# \n".repeat(3_500_000),
  "ten megabytes in a line": `name: ${"x".repeat(10_000_000)}`,
  "a key of 190,000 letters": `${"k".repeat(190_000)}: 1`,
  "20,000 lines of nonsense": "a: b: c\n".repeat(20_000),
  "190,000 times NUL": "\0".repeat(190_000),
  "190,000 tabs": "\t".repeat(190_000),
  "190,000 byte order marks": "\uFEFF".repeat(190_000),
  "60,000 anchors": "&a ".repeat(60_000),
  "35,000 tags": "!Ref ".repeat(35_000),
  "45,000 documents": "---\n".repeat(45_000),
  "100,000 quotes": `name: ${'"'.repeat(100_000)}`,
  "95,000 entries in a line": `[${"x,".repeat(95_000)}]`,
  "15,000 arrows": `name: x\nflow:\n${"  - a -> b\n".repeat(15_000)}`,
  "2,000 arrows to nowhere": `name: x\nstages: { prod: {} }\ncomponents:\n${queues(900)}\nflow:\n${"  - a -> b\n".repeat(2_000)}`,
  "900 components": `name: x\nstages: { prod: {} }\ncomponents:\n${queues(900)}\nflow: []`,
  "an arrow of 35,000 ends": `name: x\ncomponents: { a: { kind: queue } }\nflow: ["${"a -> ".repeat(35_000)}a"]`,
  "7,000 components": `name: x\nstages: { prod: {} }\ncomponents:\n${queues(7_000)}\nflow: []`,
  "1,000 unknown kinds": `name: x\nstages: { prod: {} }\ncomponents:\n${queues(1_000).replaceAll("queue", "queeu")}\nflow: []`,
  "16,000 unknown options": `name: x\nstages: { prod: {} }\ncomponents: { a: { kind: queue, ${Array.from({ length: 16_000 }, (_, index) => `k${index}: 1`).join(", ")} } }\nflow: []`,
};

test.each(Object.entries(HOSTILE))("hostile, in time: %s", { timeout: 60_000 }, async (_what, text) => {
  await inTime(() => expect(readPipeline({ file: PIPELINE, text })).toBe("refused"));
  hostile += 1;
  if (!ALL) return;
  // What they share is most of the work.
  await inTime(() => readTemplate({ file: "templates/components/x.yaml", text }));
  await inTime(() => readItems({ file: "config/items.yaml", text }));
  hostile += 2;
});

let hostile = 0;
afterAll(() => count("documents made to take long", hostile));
