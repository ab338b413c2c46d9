/** action/core/schema-compiler.ts does not ask whether a schema of ours is one. */
import { Ajv } from "ajv";
import { expect, test, vi } from "vitest";

test("every schema that a run compiles is a schema", async () => {
  const compile = vi.spyOn(Ajv.prototype, "compile");
  // What these need, they compile as they are loaded.
  await import("../../action/core/payload.ts");
  await import("../../action/core/read-template.ts");
  const ofModules = compile.mock.calls.map(([schema]) => schema as object);
  compile.mockRestore();
  const { optionsOf } = await import("../../action/core/catalog.ts");
  const { arrowSchema, pipelineSchema } = await import("../../action/core/schema.ts");
  const { shippedCatalog } = await import("../support/shipped.ts");
  const { ANSWERS } = await import("../../action/core/github-answer.ts");
  const { releaseType } = await import("../../action/core/release.ts");
  const catalog = await shippedCatalog();
  const arrows = catalog.connections.map((connection) => arrowSchema(optionsOf(connection)));
  expect(ofModules).toHaveLength(8);
  const all = [...ofModules, ...ANSWERS.map(([, schema]) => schema), releaseType.schema];
  const ajv = new Ajv({ allErrors: true, keywords: ["patternErrorMessage"] });
  const wrong = [...all, ...arrows, pipelineSchema(catalog)].filter(
    (schema) => ajv.validateSchema(schema) !== true,
  );
  expect(wrong).toEqual([]);
  expect(ajv.validateSchema({ type: "nothing" })).toBe(false);
});
