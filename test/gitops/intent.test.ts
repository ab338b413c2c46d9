/** Every event that can start a run is a row: GitHub's payload -> what is done. */
import { describe, expect, test } from "vitest";
import type { Event, PullRequest, RunContext } from "../../action/core/event.ts";
import { type Intent, decide } from "../../action/core/intent.ts";
import { UserError } from "../../action/core/problem.ts";
import type { Stage } from "../../action/core/stage.ts";
import { eventNames, read, recorded, webhookErrors } from "./recorded.ts";
import { PREVIEW, PROD, STAGES } from "./stages.ts";

const PUSHED = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
const PR_HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821";
const DISPATCHED = "9049f1265b7d61be4a8904a9a27120d2064dab3b";
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

const pullRequest: PullRequest = {
  number: 7,
  branch: "feature/x",
  headSha: PR_HEAD,
  baseBranch: "main",
  open: true,
  draft: false,
  merged: false,
  fromFork: false,
};
const prod = { stage: "prod", branch: "main" };
const preview = { kind: "preview", stage: "preview", pullRequest, against: prod } as const;
const teardown = { kind: "teardown", branch: "feature/x", pullRequest: 7 } as const;

type Row = Intent | { readonly kind: Intent["kind"]; readonly reason: string } | { readonly refused: string };

const TABLE: Readonly<Record<string, Row>> = {
  "push-main": { kind: "deploy", ...prod, sha: PUSHED, allowOlder: false },
  "push-branch": { kind: "skip", reason: "no-stage-for-branch" },
  "push-branch-deleted": { ...teardown, pullRequest: undefined },
  "push-tag": { kind: "skip", reason: "tag" },
  "push-tag-deleted": { kind: "skip", reason: "tag" },
  "pull-request-opened": preview,
  "pull-request-opened-draft": { ...preview, pullRequest: { ...pullRequest, draft: true } },
  "pull-request-opened-stacked": {
    ...preview,
    pullRequest: { ...pullRequest, baseBranch: "feature/base" },
    against: undefined,
  },
  "pull-request-synchronize": preview,
  "pull-request-reopened": preview,
  "pull-request-ready-for-review": preview,
  "pull-request-edited-base": preview,
  "pull-request-edited-title": { kind: "skip", reason: "no-code-change" },
  "pull-request-converted-to-draft": { kind: "skip", reason: "no-code-change" },
  "pull-request-labeled": { kind: "skip", reason: "no-code-change" },
  "pull-request-labeled-closed": teardown,
  "pull-request-closed-merged": teardown,
  "pull-request-closed-unmerged": teardown,
  "pull-request-fork-opened": { kind: "offline-plan", reason: "fork" },
  "pull-request-fork-labeled": { kind: "skip", reason: "no-code-change" },
  "pull-request-fork-deleted": { kind: "skip", reason: "no-code-change" },
  "pull-request-fork-closed": { kind: "skip", reason: "fork" },
  "pull-request-dependabot-opened": { kind: "offline-plan", reason: "dependabot" },
  "pull-request-dependabot-closed": { kind: "skip", reason: "dependabot" },
  "delete-branch": { ...teardown, pullRequest: undefined },
  "delete-tag": { kind: "skip", reason: "tag" },
  "workflow-dispatch-plan": { kind: "plan", ...prod, pullRequest: undefined },
  "workflow-dispatch-deploy": { kind: "deploy", ...prod, sha: DISPATCHED, allowOlder: false },
  "workflow-dispatch-destroy": { kind: "destroy", stage: "preview", branch: "main" },
  "workflow-dispatch-sweep": { kind: "sweep", dryRun: false },
  "workflow-dispatch-drift-revert": { kind: "drift", ...prod, revert: true },
  "workflow-dispatch-drift": { kind: "drift", ...prod, revert: false },
  "workflow-dispatch-doctor": { kind: "doctor" },
  "workflow-dispatch-flags": { kind: "deploy", ...prod, sha: DISPATCHED, allowOlder: true },
  "workflow-dispatch-empty": { refused: "command-unknown" },
  "workflow-dispatch-tag": { refused: "branch-missing" },
  schedule: { kind: "nightly", dryRun: false, drift: [prod] },
  "merge-group": { kind: "offline-plan", reason: "merge-group" },
  "repository-dispatch": { kind: "skip", reason: "event-not-handled" },
};

function eventOf(name: string): { readonly event: Event; readonly run: RunContext } {
  const result = read(name);
  if (result.kind !== "event") throw new Error(`${name}: ${JSON.stringify(result.problems)}`);
  return result;
}

function decideFor(name: string, stages: readonly Stage[] = STAGES, inputs = NOTHING): Intent {
  const { event, run } = eventOf(name);
  return decide(event, run, stages, inputs);
}

function outcomeOf(name: string): Intent | { readonly refused: string } {
  try {
    return decideFor(name);
  } catch (error) {
    if (error instanceof UserError) return { refused: error.reason };
    throw error;
  }
}

function refusalOf(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

test("every recorded event has its row, and is what GitHub's published schema allows", () => {
  expect(Object.keys(TABLE).toSorted()).toEqual([...eventNames()].toSorted());
  for (const name of eventNames()) {
    // A schedule is no webhook.
    expect([name, webhookErrors(recorded(name))]).toEqual([name, name === "schedule" ? undefined : []]);
  }
});

test.each(Object.entries(TABLE))("%s", (name, row) => {
  expect(outcomeOf(name)).toMatchObject(row);
});

describe("a repository without a stage of pull requests", () => {
  test("plans against the stage that a merge would deploy", () => {
    expect(decideFor("pull-request-opened", [PROD])).toEqual({ kind: "plan", ...prod, pullRequest });
  });
  test("and skips where a merge deploys nothing", () => {
    expect(decideFor("pull-request-opened-stacked", [PROD])).toMatchObject({
      reason: "no-stage-for-pull-request",
    });
  });
  test("still tears down: the stage may have been there before", () => {
    expect(decideFor("pull-request-closed-merged", [PROD])).toEqual(teardown);
  });
});

test("a re-run of an old job is decided like its first run; freshness.ts stops it", () => {
  const { event, run } = eventOf("push-main");
  const again = decide(event, { ...run, runAttempt: 2 }, STAGES, NOTHING);
  expect(again).toEqual(decideFor("push-main"));
});

test("Dependabot's merge to a stage's branch is a push like any other", () => {
  const { event, run } = eventOf("push-main");
  expect(decide(event, { ...run, actor: "dependabot[bot]" }, STAGES, NOTHING).kind).toBe("deploy");
});

test("pull_request_target is refused by name, whatever its payload", () => {
  const { run } = eventOf("push-main");
  const intent = decide({ kind: "other", name: "pull_request_target" }, run, STAGES, NOTHING);
  expect(intent).toMatchObject({ kind: "skip", reason: "pull-request-target" });
});

test("pull_request_target is refused with a command, too: what is checked out may be a stranger's", () => {
  const { run } = eventOf("push-main");
  const asked = { ...NOTHING, command: "deploy", stage: "prod" };
  const intent = decide({ kind: "other", name: "pull_request_target" }, run, STAGES, asked);
  expect(intent).toMatchObject({ kind: "skip", reason: "pull-request-target" });
});

describe("a command in the Action's inputs", () => {
  test.each(["repository-dispatch", "schedule", "push-branch"])("counts for %s too", (name) => {
    expect(decideFor(name, STAGES, { ...NOTHING, command: "doctor" })).toEqual({ kind: "doctor" });
  });
  test("counts more than what was typed", () => {
    const inputs = { ...NOTHING, command: "plan", stage: "sandbox" };
    expect(decideFor("workflow-dispatch-deploy", STAGES, inputs)).toMatchObject({
      kind: "plan",
      stage: "sandbox",
    });
  });
  test("gives a fork no more rights", () => {
    const inputs = { ...NOTHING, command: "deploy", stage: "prod" };
    expect(decideFor("pull-request-fork-opened", STAGES, inputs)).toMatchObject({ kind: "offline-plan" });
  });
  test("does not deploy a pull request's code to another branch's stage", () => {
    const inputs = { ...NOTHING, command: "deploy", stage: "prod" };
    expect(refusalOf(() => decideFor("pull-request-opened", STAGES, inputs)).reason).toBe("wrong-branch");
  });
  test("on a push of a tag knows no branch", () => {
    const inputs = { ...NOTHING, command: "deploy", stage: "prod" };
    expect(refusalOf(() => decideFor("push-tag", STAGES, inputs)).reason).toBe("wrong-branch");
  });
  test("on a deleted branch means the default branch, which is checked out then", () => {
    const inputs = { ...NOTHING, command: "sweep", dryRun: true };
    expect(decideFor("push-branch-deleted", STAGES, inputs)).toEqual({ kind: "sweep", dryRun: true });
  });
});

test.each(["schedule", "push-main", "repository-dispatch"])(
  "%s puts nothing back that a person has not asked for",
  (name) => {
    const inputs = { ...NOTHING, command: "drift", stage: "prod", revert: true };
    expect(refusalOf(() => decideFor(name, STAGES, inputs)).reason).toBe("revert-not-asked");
    expect(decideFor(name, STAGES, { ...inputs, revert: false })).toMatchObject({
      kind: "drift",
      revert: false,
    });
  },
);

test("a stage is put back from its own branch only", () => {
  const inputs = { ...NOTHING, stage: "staging" };
  expect(refusalOf(() => decideFor("workflow-dispatch-drift-revert", STAGES, inputs)).reason).toBe(
    "wrong-branch",
  );
});

describe("`skip`", () => {
  const asked = { ...NOTHING, command: "deploy", stage: "prod", skip: "fang, producer" };

  test("is obeyed when a person starts the workflow", () => {
    const { run } = eventOf("push-main");
    const { event } = eventOf("workflow-dispatch-drift-revert");
    const dispatch = { ...event, command: "deploy", stage: "prod", branch: "main", revert: false } as Event;
    expect(decide({ ...dispatch, skip: "fang,producer" } as Event, run, STAGES, NOTHING)).toMatchObject({
      kind: "deploy",
      skip: ["fang", "producer"],
    });
    expect(decide(dispatch, run, STAGES, asked)).toMatchObject({ skip: ["fang", "producer"] });
  });

  test("of a workflow file is refused: a merge would skip for ever", () => {
    expect(refusalOf(() => decideFor("push-main", STAGES, asked)).reason).toBe("skip-not-asked");
  });

  test("is left out where nothing is skipped", () => {
    expect(decideFor("push-main")).not.toHaveProperty("skip");
  });
});

describe("what was asked by hand", () => {
  function ask(command: string, stage: string, branch: string, stages: readonly Stage[] = STAGES): Intent {
    const { run } = eventOf("push-main");
    const event: Event = {
      kind: "dispatch",
      command,
      stage,
      branch,
      sha: PUSHED,
      allowOlder: false,
      approve: "",
      commit: "",
      skip: "",
      dryRun: false,
      revert: false,
    };
    return decide(event, run, stages, NOTHING);
  }

  test.each([
    ["plan", "", "main", { kind: "plan", stage: "prod", branch: "main" }],
    ["deploy", "", "feature/x", { kind: "deploy", stage: "preview", branch: "feature/x" }],
    ["deploy", "preview", "main", { kind: "deploy", stage: "preview", branch: "main" }],
    ["deploy", "sandbox", "feature/x", { kind: "deploy", stage: "sandbox", branch: "feature/x" }],
    ["plan", "prod", "feature/x", { kind: "plan", stage: "prod", branch: "feature/x" }],
    ["destroy", "staging", "main", { kind: "destroy", stage: "staging", branch: "main" }],
    ["drift", "", "develop", { kind: "drift", stage: "staging", branch: "develop", revert: false }],
  ] as const)("%s of stage `%s` on branch `%s`", (command, stage, branch, intent) => {
    expect(ask(command, stage, branch)).toMatchObject(intent);
  });

  test.each([
    ["deply", "prod", "main", "command-unknown", "there is no command `deply`\n    Did you mean `deploy`?"],
    [
      "",
      "prod",
      "main",
      "command-unknown",
      "no command was given\n    The commands are `deploy`, `destroy`, `doctor`, `drift`, `plan`, `sweep`.",
    ],
    ["plan", "prd", "main", "stage-unknown", "there is no stage `prd`\n    Did you mean `prod`?"],
    [
      "destroy",
      "",
      "main",
      "stage-missing",
      "`destroy` needs a stage\n    The stages are `preview`, `prod`, `sandbox`, `staging`.",
    ],
    [
      "deploy",
      "prod",
      "feature/x",
      "wrong-branch",
      "stage `prod` is deployed from `main`\n    Choose `main` under `Use workflow from`.",
    ],
    [
      "sweep",
      "",
      "feature/x",
      "wrong-branch",
      "a sweep compares all stacks with config/pipeline.yaml of the default branch\n" +
        "    Choose `main` under `Use workflow from`.",
    ],
    [
      "plan",
      "preview",
      "",
      "branch-missing",
      "stage `preview` makes one stack a branch, and the run was started on none\n" +
        "    Choose a branch under `Use workflow from`.",
    ],
  ] as const)("%s of stage `%s` on branch `%s` is refused: %s", (command, stage, branch, reason, message) => {
    expect(refusalOf(() => ask(command, stage, branch))).toMatchObject({ reason, message });
  });

  test("a plan without a stage, where no stage fits the branch, asks for one", () => {
    expect(refusalOf(() => ask("plan", "", "feature/x", [PROD])).reason).toBe("stage-missing");
    expect(ask("plan", "", "feature/x", [PROD, PREVIEW])).toMatchObject({ stage: "preview" });
  });
});
