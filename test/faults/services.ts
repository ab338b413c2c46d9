/**
 * What answers in the place of AWS's services but CloudFormation, as they do or as a test wants it, and all questions that the
 * edge asks them. For tests of one file: it starts and ends with them.
 */
import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { explainAwsError } from "../../action/core/aws-error.ts";
import { UserError } from "../../action/core/problem.ts";
import { createArtifacts } from "../../action/edge/artifacts.ts";
import { type Clients, createClients } from "../../action/edge/clients.ts";
import { createIdentity } from "../../action/edge/identity.ts";
import { createItems } from "../../action/edge/items.ts";
import { createProbe } from "../../action/edge/probe.ts";
import { createQuiet } from "../../action/edge/quiet.ts";
import { createQuotas } from "../../action/edge/quotas.ts";
import type { ArtifactStore, Identity, Items, Quiet, Quotas } from "../../action/aws-ports.ts";
import type { Probe } from "../../action/probe.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";
import type { Json } from "./json-changes.ts";
import { restXmlOf, xmlOf } from "./xml.ts";
import recorded from "./services.json" with { type: "json" };

/** By service and operation; of a list, a page each. */
export const ANSWERS: Readonly<Record<string, Json>> = recorded;
const BUCKET = recorded["S3.ListObjectsV2"].pages[0]?.ListBucketResult.Name ?? "";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface State {
  answers: Readonly<Record<string, Json>>;
  /** In place of what is recorded. */
  instead: ((operation: string, answer: Answer) => Partial<Answer>) | undefined;
  /** Operations of the last question. */
  asked: string[];
}

export const state: State = { answers: ANSWERS, instead: undefined, asked: [] };

const CALLS = 60;

/** What goes on from where a page has ended; the first page of objects ends with b. */
const NEXT =
  /[?&](?:continuation-token|key-marker)=|start-after=functions%2F[cd]|"[Nn]extToken"|"ExclusiveStartKey"/;

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => (body += text));
  request.on("end", () => {
    const { method = "", url = "", headers } = request;
    const target = headers["x-amz-target"];
    const operation = typeof target === "string" ? target : operationOf(method, url, body);
    state.asked.push(operation);
    // No list of two pages takes so many: nobody asks for ever.
    if (state.asked.length > CALLS) {
      request.socket.destroy();
      return;
    }
    const isNext = NEXT.test(url + body);
    const answer = answerOf(operation, isNext ? 1 : 0);
    const { status, headers: given, body: text } = { ...answer, ...state.instead?.(operation, answer) };
    response.writeHead(status, given).end(method === "HEAD" ? undefined : text);
  });
});

/** Of the protocols that do not name it in a header. */
function operationOf(method: string, url: string, body: string): string {
  const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
  if (pathname === "/" && method === "POST") return `STS.${new URLSearchParams(body).get("Action")}`;
  if (pathname.endsWith("/invocations")) return "Lambda.Invoke";
  if (pathname.endsWith("/concurrency")) return "Lambda.PutFunctionConcurrency";
  if (pathname.includes("/event-source-mappings/")) return "Lambda.UpdateEventSourceMapping";
  if (pathname.endsWith("/account-settings")) return "Lambda.GetAccountSettings";
  if (searchParams.has("list-type")) return "S3.ListObjectsV2";
  if (searchParams.has("versions")) return "S3.ListObjectVersions";
  if (searchParams.has("delete")) return "S3.DeleteObjects";
  return `S3.${method === "HEAD" ? "HeadObject" : searchParams.get("x-id")}`;
}

export function answerOf(operation: string, page: number): Answer {
  const answer = mapOf(state.answers[operation]);
  const pages = Array.isArray(answer["pages"]) ? answer["pages"] : [];
  const status = answer["status"];
  const content = pages[Math.min(page, pages.length - 1)] ?? null;
  return {
    status: status === 202 ? status : 200,
    headers: Object.fromEntries(
      Object.entries(mapOf(answer["headers"])).flatMap(([name, value]) =>
        // What can be no header is lost on the way.
        typeof value === "string" && /^[\w-]+$/.test(name) && /^[ -~]{0,4000}$/.test(value)
          ? [[name, value]]
          : [],
      ),
    ),
    body: bodyOf(operation, content),
  };
}

function bodyOf(operation: string, content: Json): string {
  const [service, action = ""] = operation.split(".");
  if (service === "STS") return xmlOf(action, content);
  if (typeof content === "string") return content;
  return service === "S3"
    ? `<?xml version="1.0" encoding="UTF-8"?>\n${restXmlOf(content)}`
    : JSON.stringify(content);
}

export function mapOf(value: Json | undefined): Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

let clients: Clients;
let identity: Identity;

beforeAll(async () => {
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };
  const endpoint = await listenLocally(server);
  clients = createClients({ region: "eu-central-1", endpoint, credentials });
  const loaded = [
    clients.s3(),
    clients.sts(),
    clients.dynamodb(),
    clients.eventbridge(),
    clients.logs(),
    clients.sqs(),
    clients.lambda(),
  ];
  for (const { client } of await Promise.all(loaded)) {
    // Asking again is for another test: here it would get the same answer, eight times.
    client.config.retryStrategy = async () => ({ mode: "standard", retry: (next, args) => next(args) });
  }
  vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  identity = createIdentity({
    getIdToken: async () => "e30.e30.e30",
    setSecret: () => {},
    clock: { now: () => 0 },
    audience: "sts.amazonaws.com",
    fork: false,
    endpoint,
  });
});
afterEach(() => {
  state.answers = ANSWERS;
  state.instead = undefined;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  clients[Symbol.dispose]();
  await closeLocally(server);
});

const text = (value: unknown): boolean => typeof value === "string";
const flag = (value: unknown): boolean => typeof value === "boolean";
const number = (value: unknown): boolean => Number.isFinite(value);
const nothing = (value: unknown): boolean => value === undefined;
const word =
  (...words: readonly unknown[]) =>
  (value: unknown): boolean =>
    words.includes(value);
const record = (shape: Readonly<Record<string, (value: unknown) => boolean>>) => (value: unknown) =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(shape).every(([name, is]) => is((value as Record<string, unknown>)[name]));
const list = (is: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(is);
const key = (value: unknown): boolean => text(value) && /^[!-~]+$/.test(String(value));

interface Asked {
  readonly artifacts: ArtifactStore;
  readonly items: Items;
  readonly quiet: Quiet;
  readonly quotas: Quotas;
  readonly probe: Probe;
}
type Question = readonly [(ports: Asked) => Promise<unknown>, (value: unknown) => boolean];

const KEYS = ["a", "c", "d"].map((letter) => `functions/${letter.repeat(64)}.zip`);
const ITEM = { value: { name: "Netflix" }, keys: [{ name: "name", type: "S" }], mark: "m" } as const;
const sighting = record({ id: text, text });

/** What is asked, and what the port says that it is. */
export const QUESTIONS: Readonly<Record<string, Question>> = {
  bucket: [
    ({ artifacts }) => artifacts.bucket(),
    (value) => /^warren-artifacts-\d{12}-eu-central-1$/.test(String(value)),
  ],
  present: [({ artifacts }) => artifacts.present(BUCKET, "", KEYS), (value) => value instanceof Set],
  put: [({ artifacts }) => artifacts.put(BUCKET, "k", "x", "text/plain"), nothing],
  has: [({ artifacts }) => artifacts.has(BUCKET, "k"), flag],
  list: [
    ({ artifacts }) => artifacts.list(BUCKET, ""),
    list(record({ key: text, modifiedAt: number, bytes: number })),
  ],
  get: [({ artifacts }) => artifacts.get(BUCKET, "k"), text],
  remove: [({ artifacts }) => artifacts.remove(BUCKET, KEYS), nothing],
  load: [({ items }) => items.load("names", [{ name: "Netflix" }, { name: "Apple" }]), nothing],
  disableRule: [({ quiet }) => quiet.disableRule("bus|rule"), nothing],
  disableMapping: [({ quiet }) => quiet.disableMapping("a1b2"), nothing],
  stopFunction: [({ quiet }) => quiet.stopFunction("worker"), nothing],
  removeTargets: [({ quiet }) => quiet.removeTargets("rule"), nothing],
  emptyBucket: [({ quiet }) => quiet.emptyBucket(BUCKET, () => {}), number],
  code: [({ quotas }) => quotas.code(), record({ bytes: number, bytesMax: number, atOnceMax: number })],
  putItem: [({ probe }) => probe.put("dynamodb:PutItem", "names", ITEM), word("put", "there")],
  invoke: [({ probe }) => probe.put("lambda:InvokeFunction", "worker", ITEM), word("put")],
  putObject: [
    ({ probe }) => probe.put("s3:PutObject", BUCKET, { ...ITEM, value: { key: "k", body: "b" } }),
    word("put"),
  ],
  send: [
    ({ probe }) => probe.put("sqs:SendMessage", "http://127.0.0.1/1/jobs", { ...ITEM, value: "hello" }),
    word("put"),
  ],
  removeItem: [({ probe }) => probe.remove("dynamodb:PutItem", "names", ITEM), nothing],
  removeObject: [
    ({ probe }) => probe.remove("s3:PutObject", BUCKET, { ...ITEM, value: { key: "k" } }),
    nothing,
  ],
  scan: [({ probe }) => probe.look("dynamodb:Scan", "names", 0), list(sighting)],
  log: [
    ({ probe }) => probe.look("logs:FilterLogEvents", "/aws/lambda/worker", 0),
    list(record({ id: text, text, time: number })),
  ],
  objects: [({ probe }) => probe.look("s3:ListBucket", BUCKET, 0), list(sighting)],
  read: [({ probe }) => probe.read("s3:ListBucket", BUCKET, { id: "k", text: "k" }), text],
  assume: [
    () =>
      identity.assume({
        role: "arn:aws:iam::111122223333:role/warren",
        region: "eu-central-1",
        sessionName: "run",
        policy: "",
        trust: undefined,
      }),
    record({
      accessKeyId: key,
      secretAccessKey: key,
      sessionToken: key,
      expiration: (value) => value instanceof Date && number(value.getTime()),
    }),
  ],
};

export async function outcomeOf(name: string): Promise<string> {
  const [ask, fits] = QUESTIONS[name] ?? [];
  if (!ask || !fits) throw new Error(`no question ${name}`);
  state.asked = [];
  const ports: Asked = {
    artifacts: createArtifacts(clients),
    items: createItems(clients, { now: () => 0, sleep: async () => {} }),
    quiet: createQuiet(clients),
    quotas: createQuotas(clients),
    probe: createProbe(clients),
  };
  try {
    const value = await ask(ports);
    if (!fits(value)) throw new Error(`it is ${JSON.stringify(value)}`);
    return "answered";
  } catch (error) {
    if (state.asked.length > CALLS) throw new Error(`${name} asks for ever`, { cause: error });
    const told = error instanceof UserError ? error : explainAwsError(error);
    if (told) return told.reason;
    throw new Error(`${name}: ${String(error)}`, { cause: error });
  }
}
