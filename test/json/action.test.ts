/** The Action's numbers, plan.json and outcome.json, and what the judges' objections do to a preview. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Step } from "../action/step.ts";
import { PIPELINE, type World, openWorld } from "../action/world.ts";
import { PATH_WITHOUT_JUDGES } from "../support/judges.ts";

let world: World;
let number = 0;

beforeAll(async () => {
  world = await openWorld("keys");
});
afterAll(() => world[Symbol.asyncDispose]());

const COUNTS = ["added", "changed", "replaced", "removed"] as const;

/** The outputs are the document's own numbers, and their sum is `changes`. */
function expectNumbersOf(document: Step["plan"], { outputs }: Step): void {
  expect(document).toMatchObject(Object.fromEntries(COUNTS.map((count) => [count, Number(outputs[count])])));
  expect(document).toMatchObject({ risk: outputs["risk"], digest: outputs["digest"] });
  const sum = COUNTS.reduce((total, count) => total + Number(outputs[count]), 0);
  expect(outputs["changes"]).toBe(String(sum));
}

test("a deploy: its numbers, its plan's digest, its address", async () => {
  const run = await world.push("main");
  expect(run.outcome).toMatchObject({ kind: "deployed", result: "created", stage: "prod", risk: "none" });
  expectNumbersOf(run.outcome, run);
  expect(Number(run.outputs["added"])).toBeGreaterThan(5);
  expect(run.outputs["digest"]).toMatch(/^[0-9a-f]{64}$/);
  expect(run.outputs["url"]).toContain("console.aws.amazon.com/cloudformation");
  expect(run.plan).toBeUndefined();
});

test("a preview: what its merge would do, and the preview's own stack", async () => {
  world.github.pushBranch("feature/a");
  ({ number } = world.github.createPullRequest({ branch: "feature/a" }));
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace("queue }", "queue, delay: 5 }") });
  const run = await world.pullRequest("opened", number);
  expect(run.plan).toMatchObject({
    kind: "planned",
    would: "update",
    stage: "prod",
    stackName: "burrow-prod",
    changed: 1,
    changes: [{ component: "jobs", properties: [{ name: "delay", before: "0", after: "5" }] }],
  });
  expectNumbersOf(run.plan, run);
  expect(run.outcome).toMatchObject({ kind: "deployed", stackName: run.outputs["stack-name"] });
  expect(run.outputs["url"]).toContain(run.outputs["stack-name"]);
});

test("a plan asked for by hand is the same document", async () => {
  const run = await world.act(
    "workflow_dispatch",
    { ref: "refs/heads/main", inputs: {} },
    { inputs: { command: "plan", stage: "prod" } },
  );
  expect(run.outputs).toMatchObject({ result: "planned", changed: "1", changes: "1" });
  expectNumbersOf(run.plan, run);
  expect(run.outcome).toEqual(run.plan);
});

test("what a judge objects to stops a preview before AWS is asked, and stands in the comment", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-guard-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const check = { path: "/Resources/JobsQueue/Properties/DelaySeconds", value: 5 };
  const answer = [
    {
      name: "x/burrow-prod.json",
      not_compliant: [
        {
          Rule: {
            name: "queues_hurry",
            checks: [{ Clause: { Binary: { messages: { custom_message: "take the delay out" }, check } } }],
          },
        },
      ],
    },
  ];
  writeFileSync(
    join(folder, "cfn-guard"),
    `#!/bin/sh\ncat <<'END'\n${JSON.stringify(answer)}\nEND\nexit 19\n`,
  );
  chmodSync(join(folder, "cfn-guard"), 0o755);
  const environment = { PATH: `${folder}:${PATH_WITHOUT_JUDGES}` };
  const before = await world.stackNames();
  world.github.pushBranch("feature/b");
  const other = world.github.createPullRequest({ branch: "feature/b" });
  const run = await world.pullRequest("opened", other.number, { environment });
  expect(run.code).toBe(1);
  expect(run.outputs).toMatchObject({ result: "failed", reason: "policy-broken" });
  const message =
    "queue of `jobs` (JobsQueue) at DelaySeconds, `delay`: breaks the rule `queues_hurry` (cfn-guard queues_hurry)";
  expect(run.outcome).toMatchObject({
    kind: "failed",
    reason: "policy-broken",
    problems: [{ message, hint: "Take the delay out.", place: { file: "config/pipeline.yaml" } }],
  });
  expect(run.stdout).toMatch(/^::error file=config\/pipeline\.yaml,line=\d+,/m);
  expect(world.comments(other.number)[0]).toContain(message);
  expect(await world.stackNames()).toEqual(before);
});

test("the end of a preview is a document, too", async () => {
  world.github.closePullRequest(number);
  const run = await world.pullRequest("closed", number);
  expect(run.outcome).toMatchObject({ kind: "swept", stacks: [{ kind: "deleted", pullRequest: number }] });
});
