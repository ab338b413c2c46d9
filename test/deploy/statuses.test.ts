/** What the table of docs/stack-statuses.md promises is what happens: a deploy and a destroy from each of the 23 statuses. */
import { StackStatus } from "@aws-sdk/client-cloudformation";
import { describe, expect, test } from "vitest";
import { type DeployStep, deployStep, destroyStep, phaseOf } from "../../action/core/stack.ts";
import { deploy } from "../../action/deploy.ts";
import { destroy } from "../../action/destroy.ts";
import type { StackResource } from "../../action/aws-ports.ts";
import type { Play, Script } from "./fake-stacks.ts";
import { type FakeWorld, fakeWorld, ready } from "./fake-world.ts";
import { failureOf, queue, renderedAs } from "./world.ts";

const STATUSES = Object.values(StackStatus).toSorted();

/** What somebody else's operation ends with. */
const ENDS: Readonly<Record<string, string>> = {
  CREATE_IN_PROGRESS: "CREATE_COMPLETE",
  ROLLBACK_IN_PROGRESS: "ROLLBACK_COMPLETE",
  DELETE_IN_PROGRESS: "DELETE_COMPLETE",
  UPDATE_IN_PROGRESS: "UPDATE_COMPLETE",
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: "UPDATE_COMPLETE",
  UPDATE_ROLLBACK_IN_PROGRESS: "UPDATE_ROLLBACK_FAILED",
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: "UPDATE_ROLLBACK_COMPLETE",
  IMPORT_IN_PROGRESS: "IMPORT_COMPLETE",
  IMPORT_ROLLBACK_IN_PROGRESS: "IMPORT_ROLLBACK_COMPLETE",
};

const created = ["createChangeSet CREATE", "executeChangeSet"];
const updated = ["createChangeSet UPDATE", "executeChangeSet"];

/** The calls that change something, and what each comes to. */
const WAYS: Readonly<
  Record<DeployStep, { readonly calls: readonly string[]; readonly ends: readonly string[] }>
> = {
  create: { calls: created, ends: ["CREATE_COMPLETE"] },
  update: { calls: updated, ends: ["UPDATE_COMPLETE"] },
  recreate: { calls: ["delete", ...created], ends: ["DELETE_COMPLETE", "CREATE_COMPLETE"] },
  "recreate-unprotected": { calls: ["delete", ...created], ends: ["DELETE_COMPLETE", "CREATE_COMPLETE"] },
  "roll-back": { calls: ["rollBack", ...updated], ends: ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"] },
  "continue-rollback": {
    calls: ["continueRollback", ...updated],
    ends: ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"],
  },
  refuse: { calls: [], ends: [] },
  // What comes then is the way from where the other operation ended.
  attach: { calls: [], ends: [] },
};

const rendered = renderedAs("fake", { resources: { Jobs: queue() } });

function worldIn(status: string, ends: readonly string[], more: Partial<Script> = {}): FakeWorld {
  const other = ENDS[status];
  return fakeWorld({
    stack: { status },
    ...(other !== undefined && { ends: other }),
    changeSets: [ready()],
    plays: ends.map((end): Play => ({ end })),
    ...more,
  });
}

function changing({ stacks }: FakeWorld): readonly string[] {
  return stacks.calls.filter((call) => !/^(?:find|resources|list)$/.test(call));
}

describe("a deploy", () => {
  test.each(STATUSES)("%s", async (status) => {
    const from = ENDS[status] ?? status;
    const step = deployStep(phaseOf(from));
    const { calls, ends } = WAYS[step];
    const world = worldIn(status, ends);
    const deploying = deploy({ rendered, artifacts: [] }, world.ports);
    const end = step === "refuse" ? (await failureOf(deploying)).reason : (await deploying).kind;
    expect(end).toBe(
      step === "refuse" ? "stack-stuck" : calls === created || step.startsWith("re") ? "created" : "updated",
    );
    expect(changing(world)).toEqual(calls);
    const waited = `fake is ${status}: waiting for that operation to end`;
    expect(world.lines.includes(waited)).toBe(deployStep(phaseOf(status)) === "attach");
  });
});

describe("a destroy", () => {
  test.each(STATUSES)("%s", async (status) => {
    const step = destroyStep(phaseOf(ENDS[status] ?? status));
    const world = worldIn(status, ["DELETE_COMPLETE"]);
    const outcome = await destroy({ stackName: "fake", protected: false }, world.ports);
    expect(outcome.kind).toBe(step === "done" ? "absent" : "destroyed");
    expect(changing(world)).toEqual(step === "done" ? [] : ["delete"]);
  });
});

const left = (type: string): StackResource => ({
  logicalId: "Left",
  physicalId: "fake-left",
  type,
  status: "UPDATE_FAILED",
});

/** Whatever stands in the way, and whatever CloudFormation answers. */
test("a protected stack is never deleted: 23 statuses, with and without something left, asked to skip or not", async () => {
  let cases = 0;
  for (const status of STATUSES) {
    for (const resources of [[], [left("AWS::IAM::Role")], [left("AWS::DynamoDB::Table")]]) {
      for (const skip of [undefined, ["Left"]]) {
        for (const end of ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"]) {
          const guard = { statefulTypes: [], statelessTypes: ["AWS::IAM::Role"], waivers: [] };
          const stage = { ...rendered, guard, protected: true };
          const stack = { status, terminationProtection: true };
          const ends = [end, end, "UPDATE_COMPLETE", "CREATE_COMPLETE"];
          const world = worldIn(status, ends, { stack, resources });
          await Promise.allSettled([
            deploy({ rendered: stage, artifacts: [], ...(skip && { skip }) }, world.ports),
            destroy({ stackName: "fake", protected: false }, world.ports),
          ]);
          expect(changing(world).filter((call) => /^delete(?!ChangeSet)/.test(call))).toEqual([]);
          cases += 1;
        }
      }
    }
  }
  expect(cases).toBe(276);
});

test("nor is one whose protection was switched off by hand, nor one whose deletion somebody has begun", async () => {
  const tags = { "warren:pipeline": "rabbit-hole", "warren:protected": "true" };
  for (const status of ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"]) {
    const world = worldIn(status, [], { stack: { status, tags } });
    const error = await failureOf(destroy({ stackName: "fake", protected: false }, world.ports));
    expect(error.reason).toBe("stage-protected");
    expect(changing(world)).toEqual([]);
  }
  const world = worldIn("DELETE_FAILED", []);
  const error = await failureOf(
    deploy({ rendered: { ...rendered, protected: true }, artifacts: [] }, world.ports),
  );
  expect(error.message).toContain(
    "fake is DELETE_FAILED and can only be deleted, but its stage is protected",
  );
  expect(changing(world)).toEqual([]);
});
