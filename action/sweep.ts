/** Reconciles stacks with Git: lists what is to go, then takes it down. One that fails does not stop the others. */
import { combinedFailure, joinFailures } from "./core/failure.ts";
import { type Leftover, leftoverProblems } from "./core/leftover.ts";
import { eachAtOnce } from "./core/parallel.ts";
import { UserError } from "./core/problem.ts";
import {
  type GitFacts,
  type Orphanhood,
  type Ownership,
  type Reprieve,
  type Verdict,
  isOfRemovedStage,
  judgeStacks,
  wantedStages,
  withOldConfig,
} from "./core/reconcile.ts";
import { ownerTags } from "./core/stack-owner.ts";
import type { Stage } from "./core/stage.ts";
import { type DestroyPorts, destroy } from "./destroy.ts";
import type { GarbageOutcome } from "./garbage.ts";
import type { Stack } from "./aws-ports.ts";
import type { GitHub } from "./github-ports.ts";
import type { Log, Workspace } from "./ports.ts";

export type SweepPorts = DestroyPorts & {
  readonly github: Pick<GitHub, "branches" | "openPullRequests" | "head">;
  readonly workspace: Pick<Workspace, "sha256">;
  /**
   * Called just before a stack is deleted, and again if something will be left of it: what is to be told elsewhere while
   * its stack can still bring us back.
   */
  readonly leaving?: (stack: Swept, leftovers: readonly Leftover[]) => Promise<void>;
};

export interface SweepRequest extends Ownership {
  readonly stages: readonly Stage[];
  readonly defaultBranch: string;
  /** Commit that `stages` are read from; without, they are taken for the newest. */
  readonly sha?: string;
  /** Only tells what it would do. */
  readonly dryRun: boolean;
  /** For each stack; default 3,600. */
  readonly timeoutSeconds?: number;
}

export interface Swept {
  readonly stackName: string;
  readonly stage: string;
  readonly branch: string;
  readonly pullRequest: number | undefined;
  /** For people, without a full stop. */
  readonly text: string;
}

/** What became of a stack that Git does not want. */
export type SweptStack =
  | (Swept & {
      readonly kind: "deleted";
      readonly reason: Orphanhood;
      /** What could not be deleted. */
      readonly leftovers: readonly Leftover[];
    })
  | (Swept & { readonly kind: "would-delete"; readonly reason: Orphanhood })
  /** `wanted-again`: between the look and the deed. */
  | (Swept & { readonly kind: "left"; readonly reason: Reprieve | "wanted-again" })
  | (Swept & { readonly kind: "failed"; readonly reason: Orphanhood; readonly error: unknown });

export interface SweepOutcome {
  readonly kind: "swept";
  /** How many stacks Git wants. */
  readonly wanted: number;
  /** Sorted by name. */
  readonly stacks: readonly SweptStack[];
  /** Of the artifact buckets; absent where they were not looked at. */
  readonly garbage?: GarbageOutcome;
}

/** More would be throttled: CloudFormation's limits count for the whole account. */
const STACKS_AT_ONCE = 4;

/**
 * In one account and region. Throws UserError `branches-incomplete`. A stack that could not be deleted is in the
 * outcome: tell the others first, then throw what `sweepFailure` makes of it.
 */
export async function sweep(request: SweepRequest, ports: SweepPorts): Promise<SweepOutcome> {
  // Stacks first: all that is to keep one of them was there before it, so it shows in what GitHub says afterwards.
  const stacks = await ports.stacks.list();
  const openPullRequests = await ports.github.openPullRequests();
  const branches = await ports.github.branches();
  refuseIncomplete(branches, request.defaultBranch);
  const facts: GitFacts = { branches, openPullRequests };
  const verdicts = await heedAge(judge(stacks, facts, request, ports), request, ports);
  tellPlan(verdicts, request.dryRun, ports.log);

  const results: SweptStack[] = [];
  const orphans: Orphan[] = [];
  for (const verdict of verdicts) {
    if (verdict.kind === "leave") results.push({ ...sweptOf(verdict), kind: "left", reason: verdict.reason });
    if (verdict.kind === "delete") orphans.push(verdict);
  }
  await eachAtOnce(STACKS_AT_ONCE, orphans, async (orphan) => {
    results.push(
      request.dryRun
        ? { ...sweptOf(orphan), kind: "would-delete", reason: orphan.reason }
        : await takeDown(orphan, facts, request, ports),
    );
  });
  return {
    kind: "swept",
    wanted: verdicts.filter(({ kind }) => kind === "wanted").length,
    stacks: results.toSorted((a, b) => (a.stackName < b.stackName ? -1 : 1)),
  };
}

export function leftoversOf(stack: SweptStack): readonly Leftover[] {
  return stack.kind === "deleted" ? stack.leftovers : [];
}

/** Undefined if nothing failed. UserError `sweep-failed` or `resources-left`, or a bug's error with its cause. */
export function sweepFailure({ stacks }: SweepOutcome): Error | undefined {
  const failed = stacks.filter((stack) => stack.kind === "failed");
  const failure = combinedFailure(
    "sweep-failed",
    "could not be deleted",
    failed.map(({ stackName: name, error }) => ({ name, error })),
  );
  const left = stacks.flatMap((stack) =>
    leftoverProblems(leftoversOf(stack)).map((problem) => ({
      ...problem,
      message: `${stack.stackName}: ${problem.message}`,
    })),
  );
  return joinFailures([failure, left.length > 0 ? new UserError("resources-left", left) : undefined]);
}

type Orphan = Verdict & { readonly kind: "delete" };

function judge(
  stacks: readonly Stack[],
  facts: GitFacts,
  request: SweepRequest,
  { workspace: { sha256 }, clock }: SweepPorts,
): readonly Verdict[] {
  const wanted = wantedStages(request.stages, facts, sha256);
  return judgeStacks(stacks, wanted, request.stages, request, clock.now());
}

/** A night that is run again weeks later, and a closed pull request's run, know another pipeline.yaml than the newest. */
async function heedAge(
  verdicts: readonly Verdict[],
  { sha, defaultBranch }: SweepRequest,
  { github }: SweepPorts,
): Promise<readonly Verdict[]> {
  if (sha === undefined || !verdicts.some(isOfRemovedStage)) return verdicts;
  return (await github.head(defaultBranch)) === sha ? verdicts : withOldConfig(verdicts, defaultBranch);
}

/** A list without the default branch is not a list of all branches: every preview would go. */
function refuseIncomplete(branches: readonly string[], defaultBranch: string): void {
  if (branches.includes(defaultBranch)) return;
  throw new UserError("branches-incomplete", {
    message: `GitHub's list of ${branches.length} branches lacks the default branch \`${defaultBranch}\``,
    hint: "Nothing was deleted. Run it again; if the default branch was just renamed, start a new run.",
  });
}

function tellPlan(verdicts: readonly Verdict[], dryRun: boolean, log: Log): void {
  const verb = dryRun ? "would delete" : "will delete";
  for (const { kind, stack, text } of verdicts) {
    if (kind === "delete") log.info(`${verb} ${stack.name}: ${text}`);
    if (kind === "leave") log.info(`leaves ${stack.name}: ${text}`);
  }
  if (!verdicts.some(({ kind }) => kind === "delete")) log.info("no stack is to be deleted");
}

async function takeDown(
  orphan: Orphan,
  facts: GitFacts,
  request: SweepRequest,
  ports: SweepPorts,
): Promise<SweptStack> {
  const swept = sweptOf(orphan);
  const { reason, stack } = orphan;
  const { timeoutSeconds } = request;
  const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  try {
    const changed = await lookAgain(orphan, facts, request, ports);
    if (changed) {
      ports.log.info(`leaves ${stack.name} after all: ${changed.text}`);
      return changed;
    }
    await ports.leaving?.(swept, []);
    const leaving = async (leftovers: readonly Leftover[]): Promise<void> =>
      ports.leaving?.(swept, leftovers);
    const log = named(stack.name, ports.log);
    const { pipeline, stage } = orphan.identity;
    const tags = ownerTags(pipeline, stage);
    const order = { stackName: stack.name, protected: false, tags, leaving, ...limit };
    const gone = await destroy(order, { ...ports, log });
    const leftovers = gone.kind === "destroyed" ? gone.leftovers : [];
    return { ...swept, kind: "deleted", reason, leftovers };
  } catch (error) {
    // Not the end: the other stacks have nothing to do with it. `sweepFailure` tells it.
    return { ...swept, kind: "failed", reason, error };
  }
}

/** Others take minutes, and meanwhile a pull request may be reopened or a preview deployed. Undefined: nothing changed. */
async function lookAgain(
  { stack: { name }, identity }: Orphan,
  { branches }: GitFacts,
  request: SweepRequest,
  ports: SweepPorts,
): Promise<SweptStack | undefined> {
  const { github, stacks } = ports;
  const stack = await stacks.find(name);
  if (!stack) return undefined;
  const openPullRequests = await github.openPullRequests();
  const { branch } = identity;
  // One call instead of all pages. A name that tags cannot hold is not found, and then the list counts.
  const alive = branch !== "" && (await github.head(branch)) !== undefined;
  const others = branches.filter((other) => other !== branch);
  const facts = { branches: alive ? [...others, branch] : others, openPullRequests };
  const [verdict] = judge([stack], facts, request, ports);
  if (verdict?.kind === "delete") return undefined;
  if (verdict?.kind === "leave") return { ...sweptOf(verdict), kind: "left", reason: verdict.reason };
  const text = "something changed meanwhile, and it is wanted";
  return { ...sweptOf({ stack, identity, text }), kind: "left", reason: "wanted-again" };
}

function sweptOf({ stack, identity, text }: Pick<Verdict, "stack" | "identity" | "text">): Swept {
  const { stage, branch, pullRequest } = identity;
  return { stackName: stack.name, stage, branch, pullRequest, text };
}

/** Lines of several stacks come mixed. */
function named(stackName: string, log: Log): Log {
  const line = (text: string): string => `${stackName}: ${text}`;
  return {
    info: (text) => log.info(line(text)),
    warn: (text) => log.warn(line(text)),
    error: (text) => log.error(line(text)),
    progress: (text) => log.progress(line(text)),
  };
}
