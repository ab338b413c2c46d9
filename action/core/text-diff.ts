/**
 * What has changed in a long text, as a unified diff that a reader can trust: applied to the text before, it gives the
 * text after, always. Characters that cannot be seen are written out first, or two lines could look equal and be not.
 */
import { OMIT_HEADERS, createTwoFilesPatch } from "diff";

/** Without headers; ends without a line end. Empty for equal texts. */
export function diffTexts(before: string, after: string): string {
  if (before === after) return "";
  const patch = createTwoFilesPatch("", "", seen(before), seen(after), undefined, undefined, {
    context: 3,
    headerOptions: OMIT_HEADERS,
  });
  return patch.replace(/\n$/, "");
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
