/** What a run of the Action came to, in the words of its log, its outputs and its summary. */
import type { GitopsOutcome } from "../gitops.ts";
import type { DestroyOutcome } from "../destroy.ts";
import { type SweepOutcome, type SweptStack, leftoversOf } from "../sweep.ts";
import { type CommentFacts, renderReport, renderSummary } from "./comment.ts";
import { driftTable } from "./drift-issue.ts";
import type { StackDrift } from "./drift.ts";
import { driftProblems, driftVerdict, stageDriftLines } from "./drift-words.ts";
import { drawGantt } from "./gantt.ts";
import { gitopsJson, reviewedPlan } from "./gitops-json.ts";
import type { OutputKey } from "./inputs.ts";
import { leftoverTable } from "./leftover.ts";
import { code, fence, prose, row } from "./markdown.ts";
import type { StageDrift } from "./outcome.ts";
import type { DocumentOf, OutcomeDocument } from "./outcome-document.ts";
import { deployedJson } from "./outcome-json.ts";
import type { PlanDocument } from "./plan-document.ts";
import { planJson } from "./plan-json.ts";
import { type Problem, formatProblem } from "./problem.ts";
import { report } from "./report.ts";

export interface Result {
  readonly lines: readonly string[];
  /** Annotations of the run: a green run that did not do what somebody pressed the button for. */
  readonly warnings: readonly string[];
  /** The same, at their places in pipeline.yaml. */
  readonly problems?: readonly Problem[];
  readonly outputs: Readonly<Partial<Record<OutputKey, string>>>;
  /** Markdown. */
  readonly summary: string;
  readonly files: readonly ResultFile[];
}

/** For a later step to read or to upload. */
export interface ResultFile {
  /** The output that holds its path. */
  readonly output: OutputKey;
  readonly name: string;
  readonly text: string;
}

export function resultOf(outcome: GitopsOutcome): Result {
  const plan = reviewedPlan(outcome);
  // What can be long is the plan, and all that has one has facts.
  const whole = "facts" in outcome ? renderReport(outcome.facts) : undefined;
  return {
    ...toldOf(outcome),
    files: [
      ...(whole ? [{ output: "report", ...whole } as const] : []),
      ...(plan ? [{ output: "plan-file", name: "plan.json", text: jsonFile(plan) } as const] : []),
      outcomeFile(gitopsJson(outcome)),
    ],
  };
}

export function outcomeFile(document: OutcomeDocument): ResultFile {
  return { output: "outcome-file", name: "outcome.json", text: jsonFile(document) };
}

function jsonFile(document: OutcomeDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

type Told = Omit<Result, "files">;

/** What changes, or would: of a preview, by its merge. */
function changeOutputs(
  document: PlanDocument | DocumentOf<"deployed"> | undefined,
): Partial<Record<OutputKey, string>> {
  if (!document) return {};
  const { added, changed, replaced, removed, risk, digest = "" } = document;
  const counts = { added, changed, replaced, removed };
  const texts = Object.entries(counts).map(([name, count]) => [name, String(count)]);
  return {
    ...(Object.fromEntries(texts) as Record<keyof typeof counts, string>),
    changes: String(added + changed + replaced + removed),
    risk,
    digest,
  };
}

function toldOf(outcome: GitopsOutcome): Told {
  switch (outcome.kind) {
    case "skip": {
      const { reason, text } = outcome;
      const stopped = reason === "newer-deployed" || reason === "newer-pushed";
      return {
        lines: stopped ? [] : [`nothing to do: ${text}`],
        warnings: stopped ? [text] : [],
        outputs: { result: "skipped", reason },
        summary: `### Nothing to do\n\n${prose(text)}\n`,
      };
    }
    case "checked": {
      const { reason, text, checked, facts } = outcome;
      return {
        lines: [...report(checked).lines, text],
        warnings: [],
        outputs: { result: "checked", reason },
        summary: renderSummary(facts),
      };
    }
    case "planned": {
      const { stage, plan, facts } = outcome;
      const document = planJson(plan, stage);
      const { stackName, url = "" } = document;
      return {
        lines: report({ kind: "planned", stage, plan }).lines,
        warnings: [],
        problems: notesOf(facts),
        outputs: { result: "planned", stage, "stack-name": stackName, url, ...changeOutputs(document) },
        summary: renderSummary(facts),
      };
    }
    case "previewed":
    case "deployed":
      return deployed(outcome);
    case "destroyed": {
      const { stage, destroy } = outcome;
      const { stackName } = destroy;
      const { lines } = report({ kind: "destroyed", stage, destroy });
      const removed = JSON.stringify(destroy.kind === "destroyed" ? [stackName] : []);
      return {
        lines,
        warnings: [],
        outputs: { result: "destroyed", stage, "stack-name": stackName, "removed-stacks": removed },
        summary: destroySummary(destroy),
      };
    }
    case "diagnosed": {
      const { lines } = report(outcome);
      return {
        lines,
        warnings: [],
        outputs: { result: "checked" },
        summary: `### Doctor\n\n${fence(lines.join("\n"))}\n`,
      };
    }
    case "drift":
      return driftTold(outcome.stages);
    case "nightly": {
      const swept = outcome.swept ? sweptTold(outcome.swept) : NOTHING_SWEPT;
      const drift = driftTold(outcome.stages);
      return {
        lines: [...swept.lines, ...drift.lines],
        warnings: [],
        problems: drift.problems ?? [],
        outputs: { ...swept.outputs, drifted: drift.outputs.drifted ?? "[]" },
        summary: `${swept.summary}\n${drift.summary}`,
      };
    }
    case "swept":
      return sweptTold(outcome);
  }
}

function destroySummary(destroy: DestroyOutcome): string {
  const { kept, leftovers } = destroy.kind === "destroyed" ? destroy : NOTHING_LEFT;
  const head = `### ${code(destroy.stackName)} is gone${leftovers.length > 0 ? ", but not all of it ❌" : " 🧹"}\n`;
  const table = leftoverTable([...leftovers, ...kept]);
  return table.length === 0 ? head : [head, ...table, ""].join("\n");
}

const NOTHING_LEFT = { kept: [], leftovers: [] };

const NOTHING_SWEPT: Told = { lines: [], warnings: [], outputs: {}, summary: "" };

function sweptTold({ wanted, stacks, garbage }: SweepOutcome): Told {
  const removed = stacks.filter(({ kind }) => kind === "deleted").map(({ stackName }) => stackName);
  return {
    lines: [sweepLine(stacks, wanted), ...garbageLines(garbage)],
    warnings: [],
    outputs: { result: "swept", "removed-stacks": JSON.stringify(removed) },
    summary: [sweepSummary(stacks, wanted), ...garbageLines(garbage).map(prose), ""].join("\n"),
  };
}

function garbageLines(garbage: SweepOutcome["garbage"]): readonly string[] {
  if (!garbage) return [];
  const { condemned, removed, left, dryRun } = garbage;
  if (left !== undefined) return [`artifacts: left to the next sweep (${left})`];
  const gone = dryRun ? "would be deleted" : "deleted";
  return [`artifacts: ${removed.length} ${gone}, ${condemned.length} to be deleted by a later sweep`];
}

/** A night's summary shows every stage, however much of one has drifted: GitHub's limit counts for all. */
const STAGE_CHARACTERS = 60_000;

function driftTold(stages: readonly StageDrift[]): Told {
  const drifted = stages.filter(({ drift }) => drift.kind === "drifted").map(({ stage }) => stage);
  const [one] = stages.length === 1 ? stages : [];
  return {
    lines: stages.flatMap(stageDriftLines),
    warnings: [],
    problems: stages.flatMap(({ drift }) => driftProblems(drift)),
    outputs: {
      drifted: JSON.stringify(drifted),
      ...(one && {
        result: DRIFT_RESULTS[one.drift.kind],
        stage: one.stage,
        "stack-name": one.drift.stackName,
        ...(one.reverted && { changes: String(one.reverted.length) }),
      }),
    },
    summary: stages.map(driftSummary).join("\n"),
  };
}

const DRIFT_RESULTS: Readonly<Record<StackDrift["kind"], string>> = {
  "in-sync": "in-sync",
  absent: "in-sync",
  drifted: "drifted",
  unknown: "unknown",
  unavailable: "unknown",
};

const DRIFT_SIGNS: Readonly<Record<StackDrift["kind"], string>> = {
  "in-sync": "✅",
  absent: "",
  drifted: "⚠️",
  unknown: "❓",
  unavailable: "❓",
};

function driftSummary({ stage, drift, reverted }: StageDrift): string {
  const head = `### ${code(stage)}: ${prose(driftVerdict(drift))} ${DRIFT_SIGNS[drift.kind]}`.trim();
  const back = reverted ? `\n${reverted.length} resources were put back.\n` : "";
  if (drift.kind === "drifted") return `${head}\n${back}\n${driftTable(drift, STAGE_CHARACTERS)}\n`;
  const problems = drift.kind === "unknown" ? driftProblems(drift).map(formatProblem) : [];
  return [`${head}\n${back}`, ...(problems.length > 0 ? [fence(problems.join("\n"))] : [])].join("\n");
}

function deployed(outcome: Extract<GitopsOutcome, { readonly kind: "deployed" | "previewed" }>): Told {
  const { stage, deploy, facts } = outcome;
  const { stack, outputs, timeline } = deploy;
  const document = deployedJson(deploy, stage);
  // Times differ from run to run, so they are for the summary alone: the comment is edited when something has changed.
  const took = timeline ? `\n${fence(drawGantt(stack.name, timeline), "mermaid")}\n` : "";
  return {
    lines: report({ kind: "deployed", stage, deploy }).lines,
    warnings: [],
    problems: notesOf(facts),
    outputs: {
      result: "deployed",
      stage,
      "stack-name": stack.name,
      "stack-id": stack.id,
      "stack-outputs": JSON.stringify(outputs),
      url: document.url ?? "",
      ...changeOutputs(outcome.kind === "previewed" ? reviewedPlan(outcome) : document),
    },
    summary: `${renderSummary(facts)}${took}`,
  };
}

/** Waivers that have expired or are for nothing, and what CloudFormation doubts: where they stand in pipeline.yaml. */
function notesOf({ merging }: CommentFacts): readonly Problem[] {
  return merging.flatMap((one) => (one.kind === "planned" ? one.plan.risk.notes : []));
}

const FATES: Readonly<Record<SweptStack["kind"], string>> = {
  deleted: "gone 🧹",
  "would-delete": "would go",
  left: "left alone",
  failed: "could not be deleted ❌",
};

function sweepLine(stacks: readonly SweptStack[], wanted: number): string {
  const counts = (Object.keys(FATES) as SweptStack["kind"][])
    .map((fate) => ({ fate, count: stacks.filter(({ kind }) => kind === fate).length }))
    .filter(({ count }) => count > 0)
    .map(({ fate, count }) => `${count} ${fate}`);
  return `stacks: ${[`${wanted} wanted`, ...counts].join(", ")}`;
}

function sweepSummary(stacks: readonly SweptStack[], wanted: number): string {
  const head = `### ${wanted} stacks are wanted, ${stacks.length} are not\n`;
  if (stacks.length === 0) return head;
  const rows = stacks.map(({ kind, stackName, text }) => row([code(stackName), FATES[kind], prose(text)]));
  const left = leftoverTable(stacks.flatMap(leftoversOf));
  return [
    head,
    row(["stack", "is", "since"]),
    row(["-", "-", "-"]),
    ...rows,
    ...(left.length > 0 ? ["", "**Left behind:**", "", ...left] : []),
    "",
  ].join("\n");
}
