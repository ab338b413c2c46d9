/** Stacks that an operation has left where CloudFormation waits for somebody: how a deploy goes on, and what it says. */
import { expect, test } from "vitest";
import type { Guard, Rendered } from "../../action/core/rendered.ts";
import { deploy } from "../../action/deploy.ts";
import type { StackResource } from "../../action/aws-ports.ts";
import type { Play, Script } from "./fake-stacks.ts";
import { type FakeWorld, fakeWorld, ready } from "./fake-world.ts";
import { failureOf, queue, renderedAs, table } from "./world.ts";

const tags = {
  "warren:pipeline": "rabbit-hole",
  "warren:stage": "prod",
  "warren:stage-of": "prod",
};
const sketch = { resources: { Fang: table(), Producer: queue(), Results: queue() } };
const prod: Rendered = protectedStage(true);
const preview: Rendered = {
  ...protectedStage(false),
  tags: {
    ...tags,
    "warren:stage": "feature-x-1a2b3c",
    "warren:stage-of": "preview",
    "warren:branch": "feature-x",
  },
};

function protectedStage(isProtected: boolean): Rendered {
  const rendered = renderedAs("fake", { ...sketch, protected: isProtected });
  return { ...rendered, tags };
}

const stuckAt = (logicalId: string, type: string, reason: string): StackResource => ({
  logicalId,
  physicalId: `fake-${logicalId.toLowerCase()}`,
  type,
  status: "UPDATE_FAILED",
  reason,
});
const fang = stuckAt(
  "Fang",
  "AWS::DynamoDB::Table",
  "Requested resource not found: Table: fake-fang not found",
);
const producer = stuckAt("Producer", "AWS::SQS::Queue", "The specified queue does not exist");
const cancelled = stuckAt("Results", "AWS::SQS::Queue", "Resource update cancelled");
const failed: Play = { end: "UPDATE_ROLLBACK_FAILED" };
const back: Play = { end: "UPDATE_ROLLBACK_COMPLETE" };
const done: Play = { end: "UPDATE_COMPLETE" };

function stuckWorld(
  rendered: Rendered,
  resources: readonly StackResource[],
  plays: readonly Play[],
): FakeWorld {
  const stack = { status: "UPDATE_ROLLBACK_FAILED", tags: rendered.tags };
  return fakeWorld({ stack, resources, plays, changeSets: [ready()] });
}

function changing({ stacks }: FakeWorld): readonly string[] {
  return stacks.calls.filter((call) => !/^(?:find|resources)$/.test(call));
}

test("a rollback is continued with nothing skipped, and then the update is made", async () => {
  const world = stuckWorld(prod, [], [back, done]);
  expect((await deploy({ rendered: prod, artifacts: [] }, world.ports)).kind).toBe("updated");
  expect(changing(world)).toEqual([
    "continueRollback",
    "createChangeSet UPDATE",
    "executeChangeSet",
    "protection on",
  ]);
  expect(world.lines[0]).toBe("fake is UPDATE_ROLLBACK_FAILED: continuing its rollback");
});

test("a protected stage skips nothing unasked: what is in the way is named with its line, its reason and the way on", async () => {
  const world = stuckWorld(prod, [fang, producer, cancelled], [failed]);
  const error = await failureOf(deploy({ rendered: prod, artifacts: [] }, world.ports));
  expect(error.reason).toBe("stack-stuck");
  expect(error.problems.map(({ message, place }) => [place?.line, message])).toEqual([
    [undefined, "fake is UPDATE_ROLLBACK_FAILED: 2 resources cannot be put back to what they were"],
    [
      10,
      "fang (thing, AWS::DynamoDB::Table) fake-fang cannot be put back: Requested resource not found: Table: fake-fang not found",
    ],
    [
      11,
      "producer (thing, AWS::SQS::Queue) fake-producer cannot be put back: The specified queue does not exist",
    ],
  ]);
  expect(error.problems[0]?.hint).toContain("`warren deploy --stage prod --skip fang,producer`");
  expect(error.problems[0]?.hint).toContain("`command: deploy`, `stage: prod`, `skip: fang,producer`");
  expect(changing(world)).toEqual(["continueRollback"]);
});

test("what a person names is skipped, by component or logical id, and the rest of the deploy follows", async () => {
  for (const skip of [
    ["fang", "producer"],
    ["Fang", "Producer"],
  ]) {
    const world = stuckWorld(prod, [fang, producer, cancelled], [back, done]);
    await deploy({ rendered: prod, artifacts: [], skip }, world.ports);
    expect(changing(world)[0]).toBe("continueRollback Fang Producer");
    expect(world.lines).toContain(
      "producer (thing, AWS::SQS::Queue) fake-producer stays as it is: The specified queue does not exist",
    );
  }
});

test("what could be put back, or was only cancelled, is not skipped: nothing is done", async () => {
  const world = stuckWorld(prod, [fang, cancelled], [back]);
  const error = await failureOf(
    deploy({ rendered: prod, artifacts: [], skip: ["results", "fang", "nobody"] }, world.ports),
  );
  expect(error.reason).toBe("skip-unknown");
  expect(error.message).toBe(
    "`results`, `nobody` cannot be skipped: CloudFormation skips only what it could not put back in fake\n    Now that is `fang`.",
  );
  expect(changing(world)).toEqual([]);
});

test("if more is in the way than was named, a protected stage stops and names that", async () => {
  const later = { ...failed, resources: [producer] };
  const world = stuckWorld(prod, [fang], [later]);
  const error = await failureOf(deploy({ rendered: prod, artifacts: [], skip: ["fang"] }, world.ports));
  expect(error.problems[0]?.hint).toContain("--skip producer`");
  expect(changing(world)).toEqual(["continueRollback Fang"]);
});

test("a preview goes on without what cannot be put back, and says so", async () => {
  const world = stuckWorld(preview, [fang], [failed, { ...failed, resources: [producer] }, back, done]);
  expect((await deploy({ rendered: preview, artifacts: [] }, world.ports)).kind).toBe("updated");
  expect(changing(world).slice(0, 3)).toEqual([
    "continueRollback",
    "continueRollback Fang",
    "continueRollback Producer",
  ]);
  expect(world.lines).toContain("what is skipped may differ from its template: see `warren drift`");
});

test("a preview that does not get out of it ends, with its branch in the command", async () => {
  const world = stuckWorld(preview, [fang], [failed, failed, failed, failed, failed]);
  const error = await failureOf(deploy({ rendered: preview, artifacts: [] }, world.ports));
  expect(error.problems[0]?.hint).toContain("`warren deploy --stage preview --branch feature-x --skip fang`");
  expect(changing(world)).toEqual(["continueRollback", "continueRollback Fang"]);
});

test("a stack that was protected when it was deployed skips nothing unasked, whatever pipeline.yaml says by now", async () => {
  const stack = { status: "UPDATE_ROLLBACK_FAILED", tags: { ...tags, "warren:protected": "true" } };
  const world = fakeWorld({ stack, resources: [fang], plays: [failed], changeSets: [ready()] });
  await failureOf(deploy({ rendered: protectedStage(false), artifacts: [] }, world.ports));
  expect(changing(world)).toEqual(["continueRollback"]);
});

test("`skip` on a stack that is not stuck skips nothing", async () => {
  const world = fakeWorld({ stack: { tags }, plays: [done], changeSets: [ready()] });
  await deploy({ rendered: prod, artifacts: [], skip: ["fang"] }, world.ports);
  expect(changing(world)).toEqual(["createChangeSet UPDATE", "executeChangeSet", "protection on"]);
});

test("what CloudFormation will not roll back is told with its words", async () => {
  const world = stuckWorld(prod, [], []);
  const ports = {
    ...world.ports,
    stacks: {
      ...world.stacks,
      continueRollback: async () => ({ kind: "refused", reason: "not now" }) as const,
    },
  };
  const error = await failureOf(deploy({ rendered: prod, artifacts: [] }, ports));
  expect(error.problems[0]?.message).toBe(
    "fake is UPDATE_ROLLBACK_FAILED, and CloudFormation does not roll it back: not now",
  );
});

test("a failed import that was not rolled back is for AWS Support, and nothing is touched", async () => {
  const world = fakeWorld({
    stack: { status: "IMPORT_ROLLBACK_FAILED", tags, statusReason: "Jobs is gone" },
  });
  const error = await failureOf(deploy({ rendered: prod, artifacts: [] }, world.ports));
  expect(error.message).toContain("fake is IMPORT_ROLLBACK_FAILED: Jobs is gone\n");
  expect(changing(world)).toEqual([]);
});

const guard: Guard = {
  statefulTypes: ["AWS::DynamoDB::Table"],
  statelessTypes: ["AWS::IAM::Role", "AWS::Lambda::Function"],
  waivers: [],
};
const still = (logicalId: string, type: string): StackResource => ({
  logicalId,
  physicalId: `fake-${logicalId.toLowerCase()}`,
  type,
  status: "DELETE_FAILED",
  reason: "it is in use",
});
const role = still("Role", "AWS::IAM::Role");

function leftWorld(status: string, resources: readonly StackResource[]): FakeWorld {
  const plays: Script["plays"] = [{ end: "DELETE_COMPLETE" }, { end: "CREATE_COMPLETE" }];
  return fakeWorld({ stack: { status, tags }, resources, plays, changeSets: [ready()] });
}

const AFRESH = ["delete", "createChangeSet CREATE", "executeChangeSet"];

test.each(["ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"])(
  "%s is recreated if what is left is known to hold no data",
  async (status) => {
    const world = leftWorld(status, [role]);
    await deploy({ rendered: { ...preview, tags, guard }, artifacts: [] }, world.ports);
    expect(changing(world)).toEqual(AFRESH);
    expect(world.lines[0]).toBe(
      `fake is ${status} and nothing that is left in it holds data (Role): deleting it to create it afresh`,
    );
  },
);

test.each(["AWS::DynamoDB::Table", "Custom::Unknown"])(
  "what is left of type %s is named at its line, and nothing is deleted",
  async (type) => {
    for (const status of ["ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"]) {
      const world = leftWorld(status, [role, still("Fang", type)]);
      const error = await failureOf(
        deploy({ rendered: { ...preview, tags, guard }, artifacts: [] }, world.ports),
      );
      expect(error.reason).toBe("stack-left-over");
      expect(error.problems.map(({ message, place }) => [place?.line, message])).toEqual([
        [
          undefined,
          `fake is ${status} and can only be deleted, but one resource that may hold data is still there`,
        ],
        [10, `Fang (${type}) fake-fang is DELETE_FAILED: it is in use`],
      ]);
      expect(changing(world)).toEqual([]);
    }
  },
);

test("what was retained when the creation failed counts as left", async () => {
  const world = leftWorld("ROLLBACK_COMPLETE", [
    { ...still("Fang", "AWS::DynamoDB::Table"), status: "DELETE_SKIPPED" },
  ]);
  expect((await failureOf(deploy({ rendered: { ...prod, guard }, artifacts: [] }, world.ports))).reason).toBe(
    "stack-left-over",
  );
});
