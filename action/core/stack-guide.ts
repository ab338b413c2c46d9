/** docs/stack-statuses.md: what a run does with a stack in each status, from the table that the runs themselves go by. */
import type { StackStatus } from "@aws-sdk/client-cloudformation";
import {
  type DeployStep,
  type DestroyStep,
  STATUSES,
  type SweepStep,
  deployStep,
  destroyStep,
  phaseOf,
  sweepStep,
} from "./stack.ts";

const DEPLOYS: Readonly<Record<DeployStep, string>> = {
  create: "creates it",
  update: "updates it",
  attach: "waits for the operation to end, then looks again",
  recreate: "[deletes what is left and creates it](#what-can-only-be-deleted), if nothing left holds data",
  "recreate-unprotected":
    "[ends the deletion and creates it](#what-can-only-be-deleted), if nothing left holds data; in a protected stage: stops",
  "roll-back": "rolls the half-made update back (`RollbackStack`), then updates it",
  "continue-rollback": "[goes on with the rollback](#a-rollback-that-failed), then updates it",
  refuse: "stops and says what is to be done: CloudFormation has no call that helps",
};

const DESTROYS: Readonly<Record<DestroyStep, string>> = {
  done: "has nothing to do",
  attach: "waits for the operation to end, then looks again",
  delete: "[deletes it](#what-cannot-be-deleted)",
};

const SWEEPS: Readonly<Record<SweepStep, string>> = {
  none: "does not see it",
  later: "deletes it when it is an hour old: another run may be making it",
  leave: "leaves it to the next sweep",
  delete: "deletes it, or joins its deletion",
};

export function statusPage(): string {
  const statuses = (Object.keys(STATUSES) as StackStatus[]).toSorted((a, b) => (a < b ? -1 : 1));
  const rows = statuses.map((status) => {
    const phase = phaseOf(status);
    const cells = [`\`${status}\``, STATUSES[status].means, DEPLOYS[deployStep(phase)]];
    return [...cells, DESTROYS[destroyStep(phase)], SWEEPS[sweepStep(status)]];
  });
  const head = ["status", "what it means", "a deploy", "a destroy", "a sweep of what Git does not want"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const table = [
    line(head),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...rows.map(line),
  ];
  return `${[...INTRODUCTION, table.join("\n"), ...CHAPTERS].join("\n\n")}\n`;
}

const INTRODUCTION = [
  "# What a run does with a stack, status by status",
  "Whatever a stack is left in by a failure, by a run that was killed or by somebody's work by hand, the next run knows what to do with it. " +
    "This table is made from the one that Warren itself goes by (`action/core/stack.ts`); a status that is not in it stops the run.",
  "A destroy refuses protected stages, and a sweep leaves them alone, in every status. A stack that is not this pipeline's is touched by nothing.",
];

const CHAPTERS = [
  "## A rollback that failed",
  "In `UPDATE_ROLLBACK_FAILED` CloudFormation does nothing before it is told to. A deploy tells it to go on (`ContinueUpdateRollback`), at first " +
    "with nothing skipped: often time or a person has mended what was in the way. If that fails, too, the run stops and names each resource that cannot be " +
    "put back, why, and the command that goes on without it:",
  "    warren deploy --stage prod --skip fang,producer",
  "On GitHub that is `Run workflow` with `command: deploy`, the stage, and `skip: fang,producer`; a workflow file that sets `skip` is not obeyed. What " +
    "is skipped stays as it is and may differ from its template: `warren drift prod` shows how. In a stage that is not protected, a deploy skips by itself " +
    "what cannot be put back, and says so. The stack is never deleted on this way.",
  "## What can only be deleted",
  "A stack whose creation failed can only be deleted. A deploy does that, and creates it afresh, if everything that is left in it is of a type that no template " +
    "marks as `Stateful`. Of all others it says the name, and stops. A stack with termination protection is not deleted, nor a protected stage whose deletion " +
    "somebody has begun.",
  "## What cannot be deleted",
  "A destroy first switches off what could still write: rules, event source mappings, functions (no further run begins). Then it empties the buckets and " +
    "has CloudFormation delete the stack. If that ends in `DELETE_FAILED`, it empties once more what was filled meanwhile, takes away what somebody has " +
    "tied to it by hand, and tries again: up to 4 times for what can be emptied, twice for everything else. What then still will not go is left " +
    "(`RetainResources`), the stack goes, and the run is red: its log, its summary and the preview's comment list what is left, its name in AWS, why, and the " +
    "command that deletes it. Only a missing right is not answered so: the stack stays in `DELETE_FAILED`, and the next run after the role was mended goes on.",
  "## Longer than the job",
  "An operation that takes longer than `--timeout` (or `timeout-minutes`, or the job itself) goes on in CloudFormation. The run fails with `stack-timeout`, and the next " +
    "one, started in the same way, waits for the operation and does what is left.",
];
