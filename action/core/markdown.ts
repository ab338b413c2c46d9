/**
 * Text from outside (branch names, titles, configuration, AWS's words) on its way into GitHub's Markdown. It becomes
 * characters to look at and never syntax: character references are not parsed as Markdown (CommonMark 6.4), and
 * mentions, issue references and links are not made inside of code.
 */
import { visible } from "./visible.ts";

/** Shown of one name. A branch may have 255 bytes, and a line should still be a line. */
const NAME_CHARACTERS = 120;

/** What is to be pasted has to be whole. */
const SNIPPET_CHARACTERS = 500;

/** Nothing in here means anything in a code span, nor splits a table's cell. */
const PLAIN = /^[A-Za-z0-9_.:/@+=,()#-](?:[A-Za-z0-9_.:/@+=,()# -]*[A-Za-z0-9_.:/@+=,()#-])?$/;

/** A name as code, cut to `characters`. Safe in paragraphs, tables and HTML. */
export function code(text: string, characters: number = NAME_CHARACTERS): string {
  const shown = shorten(oneLine(text), characters);
  if (shown === "") return "";
  return PLAIN.test(shown) ? `\`${shown}\`` : `<code>${references(shown)}</code>`;
}

/** The same for places where Markdown is not parsed, for example in `<summary>`. */
export function codeHtml(text: string, characters: number = NAME_CHARACTERS): string {
  return `<code>${references(shorten(oneLine(text), characters))}</code>`;
}

/** A sentence, readable, without effect: no syntax, no link, nobody is notified, no issue is linked to. */
export function prose(text: string, characters: number = 2_000): string {
  // GitHub looks for mentions and references in the text that a reader sees, so that they must be broken up there.
  return references(shorten(oneLine(text), characters))
    .replaceAll("&#64;", "&#64;&#8203;")
    .replaceAll("&#35;", "&#35;&#8203;")
    .replaceAll(/\bGH-(?=\d)/gi, "GH-&#8203;");
}

/** A sentence of ours, with names in back-ticks: those become code, and all else is as in `prose`. */
export function sentence(text: string): string {
  return text
    .split(/`([^`]*)`/)
    .map((part, index) => (index % 2 === 1 ? code(part, SNIPPET_CHARACTERS) : spaced(part)))
    .join("");
}

/** `prose` takes the spaces at the ends away, and here something stands beside them. */
function spaced(part: string): string {
  // Of a line's end, too: a row of a table is one line.
  if (part.trim() === "") return part === "" ? "" : " ";
  return `${/^\s/.test(part) ? " " : ""}${prose(part)}${/\s$/.test(part) ? " " : ""}`;
}

/** A block whose text cannot end it: the fence is longer than any run of back-ticks in it. */
export function fence(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const bar = "`".repeat(longest + 1);
  return `${bar}${language}\n${visible(text).trimEnd()}\n${bar}`;
}

/** A link with our own words. Anything but http(s) is left out: only the words stay. */
export function link(words: string, url: string): string {
  if (!/^https?:\/\//.test(url)) return words;
  // Spaces, quotes, brackets and controls would end the address or begin something else.
  const address = url.replaceAll(/[^A-Za-z0-9\-._~:/?#@!$&*+,;=%]/gu, (character) => percent(character));
  return `[${words}](${address})`;
}

/** Cells are Markdown already; one row of a table, on one line. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function percent(character: string): string {
  const encoded = encodeURIComponent(character.toWellFormed());
  return encoded === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : encoded;
}

/** Every ASCII character that is not a letter, digit, space, `-` or `/`, as a character reference. */
function references(text: string): string {
  return text.replaceAll(/[!-,.:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function oneLine(text: string): string {
  return visible(text).replaceAll(/\s+/g, " ").trim();
}

/** By code points: half an emoji is no character. */
function shorten(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const points = Array.from(text);
  return points.length <= characters ? text : `${points.slice(0, characters - 1).join("")}…`;
}

/** Whichever run they point to: an older one tells the same. GitHub stores line ends and trailing space as it likes. */
export function sameText(a: string, b: string): boolean {
  const plain = (text: string): string =>
    text
      .replaceAll("\r\n", "\n")
      .replaceAll(/\/actions\/runs\/\d+/g, "/actions/runs/")
      .trimEnd();
  return plain(a) === plain(b);
}
