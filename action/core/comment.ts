/**
 * What a pull request is told, in its one comment and in the job's summary. Equal facts are equal bytes but for the
 * run's address (`sameText`), so that a comment is edited only when something has changed.
 */
import type { Plan } from "../plan.ts";
import { formatCommentData } from "./comment-data.ts";
import type { Mark } from "./fold.ts";
import { functionSection, type FunctionWords } from "./function-words.ts";
import { type Leftover, leftoverTable } from "./leftover.ts";
import { code, fence, link, prose, row, sentence } from "./markdown.ts";
import { folded, planSections } from "./plan-section.ts";
import { formatProblem, type Problem } from "./problem.ts";
import {
  COMMENT_CHARACTERS,
  type Document,
  type Paper,
  type Section,
  SUMMARY_PAPER,
  commentPaper,
  drawDocument,
  fitDocument,
  fits,
} from "./paper.ts";
import type { ReviewWords } from "./review-words.ts";
import type { ValueMap } from "./value.ts";

export interface CommentFacts {
  readonly pipeline: string;
  readonly verdict: Verdict;
  /** Mermaid; empty for none. */
  readonly picture: string;
  /** What colours are in the picture. None: it is folded, since it tells nothing new. */
  readonly marks?: readonly Mark[];
  /** What merging would change, stage by stage. */
  readonly merging: readonly StagePlan[];
  readonly preview?: PreviewStack;
  /** As they were built for this commit. */
  readonly functions?: readonly FunctionWords[];
  /** How long a marked item took from hop to hop, in the order of its way. */
  readonly hops?: readonly Hop[];
  /** How the plan that was executed was reviewed. */
  readonly review?: ReviewWords;
  /** Hidden, for the next run (comment-data.ts). */
  readonly data?: ValueMap;
  /** Where the runs of the pull request are: the same page for all of them. */
  readonly checksUrl: string;
  /** This run: where the rest is of what does not fit. */
  readonly runUrl: string;
}

export type Verdict =
  | { readonly kind: "ready"; readonly stackName: string }
  /** The preview is up, but `what`. */
  | {
      readonly kind: "stuck";
      readonly stackName: string;
      readonly what: string;
      readonly problems: readonly Problem[];
    }
  | {
      readonly kind: "deployed";
      readonly stage: string;
      readonly stackName: string;
      /** Commit of an earlier release that it was taken back to. */
      readonly back?: string;
      /** What it took, for people: `1 changed, 2 added`. */
      readonly changed?: string;
    }
  /** There is no preview, and why. */
  | { readonly kind: "planned"; readonly why: string }
  | { readonly kind: "failed"; readonly what: string; readonly problems: readonly Problem[] }
  | {
      readonly kind: "gone";
      readonly stackName: string;
      readonly why: string;
      /** What could not be deleted, and exists without a stack now. */
      readonly leftovers?: readonly Leftover[];
    };

export type StagePlan =
  | {
      readonly kind: "planned";
      readonly stage: string;
      readonly plan: Plan;
    }
  | { readonly kind: "unknown"; readonly stage: string; readonly why: string };

export interface PreviewStack {
  /** The stack's ARN. */
  readonly stackId: string;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Hop {
  readonly name: string;
  readonly milliseconds: number;
}

/** The first line of every comment of ours; hidden. A pipeline's name cannot hold `--`, which would end it. */
export function commentMarker(pipeline: string): string {
  return `<!-- warren: ${pipeline} -->`;
}

/**
 * Markdown of at most `characters`. What does not fit is left out from the least important end, and a line says where
 * all of it is.
 */
export function renderComment(facts: CommentFacts, characters: number = COMMENT_CHARACTERS): string {
  return renderOn(commentPaper(characters), facts);
}

/** The same, as long as a job's summary may be. */
export function renderSummary(facts: CommentFacts): string {
  return renderOn(SUMMARY_PAPER, facts);
}

/** All of it, where not even the summary has room for it; the workflow keeps it as the artifact of this name. */
export function renderReport(
  facts: CommentFacts,
): { readonly name: string; readonly text: string } | undefined {
  const whole = drawDocument(documentOf(facts));
  return fits(whole, SUMMARY_PAPER) ? undefined : { name: reportName(facts), text: whole };
}

function reportName({ pipeline }: CommentFacts): string {
  return `warren-${pipeline}.md`;
}

function renderOn(paper: Paper, facts: CommentFacts): string {
  const { runUrl } = facts;
  const artifact = `the file ${code(reportName(facts))} among ${link("the artifacts of its run", `${runUrl}#artifacts`)}`;
  return fitDocument(documentOf(facts), paper, (whole) => {
    const all = fits(whole, SUMMARY_PAPER) ? link("the summary of its run", runUrl) : artifact;
    return `**This is not all of it:** all is in ${all}.`;
  });
}

function documentOf(facts: CommentFacts): Document {
  return {
    head: `${[commentMarker(facts.pipeline), formatCommentData(facts.data ?? {})].join("\n").trimEnd()}\n### ${code(facts.pipeline)}: ${verdictLine(facts)}\n`,
    sections: sections(facts),
    foot: `\n${links(facts).join(" · ")}\n`,
  };
}

function verdictLine({ verdict, merging }: CommentFacts): string {
  switch (verdict.kind) {
    case "ready":
      return isStopped(merging)
        ? `must not be merged 🛑 (${isUp(verdict.stackName)})`
        : `${isUp(verdict.stackName)} ✅`;
    case "stuck":
      return `${isUp(verdict.stackName)}, but ${sentence(verdict.what)} ❌`;
    case "deployed":
      return verdict.back === undefined
        ? `${code(verdict.stage)} is what Git says ✅ (${code(verdict.stackName)}${verdict.changed === undefined ? "" : `: ${verdict.changed}`})`
        : `${code(verdict.stage)} is back at ${code(verdict.back.slice(0, 12))} ⏪ (${code(verdict.stackName)})`;
    case "planned":
      return `no preview: ${sentence(verdict.why)}`;
    case "failed":
      return `${sentence(verdict.what)} ❌`;
    case "gone":
      return `the preview ${code(verdict.stackName)} is taken down${verdict.leftovers?.length ? ", but not all of it ❌" : " 🧹"} (${sentence(verdict.why)})`;
  }
}

function isUp(stackName: string): string {
  return `the preview ${code(stackName)} is up`;
}

/** Does the comment say of the stack that it is there? */
export function isUpIn(body: string, stackName: string): boolean {
  return body.includes(isUp(stackName));
}

/** Whatever else is well. */
function isStopped(merging: readonly StagePlan[]): boolean {
  return merging.some((one) => one.kind === "planned" && one.plan.risk.stops.length > 0);
}

function sections(facts: CommentFacts): Section[] {
  const { verdict, merging, preview, functions = [], hops = [], picture, marks = [], review } = facts;
  return [
    ...(verdict.kind === "failed" || verdict.kind === "stuck" ? [problemSection(verdict.problems)] : []),
    ...(verdict.kind === "gone" ? leftoverSection(verdict.leftovers ?? []) : []),
    ...(review ? [reviewSection(review)] : []),
    ...merging.flatMap(mergingSections),
    ...(preview && Object.keys(preview.outputs).length > 0 ? [outputSection(preview)] : []),
    ...(hops.length > 0 ? [hopSection(hops, verdict)] : []),
    ...(functions.length > 0 ? [functionSection(functions)] : []),
    ...pictureSection(picture, marks, merging),
  ];
}

const LEGEND: Readonly<Record<Mark, string>> = {
  added: "🟩 added",
  changed: "🟨 changed",
  replaced: "🟪 replaced",
  removed: "🟥 removed",
};

function pictureSection(
  picture: string,
  marks: readonly Mark[],
  merging: readonly StagePlan[],
): readonly Section[] {
  if (picture === "") return [];
  const drawn = fence(picture, "mermaid");
  const isNew = merging.some((one) => one.kind === "planned" && one.plan.kind === "create");
  if (isNew && marks.length === 0) {
    return [{ head: "**The pipeline**, all of it new:\n", rows: [drawn], tail: "" }];
  }
  if (marks.length === 0) return [folded("The pipeline", [drawn])];
  const legend = marks.map((mark) => LEGEND[mark]).join(" · ");
  return [{ head: `**The pipeline**, after the merge: ${legend}\n`, rows: [drawn], tail: "" }];
}

function problemSection(problems: readonly Problem[]): Section {
  return { head: "", rows: problems.map((problem) => fence(formatProblem(problem))), tail: "" };
}

function leftoverSection(leftovers: readonly Leftover[]): readonly Section[] {
  const [head = "", line = "", ...rows] = leftoverTable(leftovers);
  const title = "**Left behind**, without a stack, until somebody deletes it:";
  return rows.length === 0 ? [] : [{ head: `${title}\n\n${head}\n${line}`, rows, tail: "" }];
}

function reviewSection({ verdict, differences }: ReviewWords): Section {
  return {
    head: `**Review:** ${prose(verdict)}`,
    rows: differences.map((one) => `- ${prose(one)}`),
    tail: "",
  };
}

function mergingSections(against: StagePlan): readonly Section[] {
  if (against.kind === "planned") return planSections(against.stage, against.plan);
  const head = `**Merging into ${code(against.stage)}:** not known, ${sentence(against.why)}`;
  return [{ head, rows: [], tail: "" }];
}

function outputSection({ outputs }: PreviewStack): Section {
  const rows = Object.entries(outputs)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => row([code(name), code(value, 300)]));
  return folded("Outputs of the stack", [row(["output", "value"]), row(["-", "-"]), ...rows]);
}

function hopSection(hops: readonly Hop[], { kind }: Verdict): Section {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  const each = hops.map(({ name, milliseconds }) => `${code(name)} ${seconds(milliseconds)}`);
  const total = hops.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const title =
    kind === "stuck"
      ? "**It came this far:**"
      : `**An item went all the way** through the preview in ${seconds(total)}:`;
  return { head: `${title} ${each.join(", ")}`, rows: [], tail: "" };
}

function links({ preview, checksUrl }: CommentFacts): string[] {
  const stack = preview && consoleUrl(preview.stackId);
  return [
    ...(stack === undefined ? [] : [link("the stack in the AWS console", stack)]),
    link("runs", checksUrl),
  ];
}

const CONSOLES: Readonly<Record<string, string>> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

/** Undefined for what is no ARN of a stack in a partition that has a known console. */
export function consoleUrl(stackId: string): string | undefined {
  const [, partition = "", , region = ""] = stackId.split(":");
  const host = CONSOLES[partition];
  if (host === undefined || region === "") return undefined;
  return `https://${region}.${host}/cloudformation/home?region=${region}#/stacks/stackinfo?stackId=${encodeURIComponent(stackId)}`;
}
