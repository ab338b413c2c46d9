/**
 * What a comment remembers for the next run: one hidden line of JSON below its marker. Only comments that we have
 * written are read (edge/github.ts), but whoever may edit comments may have changed them: readers check what they take.
 */
import { type ValueMap, canonicalJson, isValueMap } from "./value.ts";

const BEGIN = "<!-- warren-data: ";
const END = " -->";

/** Empty for nothing. In JSON, `<`, `>`, `-` and `&` stand only in texts, where they can be written as escapes. */
export function formatCommentData(data: ValueMap): string {
  if (Object.keys(data).length === 0) return "";
  const json = canonicalJson(data).replaceAll(
    /[<>&\u2028\u2029]|-(?=-|>|$)/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${BEGIN}${json}${END}`;
}

/** Of the second line, and of no other: all that follows may be anybody's text. `{}` for anything that is not ours. */
export function parseCommentData(body: string): ValueMap {
  const line = body.split(/\r?\n/, 2)[1] ?? "";
  if (!line.startsWith(BEGIN) || !line.endsWith(END)) return {};
  try {
    const data: unknown = JSON.parse(line.slice(BEGIN.length, -END.length));
    return isValueMap(data) ? data : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
