/** config/pipeline.schema.json: what editors complete and check with. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { optionsOf } from "../../action/core/catalog.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import { SCHEMA_FILE, readProject } from "../../action/project.ts";
import { generatedFiles } from "../../action/run.ts";
import { pipelineModel, pipelineText } from "../render/pipelines.ts";
import { repositoryRoot, shippedCatalog } from "../support/shipped.ts";

const workspace = diskWorkspace(repositoryRoot);
const schema: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(join(repositoryRoot, SCHEMA_FILE), "utf8"),
);
const referenceText = readFileSync(join(repositoryRoot, "config/pipeline.yaml"), "utf8");

/** As an editor does it: nothing that only Warren knows. */
function errors(pipeline: unknown): string[] {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  if (validate(pipeline)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test("generated files are what `warren generate` writes", async () => {
  const project = await readProject({ workspace, shipped: workspace });
  const generated = generatedFiles(project);
  const kept = Object.keys(generated).map((file) => [file, readFileSync(join(repositoryRoot, file), "utf8")]);
  expect(Object.fromEntries(kept)).toEqual(generated);
});

test("it is a draft-07 schema", () => {
  expect(schema["$schema"]).toBe("http://json-schema.org/draft-07/schema#");
  const ajv = new Ajv({ strict: false });
  expect(ajv.validateSchema(schema) === true ? [] : ajv.errors).toEqual([]);
});

test("the reference pipeline is valid, and not without one of its parts but for the smoke run", () => {
  const reference = parse(referenceText);
  expect(errors(reference)).toEqual([]);
  for (const part of Object.keys(reference).filter((one) => one !== "smoke")) {
    const { [part]: _gone, ...rest } = reference;
    expect(errors(rest)).not.toEqual([]);
  }
});

test.each([
  ["kebab-case", { kind: "secret", "secret-name": "a", "preview-secret-name": "b" }, true],
  ["camelCase", { kind: "secret", secretName: "a", previewSecretName: "b" }, true],
  ["a required option that is missing", { kind: "secret", "preview-secret-name": "b" }, false],
  ["PascalCase", { kind: "secret", SecretName: "a" }, false],
  ["another kind's option", { kind: "queue", schedule: "rate(1 hour)" }, false],
  ["an unknown kind", { kind: "queeu" }, false],
])("a component in %s", (_what, component, valid) => {
  const pipeline = { name: "a", stages: { prod: {} }, components: { one: component }, flow: [] };
  expect(errors(pipeline).length === 0).toBe(valid);
});

test("every kind and option has its template's description", async () => {
  const catalog = await shippedCatalog();
  const components = [...catalog.components.values()];
  const options = [...components, ...catalog.connections].flatMap(optionsOf);
  const descriptions = [...components, ...options].map(({ description }) => description.trim());
  expect(descriptions.length).toBeGreaterThan(50);
  const text = JSON.stringify(schema);
  expect(descriptions.filter((description) => !text.includes(JSON.stringify(description)))).toEqual([]);
});

test("what Warren takes, an editor takes", async () => {
  const models = pipelineModel(await shippedCatalog());
  fc.assert(
    fc.property(models, (model) => {
      expect(errors(parse(pipelineText(model)))).toEqual([]);
    }),
    { numRuns: 20 },
  );
});
