/** States that the local AWS does not get into, played by a fake CloudFormation in no time. */
import { expect, test } from "vitest";
import type { Change, ChangeSet } from "../../action/aws-ports.ts";
import { deploy } from "../../action/deploy.ts";
import { destroy } from "../../action/destroy.ts";
import { plan } from "../../action/plan.ts";
import { STACK_ID, eventOf } from "./fake-stacks.ts";
import { fakeWorld, ready } from "./fake-world.ts";
import { failureOf, queue, renderedAs, table, tableItems } from "./world.ts";
import { RETAGGED } from "../plan/change-set.ts";

const rendered = renderedAs("fake", { resources: { Jobs: queue(), Results: queue() } });
test("an update is not taken for done while only the former one's end shows", async () => {
  const own = { logicalId: "fake", physicalId: STACK_ID };
  const { stacks, ports } = fakeWorld({
    stack: {},
    history: [
      eventOf({ ...own, status: "UPDATE_IN_PROGRESS" }, "old-1", "old"),
      eventOf({ ...own, status: "UPDATE_COMPLETE" }, "old-2", "old"),
    ],
    changeSets: [ready()],
    plays: [
      {
        lag: 5,
        events: [{ logicalId: "Jobs", status: "UPDATE_FAILED", reason: "no" }],
        end: "UPDATE_ROLLBACK_COMPLETE",
      },
    ],
  });
  expect((await failureOf(deploy({ rendered, artifacts: [] }, ports))).reason).toBe("deploy-failed");
  expect(stacks.calls).toEqual(["find", "createChangeSet UPDATE", "executeChangeSet"]);
});

test("another run that comes first makes this one look again", async () => {
  const { stacks, ports } = fakeWorld({
    stack: {},
    changeSets: [{ kind: "busy" }, ready(), ready()],
    executions: ["busy", "started"],
    plays: [{ end: "UPDATE_COMPLETE" }],
  });
  expect((await deploy({ rendered, artifacts: [] }, ports)).kind).toBe("updated");
  expect(stacks.calls.filter((call) => call === "find")).toHaveLength(4);
});

test("a stack that stays busy ends in a time-out, not in an endless loop", async () => {
  const { ports } = fakeWorld({
    stack: {},
    changeSets: Array.from({ length: 60 }, () => ({ kind: "busy" as const })),
  });
  const error = await failureOf(deploy({ rendered, artifacts: [], timeoutSeconds: 30 }, ports));
  expect(error.reason).toBe("stack-timeout");
});

test.each(["True", "Conditional"] as const)(
  "a table that an update replaces (%s) gets its items afterwards, with a marker in case the run is killed",
  async (replaces) => {
    const grown = renderedAs("fake", {
      resources: { Fang: table() },
      items: [tableItems("Fang", ["a", "b"])],
    });
    const replacement = {
      action: "Modify",
      logicalId: "Fang",
      physicalId: "old",
      type: "AWS::DynamoDB::Table",
    } as const;
    const { stacks, ports, loaded } = fakeWorld({
      stack: { outputs: { FangName: "old" } },
      changeSets: [
        ready([
          {
            ...replacement,
            replacement: replaces,
            policyAction: "ReplaceAndDelete",
            details: [],
          },
        ]),
        ready(),
      ],
      plays: [{ end: "UPDATE_COMPLETE", becomes: { outputs: { FangName: "new" } } }],
    });
    await deploy({ rendered: grown, artifacts: [] }, ports);
    expect(stacks.calls).toEqual([
      "find",
      "createChangeSet UPDATE",
      "deleteChangeSet",
      "createChangeSet UPDATE with marker",
      "executeChangeSet",
      "find",
    ]);
    expect(loaded).toEqual(["2 into old", "2 into new", "items"]);
  },
);

test("a change set that fails on a new stack takes the empty stack with it", async () => {
  const failed: ChangeSet = {
    kind: "failed",
    id: "change-set",
    stackId: STACK_ID,
    reason: "Unresolved resource",
  };
  const { stacks, ports } = fakeWorld({ changeSets: [failed], plays: [{ end: "DELETE_COMPLETE" }] });
  const error = await failureOf(deploy({ rendered, artifacts: [] }, ports));
  expect(error.message).toBe("CloudFormation refuses the template: Unresolved resource");
  expect(stacks.calls).toEqual(["find", "createChangeSet CREATE", "deleteChangeSet", "delete"]);
});

const foreign = [
  ["made by hand", {}, "fake is left alone: it was not made by Warren"],
  [
    "of a pipeline whose name and stage read the same",
    { "warren:pipeline": "rabbit", "warren:stage": "hole-prod" },
    "fake is left alone: it belongs to pipeline `rabbit`, stage `hole-prod`",
  ],
] as const;

for (const [whose, tags, message] of foreign) {
  test.each(["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS"])(
    `a stack ${whose} (%s) is neither changed, planned on nor deleted`,
    async (status) => {
      const { stacks, ports } = fakeWorld({ stack: { status, tags } });
      const attempts = [
        () => deploy({ rendered, artifacts: [] }, ports),
        () => plan(rendered, ports),
        () => destroy({ stackName: "fake", protected: false, tags: rendered.tags }, ports),
      ];
      for (const attempt of attempts) {
        const error = await failureOf(attempt());
        expect(error.reason).toBe("stack-foreign");
        expect(error.problems[0]?.message).toBe(message);
      }
      expect(stacks.calls).toEqual(["find", "find", "find"]);
    },
  );
}

test("a stack of another repository's equally named pipeline is left alone", async () => {
  const own = { ...rendered.tags, "warren:repository-id": "1" };
  const tags = { ...rendered.tags, "warren:repository-id": "2" };
  const { ports } = fakeWorld({ stack: { status: "CREATE_COMPLETE", tags } });
  const error = await failureOf(deploy({ rendered: { ...rendered, tags: own }, artifacts: [] }, ports));
  expect(error.reason).toBe("stack-foreign");
  expect(error.message).toContain("it belongs to another repository, number 2 on GitHub");
});

test("a plan tells of items that have changed, although CloudFormation sees nothing but new tags", async () => {
  const items = [tableItems("fang", ["Apple", "Netflix"])];
  const withItems = renderedAs("fake", { resources: { Fang: table() }, items });
  const retagged: Change = {
    action: "Modify",
    logicalId: "Fang",
    physicalId: "old",
    type: "AWS::DynamoDB::Table",
    replacement: "False",
    policyAction: "",
    details: [RETAGGED],
  };
  const { stacks, ports } = fakeWorld({ stack: {}, changeSets: [ready([retagged])] });
  const planned = await plan(withItems, ports);
  expect(planned).toMatchObject({ kind: "update", changes: [], items: ["fang"] });
  expect(stacks.calls).toEqual(["find", "createChangeSet UPDATE", "deleteChangeSet"]);
});

test("a plan tells of the drift that was seen last, and asks for no new look", async () => {
  const drift = { found: true, checkedAt: 0 };
  const { stacks, ports } = fakeWorld({ stack: { drift }, changeSets: [ready()] });
  expect((await plan(rendered, ports)).drift).toContain("(1970-01-01)");
  expect(stacks.calls).toEqual(["find", "createChangeSet UPDATE", "deleteChangeSet"]);
  const { ports: inSync } = fakeWorld({
    stack: { drift: { ...drift, found: false } },
    changeSets: [ready()],
  });
  expect(await plan(rendered, inSync)).not.toHaveProperty("drift");
});
