/**
 * Whatever S3, DynamoDB, Lambda, SQS, EventBridge, CloudWatch Logs and STS answer: a value of the port's shape, or an error
 * that says what AWS, or what answers in its place, has done. No broken list is taken for an empty one.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tally } from "../support/counts.ts";
import { hold } from "./held.ts";
import { type Json, changedJson } from "./json-changes.ts";
import { ANSWERS, type Answer, QUESTIONS, answerOf, mapOf, outcomeOf, state } from "./services.ts";
import recorded from "./services.json" with { type: "json" };

const WHAT = "answers of S3, DynamoDB, Lambda, SQS, EventBridge, Logs and STS, changed";
const WHOLE = "whole answers of something else than AWS";
const NOTHING = "answers that are not taken for nothing";
const LIMIT = { timeout: 1_200_000 };

/** The operations of each question, as it is answered by what is recorded. */
const operations = new Map<string, ReadonlySet<string>>();

// What is recorded must be enough, or the changes to it would test nothing.
test("every question is answered by what is recorded", async () => {
  for (const name of Object.keys(QUESTIONS)) {
    expect([name, await outcomeOf(name)]).toEqual([name, "answered"]);
    operations.set(name, new Set(state.asked));
  }
  const used = new Set([...operations.values()].flatMap((some) => [...some]));
  expect([...used].toSorted()).toEqual(Object.keys(ANSWERS).toSorted());
});

/** Names of the questions that ask for it. */
function questionsOf(operation: string): readonly string[] {
  return [...operations].flatMap(([name, some]) => (some.has(operation) ? [name] : []));
}

test("answers with anything missing, moved, renamed, of another type or strange", LIMIT, async () => {
  const seen = new Set<string>();
  const cases = fc
    .constantFrom(...Object.entries(ANSWERS))
    .chain(([operation, answer]) => changedJson([answer]).map((changed) => ({ operation, changed })));
  const sizes = { sample: 250, all: 10_000 };
  await hold(WHAT, cases, sizes, async ({ operation, changed }) => {
    state.answers = { ...ANSWERS, [operation]: changed };
    for (const name of questionsOf(operation)) seen.add(await outcomeOf(name));
  });
  // A change may be one of AWS's own refusals, or more pages than a smoke run looks through.
  expect([...seen]).toEqual(expect.arrayContaining(["answered", "aws-unreadable"]));
});

// Well-formed, or the SDK's own reader of XML would find out.
const PAGE = "<html><body>please sign in</body></html>";
const HTML = { headers: { "content-type": "text/html" }, body: PAGE };
/** In AWS's place; its own headers are those of AWS where none are given. */
const WHOLES: Readonly<Record<string, (answer: Answer) => Partial<Answer>>> = {
  "a proxy's page": () => HTML,
  "an object whose headers were lost, but for its checksum": ({ headers }) => ({
    headers: { "x-amz-checksum-crc32": headers["x-amz-checksum-crc32"] ?? "", "content-type": "text/plain" },
    body: "",
  }),
  "a proxy's page without a body": () => ({ ...HTML, body: "" }),
  "a proxy's refusal": () => ({ ...HTML, status: 403 }),
  "a proxy that asks who it is": () => ({ ...HTML, status: 407 }),
  "a way to another page": () => ({ status: 302, headers: { location: "http://127.0.0.1:9/" }, body: PAGE }),
  "a page that is not there": () => ({ ...HTML, status: 404 }),
  "a gateway's page": () => ({ ...HTML, status: 502 }),
  "headers without end": ({ headers }) => ({ headers: { ...headers, "x-more": "a".repeat(20_000) } }),
  "half of the answer": ({ body }) => ({ body: body.slice(0, body.length / 2) }),
  "all but its end": ({ body }) => ({ body: body.slice(0, -1) }),
  nothing: () => ({ body: "" }),
  null: () => ({ body: "null" }),
  "a text": () => ({ body: '"ok"' }),
  "deep lists": () => ({ body: "[".repeat(100_000) }),
  "deep elements": () => ({ body: "<a>".repeat(20_000) }),
  "its headers, and a page": () => ({ body: PAGE }),
};

/** AWS's own headers say that it is done; there is nothing in the body that is used. */
const BODILESS = new Set([
  "S3.PutObject",
  "S3.HeadObject",
  "S3.DeleteObject",
  "S3.DeleteObjects",
  "DynamoDB_20120810.PutItem",
  "DynamoDB_20120810.DeleteItem",
  "AWSEvents.DisableRule",
  "Lambda.Invoke",
  "Lambda.PutFunctionConcurrency",
  "Lambda.UpdateEventSourceMapping",
]);

test.each(Object.entries(WHOLES))("instead of an answer: %s", async (_what, whole) => {
  for (const operation of Object.keys(ANSWERS)) {
    let isAws = true;
    state.instead = (one, answer) => {
      if (one !== operation) return {};
      const { headers, ...rest } = whole(answer);
      isAws = headers === undefined;
      return { ...rest, ...(headers && { headers }) };
    };
    for (const name of questionsOf(operation)) {
      const outcome = await outcomeOf(name);
      const isHeld = outcome !== "answered" || (isAws && BODILESS.has(operation));
      expect([operation, name, outcome, isHeld]).toEqual([operation, name, outcome, true]);
      tally(WHOLE, 1);
    }
  }
});

const LIST = recorded["S3.ListObjectsV2"].pages[1]?.ListBucketResult;
const VERSIONS = recorded["S3.ListObjectVersions"].pages[1]?.ListVersionsResult;
const [OBJECT] = LIST?.Contents ?? [];
const [VERSION] = VERSIONS?.Version ?? [];
const LISTS = ["list", "objects"];

/** What is not there to be seen is not "nothing": each with the questions that it must not answer. */
const LACKING: readonly (readonly [string, string, object, readonly string[]])[] = [
  ["no page of a list", "S3.ListObjectsV2", { ListBucketResult: {} }, [...LISTS, "present"]],
  ["no list at all", "S3.ListObjectsV2", { html: { body: "please sign in" } }, [...LISTS, "present"]],
  ["another bucket's list", "S3.ListObjectsV2", { ListBucketResult: { ...LIST, Name: "other" } }, LISTS],
  ["another folder's list", "S3.ListObjectsV2", { ListBucketResult: { ...LIST, Prefix: "items/" } }, LISTS],
  [
    "fewer objects than are counted",
    "S3.ListObjectsV2",
    { ListBucketResult: { ...LIST, Contents: [] } },
    LISTS,
  ],
  [
    "no word about a next page",
    "S3.ListObjectsV2",
    { ListBucketResult: { ...LIST, IsTruncated: undefined } },
    LISTS,
  ],
  [
    "no way to the next page",
    "S3.ListObjectsV2",
    { ListBucketResult: { ...LIST, IsTruncated: "true" } },
    LISTS,
  ],
  [
    "no key",
    "S3.ListObjectsV2",
    { ListBucketResult: { ...LIST, Contents: [{ ...OBJECT, Key: undefined }] } },
    LISTS,
  ],
  [
    "no date",
    "S3.ListObjectsV2",
    { ListBucketResult: { ...LIST, Contents: [{ ...OBJECT, LastModified: undefined }] } },
    LISTS,
  ],
  ["no page of versions", "S3.ListObjectVersions", { ListVersionsResult: {} }, ["emptyBucket"]],
  [
    "another bucket's versions",
    "S3.ListObjectVersions",
    { ListVersionsResult: { ...VERSIONS, Name: "other" } },
    ["emptyBucket"],
  ],
  [
    "no way to the next versions",
    "S3.ListObjectVersions",
    { ListVersionsResult: { ...VERSIONS, IsTruncated: "true" } },
    ["emptyBucket"],
  ],
  [
    "no version's id",
    "S3.ListObjectVersions",
    { ListVersionsResult: { ...VERSIONS, Version: [{ ...VERSION, VersionId: undefined }] } },
    ["emptyBucket"],
  ],
  ["no targets", "AWSEvents.ListTargetsByRule", {}, ["removeTargets"]],
  ["no target's id", "AWSEvents.ListTargetsByRule", { Targets: [{ Arn: "a" }] }, ["removeTargets"]],
  ["no word about what was not removed", "AWSEvents.RemoveTargets", {}, ["removeTargets"]],
  ["no word about what was not written", "DynamoDB_20120810.BatchWriteItem", {}, ["load"]],
  [
    "another table's items",
    "DynamoDB_20120810.BatchWriteItem",
    { UnprocessedItems: { other: [] } },
    ["load"],
  ],
  ["no items", "DynamoDB_20120810.Scan", {}, ["scan"]],
  [
    "no way to the next items",
    "DynamoDB_20120810.Scan",
    { Items: [], LastEvaluatedKey: { name: { S: [1] } } },
    ["scan"],
  ],
  ["no events", "Logs_20140328.FilterLogEvents", {}, ["log"]],
  ["an account that is none", "STS.GetCallerIdentity", { Account: "../1" }, ["bucket"]],
];

test.each(LACKING)("is not taken for nothing: %s (%s)", async (_what, operation, page, questions) => {
  const pages = [JSON.parse(JSON.stringify(page)) as Json];
  state.answers = { ...ANSWERS, [operation]: { ...mapOf(ANSWERS[operation]), pages } };
  for (const name of questions) expect([name, await outcomeOf(name)]).toEqual([name, "aws-unreadable"]);
  tally(NOTHING, questions.length);
});

const ENDLESS: readonly (readonly [string, string, string])[] = [
  ["S3.ListObjectsV2", "list", "aws-unreadable"],
  ["S3.ListObjectsV2", "objects", "smoke-too-much"],
  ["S3.ListObjectVersions", "emptyBucket", "aws-unreadable"],
  ["AWSEvents.ListTargetsByRule", "removeTargets", "aws-unreadable"],
  ["DynamoDB_20120810.Scan", "scan", "smoke-too-much"],
  ["Logs_20140328.FilterLogEvents", "log", "smoke-too-much"],
];

test.each(ENDLESS)(
  "a page of %s that is followed by itself, for ever: %s",
  async (operation, name, reason) => {
    state.instead = (one) => (one === operation ? answerOf(operation, 0) : {});
    expect(await outcomeOf(name)).toBe(reason);
  },
);

test("a list that goes round in a circle ends for keys that are looked for, too", async () => {
  // Each page ends before what is asked for.
  const page = { ListBucketResult: { ...LIST, IsTruncated: "true", Contents: [{ ...OBJECT, Key: "a" }] } };
  state.answers = {
    ...ANSWERS,
    "S3.ListObjectsV2": { ...mapOf(ANSWERS["S3.ListObjectsV2"]), pages: [page] },
  };
  expect(await outcomeOf("present")).toBe("aws-unreadable");
});

test("what is refused for one of many is told with its own reason", async () => {
  const refused = async (operation: string, name: string, page: Json): Promise<string> => {
    state.answers = { ...ANSWERS, [operation]: { ...mapOf(ANSWERS[operation]), pages: [page] } };
    return outcomeOf(name);
  };
  const one = (Code: string): Json => ({ DeleteResult: { Error: [{ Key: "k", Code, Message: "no" }] } });
  expect(await refused("S3.DeleteObjects", "remove", one("AccessDenied"))).toBe("access-denied");
  expect(await refused("S3.DeleteObjects", "remove", one("InternalError"))).toBe("aws-failing");
  expect(await refused("S3.DeleteObjects", "emptyBucket", one("AccessDenied"))).toBe("destroy-failed");
  const entry = (ErrorCode: string): Json => ({
    FailedEntryCount: 1,
    FailedEntries: [{ TargetId: "jobs", ErrorCode, ErrorMessage: "no" }],
  });
  expect(await refused("AWSEvents.RemoveTargets", "removeTargets", entry("ManagedRuleException"))).toBe(
    "destroy-failed",
  );
  expect(await refused("AWSEvents.RemoveTargets", "removeTargets", entry("ResourceNotFoundException"))).toBe(
    "answered",
  );
});

test("a table that takes nothing is told as that", async () => {
  const left = { UnprocessedItems: { names: [{ PutRequest: { Item: { name: { S: "Netflix" } } } }] } };
  const { headers } = recorded["DynamoDB_20120810.BatchWriteItem"];
  state.answers = { ...ANSWERS, "DynamoDB_20120810.BatchWriteItem": { headers, pages: [left] } };
  expect(await outcomeOf("load")).toBe("throttled");
});

const OF_S3 = { "x-amz-request-id": "TX234S0F24A06C7", "content-type": "application/xml" };

test("an object that is gone or empty when it is read is no error", async () => {
  const error = (Code: string): string => `<Error><Code>${Code}</Code><Message>no</Message></Error>`;
  state.instead = () => ({ status: 404, headers: OF_S3, body: error("NoSuchKey") });
  expect(await outcomeOf("read")).toBe("answered");
  state.instead = () => ({ status: 416, headers: OF_S3, body: error("InvalidRange") });
  expect(await outcomeOf("read")).toBe("answered");
});

test("a bucket that is not there is told, whatever is asked of it; a HEAD that is refused, too", async () => {
  state.instead = () => ({
    status: 404,
    headers: OF_S3,
    body: "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>",
  });
  for (const name of ["list", "present", "put", "get", "remove"])
    expect([name, await outcomeOf(name)]).toEqual([name, "artifact-bucket-missing"]);
  state.instead = () => ({ status: 403, headers: OF_S3, body: "" });
  expect(await outcomeOf("has")).toBe("access-denied");
});
