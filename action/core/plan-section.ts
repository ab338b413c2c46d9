/** A plan as Markdown, for the comment and the summary; from what is safe to be shown. */
import type { Plan } from "../plan.ts";
import { code, fence, prose, row, sentence } from "./markdown.ts";
import {
  brief,
  propertyLines,
  remarks,
  resourceTitle,
  shownProperties,
  tally,
  untouchedText,
} from "./plan-lines.ts";
import type { Section } from "./paper.ts";
import { riskSection } from "./risk-section.ts";
import type { Effect, PropertyWords, ResourceWords } from "./plan-words.ts";

const ICONS: Readonly<Record<Effect, string>> = {
  replaced: "♻️",
  "may-be-replaced": "♻️",
  removed: "🗑️",
  changed: "✏️",
  imported: "📥",
  added: "➕",
};

/** The table of what happens, then what did not fit into its cells. */
export function planSections(stage: string, plan: Plan): readonly Section[] {
  return [...driftSection(plan), ...changeSections(stage, plan)];
}

function driftSection({ drift, stackName }: Plan): readonly Section[] {
  if (drift === undefined) return [];
  return [{ head: `> ⚠️ **Drift of ${code(stackName)}:** ${sentence(drift)}`, rows: [], tail: "" }];
}

function changeSections(stage: string, plan: Plan): readonly Section[] {
  const intoStage = `**Merging into ${code(stage)}**`;
  if (plan.kind === "nothing") {
    const head = `${intoStage} changes nothing in ${code(plan.stackName)}.`;
    return [{ head, rows: [], tail: "" }, ...riskSection(plan.risk)];
  }
  const what = plan.kind === "create" ? "creates" : "changes";
  const loaded = plan.items.map((component) => `items of ${code(component)} put`);
  const all = [tally(plan.words), ...loaded].filter((part) => part !== "").join(", ");
  const title = `${intoStage} ${what} ${code(plan.stackName)}: ${all}.`;
  const { words } = plan;
  const risk = riskSection(plan.risk);
  if (words.length === 0) return [{ head: title, rows: [], tail: footnotes(plan) }];
  const risky = new Set(plan.risk.risks.map(({ logicalId }) => logicalId));
  const isPlain = ({ effect, logicalId }: ResourceWords): boolean =>
    effect === "added" && !risky.has(logicalId);
  const rows = [
    ...words.filter((resource) => !isPlain(resource)).map(resourceRow),
    ...additionRows(words.filter(isPlain)),
  ];
  const columns = [row(["", "what", "changes", "CloudFormation"]), row(["-", "-", "-", "-"])];
  // A new stack is a long list of nothing but additions.
  const table =
    plan.kind === "create"
      ? folded(`${words.length} resources`, [...columns, ...rows], `${title}\n\n`)
      : { head: [title, "", ...columns].join("\n"), rows, tail: footnotes(plan) };
  const long = words.flatMap((resource) => {
    const hidden = shownProperties(resource).filter(
      (property, index) => index >= CELL_PROPERTIES || isLong(property),
    );
    return hidden.length === 0 ? [] : [block(resource, hidden)];
  });
  return [...risk, table, ...(long.length === 0 ? [] : [folded("Longer changes, in full", long)])];
}

/** What is not in the table is counted, and what stands in a value's place is explained. */
function footnotes({ untouched: count, words }: Plan): string {
  const notes = [
    ...(count === 0 ? [] : [`${untouchedText(count)}.`]),
    ...(FINGERPRINT.test(JSON.stringify(words))
      ? ["`sha256:…` stands for a value that is not shown, as it may be a secret."]
      : []),
  ];
  return notes.length === 0 ? "" : `\n\n<sub>${notes.join(" ")}</sub>`;
}

/** As redact.ts makes it. */
const FINGERPRINT = /sha256:[0-9a-f]{8}\.\./;

const CELL_PROPERTIES = 6;
const CELL_CHARACTERS = 100;
const CELL_LINES = 4;

function isLong({ before = "", after = "", lines = [], diff }: PropertyWords): boolean {
  return (
    diff !== undefined ||
    Math.max(before.length, after.length) > CELL_CHARACTERS ||
    lines.length > CELL_LINES ||
    lines.some((line) => line.length > 2 * CELL_CHARACTERS)
  );
}

function resourceRow(resource: ResourceWords): string {
  const { effect, logicalId, type, policyAction } = resource;
  const properties = shownProperties(resource);
  const fates: Readonly<Partial<Record<Effect, string>>> = {
    replaced: "**replaced** by a new one",
    "may-be-replaced": "**may be replaced** by a new one",
    removed: "**removed**",
    imported: "taken into the stack",
    added: "new",
  };
  const old = effect === "removed" ? "" : "the old one is ";
  const kept = /Retain/.test(policyAction) ? [`${old}kept outside of the stack`] : [];
  const fate = [fates[effect] ?? [], kept].flat().join(", ");
  const shown = properties.slice(0, CELL_PROPERTIES).map(propertyCell);
  const more = properties.length - shown.length;
  const cells = [...(fate === "" ? [] : [fate]), ...shown, ...(more > 0 ? [`and ${more} more, below`] : [])];
  return row([ICONS[effect], titleOf(resource), cells.join("<br>"), `${code(logicalId)} ${code(type)}`]);
}

function titleOf(resource: ResourceWords): string {
  return resourceTitle({ ...resource, label: prose(resource.label) }, (name) => code(name));
}

function propertyCell(property: PropertyWords): string {
  const { name, before, after, lines, diff } = property;
  const words = remarks(property).map((remark) => prose(remark));
  if (lines) {
    const first = lines.slice(0, CELL_LINES).map((line) => statementCell(line));
    const more = lines.length - first.length;
    return [
      `${code(name)} ${words.join(" ")}`.trim(),
      ...first,
      ...(more > 0 ? [`and ${more} more, below`] : []),
    ].join("<br>");
  }
  if (diff !== undefined) return [code(name), "is changed, see below", ...words].join(" ");
  if (before === undefined && after === undefined) return [code(name), "changes", ...words].join(" ");
  const value = (text: string | undefined): string =>
    text === undefined ? "not set" : text === "" ? "empty" : code(brief(text), CELL_CHARACTERS);
  return [code(name), value(before), "→", value(after), ...words].join(" ");
}

/** What is forbidden no longer has to be seen among all that is only new. */
function statementCell(line: string): string {
  const text = code(line.slice(2), 2 * CELL_CHARACTERS);
  if (!line.startsWith("- ")) return `➕ ${text}`;
  return /^- Deny\b/.test(line) ? `➖ **no longer denied:** ${text}` : `➖ ${text}`;
}

const NAMED_IDS = 3;

/** One row a component: what belongs to it comes with it. */
function additionRows(added: readonly ResourceWords[]): readonly string[] {
  return [...Map.groupBy(added, ({ component }) => component).values()].map((group) => {
    const [first, ...rest] = group;
    if (!first) return "";
    const others = first.main ? rest : group;
    const labels = others
      .map(({ label }) => prose(label))
      .filter((label) => label !== "")
      .join(", ");
    const what = first.main ? titleOf(first) : code(first.component);
    const ids = group.slice(0, NAMED_IDS).map(({ logicalId }) => code(logicalId));
    const more = group.length - ids.length;
    const cell = labels === "" ? "new" : first.main ? `new, with ${labels}` : `new: ${labels}`;
    return row([ICONS.added, what, cell, [...ids, ...(more > 0 ? [`and ${more} more`] : [])].join(" ")]);
  });
}

function block(resource: ResourceWords, properties: readonly PropertyWords[]): string {
  const heading = `${resourceTitle(resource, (name) => name)} (${resource.logicalId})`;
  const lines = properties.flatMap((property) =>
    // GitHub colours a line by its first character.
    propertyLines(property).map((line, index) => (index === 0 ? `  ${line}` : line.slice(2))),
  );
  return fence([`  ${heading}`, ...lines].join("\n"), "diff");
}

/** The empty line after the summary is what makes GitHub read Markdown again. */
export function folded(words: string, rows: readonly string[], before = ""): Section {
  return { head: `${before}<details><summary>${words}</summary>\n`, rows, tail: "\n\n</details>" };
}
