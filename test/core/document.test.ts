/** Whatever a file holds, reading it gives a value or problems: it never throws, and never takes long. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { type SourceText, parseDocument } from "../../action/core/document.ts";
import { parseItems } from "../../action/core/items.ts";
import { parsePipeline } from "../../action/core/pipeline.ts";
import type { Problem } from "../../action/core/problem.ts";
import { render } from "../../action/core/render.ts";
import { parseTemplate } from "../../action/core/read-template.ts";
import { repositoryRoot, shippedCatalog, shippedTemplates } from "../support/shipped.ts";

const catalog = await shippedCatalog();
const templates = await shippedTemplates();
const reference = readFileSync(join(repositoryRoot, "config/pipeline.yaml"), "utf8");
const stage = { name: "prod", of: "prod", protected: true, timers: "on" } as const;

/** What a person's slip, or an attacker, makes of a good file. */
const snippet = fc.oneof(
  fc.constantFrom(
    ..."\t|: |:|- |\n|\n  |{|}|[|]|\"|'|`|#|&a |*a|!Ref |!Sub |!If |? |---\n|...\n|%YAML 1.1\n|>|>-|, |->|-x->".split(
      "|",
    ),
    "|",
    "<<: ",
    "__proto__",
    "constructor",
    "toString",
    "null",
    "~",
    "on",
    "1e999",
    "0x10",
    ".nan",
    "12345678901234567890",
    "2001-01-01",
    "\u0000",
    "\uFEFF",
    "\u2028",
    "\r",
    "🐇",
    "\uD800",
  ),
  fc.string({ maxLength: 5 }),
);
const cut = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(40),
  insert: snippet,
});

function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(text, fc.array(cut, { minLength: 1, maxLength: 4 })).map(([original, cuts]) =>
    cuts.reduce((now, { at, length, insert }) => {
      const start = Math.floor(at * now.length);
      return now.slice(0, start) + insert + now.slice(start + length);
    }, original),
  );
}

/** Right at the top, anything below: reaches the code behind the schema. */
const strange = fc
  .record(
    {
      name: fc.oneof(fc.constant("name"), fc.anything()),
      stages: fc.oneof(fc.constant({ prod: { branch: "main" } }), fc.dictionary(snippet, fc.anything())),
      components: fc.dictionary(
        fc.oneof(fc.constantFrom("a", "b", "c"), snippet),
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
  .map((value) => yamlOf(value));

function yamlOf(value: unknown): string {
  const plain = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? String(item) : item,
  );
  return stringify(JSON.parse(plain ?? "null"));
}

function checkProblems(problems: readonly Problem[], text: string): void {
  const lines = text.split("\n").length;
  for (const { message, place } of problems) {
    expect(message).not.toBe("");
    expect(place?.line ?? 0).toBeGreaterThan(0);
    expect(place?.line ?? 0).toBeLessThanOrEqual(lines);
    expect(place?.column ?? 0).toBeGreaterThan(0);
  }
}

type Outcome = "accepted" | "refused";

function outcomeOf(problems: readonly Problem[] | undefined, text: string): Outcome {
  if (!problems) return "accepted";
  expect(problems.length).toBeGreaterThan(0);
  checkProblems(problems, text);
  return "refused";
}

/** As far as a pipeline gets: what the check accepts must be rendered, or told. */
function readPipeline(text: string): Outcome {
  const result = parsePipeline({ file: "config/pipeline.yaml", text }, catalog);
  const rendered =
    result.kind === "pipeline" ? render({ pipeline: result.pipeline, stage, built: new Map() }) : result;
  return outcomeOf(rendered.kind === "problems" ? rendered.problems : undefined, text);
}

function readTemplate(source: SourceText): Outcome {
  const result = parseTemplate(source);
  return outcomeOf(result.kind === "problems" ? result.problems : undefined, source.text);
}

function readItems(text: string): Outcome {
  const result = parseItems({ file: "config/items.yaml", text }, [{ name: "name", type: "S" }]);
  return outcomeOf(result.kind === "problems" ? result.problems : undefined, text);
}

function outcomes<T>(
  inputs: fc.Arbitrary<T>,
  numRuns: number,
  read: (input: T) => Outcome,
): Record<Outcome, number> {
  const count = { accepted: 0, refused: 0 };
  const property = fc.property(inputs, (input) => {
    count[read(input)] += 1;
  });
  fc.assert(property, { numRuns });
  return count;
}

/** Mostly wrong, sometimes right: a generator that only makes the one or the other tests half. */
function isBoth({ accepted, refused }: Record<Outcome, number>): boolean {
  return accepted > 0 && refused > 0;
}

test("a pipeline.yaml of any text", () => {
  const text = fc.array(snippet, { size: "max", maxLength: 30 }).map((parts) => parts.join(""));
  expect(outcomes(text, 4_000, readPipeline)).toEqual({ accepted: 0, refused: 4_000 });
});

test("the reference pipeline with any slip in it", () => {
  expect(outcomes(mutated(fc.constant(reference)), 4_000, readPipeline)).toSatisfy(isBoth);
});

test("a pipeline of the right outline with anything inside", () => {
  expect(outcomes(strange, 1_000, readPipeline).refused).toBeGreaterThan(0);
});

test("overrides of any kind", () => {
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
  expect(outcomes(text, 1_000, readPipeline)).toSatisfy(isBoth);
});

test("a template with any slip in it", () => {
  const slip = fc
    .constantFrom(...templates)
    .chain(({ file, text }) => mutated(fc.constant(text)).map((changed) => ({ file, text: changed })));
  expect(outcomes(slip, 1_000, readTemplate)).toSatisfy(isBoth);
});

test("a file of items with any slip in it", () => {
  const items =
    "- { name: Facebook, founded: 2004 }\n- name: Google\n  tags: [search, mail]\n- { name: Netflix }\n";
  expect(outcomes(mutated(fc.constant(items)), 2_000, readItems)).toSatisfy(isBoth);
});

/** Each took the parser minutes, or the whole memory, before it was refused or read in linear time. */
const hostile: readonly (readonly [string, string])[] = [
  ["20,000 keys", Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join("\n")],
  ["5,000 aliases", `a: &a 1\nb: [${"*a,".repeat(5_000)}]`],
  [
    "aliases of aliases",
    "a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]\ne: [*d,*d,*d,*d]",
  ],
  ["deep brackets", "[".repeat(100_000)],
  ["deep dashes", "- ".repeat(100_000)],
  [
    "deep dashes, line by line",
    Array.from({ length: 50 }, (_, row) => " ".repeat(row * 100) + "- ".repeat(50)).join("\n"),
  ],
  ["deep question marks", "? ".repeat(100_000)],
  ["deep indentation", Array.from({ length: 1_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
  ["two megabytes", "# \n".repeat(700_000)],
  ["20,000 lines of nonsense", "a: b: c\n".repeat(20_000)],
  ["an alias to itself", "a: &a [*a]"],
];

// Ten times what they take here; in quadratic time they would need minutes.
test.each(hostile)("hostile: %s", { timeout: 10_000 }, (_what, text) => {
  const { problems, value } = parseDocument({ file: "config/pipeline.yaml", text });
  checkProblems(problems, text);
  expect(problems.length > 0 || value !== undefined).toBe(true);
  expect(problems.length).toBeLessThanOrEqual(25);
});

test("a key stays a key, whatever JavaScript thinks of its name", () => {
  const { value } = parseDocument({ file: "f", text: "__proto__: { kind: x }\nconstructor: 1\n" });
  expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});
