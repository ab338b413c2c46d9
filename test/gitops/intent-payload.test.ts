/** What a payload may not be: nothing in it makes reading throw, and nothing strange gets through. */
import {
  anything,
  assert,
  constant,
  constantFrom,
  dictionary,
  jsonValue,
  oneof,
  property,
  record,
  string,
} from "fast-check";
import type { Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import { type RawEvent, readEvent } from "../../action/core/read-event.ts";
import { RUNNER, eventNames, recorded } from "./recorded.ts";

const KNOWN = ["push", "pull_request", "delete", "workflow_dispatch", "schedule", "merge_group", "fork"];

function readAs(name: string, change: (payload: Record<string, unknown>) => void) {
  const { eventName, payload, environment } = recorded(name);
  const copy = structuredClone(payload) as Record<string, unknown>;
  change(copy);
  return readEvent({ eventName, payload: copy, environment });
}

test("the run's own facts come from the runner", () => {
  const result = readEvent(recorded("push-main"));
  expect(result).toMatchObject({
    kind: "event",
    run: {
      repository: "Codertocat/Hello-World",
      repositoryId: "186853002",
      ownerId: "21031067",
      defaultBranch: "main",
      sha: "9049f1265b7d61be4a8904a9a27120d2064dab3b",
      actor: "Codertocat",
      runId: "777",
      runAttempt: 1,
      runUrl: "https://github.com/Codertocat/Hello-World/actions/runs/777",
    },
  });
});

test.each([
  ["pull-request-opened", false],
  ["pull-request-fork-opened", true],
  ["pull-request-fork-deleted", true],
])("%s: from a fork is %s, though its branch may be called main", (name, fromFork) => {
  expect(readEvent(recorded(name))).toMatchObject({ event: { pullRequest: { fromFork } } });
});

test.each(["$(curl x)`a`|@team", "ünï/🐇", "a".repeat(250)])("a branch may be called %s", (branch) => {
  const legal = branch.replaceAll(" ", "");
  expect(readAs("delete-branch", (payload) => (payload["ref"] = legal))).toMatchObject({
    event: { branch: legal },
  });
});

describe("is refused, without repeating what it held:", () => {
  test.each([
    ["a name with a line break", "delete-branch", "ref", "x\n::error::y"],
    ["a name that leaves its folder", "delete-branch", "ref", "../../etc"],
    ["a name that is too long", "delete-branch", "ref", "a".repeat(300)],
    ["a name that is none", "delete-branch", "ref", ""],
    ["a name that is a number", "push-main", "ref", 7],
    ["a push to neither branch nor tag", "push-main", "ref", "refs/pull/7/merge"],
    ["a commit that is none", "push-main", "after", "$(id)"],
    ["a deletion that is no boolean", "push-main", "deleted", "no"],
    ["an unknown kind of reference", "delete-branch", "ref_type", "repository"],
    ["an action that is none", "pull-request-opened", "action", "opened\n::x"],
    ["a pull request that is null", "pull-request-opened", "pull_request", null],
    ["a repository without a default branch", "push-main", "repository", {}],
    ["inputs that are a list", "workflow-dispatch-plan", "inputs", ["plan"]],
  ])("%s", (_what, name, key, value) => {
    const result = readAs(name, (payload) => (payload[key] = value));
    if (result.kind !== "problems") throw new Error(`it was taken: ${JSON.stringify(result.event)}`);
    expect(result.problems[0]?.message).toMatch(
      /^the payload of this `\w+` event is not what GitHub sends: /,
    );
    expect(JSON.stringify(result.problems)).not.toMatch(/::|\$\(|etc|aaaa/);
  });

  test.each(Object.keys(RUNNER))("a runner that does not set %s", (name) => {
    const { eventName, payload } = recorded("push-main");
    const message = new RegExp(`^${name} (is not set|has a form)`);
    for (const value of [undefined, "", "a\nb", "$(x)"]) {
      const environment = { ...RUNNER, [name]: value };
      expect(readEvent({ eventName, payload, environment })).toMatchObject({
        kind: "problems",
        problems: [{ message: expect.stringMatching(message) as string }],
      });
    }
  });
});

test("inputs of a dispatch are texts or nothing", () => {
  const result = readAs("workflow-dispatch-plan", (payload) => {
    payload["inputs"] = JSON.parse(
      '{"command":{"toString":1},"stage":["prod"],"__proto__":{"dry-run":"true"}}',
    );
  });
  expect(result).toMatchObject({ event: { command: "", stage: "", dryRun: false } });
});

test("whatever a payload is, reading it gives an event or problems", () => {
  const raws: Arbitrary<RawEvent> = record({
    eventName: oneof(constantFrom(...KNOWN), string()),
    payload: oneof(jsonValue(), anything()),
    environment: oneof(constant(RUNNER), dictionary(constantFrom(...Object.keys(RUNNER)), string())),
  });
  assert(property(raws, (raw) => ["event", "problems"].includes(readEvent(raw).kind)));
});

test("whatever one field of a real payload becomes, too", () => {
  const fields = ["ref", "after", "deleted", "action", "pull_request", "repository", "inputs", "ref_type"];
  assert(
    property(constantFrom(...eventNames()), constantFrom(...fields), jsonValue(), (name, field, value) => {
      const { kind } = readAs(name, (payload) => (payload[field] = value));
      return ["event", "problems"].includes(kind);
    }),
  );
});
