/** JSON Schemas of ours on their way to functions. */
import { Ajv, type Options } from "ajv";

/**
 * Every run compiles some schemas, and holding them against the schema of schemas and smoothing the code that checks
 * a hundred values at most took more than half of that time: a fifth of all that a deploy computes. That they are
 * schemas is what test/config/our-schemas.test.ts makes sure of.
 */
export function schemaCompiler(options: Options): Ajv {
  return new Ajv({ ...options, meta: false, validateSchema: false, code: { optimize: false } });
}
