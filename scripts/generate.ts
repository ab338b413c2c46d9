/**
 * Writes what is made from other files: the schema, the types of the environment, README's tables,
 * docs/reasons.md, docs/stack-statuses.md, templates/sdk-clients.json. With
 * `--check` it writes nothing and fails if something is not fresh.
 */
import { parse } from "yaml";
import { optionsOf } from "../action/core/catalog.ts";
import { kebabCase } from "../action/core/names.ts";
import { reasonsPage } from "../action/core/explain.ts";
import { DOCUMENT_SCHEMAS } from "../action/core/outcome-document.ts";
import { statusPage } from "../action/core/stack-guide.ts";
import type { ComponentTemplate, ConnectionTemplate } from "../action/core/template.ts";
import { terminalConsole } from "../action/edge/console.ts";
import { type Project, readProject } from "../action/project.ts";
import { generatedFiles } from "../action/run.ts";
import { systemPorts } from "../action/system.ts";
import { sdkClientsFile } from "./sdk-clients.ts";

const console = terminalConsole();
const { workspace, shipped } = systemPorts({ root: `${import.meta.dirname}/..`, console, environment: {} });
const project = await readProject({ workspace, shipped });
const readme = (await workspace.read("README.md")) ?? "";
const action = parse((await workspace.read("action.yml")) ?? "") as ActionFile;
const schemas = Object.entries(DOCUMENT_SCHEMAS).map(([file, schema]): [string, string] => [
  file,
  `${JSON.stringify(schema, null, 2)}\n`,
]);
const files = {
  ...generatedFiles(project),
  ...Object.fromEntries(schemas),
  "README.md": withTables(readme, project, action),
  "docs/reasons.md": reasonsPage(),
  "docs/stack-statuses.md": statusPage(),
  "templates/sdk-clients.json": await sdkClientsFile(),
};

const stale: string[] = [];
for (const [file, text] of Object.entries(files)) {
  if ((await workspace.read(file)) === text) continue;
  stale.push(file);
  if (!process.argv.includes("--check")) await workspace.write(file, text);
}
if (process.argv.includes("--check") && stale.length > 0) {
  console.error(`not fresh: ${stale.join(", ")}\n    Run \`npm run generate\` and commit the result.`);
  process.exitCode = 1;
}

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
}

function withTables(text: string, { catalog }: Project, { inputs, outputs }: ActionFile): string {
  const tables = {
    kinds: kindTable([...catalog.components.values()]),
    arrows: arrowTable(catalog.connections),
    inputs: inputTable(inputs),
    outputs: outputTable(outputs),
  };
  return Object.entries(tables).reduce((page, [name, table]) => {
    const block = new RegExp(`(<!-- generated: ${name} -->\n)[^]*?(<!-- end -->)`);
    return page.replace(block, (_all, start: string, end: string) => `${start}\n${table}\n\n${end}`);
  }, text);
}

function kindTable(templates: readonly ComponentTemplate[]): string {
  const rows = templates
    .toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
    .map((one) => [`\`${one.kind}\``, oneLine(one.description), optionList(one)]);
  return drawTable(["kind", "what it is", "options (required ones in bold)"], rows);
}

function arrowTable(templates: readonly ConnectionTemplate[]): string {
  const rows = templates
    .map((one): [string, ConnectionTemplate] => [
      `\`${one.from} ${one.verb === "" ? "->" : `-${one.verb}->`} ${one.to}\``,
      one,
    ])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([arrow, one]) => [arrow, oneLine(one.description), optionList(one)]);
  return drawTable(["arrow", "what it makes", "options"], rows);
}

function inputTable(inputs: ActionFile["inputs"]): string {
  const rows = Object.entries(inputs).map(([name, { description, default: preset = "" }]) => [
    `\`${name}\``,
    oneLine(description),
    preset === "" ? "" : `\`${preset}\``,
  ]);
  return drawTable(["input", "what it is", "default"], rows);
}

function outputTable(outputs: ActionFile["outputs"]): string {
  const rows = Object.entries(outputs).map(([name, { description }]) => [
    `\`${name}\``,
    oneLine(description),
  ]);
  return drawTable(["output", "what it is"], rows);
}

function optionList(template: ComponentTemplate | ConnectionTemplate): string {
  return optionsOf(template)
    .map(({ name, default: preset }) => (preset === undefined ? `**${kebabCase(name)}**` : kebabCase(name)))
    .join(", ");
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ").replaceAll("|", "\\|");
}

/** Columns are padded as oxfmt pads them, or the formatter would undo what this writes. */
function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join(
    "\n",
  );
}
