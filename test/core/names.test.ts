/** A logical id is the address of somebody's data: these rules never change. */
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  MAX_STAGE_NAME,
  arrowLogicalId,
  camelCase,
  componentLogicalId,
  environmentName,
  kebabCase,
  outputName,
  stackName,
  stageOfBranch,
} from "../../action/core/names.ts";
import { componentName } from "../render/pipelines.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

test.each([
  ["fang", "Table", "FangTable"],
  ["producer", "DeadLetterQueue", "ProducerDeadletterqueue"],
  ["every-five-minutes", "Rule", "EveryFiveMinutesRule"],
  ["a", "B", "AB"],
  ["queue2", "Queue", "Queue2Queue"],
  ["tomato-bytes", "Topic", "TomatoBytesTopic"],
])("frozen: %s's %s is %s", (component, resource, id) => {
  expect(componentLogicalId(component, resource)).toBe(id);
});

test.each([
  ["timer", "", "worker", "Permission", "TimerToWorkerPermission"],
  ["fang", "stream", "indexer", "PollPolicy", "FangToIndexerByStreamPollpolicy"],
  ["every-five-minutes", "", "server-less", "Mapping", "EveryFiveMinutesToServerLessMapping"],
  ["a", "two-words", "b", "C", "AToBByTwoWordsC"],
])("frozen: %s -%s-> %s's %s is %s", (from, verb, to, resource, id) => {
  expect(arrowLogicalId({ from, verb, to }, resource)).toBe(id);
});

test.each([
  ["feature/x", "feature-x-217d2b"],
  ["feature-x", "feature-x-c791eb"],
  ["UPPER_case.and.dots", "upper-case-and-dots-c2c392"],
  ["1-starts-with-a-digit", "starts-with-a-digit-d6e2e7"],
  ["a-very-long-branch-name-that-goes-on-and-on", "a-very-long-branch-name-39baa3"],
  ["日本語", "b-77710a"],
])("frozen: branch %s is stage %s", (branch, stage) => {
  expect(stageOfBranch(branch, sha256)).toBe(stage);
});

test("no preview is named like a protected stage, whose names AWS refuses to previews", () => {
  for (const branch of ["prod", "prod-fix", "Prod/fix", "prod-and-a-very-long-name-that-goes-on"]) {
    const stage = stageOfBranch(branch, sha256, ["prod"]);
    expect(stage).toMatch(/^b-prod(?:-[a-z]+)*-[0-9a-f]{6}$/);
    expect(stage.length).toBeLessThanOrEqual(MAX_STAGE_NAME);
  }
  expect(stageOfBranch("production", sha256, ["prod"])).toMatch(/^production-/);
});

test("frozen: outputs, environment variables, stacks and the spellings of options", () => {
  expect(outputName("every-day", "DeadLetterUrl")).toBe("EveryDayDeadletterurl");
  expect(environmentName("every-five-minutes", "QueueUrl")).toBe("EVERY_FIVE_MINUTES_QUEUE_URL");
  expect(stackName("rabbit-hole", "prod")).toBe("rabbit-hole-prod");
  expect(kebabCase("VisibilityTimeout")).toBe("visibility-timeout");
  expect(camelCase("VisibilityTimeout")).toBe("visibilityTimeout");
});

/** All names of up to three of few words, which collide at once if a rule is wrong. */
const WORDS = ["a", "b", "ab", "tob", "byb"];
const COMPONENTS = WORDS.flatMap((one) => [
  one,
  ...WORDS.flatMap((two) => [`${one}-${two}`, `${one}-${two}-a`]),
]);
const VERBS = ["", "a", "b", "to", "by", "by-a", "a-to", "ab"];
const RESOURCES = ["A", "B", "Ab", "AbA", "To", "By", "ToB", "ByB"];

test("no two resources of any components and arrows have the same id", () => {
  const owners = new Map<string, string>();
  const collisions: string[] = [];
  const note = (id: string, owner: string): void => {
    const other = owners.get(id);
    if (other !== undefined) collisions.push(`${id}: ${other} and ${owner}`);
    owners.set(id, owner);
  };
  for (const resource of RESOURCES) {
    for (const from of COMPONENTS) {
      note(componentLogicalId(from, resource), `${from} ${resource}`);
      for (const verb of VERBS) {
        for (const to of COMPONENTS) {
          note(arrowLogicalId({ from, verb, to }, resource), `${from} -${verb}-> ${to} ${resource}`);
        }
      }
    }
  }
  expect(owners.size).toBeGreaterThan(100_000);
  expect(collisions.slice(0, 10)).toEqual([]);
});

test("CloudFormation takes every id", () => {
  const resource = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,40}$/);
  fc.assert(
    fc.property(componentName, componentName, resource, (from, to, own) => {
      expect(componentLogicalId(from, own)).toMatch(/^[A-Za-z0-9]{1,255}$/);
      expect(arrowLogicalId({ from, verb: "some-verb", to }, own)).toMatch(/^[A-Za-z0-9]{1,255}$/);
    }),
  );
});

test("branches with the same letters are different stages, within every service's limit", () => {
  const branch = fc.oneof(
    fc.string({ unit: "binary", minLength: 1 }),
    fc.array(fc.constantFrom("a", "-", "/", "_", "A", "."), { minLength: 1 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(branch, branch, (one, other) => {
      const stage = stageOfBranch(one, sha256);
      expect(stage).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]$/);
      expect(stage.length).toBeLessThanOrEqual(MAX_STAGE_NAME);
      expect(stage === stageOfBranch(other, sha256)).toBe(one === other);
    }),
    { numRuns: 500 },
  );
});
