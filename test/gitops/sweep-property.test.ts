/**
 * Any history of a repository, its events delivered in any order, late, or never: after one sweep, the stacks are those
 * that Git wants. What "wants" means is written down here a second time, in words of Git and without tags.
 */
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
} from "fast-check";
import type { Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import type { Event, PullRequest, RunContext } from "../../action/core/event.ts";
import { stillWanted } from "../../action/core/freshness.ts";
import { decide } from "../../action/core/intent.ts";
import type { Stack } from "../../action/aws-ports.ts";
import type { Clock } from "../../action/ports.ts";
import { sweep } from "../../action/sweep.ts";
import { PREVIEW, STAGES } from "./stages.ts";
import {
  type Git,
  OWNER,
  SHA,
  createAccount,
  gitHubOf,
  previewOf,
  pullRequestOf,
  stackOf,
  sweepWorld,
} from "./world.ts";

const TTL_MS = PREVIEW.trigger.kind === "pull-requests" ? (PREVIEW.trigger.ttlMinutes ?? 0) * 60_000 : 0;
// One name is too strange for a tag, and `x` and `y` are short enough to be confused.
const BRANCHES = ["x", "y", "$(z)|`", "develop"];
const NOTHING = {
  command: "",
  stage: "",
  allowOlder: false,
  approve: "",
  commit: "",
  skip: "",
  dryRun: false,
  revert: false,
};

const RUN: RunContext = {
  repository: "Codertocat/Hello-World",
  repositoryId: OWNER.repositoryId,
  ownerId: "21031067",
  defaultBranch: "main",
  sha: SHA,
  actor: "Codertocat",
  runId: "1",
  runAttempt: 1,
  runUrl: "",
};

type Step =
  | { readonly kind: "push" | "delete" | "open" | "fork" | "deploy"; readonly branch: string }
  | { readonly kind: "close" | "merge" | "reopen"; readonly index: number }
  | { readonly kind: "deliver" | "lose"; readonly index: number }
  | { readonly kind: "wait"; readonly days: number };

const index = integer({ min: 0, max: 20 });
const onBranch = record({
  kind: constantFrom(
    "push" as const,
    "push" as const,
    "delete" as const,
    "open" as const,
    "fork" as const,
    "deploy" as const,
  ),
  branch: constantFrom(...BRANCHES),
});
const onPullRequest = record({
  kind: constantFrom("close" as const, "merge" as const, "reopen" as const),
  index,
});
const onEvent = record({
  kind: constantFrom("deliver" as const, "deliver" as const, "lose" as const),
  index,
});
const wait = record({ kind: constant("wait" as const), days: integer({ min: 1, max: 4 }) });
const lossy: Arbitrary<readonly Step[]> = array(oneof(onBranch, onPullRequest, onEvent, wait), {
  maxLength: 40,
});
const prompt: Arbitrary<readonly Step[]> = array(oneof(onBranch, onPullRequest), { maxLength: 30 });

/** Remembers for each preview what Git knows about it; the code under test has only tags. */
interface Deployed {
  readonly branch: string;
  readonly byHand: boolean;
}

function repository() {
  const foreign = stackOf({ stage: "foreign-0f0f0f", of: "preview", repositoryId: "1", pullRequest: 1 });
  const prod = stackOf({ stage: "prod", protected: true }, { terminationProtection: true });
  const git: Git = { branches: ["main", "develop"], pullRequests: [] };
  const account = createAccount([prod, foreign, stackOf({ stage: "staging", branch: "develop" })]);
  const previews = new Map<string, Deployed>();
  /** Branches whose preview was deployed by hand, and that had no pull request since. */
  const handmade = new Set<string>();
  const pending: Event[] = [];
  let now = 0;
  const clock: Clock = { now: () => now, sleep: async () => undefined };
  const { ports } = sweepWorld(account, gitHubOf(git), clock);
  const request = { ...OWNER, stages: STAGES, defaultBranch: "main", dryRun: false };

  const openOn = (branch: string): PullRequest | undefined =>
    git.pullRequests.find((one) => one.open && !one.fromFork && one.branch === branch);

  function change(pullRequest: PullRequest, action: string): void {
    git.pullRequests = [
      ...git.pullRequests.filter(({ number }) => number !== pullRequest.number),
      pullRequest,
    ];
    if (pullRequest.open && !pullRequest.fromFork) handmade.delete(pullRequest.branch);
    pending.push({ kind: "pull-request", action, pullRequest });
  }

  function push(branch: string): void {
    const isNew = !git.branches.includes(branch);
    if (isNew) git.branches = [...git.branches, branch];
    pending.push({ kind: "push", branch, sha: SHA, deleted: false });
    const pullRequest = openOn(branch);
    if (pullRequest && !isNew) pending.push({ kind: "pull-request", action: "synchronize", pullRequest });
  }

  function remove(branch: string): void {
    if (!git.branches.includes(branch)) return;
    git.branches = git.branches.filter((other) => other !== branch);
    handmade.delete(branch);
    for (const one of git.pullRequests) {
      if (one.open && !one.fromFork && one.branch === branch) change({ ...one, open: false }, "closed");
    }
    pending.push({ kind: "branch-deleted", branch });
  }

  function place(branch: string, pullRequest: PullRequest | undefined): void {
    const stack: Stack = previewOf(branch, pullRequest ? { pullRequest: pullRequest.number } : {}, {
      changedAt: now,
    });
    account.stacks.set(stack.name, stack);
    previews.set(stack.name, { branch, byHand: pullRequest === undefined });
  }

  async function deliver(event: Event): Promise<void> {
    const intent = decide(event, RUN, STAGES, NOTHING);
    if (intent.kind === "preview") {
      const { pullRequest } = intent;
      const current = git.pullRequests.find(({ number }) => number === pullRequest.number);
      const head = git.branches.includes(pullRequest.branch) ? SHA : undefined;
      if (stillWanted(pullRequest, current, head).kind === "wanted") place(pullRequest.branch, pullRequest);
    } else if (intent.kind === "deploy" && git.branches.includes(intent.branch)) {
      const stack = stackOf({
        stage: intent.stage,
        branch: intent.branch,
        protected: intent.stage === "prod",
      });
      account.stacks.set(stack.name, stack);
    } else if (intent.kind === "teardown") {
      await sweep({ ...request, onlyBranch: intent.branch }, ports);
    }
  }

  async function take(step: Step): Promise<void> {
    const picked =
      "index" in step ? git.pullRequests[step.index % Math.max(1, git.pullRequests.length)] : undefined;
    switch (step.kind) {
      case "push":
        return push(step.branch);
      case "delete":
        return remove(step.branch);
      case "open":
      case "fork": {
        const fromFork = step.kind === "fork";
        if (!fromFork && openOn(step.branch)) return;
        if (!fromFork && !git.branches.includes(step.branch)) push(step.branch);
        return change(pullRequestOf(git.pullRequests.length + 1, step.branch, { fromFork }), "opened");
      }
      case "deploy":
        // By hand; a pull request of the branch, if there is one, is the preview's.
        if (!git.branches.includes(step.branch)) return;
        if (!openOn(step.branch)) handmade.add(step.branch);
        return place(step.branch, openOn(step.branch));
      case "close":
      case "merge":
        if (picked?.open) change({ ...picked, open: false, merged: step.kind === "merge" }, "closed");
        return;
      case "reopen":
        // GitHub refuses it without the branch, and beside another one of the same branch.
        if (
          picked &&
          !picked.open &&
          !picked.merged &&
          git.branches.includes(picked.branch) &&
          !openOn(picked.branch)
        )
          change({ ...picked, open: true }, "reopened");
        return;
      case "wait":
        now += step.days * 24 * 60 * 60_000;
        return;
      case "deliver":
      case "lose": {
        const [event] = pending.splice(step.index % Math.max(1, pending.length), 1);
        if (event && step.kind === "deliver") await deliver(event);
      }
    }
  }

  return {
    take,
    names: () => [...account.stacks.keys()].toSorted(),
    sweep: () => sweep(request, ports),
    async deliverAll(reversed: boolean) {
      const events = pending.splice(0);
      for (const event of reversed ? events.toReversed() : events) await deliver(event);
    },
    /** Of the stacks that are there, those that Git wants. */
    wanted: () =>
      [...account.stacks.values()]
        .filter(({ name, changedAt }) => {
          if (name === prod.name || name === foreign.name) return true;
          const preview = previews.get(name);
          if (!preview) return git.branches.includes("develop");
          const { branch, byHand } = preview;
          const asked = byHand || openOn(branch) !== undefined;
          return git.branches.includes(branch) && asked && now < changedAt + TTL_MS;
        })
        .map(({ name }) => name)
        .toSorted(),
    /** Of all stacks that there could be, those that Git wants when no time passes. */
    ideal(): readonly string[] {
      const branches = BRANCHES.filter((branch) => handmade.has(branch) || openOn(branch) !== undefined);
      const living = branches.filter((branch) => git.branches.includes(branch));
      const staging = git.branches.includes("develop") ? ["rabbit-hole-staging"] : [];
      return [
        prod.name,
        foreign.name,
        ...staging,
        ...living.map((branch) => previewOf(branch).name),
      ].toSorted();
    },
  };
}

test("after one sweep, exactly the stacks are left that Git wants, and a second sweep finds nothing", async () => {
  await assert(
    asyncProperty(lossy, async (steps) => {
      const world = repository();
      for (const step of steps) await world.take(step);
      const wanted = world.wanted();
      await world.sweep();
      expect(world.names()).toEqual(wanted);
      expect((await world.sweep()).stacks).toEqual([]);
      expect(world.names()).toEqual(wanted);
    }),
    { numRuns: 1_000 },
  );
});

test("when every event arrives, no sweep is needed, in whatever order those of one step come", async () => {
  await assert(
    asyncProperty(prompt, boolean(), async (steps, reversed) => {
      const world = repository();
      for (const step of steps) {
        await world.take(step);
        await world.deliverAll(reversed);
      }
      const before = world.names();
      expect(before).toEqual(world.ideal());
      await world.sweep();
      expect(world.names()).toEqual(before);
    }),
    { numRuns: 1_000 },
  );
});
