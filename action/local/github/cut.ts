/**
 * Makes description.json out of GitHub's own OpenAPI description: the operations that the stand-in answers, and
 * what they refer to. Its source is the npm package `@octokit/openapi` (23.0.2, MIT; 390 MB unpacked, so it is no
 * dependency):
 *
 *   npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
 *   node action/local/github/cut.ts package/generated/api.github.com.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { EXAMPLES } from "./frame.ts";
import { operations } from "./permissions.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const METHODS = ["get", "post", "put", "patch", "delete"];
/** What neither validates a request or an answer nor is one. */
const PROSE = new Set(["description", "summary", "tags", "externalDocs", "example", "deprecated", "title"]);

const source = process.argv[2];
if (source === undefined) throw new Error("usage: node action/local/github/cut.ts api.github.com.json");
const whole = JSON.parse(readFileSync(source, "utf8")) as JsonObject;
const target = `${import.meta.dirname}/description.json`;
writeFileSync(target, `${JSON.stringify(cut(whole))}\n`);

function cut(description: JsonObject): JsonObject {
  const paths = Object.fromEntries(
    Object.entries(object(description["paths"])).flatMap(([path, item]) => {
      const kept = Object.entries(object(item)).filter(
        ([method, one]) => METHODS.includes(method) && isAnswered(object(one)["operationId"]),
      );
      return kept.length === 0
        ? []
        : [[path, Object.fromEntries(kept.map(([method, one]) => [method, operation(object(one))]))]];
    }),
  );
  const all = object(description["components"]);
  const components: Record<string, Record<string, Json>> = {
    examples: Object.fromEntries(
      EXAMPLES.map((name) => [name, { value: object(object(all["examples"])[name])["value"] ?? null }]),
    ),
  };
  collect(paths, all, components);
  const info = object(description["info"]);
  return {
    // 3.1, as its schemas are plain JSON Schema: 3.0 has `nullable`, which ajv does not take beside `enum` and `anyOf`.
    openapi: "3.1.0",
    info: { title: info["title"] ?? "", version: info["version"] ?? "", license: info["license"] ?? null },
    paths,
    components,
  };
}

function isAnswered(operationId: Json | undefined): boolean {
  return typeof operationId === "string" && Object.hasOwn(operations, operationId);
}

/** GitHub answers in JSON; its other media types are other shapes of the same. */
function onlyJson(responses: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, answer]) => {
      const { content, ...rest } = object(answer);
      const json = content === undefined ? undefined : object(content)["application/json"];
      return [status, json === undefined ? rest : { ...rest, content: { "application/json": json } }];
    }),
  );
}

/** Without prose, and with `null` where OpenAPI 3.0 says `nullable`. */
function plain(value: Json, isMap = false): Json {
  if (isList(value)) return value.map((item) => plain(item));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key]) => isMap || !(PROSE.has(key) || key.startsWith("x-") || key === "examples"),
  );
  const result = Object.fromEntries(
    kept.map(([key, inner]) => [key, plain(inner, !isMap && key === "properties")]),
  );
  return isMap || result["nullable"] !== true ? result : nullable(result);
}

function nullable(found: JsonObject): JsonObject {
  const schema = Object.fromEntries(Object.entries(found).filter(([key]) => key !== "nullable"));
  if (typeof schema["type"] !== "string") return { anyOf: [schema, { type: "null" }] };
  const listed = schema["enum"];
  const values = isList(listed) && !listed.includes(null) ? { enum: [...listed, null] } : {};
  return { ...schema, ...values, type: [schema["type"], "null"] };
}

/** Copies what is referred to, and what that refers to. */
function collect(value: Json, from: JsonObject, into: Record<string, Record<string, Json>>): void {
  if (isList(value)) return value.forEach((item) => collect(item, from, into));
  if (typeof value !== "object" || value === null) return;
  const reference = value["$ref"];
  if (typeof reference === "string") {
    const [, , kind = "", name = ""] = reference.split("/");
    if (into[kind]?.[name] !== undefined) return;
    const found = object(object(from[kind])[name]);
    const kept = object(plain(kind === "responses" ? (onlyJson({ found })["found"] ?? null) : found));
    (into[kind] ??= {})[name] = kept;
    collect(kept, from, into);
  }
  for (const inner of Object.values(value)) collect(inner, from, into);
}

function operation(one: JsonObject): JsonObject {
  return object(plain({ ...one, responses: onlyJson(object(one["responses"])) }));
}

function object(value: Json | undefined): JsonObject {
  if (typeof value !== "object" || value === null || isList(value))
    throw new Error(`not an object: ${JSON.stringify(value)}`);
  return value;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
