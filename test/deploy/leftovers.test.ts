/** Deletions that fail, played by a fake CloudFormation in no time: what is tried again, and what is left in the end. */
import { expect, test } from "vitest";
import { leftoverTable } from "../../action/core/leftover.ts";
import type { Leftover } from "../../action/core/leftover.ts";
import {
  EMPTY_CALLS,
  RELEASE_CALLS,
  STOP_CALLS,
  removalCommand,
  teardownOf,
} from "../../action/core/teardown.ts";
import { type DestroyRequest, destroy } from "../../action/destroy.ts";
import type { StackResource } from "../../action/aws-ports.ts";
import teardowns from "../../templates/teardown.json" with { type: "json" };
import type { Play } from "./fake-stacks.ts";
import { type FakeWorld, fakeWorld } from "./fake-world.ts";
import { failureOf, originOf } from "./world.ts";

const BUCKET = "AWS::S3::Bucket";
const RULE = "AWS::Events::Rule";
const resource = (logicalId: string, type: string): StackResource => ({
  logicalId,
  physicalId: `fake-${logicalId.toLowerCase()}`,
  type,
  status: "CREATE_COMPLETE",
});
const results = resource("Results", BUCKET);
const timer = resource("Timer", RULE);
const jobs = resource("Jobs", "AWS::SQS::Queue");
const worker = resource("Worker", "AWS::Lambda::Function");
const gone: Play = { end: "DELETE_COMPLETE" };

function failing(reason: string, ...which: readonly StackResource[]): Play {
  const events = which.map(({ logicalId, type, physicalId }) => ({
    logicalId,
    type,
    physicalId,
    status: "DELETE_FAILED",
    reason,
  }));
  return { events, end: "DELETE_FAILED" };
}
const filled = failing("The bucket you tried to delete is not empty", results);
const held = failing("Table is being updated", jobs);

function worldOf(
  plays: readonly Play[],
  resources: readonly StackResource[] = [results, timer, jobs, worker],
): FakeWorld {
  return fakeWorld({ stack: {}, resources, plays });
}

function deletions({ stacks }: FakeWorld): readonly string[] {
  return stacks.calls.filter((call) => call.startsWith("delete"));
}

async function destroyed({ ports }: FakeWorld, more: Partial<DestroyRequest> = {}) {
  const outcome = await destroy({ stackName: "fake", protected: false, ...more }, ports);
  if (outcome.kind !== "destroyed") throw new Error(`it is ${outcome.kind}`);
  return outcome;
}

test("rules and functions are stopped before anything is emptied or deleted", async () => {
  const world = worldOf([gone]);
  await destroyed(world);
  expect(world.stopped.toSorted()).toEqual(["fake-timer", "fake-worker"]);
  expect(world.emptied).toEqual(["fake-results"]);
  expect(deletions(world)).toEqual(["delete"]);
});

test("a bucket that is filled again while the stack goes is emptied again", async () => {
  const world = worldOf([filled, gone]);
  expect(await destroyed(world)).toMatchObject({ objectsDeleted: 2, leftovers: [], kept: [] });
  expect(world.emptied).toEqual(["fake-results", "fake-results"]);
  expect(deletions(world)).toEqual(["delete", "delete"]);
});

test("a rule that somebody has tied something to is released", async () => {
  const world = worldOf([failing("Rule can't be deleted since it has targets", timer), gone]);
  await destroyed(world);
  expect(world.released).toEqual(["fake-timer"]);
});

test("AWS's bad moment is waited out: one more time", async () => {
  const world = worldOf([held, gone]);
  expect((await destroyed(world)).leftovers).toEqual([]);
  expect(deletions(world)).toEqual(["delete", "delete"]);
});

test("what will not go is left by name, only after the last try, and told before the stack goes", async () => {
  const world = worldOf([held, held, gone]);
  const told: (readonly Leftover[])[] = [];
  const outcome = await destroyed(world, {
    origins: { Jobs: originOf("Jobs", 12) },
    leaving: async (leftovers) => {
      told.push(leftovers);
      expect(deletions(world)).toEqual(["delete", "delete"]);
    },
  });
  expect(deletions(world)).toEqual(["delete", "delete", "delete but Jobs"]);
  expect(outcome.leftovers).toEqual([
    {
      logicalId: "Jobs",
      physicalId: "fake-jobs",
      type: "AWS::SQS::Queue",
      status: "DELETE_FAILED",
      name: "jobs (thing)",
      why: "Table is being updated",
      command:
        "aws cloudcontrol delete-resource --type-name AWS::SQS::Queue --identifier fake-jobs --region us-east-1",
      note: "",
    },
  ]);
  expect(told).toEqual([outcome.leftovers]);
  expect(world.lines).toContain("left: jobs (thing) AWS::SQS::Queue fake-jobs: Table is being updated");
});

test("a bucket that is filled for ever is emptied four times, then left with the command that deletes it", async () => {
  const world = worldOf([filled, filled, filled, filled, gone]);
  const { leftovers } = await destroyed(world);
  expect(world.emptied).toHaveLength(4);
  expect(leftovers[0]?.command).toBe(
    `python3 -c "import boto3; b = boto3.resource('s3', region_name='us-east-1').Bucket('fake-results'); b.object_versions.delete(); b.delete()"`,
  );
});

test("what held a resource that is left is left after it, in one more deletion", async () => {
  const world = worldOf([held, held, failing("it is held", worker), failing("it is held", worker), gone]);
  expect((await destroyed(world)).leftovers.map(({ logicalId }) => logicalId)).toEqual(["Jobs", "Worker"]);
  expect(deletions(world).at(-1)).toBe("delete but Jobs Worker");
});

test("a deletion that never ends well is given up, with the cause", async () => {
  const world = worldOf(
    Array.from({ length: 8 }, (_, index) => failing("no", resource(`R${index}`, BUCKET))),
  );
  expect((await failureOf(destroyed(world))).reason).toBe("destroy-failed");
  expect(deletions(world)).toHaveLength(8);
});

test("a resource that fails although it is to be retained ends it", async () => {
  const world = worldOf([held, held, held]);
  expect((await failureOf(destroyed(world))).message).toContain(
    "Jobs (AWS::SQS::Queue) could not be deleted",
  );
});

test.each([
  "User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: sqs:DeleteQueue",
  "Access Denied (Service: S3, Status Code: 403, Request ID: X)",
  "AccessDenied",
])("a right that is missing leaves nothing behind: %s", async (reason) => {
  const world = worldOf([failing(reason, jobs)]);
  expect((await failureOf(destroyed(world))).reason).toBe("destroy-failed");
  expect(deletions(world)).toEqual(["delete"]);
});

test("a deletion that fails for no resource's reason is told as it is", async () => {
  const world = worldOf([{ end: "DELETE_FAILED" }]);
  expect((await failureOf(destroyed(world))).reason).toBe("destroy-failed");
});

test("a teardown longer than the job says how to resume", async () => {
  const world = worldOf([filled, gone]);
  const error = await failureOf(destroyed(world, { timeoutSeconds: 2 }));
  expect(error.reason).toBe("stack-timeout");
  expect(error.message).toContain("Run the same command again");
});

test("what the template retains is told with the command that deletes it, also if it took two deletions", async () => {
  const kept = { ...filled, events: [{ ...results, status: "DELETE_SKIPPED" }, ...(held.events ?? [])] };
  const world = worldOf([kept, gone]);
  expect(await destroyed(world)).toMatchObject({
    leftovers: [],
    kept: [{ logicalId: "Results", why: "the template says that it is kept" }],
  });
});

test("what is outside of the stack already is neither stopped nor emptied", async () => {
  const world = worldOf(
    [gone],
    [
      { ...results, status: "DELETE_SKIPPED" },
      { ...timer, status: "DELETE_COMPLETE" },
    ],
  );
  await destroyed(world);
  expect([...world.emptied, ...world.stopped]).toEqual([]);
});

test("every call that templates/teardown.json names is one that is made", () => {
  for (const type of Object.keys(teardowns)) {
    const { stop, empty, release } = teardownOf(type);
    expect([...STOP_CALLS, undefined]).toContain(stop);
    expect([...EMPTY_CALLS, undefined]).toContain(empty);
    expect([...RELEASE_CALLS, undefined]).toContain(release);
  }
});

test("an id that means something to a shell makes no command", () => {
  for (const physicalId of ["a; rm -rf /", "$(id)", "a'b", "", "a b", '"']) {
    for (const type of [BUCKET, RULE, "AWS::SQS::Queue"]) {
      expect(removalCommand({ type, physicalId }, "us-east-1")).toBe("");
    }
  }
  expect(removalCommand({ type: RULE, physicalId: "bus|rule" }, "us-east-1")).toContain(
    "aws events delete-rule --name rule --event-bus-name bus --region us-east-1",
  );
  expect(removalCommand({ type: "AWS::SQS::QueuePolicy", physicalId: "x" }, "us-east-1")).toBe("");
});

test("the table for people breaks at nothing that AWS says", () => {
  const leftover: Leftover = {
    ...jobs,
    name: "a|b",
    why: "<b>@all</b> | `x`\n#1",
    command: "aws x | y",
    note: "",
  };
  const [head, , row = ""] = leftoverTable([leftover]);
  const bars = (text = ""): number => text.split("|").length;
  expect(bars(row)).toBe(bars(head));
  expect(row).not.toMatch(/<b>|@all|\n/);
});
