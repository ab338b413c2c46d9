/**
 * What a YAML file may be in syntax and still not say clearly, or only to do harm: found on the syntax tree, in
 * time that grows with the file and no faster.
 */
import { type Document, type Node, isNode, isScalar, visit } from "yaml";
import type { Place, Problem } from "./problem.ts";

export type PlaceAt = (offset: number) => Place;

/** Deeper nesting than any template has; keeps recursive walks of the value far from the stack's end. */
const MAX_DEPTH = 60;
/** YAML aliases are of use for a handful of repeated blocks; a bomb needs thousands. */
const MAX_ALIASES = 100;
/** After some errors of syntax, further ones are mostly their consequences. */
const MAX_SYNTAX_PROBLEMS = 20;

/**
 * Bounds nesting before the parser recurses: brackets, indentation and dashes are the only ways to nest. Counts
 * brackets in strings and comments too, so the limit is generous against what real files hold.
 */
export function depthProblem(file: string, text: string): Problem | undefined {
  let brackets = 0;
  let line = 1;
  let indents: number[] = [];
  for (const row of text.split("\n")) {
    // `- - x` nests three times without a line break.
    const starts = /^\s*(?:[-?:]\s+)*/.exec(row)?.[0] ?? "";
    const columns = [...starts.matchAll(/\S/g)].map(({ index }) => index);
    if (starts.length < row.length) columns.push(starts.length);
    const first = columns[0];
    if (first !== undefined) indents = [...indents.filter((earlier) => earlier < first), ...columns];
    for (const character of row) {
      if (character === "[" || character === "{") brackets += 1;
      if (character === "]" || character === "}") brackets = Math.max(0, brackets - 1);
      if (brackets > MAX_DEPTH) break;
    }
    if (brackets > MAX_DEPTH || indents.length > MAX_DEPTH) {
      const message = `the nesting is deeper than ${MAX_DEPTH} levels`;
      return { place: { file, line, column: 1 }, message };
    }
    line += 1;
  }
  return undefined;
}

export function documentProblems(document: Document, placeAt: PlaceAt): Problem[] {
  const problems = [...document.errors, ...document.warnings]
    .slice(0, MAX_SYNTAX_PROBLEMS)
    .map((error): Problem => ({ place: placeAt(error.pos[0]), ...syntaxProblem(error.code, error.message) }));
  if (document.directives?.yaml.explicit === true) {
    problems.push({
      place: placeAt(0),
      message: "the `%YAML` line changes what words such as `on` mean",
      hint: "Remove it: the file is read as YAML 1.2.",
    });
  }
  return [
    ...problems,
    ...aliasProblems(document, placeAt),
    ...duplicateKeys(document, placeAt),
    ...numberProblems(document, placeAt),
    ...characterProblems(document, placeAt),
  ];
}

function syntaxProblem(code: string, message: string): Omit<Problem, "place"> {
  switch (code) {
    case "TAB_AS_INDENT":
      return { message: "a tab stands here, and YAML is indented with spaces only" };
    case "BLOCK_AS_IMPLICIT_KEY":
      return {
        message: "a second `key: value` in one line",
        hint: "Put quotes around a text that has `: ` in it.",
      };
    case "BAD_INDENT":
    case "MISSING_CHAR":
      return {
        message: sentence(message),
        hint: "Look for a bracket or a quote that is missing before this place.",
      };
    default:
      return { message: sentence(message) };
  }
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
}

/** Counts what the aliases expand to without expanding them: that is what a bomb wants. */
function aliasProblems(document: Document, placeAt: PlaceAt): Problem[] {
  const problems: Problem[] = [];
  const anchors = new Map<string, Node>();
  const inside = new Map<unknown, number>();
  let expanded = 0;
  visit(document, {
    Node: (_key, node) => {
      if ("anchor" in node && typeof node.anchor === "string") anchors.set(node.anchor, node);
    },
    Alias: (_key, node, ancestors) => {
      const place = placeAt(node.range?.[0] ?? 0);
      const name = node.source;
      const target = anchors.get(name);
      if (!target) {
        problems.push({ place, message: `the alias \`*${name}\` has no anchor \`&${name}\` before it` });
      } else if (ancestors.includes(target)) {
        problems.push({ place, message: `the alias \`*${name}\` stands inside of what it repeats` });
      }
      const count = 1 + (inside.get(target) ?? 0);
      for (const ancestor of ancestors) {
        if (isNode(ancestor)) inside.set(ancestor, (inside.get(ancestor) ?? 0) + count);
      }
      expanded += count;
      if (expanded <= MAX_ALIASES) return undefined;
      const message = `the file's YAML aliases expand to more than ${MAX_ALIASES}`;
      problems.push({ place, message, hint: "Write the repeated parts out." });
      return visit.BREAK;
    },
  });
  return problems;
}

/** The library's own check compares each key with all others: 20,000 keys take it half a minute. */
function duplicateKeys(document: Document, placeAt: PlaceAt): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Map: (_key, map) => {
      const lines = new Map<string, number>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const place = placeAt(key.range?.[0] ?? 0);
        const name = String(key.value);
        const earlier = lines.get(name);
        if (earlier === undefined) {
          lines.set(name, place.line);
          continue;
        }
        const message = `the key \`${name}\` stands twice in this map`;
        problems.push({ place, message, hint: `The first is in line ${earlier}.` });
      }
    },
  });
  return problems;
}

/** No file's name has them, and UTF-8 has no form for half of a character: it would silently become another one. */
function characterProblems(document: Document, placeAt: PlaceAt): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar: (_key, { value, range }) => {
      const found = typeof value === "string" ? /\0|\p{Surrogate}/u.exec(value)?.[0] : undefined;
      if (found === undefined) return;
      const code = found.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase();
      problems.push({
        place: placeAt(range?.[0] ?? 0),
        message: `this text has the character U+${code} in it`,
      });
    },
  });
  return problems;
}

/** JSON has no infinities, and a number that would silently become another one was meant as text. */
function numberProblems(document: Document, placeAt: PlaceAt): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar: (_key, { value, source = "", range }) => {
      if (typeof value !== "number") return;
      // An account's id, a branch, a zip code; to YAML 1.1 it is even octal.
      if (/^[-+]?0\d/.test(source)) {
        const message = `\`${source}\` is the number ${value} here`;
        problems.push({
          place: placeAt(range?.[0] ?? 0),
          message,
          hint: "Put quotes around it if it is text, and leave the zero out if it is a number.",
        });
        return;
      }
      if (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)) return;
      const message = `the number \`${source}\` cannot be kept exactly`;
      problems.push({
        place: placeAt(range?.[0] ?? 0),
        message,
        hint: "Put quotes around it if it is text.",
      });
    },
  });
  return problems;
}
