/** `--json` of every command: one document on standard output, as schemas/outcome.schema.json says. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureJson } from "../../action/core/failure-json.ts";
import { outcomeJson } from "../../action/core/outcome-json.ts";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { type Repository, repository } from "../support/command-line.ts";
import { readOutcome, readPlan } from "../support/documents.ts";

const PIPELINE = `name: burrow
stages:
  prod: { branch: main, protected: true }
  test: { branch: test }
components:
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts }
  results: { kind: table, key: name, items: results.yaml }
flow:
  - jobs -> worker -> results
`;
const WORKER = "export async function handler(): Promise<void> {}\n";

let aws: LocalAws;
let checkout: Repository;

beforeAll(async () => {
  aws = await startLocalAws();
  await setUpAccount(aws);
  checkout = repository({
    "config/pipeline.yaml": PIPELINE,
    "config/results.yaml": "- { name: first }\n",
    "functions/worker.ts": WORKER,
  });
});
afterAll(async () => {
  checkout?.[Symbol.dispose]();
  await aws?.[Symbol.asyncDispose]();
});

/** The document, which is all that is on standard output. */
async function json(...words: readonly string[]) {
  const { code, stdout } = await checkout.warren([...words, "--json"], localEnvironment(aws));
  return { code, document: readOutcome(stdout), stdout };
}

test.each(["check", "generate", "graph", "build", "doctor", "bootstrap"])("%s", async (command) => {
  const { document } = await json(command);
  const KINDS: Record<string, string> = {
    check: "checked",
    generate: "generated",
    graph: "drawn",
    build: "built",
    doctor: "diagnosed",
    bootstrap: "deployed",
  };
  expect(document.kind).toBe(KINDS[command]);
});

test("the life of a stage: planned, deployed, the same again, destroyed", async () => {
  expect((await json("render", "--stage", "test")).document.kind).toBe("rendered");

  const first = await json("plan", "--stage", "test");
  const plan = readPlan(first.stdout);
  expect(plan).toMatchObject({
    version: 1,
    kind: "planned",
    would: "create",
    stage: "test",
    stackName: "burrow-test",
    risk: "none",
    items: ["results"],
  });
  expect(plan).not.toHaveProperty("url");

  const made = (await json("deploy", "--stage", "test")).document;
  const { added, digest } = plan.kind === "planned" ? plan : {};
  expect(made).toMatchObject({ kind: "deployed", result: "created", stage: "test", changes: added, added });
  expect(made).toMatchObject({ stackName: "burrow-test", digest, outputs: expect.any(Object) });
  expect(made).toHaveProperty(
    "url",
    expect.stringMatching(/^https:\/\/us-east-1\.console\.aws\.amazon\.com\/cloudformation\/.*burrow-test/),
  );

  const again = (await json("deploy", "--stage", "test")).document;
  expect(again).toMatchObject({ kind: "deployed", result: "unchanged", changes: 0, risk: "none" });
  expect(readPlan((await json("plan", "--stage", "test")).stdout)).toMatchObject({
    would: "nothing",
    changes: [],
    url: expect.stringContaining("burrow-test"),
  });
  expect((await json("drift", "test")).document).toMatchObject({
    kind: "drift",
    stages: [{ stage: "test", stackName: "burrow-test", status: "in-sync" }],
  });

  const gone = (await json("destroy", "--stage", "test")).document;
  expect(gone).toMatchObject({
    kind: "destroyed",
    result: "destroyed",
    stage: "test",
    stackName: "burrow-test",
  });
  const absent = (await json("destroy", "--stage", "test")).document;
  expect(absent).toMatchObject({ kind: "destroyed", result: "absent", stackName: "burrow-test" });
});

test("a mistake is a document, too, with its places", async () => {
  const { code, document } = await json("destroy", "--stage", "prod");
  expect(code).toBe(1);
  expect(document).toMatchObject({ kind: "failed", reason: "stage-protected" });
  using broken = repository({ "config/pipeline.yaml": "name: small\nstages: {}\n" });
  const { stdout } = await broken.warren(["check", "--json"]);
  expect(readOutcome(stdout)).toMatchObject({
    kind: "failed",
    reason: "config-invalid",
    problems: expect.arrayContaining([
      expect.objectContaining({ place: expect.objectContaining({ file: "config/pipeline.yaml" }) }),
    ]),
  });
});

test("a bug is a document, without a secret that its message holds", () => {
  const key = ["AKIA", "Z3RB6QYVWTPLXK2M"].join("");
  const document = failureJson(new TypeError(`no such ${key}`));
  expect(readOutcome(JSON.stringify(document))).toMatchObject({ kind: "failed", reason: "bug" });
  expect(JSON.stringify(document)).not.toContain(key);
});

test("smoke runs, through and stuck", () => {
  const hops = [{ name: "jobs -> worker", milliseconds: 120 }];
  const problem = { message: "an item did not get through", details: ["x"], hint: "Look." };
  const through = outcomeJson({ kind: "smoked", smoke: { kind: "through", stackName: "burrow-test", hops } });
  const stuck = outcomeJson({
    kind: "smoked",
    smoke: { kind: "stuck", stackName: "burrow-test", hops, at: "worker -> results", problem },
  });
  for (const one of [through, stuck]) expect(readOutcome(JSON.stringify(one)).kind).toBe("smoked");
});

test("what a schema does not name is not in a document", () => {
  const document = { version: 1, kind: "generated", files: [], more: true };
  expect(() => readOutcome(JSON.stringify(document))).toThrow("must NOT have additional properties");
  expect(() => readPlan(JSON.stringify({ ...document, kind: "planned" }))).toThrow(
    "must have required property",
  );
});
