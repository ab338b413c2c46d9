/**
 * What has changed in a long text, as a unified diff that a reader can trust: applied to the text before, it gives the
 * text after, always. Characters that cannot be seen are written out first, or two lines could look equal and be not.
 */
import { OMIT_HEADERS, createTwoFilesPatch } from "diff";

/** Lines that come and go. Looking for the fewest takes their square: at 1,000 a fifth of a second, at 10,000 a minute. */
const MAX_EDITS = 1_000;

/** Without headers; ends without a line end. Empty for equal texts. */
export function diffTexts(before: string, after: string): string {
  if (before === after) return "";
  const [old, now] = [seen(before), seen(after)];
  const patch = createTwoFilesPatch("", "", old, now, undefined, undefined, {
    context: 3,
    headerOptions: OMIT_HEADERS,
    maxEditLength: MAX_EDITS,
  });
  return patch?.replace(/\n$/, "") ?? replacedText(old, now);
}

/** All that lies between what both begin with and what both end with. */
function replacedText(before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  const shortest = Math.min(old.length, now.length);
  let begin = 0;
  while (begin < shortest && old[begin] === now[begin]) begin += 1;
  let end = 0;
  while (end < shortest - begin && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const part = (lines: readonly string[], sign: string): string[] =>
    lines.slice(begin, lines.length - end).map((line) => marked(line, sign));
  const range = (lines: readonly string[]): string => {
    const count = lines.length - end - begin;
    return `${count === 0 ? begin : begin + 1},${count}`;
  };
  return [`@@ -${range(old)} +${range(now)} @@`, ...part(old, "-"), ...part(now, "+")].join("\n");
}

/** With their line ends. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(line: string, sign: string): string {
  return line.endsWith("\n") ? `${sign}${line.slice(0, -1)}` : `${sign}${line}\n\\ No newline at end of file`;
}

/** Whatever a terminal, a browser or an editor might show as nothing, as a space or as a line end. One to one. */
const INVISIBLE = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}|\p{M}`;
/** A backslash, where it would otherwise look like the beginning of something that is written out. */
const UNSEEN = new RegExp(String.raw`\\(?=[ru\\]|${INVISIBLE})|${INVISIBLE}`, "gu");

export function seen(text: string): string {
  return text.replaceAll(UNSEEN, (character) => {
    if (character === "\n" || character === "\t") return character;
    if (character === "\\") return "\\\\";
    if (character === "\r") return "\\r";
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** The text that `seen` was made of. */
export function unseen(text: string): string {
  return text.replaceAll(/\\(?:\\|r|u\{([0-9a-f]+)\})/g, (match, point: string | undefined) => {
    if (match === "\\\\") return "\\";
    return point === undefined ? "\r" : String.fromCodePoint(Number.parseInt(point, 16));
  });
}
