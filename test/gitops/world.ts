/** A repository on GitHub and an AWS account, as far as the reconciler sees them. Everything happens at once. */
import { stackName, stageOfBranch } from "../../action/core/names.ts";
import type { PullRequest } from "../../action/core/event.ts";
import { type StackFacts, stackTags } from "../../action/core/stack-tags.ts";
import type { Stack, StackEvent, StackResource, Stacks } from "../../action/aws-ports.ts";
import type { GitHub } from "../../action/github-ports.ts";
import type { SweepPorts } from "../../action/sweep.ts";
import { eventOf, fakeClock } from "../deploy/fake-stacks.ts";
import { sha256 } from "./stages.ts";

export const OWNER = { pipeline: "rabbit-hole", repositoryId: "186853002" };
export const SHA = "a".repeat(40);

/** As Warren deploys it for this repository; `facts` say what is different. */
export function stackOf(
  facts: Partial<StackFacts> & { readonly stage: string },
  rest: Partial<Stack> = {},
): Stack {
  const all: StackFacts = {
    pipeline: OWNER.pipeline,
    repositoryId: OWNER.repositoryId,
    repository: "Codertocat/Hello-World",
    of: facts.stage,
    protected: false,
    branch: "main",
    sha: SHA,
    digest: "",
    ...facts,
  };
  const name = stackName(all.pipeline, all.stage);
  return {
    id: `arn:aws:cloudformation:us-east-1:111122223333:stack/${name}/1`,
    name,
    status: "CREATE_COMPLETE",
    statusReason: "",
    tags: stackTags(all),
    outputs: {},
    terminationProtection: false,
    changedAt: 0,
    ...rest,
  };
}

export function previewOf(branch: string, facts: Partial<StackFacts> = {}, rest: Partial<Stack> = {}): Stack {
  return stackOf({ stage: stageOfBranch(branch, sha256), of: "preview", branch, ...facts }, rest);
}

export function pullRequestOf(number: number, branch: string, rest: Partial<PullRequest> = {}): PullRequest {
  const states = { open: true, draft: false, merged: false, fromFork: false };
  return { number, branch, headSha: SHA, baseBranch: "main", ...states, ...rest };
}

export interface Account {
  readonly stacks: Map<string, Stack>;
  /** Each deletion, and what else is done to a stack. */
  readonly calls: readonly string[];
  readonly port: Stacks;
}

/** Deletions of the stacks named in `broken` fail; `onList` is what happens right after the stacks were listed. */
/** `stuck`: a right is missing; `held`: something holds its queue, and it goes only without that. */
export type Broken = "stuck" | "held" | Error;

export function createAccount(
  initial: readonly Stack[],
  {
    broken = {},
    onList,
  }: { readonly broken?: Readonly<Record<string, Broken>>; readonly onList?: () => void } = {},
): Account {
  const stacks = new Map(initial.map((stack) => [stack.name, stack]));
  const events = new Map<string, StackEvent[]>();
  const calls: string[] = [];
  const unused = (): never => {
    throw new Error("the reconciler does not deploy");
  };
  const port: Stacks = {
    find: async (nameOrId) => stacks.get(nameOrId) ?? [...stacks.values()].find(({ id }) => id === nameOrId),
    async list() {
      const listed = [...stacks.values()];
      onList?.();
      return listed;
    },
    resources: async () => [JOBS],
    failedEvents: async () => undefined,
    hookRemedies: async () => undefined,
    async delete({ stackId, token, retain = [] }) {
      const stack = [...stacks.values()].find(({ id }) => id === stackId);
      if (!stack) throw new Error(`no stack ${stackId}`);
      calls.push(`delete ${stack.name}`);
      const known = broken[stack.name];
      if (known instanceof Error) throw known;
      const failure = known === "held" && retain.includes("Jobs") ? undefined : known;
      const reason = failure === "stuck" ? "Access denied" : "it is in use";
      events.set(stackId, deletion(stack, failure ? "DELETE_FAILED" : "DELETE_COMPLETE", token, reason));
      if (failure) stacks.set(stack.name, { ...stack, status: "DELETE_FAILED" });
      else stacks.delete(stack.name);
    },
    // Without own events: another's deletion, which ends when somebody looks at it.
    async events(stackId) {
      const own = events.get(stackId);
      if (own) return own;
      const stack = [...stacks.values()].find(({ id }) => id === stackId);
      if (!stack) return [];
      calls.push(`wait for ${stack.name}`);
      stacks.delete(stack.name);
      return deletion(stack, "DELETE_COMPLETE", "");
    },
    createChangeSet: unused,
    deleteChangeSet: unused,
    executeChangeSet: unused,
    setTerminationProtection: unused,
    continueRollback: unused,
    rollBack: unused,
  };
  return { stacks, calls, port };
}

const JOBS: StackResource = {
  logicalId: "Jobs",
  physicalId: "jobs",
  type: "AWS::SQS::Queue",
  status: "CREATE_COMPLETE",
};

function deletion({ id, name }: Stack, end: string, token: string, reason = ""): StackEvent[] {
  const own = { logicalId: name, physicalId: id, type: "AWS::CloudFormation::Stack" };
  const last = { ...JOBS, status: end, reason: end === "DELETE_FAILED" ? reason : "" };
  return [{ ...own, status: "DELETE_IN_PROGRESS" }, last, { ...own, status: end }].map((event, index) =>
    eventOf(event, `${name}-${token}-${index}`, token),
  );
}

/** Branches and pull requests are read when they are asked for, so that they may change in between. */
export interface Git {
  branches: readonly string[];
  pullRequests: readonly PullRequest[];
}

export type ReadGitHub = Pick<GitHub, "branches" | "openPullRequests" | "head">;

export function gitHubOf(git: Git): ReadGitHub {
  return {
    branches: async () => git.branches,
    openPullRequests: async () => git.pullRequests.filter(({ open }) => open),
    head: async (branch) => (git.branches.includes(branch) ? SHA : undefined),
  };
}

/** All ports, and each line that is told. */
export function sweepWorld(
  account: Account,
  github: ReadGitHub,
  clock = fakeClock(),
): { readonly ports: SweepPorts; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const tell = (text: string): void => void lines.push(text);
  const ports: SweepPorts = {
    log: { info: tell, warn: tell, error: tell, progress: () => undefined },
    clock,
    stacks: account.port,
    quiet: {
      disableRule: async () => undefined,
      disableMapping: async () => undefined,
      stopFunction: async () => undefined,
      removeTargets: async () => undefined,
      emptyBucket: async () => 0,
    },
    github,
    workspace: { sha256 },
  };
  return { ports, lines };
}
