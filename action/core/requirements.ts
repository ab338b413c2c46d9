/**
 * What Warren itself reads in a requirements.txt; the rest is uv's to understand.
 * https://pip.pypa.io/en/stable/reference/requirements-file-format/
 */
import type { Problem } from "./problem.ts";

export interface Requirements {
  /** Every requirement with a name, in the file's order. */
  readonly named: readonly Requirement[];
  /** One of them has a hash, so that all of them must. */
  readonly hashed: boolean;
  /** It takes files from an address or a folder, where others may lie tomorrow, and has no hash of them. */
  readonly movable: boolean;
  /** Files that it refers to by `-r` and `-c`, as it writes them. */
  readonly includes: readonly { readonly path: string; readonly line: number }[];
  readonly problems: readonly Problem[];
  /** Nothing but comments: uv is not needed for it. */
  readonly empty: boolean;
}

export interface Requirement {
  /** Normalised (PEP 503): lower case, with hyphens. */
  readonly name: string;
  readonly line: number;
  /** It allows one version only: `==`, or one file. */
  readonly pinned: boolean;
}

export function parseRequirements(file: string, text: string): Requirements {
  const named: Requirement[] = [];
  const includes: { path: string; line: number }[] = [];
  const problems: Problem[] = [];
  let hashed = false;
  const lines = joinedLines(text);
  for (const { line, content } of lines) {
    const included = /^(?:-r|--requirement|-c|--constraint)(?:\s+|=|(?<=-[rc]))(\S+)$/.exec(content)?.[1];
    if (included !== undefined) includes.push({ path: included, line });
    else if (/^(?:-e|--editable)\b/.test(content)) {
      problems.push({
        place: { file, line, column: 1 },
        message: `\`${content}\` is an editable install, which is a link to this machine's folder`,
        hint: "Put the package's folder beside the function's source and import it: it goes along by itself.",
      });
    }
    // `./wheels/six-1.17.0-py3-none-any.whl`: the first word only, as hashes make a line long.
    const [first = ""] = content.split(/\s/, 1);
    const wheel = /^([A-Za-z0-9._]+)-.*\.whl$/.exec(first.slice(first.lastIndexOf("/") + 1))?.[1];
    if (wheel !== undefined) {
      hashed ||= content.includes("--hash");
      named.push({ name: normalName(wheel), line, pinned: true });
      continue;
    }
    const [, name, rest = ""] =
      /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?(\s*[^A-Za-z0-9\s/\\:].*)?$/.exec(content) ??
      [];
    if (name === undefined) continue;
    hashed ||= rest.includes("--hash");
    named.push({ name: normalName(name), line, pinned: isPinned(rest) });
  }
  const movable = lines.some(({ content }) => isMovable(content));
  return { named, hashed, movable, includes, problems, empty: lines.length === 0 };
}

/** PEP 503. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

function isMovable(content: string): boolean {
  if (content.startsWith("-")) return /^(?:-f|--find-links)/.test(content);
  return /[\\/]|\s@/.test(content.split(/\s(?:;|--)/)[0] ?? "") && !content.includes("--hash");
}

function isPinned(rest: string): boolean {
  const version = rest.split(/;|--hash/)[0]?.trim() ?? "";
  return /^===?\s*[^\s,*]+$/.test(version) || version.startsWith("@");
}

/** Without comments and empty lines; a line that ends in `\` goes on in the next. */
function joinedLines(text: string): readonly { readonly line: number; readonly content: string }[] {
  const found: { line: number; content: string }[] = [];
  let open: { line: number; content: string } | undefined;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const content = raw.replace(/(^|\s)#.*$/, "").trim();
    open = {
      line: open?.line ?? index + 1,
      content: `${open?.content ?? ""} ${content.replace(/\\$/, "")}`.trim(),
    };
    if (content.endsWith("\\")) continue;
    if (open.content !== "") found.push(open);
    open = undefined;
  }
  if (open !== undefined && open.content !== "") found.push(open);
  return found;
}
