/** Which stacks Git wants, and what becomes of each that is there. */
import { describe, expect, test } from "vitest";
import { stageOfBranch } from "../../action/core/names.ts";
import { judgeStacks, wantedStages } from "../../action/core/reconcile.ts";
import type { Stage } from "../../action/core/stage.ts";
import type { Stack } from "../../action/aws-ports.ts";
import { PREVIEW, PROD, SANDBOX, STAGES, STAGING, preview, sha256 } from "./stages.ts";
import { type Git, OWNER, previewOf, pullRequestOf, stackOf } from "./world.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Situation extends Partial<Git> {
  readonly stages?: readonly Stage[];
  readonly now?: number;
  readonly onlyBranch?: string;
}

function judge(stacks: readonly Stack[], situation: Situation = {}) {
  const {
    stages = STAGES,
    now = 0,
    branches = ["main", "develop"],
    pullRequests = [],
    onlyBranch,
  } = situation;
  const wanted = wantedStages(stages, { branches, openPullRequests: pullRequests }, sha256);
  const owner = { ...OWNER, ...(onlyBranch === undefined ? {} : { onlyBranch }) };
  return judgeStacks(stacks, wanted, stages, owner, now);
}

/** `wanted`, the reason, or `-`: not our business. */
function verdictOf(stack: Stack, situation?: Situation): string {
  const [verdict] = judge([stack], situation);
  if (!verdict) return "-";
  return verdict.kind === "wanted" ? verdict.kind : `${verdict.kind}: ${verdict.reason}`;
}

describe("wanted are", () => {
  const facts = {
    branches: ["main", "feature/x", "feature-x"],
    openPullRequests: [pullRequestOf(7, "feature/x")],
  };

  test("configured stages whose branch lives, or that are protected, and a preview of each living branch", () => {
    const wanted = wantedStages(STAGES, facts, sha256);
    expect(Object.fromEntries(wanted)).toEqual({
      prod: { kind: "configured" },
      sandbox: { kind: "configured" },
      [stageOfBranch("main", sha256)]: {
        kind: "preview",
        branch: "main",
        pullRequests: [],
        ttlMinutes: 10_080,
      },
      "feature-x-217d2b": { kind: "preview", branch: "feature/x", pullRequests: [7], ttlMinutes: 10_080 },
      [stageOfBranch("feature-x", sha256)]: {
        kind: "preview",
        branch: "feature-x",
        pullRequests: [],
        ttlMinutes: 10_080,
      },
    });
  });

  test("no previews without a stage of pull requests", () => {
    expect([...wantedStages([PROD, STAGING, SANDBOX], facts, sha256).keys()]).toEqual(["prod", "sandbox"]);
  });

  test("a configured stage, should it be named like a preview", () => {
    const name = stageOfBranch("feature/x", sha256);
    const wanted = wantedStages([PREVIEW, { ...SANDBOX, name }], facts, sha256);
    expect(wanted.get(name)).toEqual({ kind: "configured" });
  });

  test("all pull requests of a branch, but none of forks, nor closed ones", () => {
    const openPullRequests = [
      pullRequestOf(7, "feature/x"),
      pullRequestOf(8, "feature/x", { baseBranch: "develop" }),
      pullRequestOf(9, "feature/x", { fromFork: true }),
      pullRequestOf(10, "feature/x", { open: false }),
    ];
    const wanted = wantedStages(STAGES, { ...facts, openPullRequests }, sha256);
    expect(wanted.get(stageOfBranch("feature/x", sha256))).toMatchObject({ pullRequests: [7, 8] });
  });
});

const x = "feature/x";
const withBranch = { branches: ["main", "develop", x] };
const withPullRequest = { ...withBranch, pullRequests: [pullRequestOf(7, x)] };
const forked = { ...withBranch, pullRequests: [pullRequestOf(8, x, { fromFork: true })] };
const ofPullRequest = previewOf(x, { pullRequest: 7 });
const byHand = previewOf(x);

describe("a preview", () => {
  test.each<[string, Stack, Situation, string]>([
    ["of an open pull request", ofPullRequest, withPullRequest, "wanted"],
    ["of a branch with a newer pull request", previewOf(x, { pullRequest: 3 }), withPullRequest, "wanted"],
    ["of a closed pull request whose branch lives", ofPullRequest, withBranch, "delete: pull-request-closed"],
    ["whose only open pull request is a fork's", ofPullRequest, forked, "delete: pull-request-closed"],
    ["of a closed pull request whose branch is gone", ofPullRequest, {}, "delete: branch-gone"],
    [
      "whose branch is gone before its pull request",
      ofPullRequest,
      { pullRequests: [pullRequestOf(7, x)] },
      "delete: branch-gone",
    ],
    ["by hand, of a living branch", byHand, withBranch, "wanted"],
    ["by hand, of a branch that has a pull request meanwhile", byHand, withPullRequest, "wanted"],
    ["by hand, whose branch is gone", byHand, {}, "delete: branch-gone"],
    [
      "of a name that tags cannot hold",
      previewOf("$(x)|`é🐇`"),
      { branches: ["main", "$(x)|`é🐇`"] },
      "wanted",
    ],
    [
      "in a pipeline without previews",
      ofPullRequest,
      { ...withPullRequest, stages: [PROD] },
      "delete: stage-removed",
    ],
  ])("%s", (_what, stack, situation, verdict) => {
    expect(verdictOf(stack, situation)).toBe(verdict);
  });

  test.each<[string, Stack, number, number | undefined, string]>([
    ["a minute before its ttl", ofPullRequest, 7 * DAY - MINUTE, 7 * 24 * 60, "wanted"],
    ["at its ttl", ofPullRequest, 7 * DAY, 7 * 24 * 60, "delete: expired"],
    ["at its ttl, by hand", byHand, 7 * DAY, 7 * 24 * 60, "delete: expired"],
    ["without ttl", byHand, 700 * DAY, undefined, "wanted"],
    ["at its ttl, but changed meanwhile", { ...byHand, changedAt: DAY }, 7 * DAY, 7 * 24 * 60, "wanted"],
    ["whose dates are unknown", { ...byHand, changedAt: Infinity }, 700 * DAY, 60, "wanted"],
  ])("%s", (_what, stack, now, ttlMinutes, verdict) => {
    expect(verdictOf(stack, { ...withPullRequest, now, stages: [PROD, preview(ttlMinutes)] })).toBe(verdict);
  });

  test.each([
    [90, "90 minutes"],
    [60, "1 hour"],
    [7 * 24 * 60, "7 days"],
  ])("of %i minutes says when it expired", (ttlMinutes, words) => {
    const [verdict] = judge([byHand], { ...withBranch, now: 700 * DAY, stages: [PROD, preview(ttlMinutes)] });
    expect(verdict?.text).toBe(`it was not changed for longer than its ttl (${words})`);
  });
});

describe("a configured stage", () => {
  const prod = stackOf({ stage: "prod", protected: true }, { terminationProtection: true });
  const staging = stackOf({ stage: "staging", branch: "develop" });
  const sandbox = stackOf({ stage: "sandbox", branch: "main" });

  test.each<[string, Stack, Situation, string]>([
    ["whose branch lives", staging, {}, "wanted"],
    ["whose branch is gone", staging, { branches: ["main"] }, "delete: branch-gone"],
    ["without a trigger", sandbox, {}, "wanted"],
    ["never expires", staging, { now: 700 * DAY }, "wanted"],
    ["that was removed", sandbox, { stages: [PROD] }, "delete: stage-removed"],
    ["that is protected", prod, { branches: [] }, "wanted"],
    ["that was removed and is protected", prod, { stages: [STAGING] }, "leave: protected"],
    [
      "with that tag alone",
      { ...prod, terminationProtection: false },
      { stages: [STAGING] },
      "leave: protected",
    ],
    [
      "with termination protection alone",
      { ...sandbox, terminationProtection: true },
      { stages: [PROD] },
      "leave: protected",
    ],
  ])("%s", (_what, stack, situation, verdict) => {
    expect(verdictOf(stack, situation)).toBe(verdict);
  });

  test("that became protected since its last deploy is left, whatever its tags say", () => {
    const renamed = stackOf({ stage: "old-prod", of: "prod" });
    expect(verdictOf(renamed)).toBe("leave: protected");
  });
});

describe("a stack", () => {
  test.each<[string, Stack, string]>([
    ["without our tags", { ...ofPullRequest, tags: {} }, "-"],
    ["of another repository", previewOf(x, { repositoryId: "1" }), "-"],
    ["of another repository's other pipeline", previewOf(x, { repositoryId: "1", pipeline: "else" }), "-"],
    ["of this repository's other pipeline", previewOf(x, { pipeline: "else" }), "leave: other-pipeline"],
    ["without a repository's id", withoutTag(ofPullRequest, "repository-id"), "leave: no-repository-id"],
    [
      "of another pipeline without an id",
      withoutTag(previewOf(x, { pipeline: "else" }), "repository-id"),
      "-",
    ],
    ["without a stage", withoutTag(ofPullRequest, "stage"), "leave: name-differs"],
    ["of another name", { ...ofPullRequest, name: "rabbit-hole-prod" }, "leave: name-differs"],
  ])("%s", (_what, stack, verdict) => {
    expect(verdictOf(stack)).toBe(verdict);
  });

  test.each([
    ["CREATE_COMPLETE", "delete: branch-gone"],
    ["ROLLBACK_COMPLETE", "delete: branch-gone"],
    ["UPDATE_ROLLBACK_FAILED", "delete: branch-gone"],
    ["DELETE_FAILED", "delete: branch-gone"],
    ["DELETE_IN_PROGRESS", "delete: branch-gone"],
    ["CREATE_IN_PROGRESS", "leave: in-progress"],
    ["UPDATE_IN_PROGRESS", "leave: in-progress"],
    ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "leave: in-progress"],
    ["ROLLBACK_IN_PROGRESS", "leave: in-progress"],
    ["REVIEW_IN_PROGRESS", "leave: in-progress"],
  ])("that is an orphan and %s", (status, verdict) => {
    expect(verdictOf({ ...ofPullRequest, status })).toBe(verdict);
  });

  test("that nobody executed for an hour is no longer being made", () => {
    const shell = { ...ofPullRequest, status: "REVIEW_IN_PROGRESS" };
    expect(verdictOf(shell, { now: 60 * MINUTE })).toBe("delete: branch-gone");
  });

  test.each([
    ["an hour ago", { now: 60 * MINUTE }, "delete: never-deployed"],
    ["a moment ago", { now: 1 }, "leave: in-progress"],
    ["for a living branch", { now: 60 * MINUTE, branches: ["main", x] }, "wanted"],
  ])("that is empty and has no tags, as a plan leaves it %s", (_when, facts, verdict) => {
    const shell = { ...ofPullRequest, status: "REVIEW_IN_PROGRESS", tags: {} };
    expect(verdictOf(shell, facts)).toBe(verdict);
  });

  test.each([
    ["has no preview's name", { name: "rabbit-hole-staging", status: "REVIEW_IN_PROGRESS" }],
    ["is of another pipeline", { name: "fox-hole-x-1a2b3c", status: "REVIEW_IN_PROGRESS" }],
    ["holds something", { status: "CREATE_COMPLETE" }],
  ])("that has no tags and %s is nobody's business here", (_what, rest) => {
    const stack = { ...ofPullRequest, tags: {}, ...rest };
    expect(judge([stack], { now: 60 * MINUTE, branches: ["main"] })).toEqual([]);
  });

  test("that is in progress says so, and why it would go", () => {
    const [verdict] = judge([{ ...ofPullRequest, status: "UPDATE_IN_PROGRESS" }], withBranch);
    expect(verdict?.text).toBe(
      "pull request #7 is closed, but it is UPDATE_IN_PROGRESS: left to the next run",
    );
  });
});

describe("a teardown of one branch", () => {
  const others = [previewOf("feature/y"), stackOf({ stage: "staging", branch: "develop" })];

  test("judges nothing else", () => {
    const verdicts = judge([...others, ofPullRequest], { branches: ["main"], onlyBranch: x });
    expect(verdicts.map(({ stack }) => stack.name)).toEqual([ofPullRequest.name]);
  });

  test("takes the branch's configured stage too", () => {
    const verdicts = judge([...others, ofPullRequest], { branches: ["main"], onlyBranch: "develop" });
    expect(verdicts.map(({ stack }) => stack.name)).toEqual(["rabbit-hole-staging"]);
  });

  test("does not take what a pull request's own pipeline.yaml says is its branch's", () => {
    const stages = [PROD, { ...STAGING, trigger: { kind: "branch", branch: x } } as const, PREVIEW];
    expect(judge([others[1] as Stack], { branches: ["main", "develop"], stages, onlyBranch: x })).toEqual([]);
  });

  test("finds the preview of a name that tags cannot hold", () => {
    const verdicts = judge([previewOf("$(x)|`")], { branches: ["main"], onlyBranch: "$(x)|`" });
    expect(verdicts).toMatchObject([{ kind: "delete", reason: "branch-gone" }]);
  });
});

function withoutTag(stack: Stack, tag: string): Stack {
  const tags = Object.fromEntries(Object.entries(stack.tags).filter(([key]) => key !== `warren:${tag}`));
  return { ...stack, tags };
}
