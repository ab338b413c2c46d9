/**
 * Whatever CloudFormation answers: a value of the port's shape, or an error that says AWS's answer was broken or AWS
 * refuses. And whatever a change set holds: a plan in words, never a crash.
 */
import { createServer } from "node:http";
import type { Change as SdkChange } from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { explainAwsError } from "../../action/core/aws-error.ts";
import { planLines } from "../../action/core/plan-lines.ts";
import { planJson } from "../../action/core/plan-json.ts";
import { planSections } from "../../action/core/plan-section.ts";
import { UserError } from "../../action/core/problem.ts";
import { type Clients, createClients } from "../../action/edge/clients.ts";
import { createDrift } from "../../action/edge/drift.ts";
import { createQuotas } from "../../action/edge/quotas.ts";
import { toChange } from "../../action/edge/stack-shapes.ts";
import { createStacks } from "../../action/edge/stacks.ts";
import { createTemplates } from "../../action/edge/templates.ts";
import type { Stacks } from "../../action/aws-ports.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";
import { planOf } from "../plan/change-set.ts";
import { count, hold } from "./held.ts";
import { type Json, changedJson } from "./json-changes.ts";
import { xmlOf } from "./xml.ts";
import recorded from "./cloudformation.json" with { type: "json" };

/** By the name of the call. */
const ANSWERS: Readonly<Record<string, Json>> = recorded;
const CHANGES: readonly Json[] = recorded.DescribeChangeSet.Changes;
const LIMIT = { timeout: 1_200_000 };

let answers: Readonly<Record<string, Json>> = ANSWERS;
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => (body += text));
  request.on("end", () => {
    const action = new URLSearchParams(body).get("Action") ?? "";
    const headers = { "content-type": "text/xml", "x-amzn-requestid": "b2f7" };
    response.writeHead(200, headers).end(xmlOf(action, answers[action] ?? {}));
  });
});
let clients: Clients;

beforeAll(async () => {
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };
  clients = createClients({ region: "eu-central-1", endpoint: await listenLocally(server), credentials });
  const { client } = await clients.cloudformation();
  // Asking again is for another test: here it would get the same answer, eight times.
  client.config.retryStrategy = async () => ({
    mode: "standard",
    retry: (next, args) => next(args),
  });
});
afterAll(async () => {
  clients[Symbol.dispose]();
  await closeLocally(server);
});

/** Never waits: an operation that never ends is over its limit at once. */
function hurried(): { now(): number; sleep(milliseconds: number): Promise<void> } {
  let now = 0;
  return { now: () => now, sleep: async (milliseconds) => void (now += milliseconds * 1_000) };
}

type Ask = (stacks: Stacks) => Promise<unknown>;

const INPUT = {
  stackName: "rabbit-hole-prod",
  name: "x",
  type: "UPDATE",
  template: { kind: "deployed" },
  tags: {},
  description: "",
} as const;
const QUESTIONS: readonly Ask[] = [
  (stacks) => stacks.find("rabbit-hole-prod"),
  (stacks) => stacks.list(),
  (stacks) => stacks.events("id", ({ logicalId }) => logicalId === "none"),
  (stacks) => stacks.resources("id"),
  (stacks) => stacks.createChangeSet(INPUT),
  (stacks) => stacks.failedEvents({ stackId: "id", operation: undefined }),
  (stacks) => stacks.hookRemedies({ changeSetId: "id" }),
  () => createTemplates(clients).of("id"),
  () => createDrift(clients, hurried()).detect("rabbit-hole-prod"),
  () => createQuotas(clients).stacks(),
];

test(
  "answers of CloudFormation with anything missing, moved, renamed, of another type or strange",
  LIMIT,
  async () => {
    const kinds = new Set<string>();
    await hold(
      "answers of CloudFormation, changed",
      changedJson([ANSWERS]),
      { sample: 25, all: 800 },
      async (changed) => {
        answers = typeof changed === "object" && changed !== null ? changed : {};
        for (const ask of QUESTIONS) {
          try {
            await ask(createStacks(clients, hurried()));
            kinds.add("answered");
          } catch (error) {
            kinds.add("told");
            if (!isTold(error)) throw error;
          }
        }
      },
    );
    expect(kinds).toContain("answered");
  },
);

test("what is broken is not taken for an account without stacks, nor for a stack without a template", async () => {
  const stacks = createStacks(clients, hurried());
  const { Stacks } = recorded.DescribeStacks;
  for (const broken of [{}, { Stacks, NextToken: "the same again" }]) {
    answers = { DescribeStacks: broken };
    await expect(stacks.list()).rejects.toMatchObject({ reason: "aws-unreadable" });
  }
  for (const broken of [{}, { TemplateBody: "" }]) {
    answers = { GetTemplate: broken };
    await expect(createTemplates(clients).of("id")).rejects.toMatchObject({ reason: "aws-unreadable" });
  }
  // There it is CloudFormation's own word.
  answers = { DescribeStacks: { Stacks: [] } };
  expect(await stacks.list()).toEqual([]);
  count("answers that are not taken for nothing", 4);
});

function isTold(error: unknown): boolean {
  return error instanceof UserError || explainAwsError(error) !== undefined;
}

const LEAVES = new Set(["BeforeContext", "AfterContext"]);

/** As the SDK hands it on: scalars are texts, and a context is JSON as text. */
function asSdk(value: Json, name = ""): unknown {
  if (LEAVES.has(name)) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map((item) => asSdk(item));
  if (typeof value !== "object") return String(value);
  if (value === null) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asSdk(item, key)]));
}

/** Where the SDK has a list or a map, there is one, or nothing. */
function changeOf(value: unknown): SdkChange {
  const map = (part: unknown): Record<string, unknown> =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? (part as Record<string, unknown>)
      : {};
  const texts = (part: unknown): Record<string, unknown> =>
    Object.fromEntries(Object.entries(map(part)).filter(([, item]) => typeof item === "string"));
  const change = map(map(value)["ResourceChange"]);
  const details = Array.isArray(change["Details"]) ? change["Details"] : [];
  return {
    ResourceChange: {
      ...texts(change),
      Details: details.map((one) => ({ ...texts(one), Target: texts(map(one)["Target"]) })),
    },
  };
}

test(
  "changes of a change set with anything missing, moved, renamed, of another type or strange",
  LIMIT,
  async () => {
    const seen = new Set<string>();
    const others = CHANGES.map((change) => toChange(changeOf(asSdk(change))));
    await hold("change sets, changed", changedJson(CHANGES), { sample: 300, all: 15_000 }, (changed) => {
      const plan = planOf([toChange(changeOf(asSdk(changed))), ...others.slice(0, 1)], Object.create(null));
      for (const { effect } of plan.changes) seen.add(effect);
      const told = [planLines(plan.words), planSections("prod", plan), planJson(plan, "prod")];
      // A change may have moved it to where a name stands, and names are shown.
      const moved = JSON.stringify(changed).replaceAll('"TOKEN":"hunter2"', "").includes("hunter2");
      if (!moved && JSON.stringify(told).includes("hunter2")) throw new Error("a secret is told");
    });
    expect([...seen].toSorted()).toEqual([
      "added",
      "changed",
      "imported",
      "may-be-replaced",
      "removed",
      "replaced",
    ]);
  },
);
