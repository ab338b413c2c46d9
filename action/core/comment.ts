/**
 * What a pull request is told, in its one comment and in the job's summary. Equal facts are equal bytes but for the
 * run's address (`sameText`), so that a comment is edited only when something has changed.
 */
import type { Change } from "../ports.ts";
import type { Plan } from "../plan.ts";
import { code, fence, link, prose, row } from "./markdown.ts";
import { changedNames } from "./operation.ts";
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
import type { Origin } from "./rendered.ts";

export interface CommentFacts {
  readonly pipeline: string;
  readonly verdict: Verdict;
  /** Mermaid; empty for none. */
  readonly picture: string;
  /** What merging would change, stage by stage. */
  readonly merging: readonly StagePlan[];
  readonly preview?: PreviewStack;
  /** How long a marked item took from hop to hop, in the order of its way. */
  readonly hops?: readonly Hop[];
  /** Where the runs of the pull request are: the same page for all of them. */
  readonly checksUrl: string;
  /** This run: where the rest is of what does not fit. */
  readonly runUrl: string;
}

export type Verdict =
  | { readonly kind: "ready"; readonly stackName: string }
  | { readonly kind: "deployed"; readonly stage: string; readonly stackName: string }
  /** There is no preview, and why. */
  | { readonly kind: "planned"; readonly why: string }
  | { readonly kind: "failed"; readonly what: string; readonly problems: readonly Problem[] }
  | { readonly kind: "gone"; readonly stackName: string; readonly why: string };

export type StagePlan =
  | {
      readonly kind: "planned";
      readonly stage: string;
      readonly plan: Plan;
      readonly origins: Readonly<Record<string, Origin>>;
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
    head: `${commentMarker(facts.pipeline)}\n### ${code(facts.pipeline)}: ${verdictLine(facts.verdict)}\n`,
    sections: sections(facts),
    foot: `\n${links(facts).join(" · ")}\n`,
  };
}

function verdictLine(verdict: Verdict): string {
  switch (verdict.kind) {
    case "ready":
      return `the preview ${code(verdict.stackName)} is up ✅`;
    case "deployed":
      return `${code(verdict.stage)} is what Git says ✅ (${code(verdict.stackName)})`;
    case "planned":
      return `no preview: ${prose(verdict.why)}`;
    case "failed":
      return `${prose(verdict.what)} ❌`;
    case "gone":
      return `the preview ${code(verdict.stackName)} is taken down 🧹 (${prose(verdict.why)})`;
  }
}

function sections(facts: CommentFacts): Section[] {
  const { verdict, merging, preview, hops = [], picture } = facts;
  return [
    ...(verdict.kind === "failed" ? [problemSection(verdict.problems)] : []),
    ...merging.map(planSection),
    ...(preview && Object.keys(preview.outputs).length > 0 ? [outputSection(preview)] : []),
    ...(hops.length > 0 ? [hopSection(hops)] : []),
    ...(picture === "" ? [] : [folded("The pipeline", [fence(picture, "mermaid")])]),
  ];
}

function problemSection(problems: readonly Problem[]): Section {
  return { head: "", rows: problems.map((problem) => fence(formatProblem(problem))), tail: "" };
}

function planSection(against: StagePlan): Section {
  const stage = code(against.stage);
  if (against.kind === "unknown") {
    return { head: `**Merging into ${stage}:** not known, ${prose(against.why)}`, rows: [], tail: "" };
  }
  const { plan, origins } = against;
  const { changes } = plan;
  if (plan.kind === "nothing") {
    return {
      head: `**Merging into ${stage}** changes nothing in ${code(plan.stackName)}.`,
      rows: [],
      tail: "",
    };
  }
  const what = plan.kind === "create" ? "creates" : "changes";
  const loaded = plan.items.map((component) => `items of ${code(component)} put`);
  const all = [tally(changes), ...loaded].filter((part) => part !== "").join(", ");
  const title = `**Merging into ${stage}** ${what} ${code(plan.stackName)}: ${all}.`;
  if (changes.length === 0) return { head: title, rows: [], tail: "" };
  const columns = [
    row(["", "component", "resource", "type", "what changes"]),
    row(["-", "-", "-", "-", "-"]),
  ];
  const rows = inOrder(changes).map((change) => changeRow(change, origins));
  // A new stack is a long list of nothing but additions.
  return plan.kind === "create"
    ? folded(`${changes.length} resources`, [...columns, ...rows], `${title}\n\n`)
    : { head: [title, "", ...columns].join("\n"), rows, tail: "" };
}

/** What may hurt comes first, and so is never what is left out. */
const EFFECTS = {
  replaced: "♻️",
  "may be replaced": "♻️",
  removed: "🗑️",
  changed: "✏️",
  added: "➕",
} as const;
type Effect = keyof typeof EFFECTS;
const ORDER = Object.keys(EFFECTS) as readonly Effect[];

function effectOf({ action, replacement }: Change): Effect {
  if (action === "Remove") return "removed";
  if (replacement === "True") return "replaced";
  if (replacement === "Conditional") return "may be replaced";
  return action === "Add" ? "added" : "changed";
}

function inOrder(changes: readonly Change[]): Change[] {
  const rank = (change: Change): number => ORDER.indexOf(effectOf(change));
  return changes.toSorted((a, b) => rank(a) - rank(b) || (a.logicalId < b.logicalId ? -1 : 1));
}

function tally(changes: readonly Change[]): string {
  const effects = changes.map(effectOf);
  return ORDER.map((effect) => ({ effect, count: effects.filter((each) => each === effect).length }))
    .filter(({ count }) => count > 0)
    .map(({ effect, count }) => `${count} ${effect}`)
    .join(", ");
}

function changeRow(change: Change, origins: Readonly<Record<string, Origin>>): string {
  const { logicalId, type } = change;
  const origin = origins[logicalId];
  const effect = effectOf(change);
  // The stack's own tags reach every resource with every commit.
  const words = changedNames(change)
    .filter((property) => property !== "Tags")
    .map((property) => code(property));
  const fate = effect === "replaced" || effect === "may be replaced" ? [`**${effect}**`] : [];
  return row([
    EFFECTS[effect],
    origin ? code(origin.component) : "",
    origin ? prose(origin.label) : code(logicalId),
    code(type),
    [...fate, words.join(", ")].join(" ").trim(),
  ]);
}

function outputSection({ outputs }: PreviewStack): Section {
  const rows = Object.entries(outputs)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => row([code(name), code(value, 300)]));
  return folded("Outputs of the stack", [row(["output", "value"]), row(["-", "-"]), ...rows]);
}

function hopSection(hops: readonly Hop[]): Section {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  const rows = hops.map(({ name, milliseconds }) => row([code(name), seconds(milliseconds)]));
  const total = hops.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const title = `**An item went all the way** through the preview in ${seconds(total)}.`;
  return { head: [title, "", row(["hop", "time"]), row(["-", "-:"])].join("\n"), rows, tail: "" };
}

/** The empty line after the summary is what makes GitHub read Markdown again. */
function folded(title: string, rows: readonly string[], before = ""): Section {
  const head = `${before}<details><summary>${title}</summary>\n`;
  return { head, rows, tail: "\n\n</details>" };
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
