/**
 * YAML text -> plain values that remember where they stand. All mistakes of the text come back as problems;
 * hostile text (alias bombs, endless nesting, megabytes) is refused before it costs time or memory.
 */
import {
  type Document,
  type Node,
  type ScalarTag,
  type CollectionTag,
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
} from "yaml";
import type { Place, Problem } from "./problem.ts";

export type Path = readonly (string | number)[];

export interface SourceText {
  /** Path from the repository's root, as it is shown in messages. */
  readonly file: string;
  readonly text: string;
}

/** A parsed file. `value` is undefined if there are problems. */
export interface ParsedDocument {
  readonly file: string;
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Where the value at `path` stands; the nearest parent that exists if there is none. */
  placeOf(path: Path): Place;
  /** Where the key that leads to `path` stands. */
  placeOfKey(path: Path): Place;
}

/** A pipeline of 500 resources needs some 30 kB; a file over this limit is a mistake or an attack. */
const MAX_CHARACTERS = 1_000_000;
/** Deeper nesting than any template has; keeps recursive walks of the value far from the stack's end. */
const MAX_DEPTH = 60;
/** YAML aliases are of use for a handful of repeated blocks; a bomb needs thousands. */
const MAX_ALIASES = 100;
/** After some errors of syntax, further ones are mostly their consequences. */
const MAX_SYNTAX_PROBLEMS = 20;

export function parseDocument(
  source: SourceText,
  customTags: readonly (ScalarTag | CollectionTag)[] = [],
): ParsedDocument {
  const { file } = source;
  // A byte order mark would count as a column, and YAML allows it only at the very start.
  const text = source.text.replace(/^\uFEFF/, "");
  if (text.length > MAX_CHARACTERS) {
    return refused(file, `the file has ${text.length} characters; the limit is ${MAX_CHARACTERS}`);
  }
  const tooDeep = depthProblem(file, text);
  if (tooDeep) return { ...refused(file, ""), problems: [tooDeep] };

  const counter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: counter,
    customTags: [...customTags],
    // The library compares each key with all others: 20,000 keys take it half a minute. See duplicateKeys.
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: "silent",
  });
  const [document, second] = "empty" in documents ? [] : documents;
  if (!document || document.contents === null) return refused(file, "the file is empty");
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: Problem[] = [...document.errors, ...document.warnings]
    .slice(0, MAX_SYNTAX_PROBLEMS)
    .map((error) => ({ place: placeAt(error.pos[0]), ...yamlProblem(error.code, error.message) }));
  if (document.directives?.yaml.explicit === true) {
    problems.push({
      place: placeAt(0),
      message: "the `%YAML` line changes what words such as `on` mean",
      hint: "Remove it: the file is read as YAML 1.2.",
    });
  }
  if (second) {
    problems.push({
      place: placeAt(second.range?.[0] ?? 0),
      message: "a second YAML document starts here",
      hint: "Keep one document in the file and remove the `---` line.",
    });
  }
  problems.push(...aliasProblems(document, placeAt), ...duplicateKeys(document, placeAt));
  problems.push(...numberProblems(document, placeAt));
  const nodeAt = (path: Path, key: boolean): Node | undefined => findNode(document, path, key);
  return {
    file,
    value: problems.length > 0 ? undefined : plainValue(document, problems, placeAt),
    problems,
    placeOf: (path) => placeAt(nodeAt(path, false)?.range?.[0] ?? 0),
    placeOfKey: (path) => placeAt(nodeAt(path, true)?.range?.[0] ?? 0),
  };
}

function refused(file: string, message: string): ParsedDocument {
  const place = { file, line: 1, column: 1 };
  return {
    file,
    value: undefined,
    problems: [{ place, message }],
    placeOf: () => place,
    placeOfKey: () => place,
  };
}

/** Few aliases can still multiply (each list ten times the last), so the expansion itself is bounded too. */
function plainValue(document: Document, problems: Problem[], placeAt: (offset: number) => Place): unknown {
  try {
    // `json` also unwraps what a scalar's tag (`!Ref x`) was resolved to.
    return document.toJS({ json: true, maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    problems.push({
      place: placeAt(0),
      message: "the file's YAML aliases expand to far too much",
      hint: "Write the repeated parts out.",
    });
    return undefined;
  }
}

/**
 * Bounds nesting before the parser recurses: brackets and indentation are the only two ways to nest. Counts
 * brackets in strings and comments too, so the limit is generous against what real files hold.
 */
function depthProblem(file: string, text: string): Problem | undefined {
  let brackets = 0;
  let line = 1;
  let indents: number[] = [];
  for (const row of text.split("\n")) {
    const indent = row.search(/[^\s]/);
    if (indent >= 0) {
      indents = indents.filter((earlier) => earlier < indent);
      indents.push(indent);
      // `- - - x` nests without a line break.
      const dashes = /^\s*((?:[-?]\s+)*)/.exec(row)?.[1]?.length ?? 0;
      for (const character of row) {
        if (character === "[" || character === "{") brackets += 1;
        if (character === "]" || character === "}") brackets = Math.max(0, brackets - 1);
        if (brackets > MAX_DEPTH) break;
      }
      if (brackets > MAX_DEPTH || indents.length > MAX_DEPTH || dashes / 2 > MAX_DEPTH) {
        return {
          place: { file, line, column: 1 },
          message: `the nesting is deeper than ${MAX_DEPTH} levels`,
        };
      }
    }
    line += 1;
  }
  return undefined;
}

/** Counted on the syntax tree: expanding first and counting later is what a bomb wants. */
function aliasProblems(document: Document, placeAt: (offset: number) => Place): Problem[] {
  const problems: Problem[] = [];
  let count = 0;
  visit(document, {
    Alias: (_key, node, ancestors) => {
      count += 1;
      const place = placeAt(node.range?.[0] ?? 0);
      if (count > MAX_ALIASES) {
        const message = `the file uses more than ${MAX_ALIASES} YAML aliases`;
        problems.push({ place, message, hint: "Write the repeated parts out." });
        return visit.BREAK;
      }
      const target = node.resolve(document);
      if (!target) {
        problems.push({
          place,
          message: `the alias \`*${node.source}\` has no anchor \`&${node.source}\` before it`,
        });
      } else if (ancestors.includes(target)) {
        problems.push({ place, message: `the alias \`*${node.source}\` stands inside of what it repeats` });
      }
      return undefined;
    },
  });
  return problems;
}

function duplicateKeys(document: Document, placeAt: (offset: number) => Place): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Map: (_key, map) => {
      const lines = new Map<string, number>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const place = placeAt(key.range?.[0] ?? 0);
        const name = String(key.value);
        const earlier = lines.get(name);
        if (earlier === undefined) lines.set(name, place.line);
        else {
          const message = `the key \`${name}\` stands twice in this map`;
          problems.push({ place, message, hint: `The first is in line ${earlier}.` });
        }
      }
    },
  });
  return problems;
}

/** JSON has no infinities, and a number that would silently become another one was meant as text. */
function numberProblems(document: Document, placeAt: (offset: number) => Place): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Scalar: (_key, { value, source = "", range }) => {
      if (typeof value !== "number") return;
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

function yamlProblem(code: string, message: string): Omit<Problem, "place"> {
  if (code === "TAB_AS_INDENT")
    return { message: "a tab stands here, and YAML is indented with spaces only" };
  const text = message.replace(/\.$/, "");
  return { message: text.charAt(0).toLowerCase() + text.slice(1) };
}

/** Walks to the node at `path`, through aliases; stops at the last node that exists. */
function findNode(document: Document, path: Path, wantKey: boolean): Node | undefined {
  let node: Node | undefined = document.contents ?? undefined;
  let key: Node | undefined = node;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) break;
      key = isNode(pair.key) ? pair.key : key;
      next = pair.value;
    } else if (isSeq(node)) {
      next = node.items[Number(step)];
      if (next === undefined) break;
      key = isNode(next) ? next : key;
    } else {
      break;
    }
    if (!isNode(next)) {
      node = key;
      break;
    }
    node = next;
  }
  return wantKey ? key : node;
}
