/** The sweep as a whole: lists, looks again, takes down, tells. */
import { describe, expect, test } from "vitest";
import { UserError } from "../../action/core/problem.ts";
import type { Stack } from "../../action/aws-ports.ts";
import { resultOf } from "../../action/core/result.ts";
import { type SweepPorts, type SweepRequest, sweep, sweepFailure } from "../../action/sweep.ts";
import { PROD, STAGES } from "./stages.ts";
import {
  type Git,
  OWNER,
  SHA,
  type ReadGitHub,
  createAccount,
  gitHubOf,
  previewOf,
  pullRequestOf,
  stackOf,
  sweepWorld,
} from "./world.ts";

const prod = stackOf({ stage: "prod", protected: true }, { terminationProtection: true });
const closed = previewOf("closed", { pullRequest: 1 });
const gone = previewOf("gone", { pullRequest: 2 });
const open = previewOf("open", { pullRequest: 3 });
const foreign: Stack = { ...stackOf({ stage: "x" }), name: "somebody-elses", tags: {} };
const all = [prod, open, gone, closed, foreign];

function git(): Git {
  return {
    branches: ["main", "develop", "closed", "open"],
    pullRequests: [pullRequestOf(1, "closed", { open: false }), pullRequestOf(3, "open")],
  };
}

interface Scene {
  readonly stacks?: readonly Stack[];
  readonly github?: ReadGitHub;
  readonly broken?: Readonly<Record<string, "stuck" | Error>>;
  readonly onList?: (stacks: Map<string, Stack>) => void;
  readonly request?: Partial<SweepRequest>;
}

async function swept({ stacks = all, github = gitHubOf(git()), broken = {}, onList, request }: Scene = {}) {
  const account = createAccount(stacks, { broken, onList: () => onList?.(account.stacks) });
  const { ports, lines } = sweepWorld(account, github);
  const base = { ...OWNER, stages: STAGES, defaultBranch: "main", dryRun: false };
  const outcome = await sweep({ ...base, ...request }, ports);
  return { outcome, lines, calls: account.calls, names: [...account.stacks.keys()] };
}

test("takes down what Git does not want, and says so before", async () => {
  const { outcome, lines, calls, names } = await swept();
  expect(names).toEqual([prod.name, open.name, foreign.name]);
  expect(outcome).toEqual({
    kind: "swept",
    wanted: 2,
    stacks: [
      {
        kind: "deleted",
        reason: "pull-request-closed",
        text: "pull request #1 is closed",
        stackName: closed.name,
        stage: closed.tags["warren:stage"],
        branch: "closed",
        pullRequest: 1,
        leftovers: [],
      },
      expect.objectContaining({ kind: "deleted", reason: "branch-gone", stackName: gone.name }),
    ],
  });
  expect(sweepFailure(outcome)).toBeUndefined();
  expect(calls.toSorted()).toEqual([`delete ${closed.name}`, `delete ${gone.name}`]);
  expect(lines.slice(0, 2).toSorted()).toEqual([
    `will delete ${closed.name}: pull request #1 is closed`,
    `will delete ${gone.name}: its branch \`gone\` is gone`,
  ]);
  // Two stacks go down at once: each line says whose it is.
  expect(lines).toHaveLength(4);
  for (const line of lines.slice(2)) expect(line).toMatch(/^rabbit-hole-(closed|gone)-/);
});

test("a dry run only says it", async () => {
  const { outcome, lines, calls, names } = await swept({ request: { dryRun: true } });
  expect(names).toHaveLength(all.length);
  expect(calls).toEqual([]);
  expect(outcome.stacks.map(({ kind }) => kind)).toEqual(["would-delete", "would-delete"]);
  expect(lines[0]).toMatch(/^would delete /);
});

test("nothing to do is told, too", async () => {
  const { outcome, lines } = await swept({ stacks: [prod, open, foreign] });
  expect(outcome).toEqual({ kind: "swept", wanted: 2, stacks: [] });
  expect(lines).toEqual(["no stack is to be deleted"]);
});

test("what is left is told with its reason, and makes nothing red", async () => {
  const busy = { ...closed, status: "UPDATE_IN_PROGRESS" };
  const { outcome, lines, calls } = await swept({ stacks: [prod, busy], request: { stages: [] } });
  expect(outcome.stacks).toMatchObject([
    { kind: "left", reason: "in-progress", stackName: closed.name },
    { kind: "left", reason: "protected", stackName: prod.name },
  ]);
  expect(lines).toContain(`leaves ${prod.name}: pipeline.yaml has no stage \`prod\`, but it is protected`);
  expect(calls).toEqual([]);
  expect(sweepFailure(outcome)).toBeUndefined();
});

test("a stage that pipeline.yaml lacks goes only if that is the newest pipeline.yaml: a night may be run again", async () => {
  const staging = stackOf({ stage: "staging", branch: "develop" });
  const stacks = [prod, staging, gone];
  const request = { stages: STAGES.filter(({ name }) => name !== "staging"), sha: SHA };
  const old = await swept({ stacks, request: { ...request, sha: "b".repeat(40) } });
  expect(old.names).toEqual([prod.name, staging.name]);
  expect(old.lines).toContain(
    `leaves ${staging.name}: pipeline.yaml has no stage \`staging\`, but this is not the newest one of \`main\`: left to the next run`,
  );
  const newest = await swept({ stacks, request });
  expect(newest.names).toEqual([prod.name]);
});

test("the teardown of a branch leaves every other orphan alone", async () => {
  const { names } = await swept({ request: { onlyBranch: "closed" } });
  expect(names).toEqual([prod.name, open.name, gone.name, foreign.name]);
});

test("a deletion that another run started is waited for", async () => {
  const going = { ...closed, status: "DELETE_IN_PROGRESS" };
  const { outcome, calls, names } = await swept({ stacks: [prod, going] });
  expect(outcome.stacks).toMatchObject([{ kind: "deleted", stackName: closed.name }]);
  expect(calls).toEqual([`wait for ${closed.name}`]);
  expect(names).toEqual([prod.name]);
});

describe("one that fails does not stop the others, but makes the outcome red:", () => {
  test("what CloudFormation could not delete", async () => {
    const { outcome, names } = await swept({ broken: { [closed.name]: "stuck" } });
    expect(names).toEqual([prod.name, open.name, closed.name, foreign.name]);
    expect(outcome.stacks.map(({ kind }) => kind)).toEqual(["failed", "deleted"]);
    const failure = sweepFailure(outcome);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure).toMatchObject({ reason: "sweep-failed" });
    expect(failure?.message).toMatch(new RegExp(`^${closed.name}: .*Access denied`));
  });

  test("what was left when a stack went: told while the stack was there, and in the summary", async () => {
    const account = createAccount([prod, closed], { broken: { [closed.name]: "held" } });
    const { ports } = sweepWorld(account, gitHubOf(git()));
    const told: string[] = [];
    const leaving: SweepPorts["leaving"] = async ({ stackName }, leftovers) => {
      const is = account.stacks.has(stackName) ? "there" : "gone";
      told.push(`${stackName} is ${is}, left: ${leftovers.map(({ physicalId }) => physicalId).join()}`);
    };
    const request = { ...OWNER, stages: STAGES, defaultBranch: "main", dryRun: false };
    const outcome = await sweep(request, { ...ports, leaving });
    expect(told).toEqual([`${closed.name} is there, left: `, `${closed.name} is there, left: jobs`]);
    expect(account.stacks.has(closed.name)).toBe(false);
    const failure = sweepFailure(outcome);
    expect(failure).toMatchObject({ reason: "resources-left" });
    expect(failure?.message).toBe(
      `${closed.name}: Jobs AWS::SQS::Queue jobs is left: it is in use\n` +
        "    To remove it: `aws cloudcontrol delete-resource --type-name AWS::SQS::Queue --identifier jobs --region us-east-1`",
    );
    const { summary, files } = resultOf({ ...outcome, failure });
    expect(summary).toContain("**Left behind:**\n\n| left | name in AWS | why | what removes it |");
    expect(summary).toContain("`aws cloudcontrol delete-resource --type-name AWS::SQS::Queue");
    expect(files.find(({ name }) => name === "outcome.json")?.text).toContain('"physicalId": "jobs"');
  });

  test("a bug, which keeps its cause", async () => {
    const bug = new TypeError("x is not a function");
    const { outcome, names } = await swept({ broken: { [gone.name]: bug, [closed.name]: "stuck" } });
    expect(names).toHaveLength(all.length);
    const failure = sweepFailure(outcome);
    expect(failure).not.toBeInstanceOf(UserError);
    expect(failure).toMatchObject({ cause: bug });
    expect(failure?.message).toMatch(new RegExp(`^${gone.name} could not be deleted\n${closed.name}: `));
  });
});

describe("between the look and the deed,", () => {
  test("a pull request that is reopened keeps its preview", async () => {
    const state = git();
    const real = gitHubOf(state);
    let asked = 0;
    const github: ReadGitHub = {
      ...real,
      async openPullRequests() {
        if (asked++ > 0) state.pullRequests = [pullRequestOf(1, "closed"), pullRequestOf(3, "open")];
        return real.openPullRequests();
      },
    };
    const { outcome, lines, names } = await swept({ github });
    expect(names).toContain(closed.name);
    expect(outcome.stacks).toMatchObject([{ kind: "left", reason: "wanted-again" }, { kind: "deleted" }]);
    expect(lines).toContain(`leaves ${closed.name} after all: something changed meanwhile, and it is wanted`);
  });

  test("a branch that is pushed again keeps what is deployed from it by hand", async () => {
    const state = git();
    const byHand = previewOf("late");
    const github = { ...gitHubOf(state), head: async () => "b".repeat(40) };
    const { outcome, names } = await swept({ stacks: [prod, byHand], github });
    expect(names).toContain(byHand.name);
    expect(outcome.stacks).toMatchObject([{ kind: "left", reason: "wanted-again" }]);
  });

  test("a stack that is being updated is left to the next run", async () => {
    const { outcome, calls } = await swept({
      stacks: [prod, closed],
      onList: (stacks) => stacks.set(closed.name, { ...closed, status: "UPDATE_IN_PROGRESS" }),
    });
    expect(outcome.stacks).toMatchObject([{ kind: "left", reason: "in-progress" }]);
    expect(calls).toEqual([]);
  });

  test("a stack of that name that is somebody else's now is left alone", async () => {
    const { outcome, calls } = await swept({
      stacks: [prod, closed],
      onList: (stacks) => stacks.set(closed.name, { ...closed, id: `${closed.id}2`, tags: {} }),
    });
    expect(outcome.stacks).toMatchObject([{ kind: "left", reason: "wanted-again" }]);
    expect(calls).toEqual([]);
  });

  test("a stack that is gone is gone", async () => {
    const { outcome, calls } = await swept({
      stacks: [prod, closed],
      onList: (stacks) => stacks.delete(closed.name),
    });
    expect(outcome.stacks).toMatchObject([{ kind: "deleted", stackName: closed.name }]);
    expect(calls).toEqual([]);
  });
});

describe("when GitHub's answer cannot be trusted, nothing is deleted:", () => {
  test("a list of branches without the default one", async () => {
    const calls: string[] = [];
    const github = gitHubOf({ ...git(), branches: [] });
    const refusal = swept({ github, onList: () => calls.push("listed") });
    await expect(refusal).rejects.toMatchObject({ reason: "branches-incomplete" });
    expect(calls).toEqual(["listed"]);
  });

  test("a list of pull requests that was refused", async () => {
    const refused = new Error("Resource not accessible by integration");
    const account = createAccount(all);
    const github = { ...gitHubOf(git()), openPullRequests: () => Promise.reject(refused) };
    const { ports } = sweepWorld(account, github);
    const request = { ...OWNER, stages: [PROD], defaultBranch: "main", dryRun: false };
    await expect(sweep(request, ports)).rejects.toBe(refused);
    expect(account.calls).toEqual([]);
  });
});
