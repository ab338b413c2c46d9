/**
 * Which stacks Git wants, and which of those that are there are to go. Level-triggered: no event is needed for it, so
 * none that GitHub drops (`pull_request: closed` of a conflicted pull request) can leave a stack behind.
 */
import type { PullRequest } from "./event.ts";
import { stackName, stageOfBranch } from "./names.ts";
import { type Stage, protectedNames } from "./stage.ts";
import { phaseOf, sweepStep } from "./stack.ts";
import { type StackIdentity, readStackTags, tagValue } from "./stack-tags.ts";

/** What GitHub says now. Lists are complete: an empty page more or less decides about somebody's stack. */
export interface GitFacts {
  readonly branches: readonly string[];
  readonly openPullRequests: readonly PullRequest[];
}

/** A stage that Git wants, by the name that its stack's name ends with. */
export type WantedStage =
  | { readonly kind: "configured" }
  | {
      readonly kind: "preview";
      readonly branch: string;
      /** The open pull requests of the branch; without any, only a preview that was deployed by hand may stay. */
      readonly pullRequests: readonly number[];
      readonly ttlMinutes: number | undefined;
    };

/**
 * - a stage of pull requests: one preview for each living branch
 * - a stage of a branch: while that branch lives; for ever if it is protected
 * - a stage without a trigger: while it is in pipeline.yaml
 *
 * Branches of forks do not count: they never get a preview, and one may be named like a branch of ours.
 */
export function wantedStages(
  stages: readonly Stage[],
  facts: GitFacts,
  sha256: (text: string) => string,
): ReadonlyMap<string, WantedStage> {
  const wanted = new Map<string, WantedStage>();
  const living = new Set(facts.branches);
  const pullRequests = Map.groupBy(
    facts.openPullRequests.filter(({ open, fromFork }) => open && !fromFork),
    ({ branch }) => branch,
  );
  for (const { trigger } of stages) {
    if (trigger.kind !== "pull-requests") continue;
    for (const branch of living) {
      wanted.set(stageOfBranch(branch, sha256, protectedNames(stages)), {
        kind: "preview",
        branch,
        pullRequests: (pullRequests.get(branch) ?? []).map(({ number }) => number),
        ttlMinutes: trigger.ttlMinutes,
      });
    }
  }
  // After the previews: should a stage be named like one, it is the stage.
  for (const { name, trigger, protected: isProtected } of stages) {
    if (trigger.kind === "pull-requests") continue;
    if (trigger.kind === "manual" || isProtected || living.has(trigger.branch)) {
      wanted.set(name, { kind: "configured" });
    }
  }
  return wanted;
}

/** A stack, as far as the decision goes. */
export interface StackState {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly terminationProtection: boolean;
  /** Milliseconds since 1970 of its last update, or else of its creation. */
  readonly changedAt: number;
}

export interface Ownership {
  readonly pipeline: string;
  readonly repositoryId: string;
  /** Only what was deployed from this branch is looked at. */
  readonly onlyBranch?: string;
}

/** Why a stack is to go. Stable codes. */
export type Orphanhood =
  | "pull-request-closed"
  | "branch-gone"
  | "stage-removed"
  | "expired"
  /** An empty shell that a plan or a killed run has left. */
  | "never-deployed";

/** Why a stack stays that Git does not want, or that cannot be judged. Stable codes. */
export type Reprieve =
  | "protected"
  | "in-progress"
  | "other-pipeline"
  | "no-repository-id"
  | "name-differs"
  /** A newer pipeline.yaml may have the stage that this one lacks. */
  | "config-outdated";

export type Verdict = {
  readonly stack: StackState;
  readonly identity: StackIdentity;
  /** For people, without a full stop. */
  readonly text: string;
} & (
  | { readonly kind: "wanted" }
  | { readonly kind: "delete"; readonly reason: Orphanhood }
  | { readonly kind: "leave"; readonly reason: Reprieve }
);

/** An empty stack may be one that another run is just making: its change set is not executed yet. */
const SHELL_GRACE_MS = 60 * 60_000;

/** One verdict for each stack that is ours or could be taken for it, in their order; others are nobody's business here. */
export function judgeStacks(
  stacks: readonly StackState[],
  wanted: ReadonlyMap<string, WantedStage>,
  stages: readonly Stage[],
  owner: Ownership,
  now: number,
): readonly Verdict[] {
  const { onlyBranch } = owner;
  return stacks.flatMap((stack): Verdict[] => {
    const identity = shellIdentity(stack, owner) ?? readStackTags(stack.tags);
    const { pipeline, repositoryId, stage, branch } = identity;
    const ours = repositoryId === owner.repositoryId;
    // A missing id is no proof either way; it is told, so that nobody waits for the stack to go.
    if (!ours && !(repositoryId === "" && pipeline === owner.pipeline)) return [];
    if (onlyBranch !== undefined && branch !== tagValue(onlyBranch)) return [];
    const base = { stack, identity };
    const leave = (reason: Reprieve, text: string): Verdict[] => [{ ...base, kind: "leave", reason, text }];
    if (!ours)
      return leave("no-repository-id", "it was deployed from somebody's machine, not by this repository");
    if (pipeline !== owner.pipeline) return leave("other-pipeline", `it belongs to pipeline \`${pipeline}\``);
    if (stage === "" || stack.name !== stackName(pipeline, stage)) {
      return leave("name-differs", `its tags say stage \`${stage}\`, which its name does not`);
    }
    const orphan = orphanhood(stack, identity, wanted.get(stage), stages, now);
    if (!orphan) return [{ ...base, kind: "wanted", text: "Git wants it" }];
    if (identity.protected || stack.terminationProtection || isProtectedStage(stages, identity)) {
      return leave("protected", `${orphan.text}, but it is protected`);
    }
    const step = sweepStep(stack.status);
    if (step === "leave" || (step === "later" && now - stack.changedAt < SHELL_GRACE_MS)) {
      return leave("in-progress", `${orphan.text}, but it is ${stack.status}: left to the next run`);
    }
    return [{ ...base, kind: "delete", ...orphan }];
  });
}

/** That a stage is gone is only known from the newest pipeline.yaml. */
export function isOfRemovedStage(verdict: Verdict): boolean {
  return verdict.kind === "delete" && verdict.reason === "stage-removed";
}

/** The same verdicts, as far as a pipeline.yaml that is not the newest can give them. */
export function withOldConfig(verdicts: readonly Verdict[], defaultBranch: string): readonly Verdict[] {
  return verdicts.map((verdict): Verdict => {
    if (!isOfRemovedStage(verdict)) return verdict;
    const { stack, identity } = verdict;
    const text = `${verdict.text}, but this is not the newest one of \`${defaultBranch}\`: left to the next run`;
    return { stack, identity, kind: "leave", reason: "config-outdated", text };
  });
}

/**
 * A stack gets its tags when its first change set is executed. Until then its name is all there is: that of a preview
 * is told by its hash, and whoever's it is, it holds nothing.
 */
function shellIdentity({ name, status, tags }: StackState, owner: Ownership): StackIdentity | undefined {
  const { pipeline, repositoryId } = owner;
  const stage = name.slice(stackName(pipeline, "").length);
  const isOurs = name === stackName(pipeline, stage) && /^[a-z][a-z0-9-]*-[0-9a-f]{6}$/.test(stage);
  if (!isOurs || Object.keys(tags).length > 0 || phaseOf(status) !== "shell") return undefined;
  return { ...readStackTags(tags), pipeline, repositoryId, stage };
}

function isProtectedStage(stages: readonly Stage[], { stage, of }: StackIdentity): boolean {
  return stages.some(({ name, protected: isProtected }) => isProtected && (name === stage || name === of));
}

function orphanhood(
  { changedAt, status }: StackState,
  { stage, of, branch, pullRequest }: StackIdentity,
  wanted: WantedStage | undefined,
  stages: readonly Stage[],
  now: number,
): { readonly reason: Orphanhood; readonly text: string } | undefined {
  if (!wanted && of === "" && phaseOf(status) === "shell") {
    return { reason: "never-deployed", text: "it is empty, and no branch has it" };
  }
  if (!wanted) {
    return stages.some(({ name }) => name === of)
      ? { reason: "branch-gone", text: `its branch \`${branch}\` is gone` }
      : { reason: "stage-removed", text: `pipeline.yaml has no stage \`${of === "" ? stage : of}\`` };
  }
  if (wanted.kind === "configured") return undefined;
  if (pullRequest !== undefined && wanted.pullRequests.length === 0) {
    return { reason: "pull-request-closed", text: `pull request #${pullRequest} is closed` };
  }
  const { ttlMinutes } = wanted;
  if (ttlMinutes !== undefined && changedAt + ttlMinutes * 60_000 <= now) {
    return {
      reason: "expired",
      text: `it was not changed for longer than its ttl (${duration(ttlMinutes)})`,
    };
  }
  return undefined;
}

function duration(minutes: number): string {
  const [count, unit] =
    minutes % 1_440 === 0
      ? [minutes / 1_440, "day"]
      : minutes % 60 === 0
        ? [minutes / 60, "hour"]
        : [minutes, "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
