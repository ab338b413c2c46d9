/** The fake is worth something only if it refuses what CloudFormation refuses. */
import { expect, test } from "vitest";
import type { ChangeSetInput, StackResource } from "../../action/aws-ports.ts";
import { STACK_ID, fakeStacks } from "./fake-stacks.ts";
import type { Play } from "./fake-stacks.ts";
import { ready } from "./fake-world.ts";

const end = (status: string): readonly Play[] => [{ end: status }];
const resource = (status: string): StackResource => ({
  logicalId: "Fang",
  physicalId: "fake-fang",
  type: "AWS::DynamoDB::Table",
  status,
});
const token = "token";
const input = (type: ChangeSetInput["type"]): ChangeSetInput => ({
  stackName: "fake",
  name: "one",
  type,
  template: { kind: "inline", body: "{}" },
  tags: {},
  description: "",
});
const changeSets = [ready()];

test.each(["CREATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "UPDATE_FAILED"])(
  "%s: resources are not retained at a caller's word; that is for DELETE_FAILED",
  async (status) => {
    const stacks = fakeStacks({ stack: { status }, resources: [resource("CREATE_COMPLETE")] });
    await expect(stacks.delete({ stackId: STACK_ID, token, retain: ["Fang"] })).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringContaining("DELETE_FAILED") as string,
    });
  },
);

test("DELETE_FAILED: only the stack's own resources are retained", async () => {
  const script = {
    stack: { status: "DELETE_FAILED" },
    resources: [resource("DELETE_FAILED")],
    plays: end("DELETE_COMPLETE"),
  };
  await expect(fakeStacks(script).delete({ stackId: STACK_ID, token, retain: ["Other"] })).rejects.toThrow(
    "Other do not exist",
  );
  const stacks = fakeStacks(script);
  await stacks.delete({ stackId: STACK_ID, token, retain: ["Fang"] });
  expect(await stacks.find("fake")).toBeUndefined();
});

test("termination protection stops a deletion, and so does an update that is under way", async () => {
  const shielded = fakeStacks({ stack: { terminationProtection: true }, plays: end("DELETE_COMPLETE") });
  await expect(shielded.delete({ stackId: STACK_ID, token })).rejects.toThrow("TerminationProtection");
  await shielded.setTerminationProtection("fake", false);
  await shielded.delete({ stackId: STACK_ID, token });
  const busy = fakeStacks({ stack: { status: "UPDATE_ROLLBACK_IN_PROGRESS" } });
  await expect(busy.delete({ stackId: STACK_ID, token })).rejects.toThrow("UPDATE_ROLLBACK_IN_PROGRESS");
});

test.each(["ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "CREATE_FAILED"])(
  "%s takes neither a creation nor an update",
  async (status) => {
    const stacks = fakeStacks({ stack: { status }, changeSets });
    await expect(stacks.createChangeSet(input("UPDATE"))).rejects.toThrow(status);
    await expect(stacks.createChangeSet(input("CREATE"))).rejects.toThrow("already exists");
  },
);

test.each(["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "CREATE_COMPLETE"])(
  "%s takes an update",
  async (status) => {
    const stacks = fakeStacks({ stack: { status }, changeSets });
    expect((await stacks.createChangeSet(input("UPDATE"))).kind).toBe("ready");
  },
);

test("a rollback is continued from UPDATE_ROLLBACK_FAILED alone, without what is in UPDATE_FAILED alone", async () => {
  const order = { stackId: STACK_ID, token, skip: ["Fang"] };
  const attempts = [
    { status: "UPDATE_ROLLBACK_FAILED", of: "UPDATE_FAILED", kind: "started" },
    { status: "UPDATE_ROLLBACK_FAILED", of: "UPDATE_COMPLETE", kind: "refused" },
    { status: "UPDATE_FAILED", of: "UPDATE_FAILED", kind: "refused" },
  ];
  for (const { status, of, kind } of attempts) {
    const plays = end("UPDATE_ROLLBACK_COMPLETE");
    const stacks = fakeStacks({ stack: { status }, resources: [resource(of)], plays });
    expect(await stacks.continueRollback(order)).toMatchObject({ kind });
  }
});

test("a stack is rolled back by itself from UPDATE_FAILED, not from UPDATE_ROLLBACK_FAILED", async () => {
  const order = { stackId: STACK_ID, token };
  const halted = fakeStacks({
    stack: { status: "UPDATE_FAILED" },
    plays: end("UPDATE_ROLLBACK_COMPLETE"),
  });
  expect(await halted.rollBack(order)).toEqual({ kind: "started" });
  const stuck = fakeStacks({ stack: { status: "UPDATE_ROLLBACK_FAILED" } });
  expect(await stuck.rollBack(order)).toMatchObject({ kind: "refused" });
});
