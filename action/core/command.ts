/** What a person asked for by name: the commands of `workflow_dispatch` and of the Action's input `command`. */
import { COMMANDS, type Command, type Event, type RunContext } from "./event.ts";
import type { Inputs } from "./inputs.ts";
import { isApproval } from "./plan-digest.ts";
import type { Intent } from "./intent.ts";
import { UserError } from "./problem.ts";
import type { Stage } from "./stage.ts";
import { suggestion } from "./suggest.ts";

export type Asked = Pick<
  Inputs,
  "command" | "stage" | "allowOlder" | "approve" | "commit" | "skip" | "dryRun" | "revert"
>;

interface Checkout {
  /** Empty if it is none. */
  readonly branch: string;
  readonly sha: string;
}

function checkedOut(event: Event, { defaultBranch, sha }: RunContext): Checkout {
  switch (event.kind) {
    case "push":
      return event.deleted ? { branch: defaultBranch, sha } : event;
    case "dispatch":
      return event;
    case "pull-request":
      return { branch: event.pullRequest.branch, sha: event.pullRequest.headSha };
    case "tag-push":
    case "merge-group":
      return { branch: "", sha };
    case "branch-deleted":
    case "tag-deleted":
    case "schedule":
    case "other":
      return { branch: defaultBranch, sha };
  }
}

/** Throws UserError, as `decide` tells. */
export function obey(asked: Asked, event: Event, run: RunContext, stages: readonly Stage[]): Intent {
  const { branch, sha } = checkedOut(event, run);
  const { dryRun, allowOlder, approve, skip } = asked;
  const command = commandOf(asked.command);
  if (asked.commit !== "") refuseUnaskedRollback(event, command);
  const again = asked.commit === "" ? {} : { commit: asked.commit };
  if (command === "doctor") return { kind: "doctor" };
  if (command === "sweep") {
    if (branch === run.defaultBranch) return { kind: "sweep", dryRun };
    // Another branch's pipeline.yaml may lack a stage that still lives.
    throw wrongBranch(
      "a sweep compares all stacks with config/pipeline.yaml of the default branch",
      run.defaultBranch,
    );
  }
  const stage = askedStage(command, asked.stage, branch, stages);
  const target = { stage: stage.name, branch };
  if (branch === "" && stage.trigger.kind === "pull-requests") {
    throw new UserError("branch-missing", {
      message: `stage \`${stage.name}\` makes one stack a branch, and the run was started on none`,
      hint: "Choose a branch under `Use workflow from`.",
    });
  }
  switch (command) {
    case "plan":
      return { kind: "plan", ...target, pullRequest: undefined, ...again };
    case "deploy":
      refuseOtherBranch(stage, branch);
      if (approve !== "") refuseUnaskedApproval(event, approve);
      if (skip !== "") refuseUnaskedSkip(event);
      return {
        kind: "deploy",
        ...target,
        sha,
        allowOlder,
        ...(approve !== "" && { approve }),
        ...again,
        ...(skip !== "" && { skip: listOf(skip) }),
      };
    case "destroy":
      return { kind: "destroy", ...target };
    case "drift":
      if (asked.revert) refuseUnaskedRevert(event, stage, branch);
      return { kind: "drift", ...target, revert: asked.revert };
  }
}

function refuseOtherBranch({ name, trigger }: Stage, branch: string): void {
  if (trigger.kind !== "branch" || trigger.branch === branch) return;
  throw wrongBranch(`stage \`${name}\` is deployed from \`${trigger.branch}\``, trigger.branch);
}

/** What was changed by hand at 2 a.m. may be what keeps the stage alive: a person decides, each time. */
function refuseUnaskedRevert(event: Event, stage: Stage, branch: string): void {
  if (event.kind !== "dispatch") {
    throw new UserError("revert-not-asked", {
      message: "`revert` is only obeyed when a person starts the workflow",
      hint: "Take it out of the workflow file, and choose it under `Run workflow`.",
    });
  }
  refuseOtherBranch(stage, branch);
}

/** Else a workflow file could keep a stage at a commit for ever, whatever is merged. */
function refuseUnaskedRollback(event: Event, command: Command): void {
  if (event.kind !== "dispatch") {
    throw new UserError("rollback-not-asked", {
      message: "`commit` is only obeyed when a person starts the workflow",
      hint: "Take it out of the workflow file, and fill it in under `Run workflow`.",
    });
  }
  if (command === "deploy" || command === "plan") return;
  throw new UserError("rollback-not-asked", {
    message: `\`${command}\` does nothing with \`commit\``,
    hint: "Choose `deploy` to go back to that commit's release, or `plan` to see what it would change.",
  });
}

/** What is skipped stays as a failed rollback has left it: a person decides, each time. */
function refuseUnaskedSkip(event: Event): void {
  if (event.kind === "dispatch") return;
  throw new UserError("skip-not-asked", {
    message: "`skip` is only obeyed when a person starts the workflow",
    hint: "Take it out of the workflow file, and fill it in under `Run workflow`.",
  });
}

/** `fang, producer` -> both. */
export function listOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

/** Or a change could bring its own approval along, in the workflow file. */
function refuseUnaskedApproval(event: Event, approve: string): void {
  if (event.kind !== "dispatch") {
    throw new UserError("approval-not-asked", {
      message: "`approve` is only obeyed when a person starts the workflow",
      hint: "Take it out of the workflow file, and fill it in under `Run workflow`.",
    });
  }
  if (isApproval(approve)) return;
  throw new UserError("approval-invalid", {
    message: "`approve` is no digest of a plan",
    hint: "Write the 12 characters, digits and a to f, that the run which has stopped prints.",
  });
}

function commandOf(text: string): Command {
  const command = COMMANDS.find((known) => known === text);
  if (command) return command;
  throw new UserError("command-unknown", {
    message: text === "" ? "no command was given" : `there is no command \`${text}\``,
    hint: suggestion(text, COMMANDS, "commands"),
  });
}

/** The stage by name; without one, the branch's own, but never for `destroy`. */
function askedStage(command: Command, name: string, branch: string, stages: readonly Stage[]): Stage {
  const names = stages.map((stage) => stage.name);
  if (name === "") {
    const own = command === "destroy" ? undefined : (stageOf(branch, stages) ?? previewStage(stages));
    if (own) return own;
    throw new UserError("stage-missing", {
      message: `\`${command}\` needs a stage`,
      hint: suggestion("", names, "stages"),
    });
  }
  const stage = stages.find((one) => one.name === name);
  if (stage) return stage;
  throw new UserError("stage-unknown", {
    message: `there is no stage \`${name}\``,
    hint: suggestion(name, names, "stages"),
  });
}

function wrongBranch(message: string, branch: string): UserError {
  return new UserError("wrong-branch", {
    message,
    hint: `Choose \`${branch}\` under \`Use workflow from\`.`,
  });
}

export function stageOf(branch: string, stages: readonly Stage[]): Stage | undefined {
  return stages.find(({ trigger }) => trigger.kind === "branch" && trigger.branch === branch);
}

export function previewStage(stages: readonly Stage[]): Stage | undefined {
  return stages.find(({ trigger }) => trigger.kind === "pull-requests");
}
