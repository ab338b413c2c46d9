/**
 * The issue that tells of a stage's drift. Equal drift gives equal bytes, with no time and no run in it: it is edited only
 * when something has changed, and nobody is notified every night of what he knows.
 */
import { consoleUrl } from "./comment.ts";
import type { DriftedProperty, DriftedResource, StackDrift, Unchecked } from "./drift.ts";
import { code, link, prose, row } from "./markdown.ts";
import { COMMENT_CHARACTERS } from "./paper.ts";

/** Names hold no `--`, which would end it. */
export function driftMarker(pipeline: string, stage: string): string {
  return `<!-- warren drift: ${pipeline} ${stage} -->`;
}

export interface DriftIssue {
  readonly title: string;
  readonly body: string;
}

/** Undefined: there is no drift, and nothing that may be. What is not known changes nothing: see `leavesIssue`. */
export function driftIssue(
  pipeline: string,
  stage: string,
  drift: StackDrift,
  /** Where files of the default branch are shown, for example https://github.com/o/r/blob/main; empty for no links. */
  filesUrl: string,
): DriftIssue | undefined {
  if (drift.kind !== "drifted") return undefined;
  const title = `Stage ${stage} of ${pipeline} is not as it was deployed`;
  const head = [
    driftMarker(pipeline, stage),
    `Somebody has changed ${code(drift.stackName)} by hand, past Git:`,
    "",
    ...COLUMNS,
  ].join("\n");
  const awsUrl = consoleUrl(drift.stackId);
  const tail = [
    ...drift.unchecked.map((one) => `\nNot looked at: ${uncheckedName(one)}, ${prose(one.reason, 500)}`),
    "",
    "**To put it back**, run the workflow by hand with `command` drift, " +
      `\`stage\` ${code(stage)} and \`revert\` on, or \`warren drift ${stage} --revert\`.`,
    "**To keep it**, write it into `config/pipeline.yaml` and deploy.",
    "",
    "This issue follows what is found every night, and is closed when there is nothing to find any more." +
      (awsUrl === undefined ? "" : ` ${link("The stack in the AWS console", awsUrl)}.`),
    "",
  ].join("\n");
  const rows = drift.resources.flatMap((resource) => driftRows(resource, filesUrl));
  return { title, body: within(COMMENT_CHARACTERS, head, rows, tail) };
}

/** The table of the summary, at most `characters` long. */
export function driftTable(drift: StackDrift & { readonly kind: "drifted" }, characters: number): string {
  const rows = drift.resources.flatMap((resource) => driftRows(resource, ""));
  return within(characters, COLUMNS.join("\n"), rows, "");
}

/** GitHub refuses what is too long; whole rows are left out, and their number said. */
function within(characters: number, head: string, rows: readonly string[], tail: string): string {
  const more = (left: number): string => (left === 0 ? "" : `\n\n… and ${left} more.`);
  let room = characters - head.length - tail.length - more(rows.length).length - 4;
  const cut = rows.findIndex((one) => (room -= one.length + 1) < 0);
  const shown = cut < 0 ? rows : rows.slice(0, cut);
  return `${[head, ...shown].join("\n")}${more(rows.length - shown.length)}\n${tail}`;
}

const COLUMNS = [row(["where", "resource", "property", "deployed", "now"]), row(["-", "-", "-", "-", "-"])];

function driftRows(resource: DriftedResource, filesUrl: string): string[] {
  const { kind, logicalId, type, origin, properties } = resource;
  const where = origin ? placeLink(origin.place, filesUrl) : "";
  const what = origin ? `${code(origin.component)} ${prose(origin.label)}` : code(logicalId);
  const first = [where, `${what} (${code(type)})`];
  if (kind === "deleted") return [row([...first, "all of it", "there", "**deleted** 🗑️"])];
  return properties.map((property, index) =>
    row([...(index === 0 ? first : ["", ""]), code(property.path), ...values(property)]),
  );
}

function values({ kind, expected, actual }: DriftedProperty): readonly [string, string] {
  const show = (text: string): string => code(text === "" ? '""' : text, VALUE_CHARACTERS);
  if (kind === "added") return ["not there", `${show(actual)} **added**`];
  return [show(expected), kind === "removed" ? "**removed**" : show(actual)];
}

/** Of one value: a policy's document would hide the rest of the table. */
const VALUE_CHARACTERS = 300;

function placeLink(
  { file, line }: { readonly file: string; readonly line: number },
  filesUrl: string,
): string {
  return filesUrl === "" ? code(`${file}:${line}`) : link(`${file}:${line}`, `${filesUrl}/${file}#L${line}`);
}

function uncheckedName({ logicalId, origin }: Unchecked): string {
  if (origin) return `${code(origin.component)} ${prose(origin.label)}`;
  return logicalId === "" ? "some resources" : code(logicalId);
}
