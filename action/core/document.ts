/**
 * YAML text -> plain values that remember where they stand. All mistakes of the text come back as problems;
 * hostile text (alias bombs, endless nesting, megabytes) is refused before it costs time or memory.
 */
import {
  type Document,
  type Node,
  type Pair,
  type ScalarTag,
  type CollectionTag,
  type YAMLMap,
  Composer,
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
} from "yaml";
import { type Place, type Problem, atMost, inFileOrder } from "./problem.ts";
import { depthProblem, documentProblems } from "./yaml-mistakes.ts";

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

/**
 * A pipeline of 500 resources needs some 30 kB; a file over this limit is a mistake or an attack. What is most work for
 * the parser (a list of nothing but commas) takes it a second for each 200 kB.
 */
const MAX_CHARACTERS = 200_000;

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
  const composer = new Composer({
    customTags: [...customTags],
    // yaml-mistakes.ts looks for them, in linear time.
    uniqueKeys: false,
    stringKeys: true,
    logLevel: "silent",
  });
  // Not all: a file may hold 100,000 documents, and the second one is wrong already.
  const [document, second] = composer.compose(new Parser(counter.addNewLine).parse(text));
  if (!document || document.contents === null) return refused(file, "the file is empty");
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = documentProblems(document, placeAt);
  if (second) {
    problems.push({
      place: placeAt(second.range?.[0] ?? 0),
      message: "a second YAML document starts here",
      hint: "Keep one document in the file and remove the `---` line.",
    });
  }
  const nodeAt = (path: Path, key: boolean): Node | undefined => findNode(document, path, key);
  return {
    file,
    // `json` also unwraps what a scalar's tag (`!Ref x`) was resolved to. Aliases were counted already.
    value: problems.length > 0 ? undefined : document.toJS({ json: true, maxAliasCount: -1 }),
    problems: atMost(inFileOrder(problems)),
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

/** The first pair of each key; looking for each of a map's keys from its beginning takes the square of their number. */
const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  let known = pairs.get(map);
  if (!known) {
    const named = map.items.filter((item) => isScalar(item.key)).toReversed();
    known = new Map(named.map((item) => [isScalar(item.key) ? String(item.key.value) : "", item]));
    pairs.set(map, known);
  }
  return known.get(key);
}

/** Walks to the node at `path`, through aliases; stops at the last node that exists. */
function findNode(document: Document, path: Path, wantKey: boolean): Node | undefined {
  let node: Node | undefined = document.contents ?? undefined;
  let key: Node | undefined = node;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    let next: unknown;
    if (isMap(node)) {
      const pair = pairOf(node, String(step));
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
