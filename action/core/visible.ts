/** Text from outside that is what it looks like, wherever it is shown: in Markdown, a log, a terminal. */

/** Whatever is not seen, or makes text look like another one: controls, directions, marks without width, blanks that are letters. */
const UNSEEN =
  /(?![\n\t]|(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F)(?:\u200D|\uFE0F))[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gu;

/** Such characters show as `\uFFFD`; what makes one emoji of two stays. */
export function visible(text: string): string {
  return text.toWellFormed().replaceAll(/\r\n?/g, "\n").replaceAll(UNSEEN, "\uFFFD");
}
