import { applyPatch } from "diff";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffTexts, seen, unseen } from "../../action/core/text-diff.ts";

/** What a reader would do who has nothing but the text before and the diff that is shown. */
function applied(before: string, shown: string): string | false {
  if (shown === "") return before;
  const patched = applyPatch(seen(before), `--- a\n+++ b\n${shown}\n`, {
    fuzzFactor: 0,
    autoConvertLineEndings: false,
  });
  return patched === false ? false : unseen(patched);
}

const piece = fc.oneof(
  fc.constantFrom(
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " ",
    "\t",
    "\\",
    "\\r",
    "\\u{a}",
    "\u00A0",
    "\u200B",
    "\u2028",
    "\uFEFF",
  ),
  fc.constantFrom("+", "-", "@@ -1 +1 @@", "--- a", "\\ No newline at end of file", "diff", "Index: x"),
  fc.constantFrom("é", "e\u0301", "👩‍🚀", "\uD800", "日本", "\u0000", "\u202E", "a", "b", "Deny"),
  fc.string({ maxLength: 8 }),
);
const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
/** Two texts that have most in common, as they have in life. */
const edited = fc
  .tuple(fc.array(piece, { maxLength: 60 }), fc.array(fc.tuple(fc.nat(), piece), { maxLength: 5 }))
  .map(([pieces, edits]) => {
    const after = [...pieces];
    for (const [at, what] of edits) after.splice(at % (after.length + 1), at % 3, what);
    return [pieces.join(""), after.join("")] as const;
  });

function numbered(word: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${word} ${index}`).join("\n");
}

describe("the diff that is shown, applied to the text before, gives the text after", () => {
  test("for any two texts", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(applied(before, diffTexts(before, after))).toBe(after);
      }),
      { numRuns: 2_000 },
    );
  });

  test("for texts with a few edits", () => {
    fc.assert(
      fc.property(edited, ([before, after]) => {
        expect(applied(before, diffTexts(before, after))).toBe(after);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["nothing", "", "a"],
    ["a line end alone", "a", "a\n"],
    ["line ends of another system", "a\nb\n", "a\r\nb\r\n"],
    ["an accent that looks equal", "é", "e\u0301"],
    ["one of two equal lines", "x\nDeny\ny\nDeny\nz\n", "x\ny\nDeny\nz\n"],
    ["a big text", "line\n".repeat(20_000), `${"line\n".repeat(10_000)}new\n${"line\n".repeat(10_000)}`],
    ["big texts that have nothing in common", numbered("a", 6_000), numbered("b", 5_500)],
    ["big texts that begin and end alike", `x\n${numbered("a", 5_000)}\ny`, `x\n${numbered("b", 5_000)}\ny`],
    ["a big text that is emptied but for a line", `x\n${numbered("a", 5_000)}`, "x\n"],
  ])("for %s", (_, before, after) => {
    const shown = diffTexts(before, after);
    expect(shown).not.toBe("");
    expect(applied(before, shown)).toBe(after);
    expect(applied(after, diffTexts(after, before))).toBe(before);
  });
});

test("a character that cannot be seen is written out, one to one", () => {
  fc.assert(
    fc.property(text, (any) => {
      expect(unseen(seen(any))).toBe(any);
    }),
    { numRuns: 1_000 },
  );
  expect(seen("a\u200Bb\r\nc\\d")).toBe("a\\u{200b}b\\r\nc\\d");
});

test("a big text with a small change has a small diff", () => {
  const before = Array.from({ length: 5_000 }, (_, line) => `line ${line}\n`).join("");
  expect(diffTexts(before, before.replace("line 2500\n", "")).split("\n").length).toBeLessThan(10);
});
