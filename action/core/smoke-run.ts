/** What one smoke run writes, looks for, and comes to. */
import type { Hop } from "./comment.ts";
import { readableLines } from "./log-line.ts";
import type { PlannedHop, SmokePlan, Target } from "./probe.ts";
import type { Problem } from "./problem.ts";
import { type Value, canonicalJson, isValueList, isValueMap, textOf } from "./value.ts";

export type SmokeOutcome =
  | { readonly kind: "through"; readonly stackName: string; readonly hops: readonly Hop[] }
  | {
      readonly kind: "stuck";
      readonly stackName: string;
      /** Those that happened. */
      readonly hops: readonly Hop[];
      /** `producerai -> fangsentiment`: the first that did not. */
      readonly at: string;
      readonly problem: Problem;
    };

/** The words that stand for `{mark}`, `{time}`, ... */
export type Words = Readonly<Record<string, string>>;

/** A word of a run: no other run of the stack has it, and it is safe in names, keys and JSON. */
export function markOf(milliseconds: number): string {
  return `smoke-${milliseconds.toString(36)}`;
}

/** A stack's id tells its partition, region and account. */
export function wordsOf(mark: string, time: string, stackId: string): Words {
  const [, partition = "", , region = "", account = ""] = stackId.split(":");
  return { mark, time, partition, region, account };
}

/** Every known `{word}` in every text; others stay, as they may be the pipeline's own. */
export function fill(value: Value, words: Words): Value {
  if (typeof value === "string") {
    return value.replaceAll(/\{([A-Za-z]+)\}/g, (match, word: string) =>
      Object.hasOwn(words, word) ? (words[word] ?? match) : match,
    );
  }
  if (isValueList(value)) return value.map((item) => fill(item, words));
  if (!isValueMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, words)]));
}

/** What the thing that arrives must hold: the mark if it was put in, else the item's key; and what pipeline.yaml says. */
export function textsOf({ puts, holds }: SmokePlan, words: Words): readonly string[] {
  const said = holds.map((text) => textOf(fill(text, words)));
  const [first] = puts;
  if (!first) return said;
  if (canonicalJson(first.value).includes("{mark}")) return [words["mark"] ?? "", ...said];
  const value = fill(first.value, words);
  const keys = isValueMap(value) ? first.keys.map(({ name }) => textOf(value[name])) : [];
  return [...keys, ...said];
}

/** As it is, or as it stands in JSON. */
export function holdsAll(text: string, texts: readonly string[]): boolean {
  return texts.every((one) => text.includes(one) || text.includes(JSON.stringify(one).slice(1, -1)));
}

/**
 * Times from one hop to the next. A hop that did not show itself, though a later one did, is one with the next: its
 * log may come late, or its function may keep none.
 */
export function hopTimes(
  hops: readonly Pick<PlannedHop, "name">[],
  seen: readonly (number | undefined)[],
  begun: number,
): readonly Hop[] {
  const times: Hop[] = [];
  let before = begun;
  let names: string[] = [];
  for (const [index, { name }] of hops.entries()) {
    names.push(name);
    const at = seen[index];
    if (at === undefined) continue;
    // Clocks differ: AWS's own may be a little behind ours.
    times.push({ name: names.join(", "), milliseconds: Math.max(0, Math.round(at - before)) });
    before = Math.max(before, at);
    names = [];
  }
  return times;
}

const TAIL_LINES = 20;
const LINE_CHARACTERS = 400;
/** A problem's texts are cut at their end (problem.ts), where a log tells why. */
const TAIL_CHARACTERS = 1_800;

/**
 * What is told of the first hop that did not happen. `lines` are of `log`, since the run began. `hidden`: texts of the
 * stack's template that nobody is to read.
 */
export function stuckProblem(
  { name, place }: PlannedHop,
  seconds: number,
  log: { readonly of: Target<unknown>; readonly lines: readonly string[] } | undefined,
  hidden: readonly string[],
): Problem {
  const message = `an item did not get through \`${name}\` within ${seconds} s of its start`;
  if (!log) return { place, message };
  const { component } = log.of;
  if (log.lines.length === 0) {
    return { place, message, hint: `\`${component}\` has written nothing to its log: it was not started.` };
  }
  const lines = tail(log.lines, hidden);
  if (lines.length === 0) {
    return { place, message, hint: `\`${component}\` was started, and has written nothing to its log.` };
  }
  return { place, message, hint: [`The end of the log of \`${component}\`:`, ...lines].join("\n") };
}

/** The last ones that fit. */
function tail(texts: readonly string[], hidden: readonly string[]): string[] {
  const lines = readableLines(texts, hidden)
    .slice(-TAIL_LINES)
    .map((line) => (line.length <= LINE_CHARACTERS ? line : `${line.slice(0, LINE_CHARACTERS)}…`))
    .map((line) => `      ${line}`);
  let room = TAIL_CHARACTERS;
  const tooLong = lines.findLastIndex((line) => (room -= line.length + 1) < 0);
  return lines.slice(tooLong + 1);
}

/** For people: a hop a line, and what it came to. */
export function smokeLines(outcome: SmokeOutcome): readonly string[] {
  const { hops, stackName } = outcome;
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  const lines = hops.map(({ name, milliseconds }) => `${seconds(milliseconds).padStart(8)}  ${name}`);
  const total = hops.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return outcome.kind === "through"
    ? [...lines, `an item went all the way through ${stackName} in ${seconds(total)}`]
    : [...lines, `an item did not get through ${stackName}`];
}
