/** What cfn-lint and cfn-guard answer, as findings at the lines of pipeline.yaml. */
import type { Finding } from "./finding.ts";
import type { Origin } from "./rendered.ts";
import { type Value, isValueList, isValueMap, parsedJson, textOf } from "./value.ts";

export type Origins = Readonly<Record<string, Origin>>;

/** `originsOf`: of a template, by its file's name. Undefined for an answer of another form. */
export function readLint(json: string, originsOf: (file: string) => Origins): readonly Finding[] | undefined {
  const matches = parsedJson(json);
  if (!isValueList(matches)) return undefined;
  return matches.flatMap((match): Finding[] => {
    if (!isValueMap(match)) return [];
    const rule = isValueMap(match["Rule"]) ? match["Rule"] : {};
    const location = isValueMap(match["Location"]) ? match["Location"] : {};
    const path = isValueList(location["Path"]) ? location["Path"].map(textOf) : [];
    const link = textOf(rule["Source"]);
    return [
      {
        kind: match["Level"] === "Error" ? "problem" : "warning",
        ...where(path, originsOf(textOf(match["Filename"])), textOf(match["Message"])),
        rule: `cfn-lint ${textOf(rule["Id"])}`,
        ...(link !== "" && { link }),
      },
    ];
  });
}

/** The same of cfn-guard, which knows no warnings. */
export function readGuard(
  json: string,
  originsOf: (file: string) => Origins,
): readonly Finding[] | undefined {
  const reports = parsedJson(json);
  if (!isValueList(reports)) return undefined;
  return reports.flatMap((report): readonly Finding[] => {
    if (!isValueMap(report)) return [];
    const file = textOf(report["name"]).split("/").at(-1) ?? "";
    const broken = [...brokenChecks(report["not_compliant"] ?? [], "")];
    return broken.map(({ rule, path, advice }) => ({
      kind: "problem",
      ...where(path, originsOf(file), `breaks the rule \`${rule}\``),
      ...(advice !== "" && { fix: sentenceOf(advice) }),
      rule: `cfn-guard ${rule}`,
    }));
  });
}

interface BrokenCheck {
  readonly rule: string;
  readonly path: readonly string[];
  /** The rule's own words. */
  readonly advice: string;
}

/** Rules, blocks and alternatives are nested as they are written; the checks are their leaves. */
function* brokenChecks(value: Value, rule: string): Generator<BrokenCheck> {
  if (isValueList(value)) for (const item of value) yield* brokenChecks(item, rule);
  if (!isValueMap(value)) return;
  const { Rule: inner, check, messages } = value;
  if (isValueMap(inner)) return yield* brokenChecks(inner["checks"] ?? [], textOf(inner["name"]));
  if (check !== undefined && isValueMap(messages)) {
    yield { rule, path: pathIn(check), advice: textOf(messages["custom_message"]).trim() };
    return;
  }
  for (const item of Object.values(value)) yield* brokenChecks(item, rule);
}

/** Of the value that was looked at, or of the one in which something is missing: the first that the check names. */
function pathIn(check: Value): readonly string[] {
  const found = [...pathsIn(check)].find((path) => path !== "");
  return (found ?? "").split("/").slice(1);
}

function* pathsIn(value: Value): Generator<string> {
  if (isValueList(value)) for (const item of value) yield* pathsIn(item);
  if (!isValueMap(value)) return;
  if (typeof value["path"] === "string") yield value["path"];
  for (const item of Object.values(value)) yield* pathsIn(item);
}

/** `path` is that of the template: `Resources`, logical id, `Properties`, … */
function where(
  path: readonly string[],
  origins: Origins,
  message: string,
): Pick<Finding, "what"> & Partial<Pick<Finding, "place">> {
  const [section, logicalId = "", , ...rest] = path;
  if (section !== "Resources" || logicalId === "") return { what: oneLine(message) };
  const origin = origins[logicalId];
  const name = origin ? `${origin.label} of \`${origin.component}\` (${logicalId})` : logicalId;
  const property = rest.join(".");
  const option = origin?.options?.[property];
  const at = property === "" ? "" : ` at ${property}${option === undefined ? "" : `, \`${option}\``}`;
  return { what: `${name}${at}: ${oneLine(message)}`, ...(origin && { place: origin.place }) };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function sentenceOf(text: string): string {
  const line = oneLine(text);
  return `${line.slice(0, 1).toUpperCase()}${line.slice(1)}${/[.!?]$/.test(line) ? "" : "."}`;
}
