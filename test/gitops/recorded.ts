/**
 * GitHub's own example payloads (`@octokit/webhooks-examples`), made into the cases of `events/`: each file there says
 * which example it is and what is different, as a JSON merge patch (RFC 7396). All are of one repository.
 */
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ErrorObject } from "ajv";
import { type ReadEvent, readEvent } from "../../action/core/read-event.ts";

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

interface EventFile {
  readonly eventName: string;
  readonly action?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly patch?: JsonObject;
  /** Whole, for what is no webhook and has no example. */
  readonly payload?: JsonObject;
}

export interface Recorded {
  readonly eventName: string;
  readonly payload: JsonObject;
  readonly environment: Readonly<Record<string, string>>;
}

const require = createRequire(import.meta.url);
const examples = require("@octokit/webhooks-examples/api.github.com/index.json") as readonly {
  readonly name: string;
  readonly examples: readonly JsonObject[];
}[];
const folder = new URL("events/", import.meta.url);

/** What the runner sets for all of them. */
export const RUNNER: Readonly<Record<string, string>> = {
  GITHUB_REPOSITORY: "Codertocat/Hello-World",
  GITHUB_REPOSITORY_ID: "186853002",
  GITHUB_REPOSITORY_OWNER_ID: "21031067",
  GITHUB_SHA: "9049f1265b7d61be4a8904a9a27120d2064dab3b",
  GITHUB_ACTOR: "Codertocat",
  GITHUB_RUN_ID: "777",
  GITHUB_RUN_ATTEMPT: "1",
  GITHUB_SERVER_URL: "https://github.com",
};

export function eventNames(): readonly string[] {
  return readdirSync(folder).map((file) => file.replace(/\.json$/, ""));
}

export function recorded(name: string): Recorded {
  const file = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as EventFile;
  const { eventName, action, environment = {} } = file;
  const payload = file.payload ?? merge(example(eventName, action), file.patch ?? {});
  return { eventName, payload, environment: { ...RUNNER, ...environment } };
}

export function read(name: string): ReadEvent {
  return readEvent(recorded(name));
}

function example(eventName: string, action: string | undefined): JsonObject {
  const found = examplesOf(eventName).find((one) => action === undefined || one["action"] === action);
  if (!found) throw new Error(`no example of ${eventName} ${action}`);
  // The newest example's: those of older ones lack fields that GitHub has added since.
  const repository = { ...newestRepository(), default_branch: "main", has_discussions: false };
  const { pull_request: pullRequest } = found;
  if (pullRequest === undefined) return { ...found, repository };
  const { head, base } = pullRequest as { readonly head: JsonObject; readonly base: JsonObject };
  const ends = { head: { ...head, repo: repository }, base: { ...base, repo: repository } };
  return {
    ...found,
    repository,
    pull_request: { auto_merge: null, ...(pullRequest as JsonObject), ...ends },
  };
}

function newestRepository(): JsonObject {
  return examplesOf("pull_request").find((one) => one["action"] === "closed")?.["repository"] as JsonObject;
}

function examplesOf(eventName: string): readonly JsonObject[] {
  return examples.find(({ name }) => name === eventName)?.examples ?? [];
}

/** RFC 7396, but that null stays null: GitHub's payloads mean something by it. */
function merge(target: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    result[key] = isObject(value) && isObject(old) ? merge(old, value) : value;
  }
  return result;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Webhooks {
  readonly webhooks: Readonly<Record<string, { readonly post: { readonly requestBody: unknown } }>>;
}

/** GitHub's published schema of the webhook; undefined if it publishes none. */
export function webhookErrors({ eventName, payload }: Recorded): readonly ErrorObject[] | undefined {
  const action = typeof payload["action"] === "string" ? [payload["action"]] : [];
  // Its action is the sender's own word; GitHub's schema is one for all of them.
  const name = eventName === "repository_dispatch" ? [eventName, "sample.collected"] : [eventName, ...action];
  const key = name.join("-").replaceAll("_", "-");
  const hook = github().document.webhooks[key];
  if (!hook) return undefined;
  const body = hook.post.requestBody as {
    readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>;
  };
  const validate = github().ajv.getSchema(`github${body.content["application/json"]?.schema.$ref}`);
  if (!validate) throw new Error(`no schema for ${key}`);
  void validate(payload);
  return validate.errors ?? [];
}

let loaded: { readonly ajv: Ajv; readonly document: Webhooks } | undefined;

function github(): { readonly ajv: Ajv; readonly document: Webhooks } {
  if (loaded) return loaded;
  const document = require("@octokit/openapi-webhooks/generated/api.github.com.json") as Webhooks;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, "github");
  loaded = { ajv, document };
  return loaded;
}
