import * as fc from "fast-check";
import { expect, test } from "vitest";
import { code, codeHtml, fence, link, prose, row, sentence } from "../../action/core/markdown.ts";
import { withoutCommands } from "../../action/core/workflow-command.ts";
import { HOSTILE } from "./hostile.ts";

test.each(Object.entries(HOSTILE))("as code, %s stays text", (_name, text) => {
  expect(code(text)).toMatchSnapshot();
});

test.each(Object.entries(HOSTILE))("in a sentence, %s stays text", (_name, text) => {
  expect(prose(text, 300)).toMatchSnapshot();
});

/** What is left when code spans and character references are taken as what they are: text. */
function syntaxOf(markdown: string): string {
  return markdown.replaceAll(/`[^`\n]*`/g, "").replaceAll(/&#\d+;/g, "");
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.array(fc.constantFrom(...Object.values(HOSTILE)), { maxLength: 4 }).map((parts) => parts.join("")),
);

test("no text makes syntax, a tag, a second line or a cell of its own", () => {
  fc.assert(
    fc.property(text, (any) => {
      for (const shown of [code(any), codeHtml(any), prose(any)]) {
        const left = syntaxOf(shown).replaceAll(/<\/?code>/g, "");
        expect(left).not.toMatch(/[`|<>*_~[\]()\\!@#$&:.\n\r]/);
      }
    }),
  );
});

test("no text in a sentence is a mention or an issue's number", () => {
  fc.assert(
    fc.property(text, (any) => {
      const seen = prose(any).replaceAll(/&#(\d+);/g, (_all, number: string) =>
        String.fromCodePoint(Number(number)),
      );
      expect(seen).not.toMatch(/[@#][^\u200B]|GH-\d/i);
    }),
  );
});

test("no text ends its own block", () => {
  fc.assert(
    fc.property(text, (any) => {
      const [first = "", ...rest] = fence(any).split("\n");
      const closing = rest.findIndex((line) => line.trim().startsWith(first));
      expect(closing).toBe(rest.length - 1);
    }),
  );
});

test("what is not seen is shown as that; an emoji of several characters stays one", () => {
  const unseen =
    "\u00AD\u034F\u061C\u115F\u180E\u200B\u200C\u200D\u200E\u202E\u2028\u2060\u2066\u2800\u3164\uFE0F\uFEFF\u{E0041}";
  for (const character of unseen) {
    for (const shown of [code(`a${character}b`), prose(`a${character}b`), fence(`a${character}b`)]) {
      expect(shown).toContain("a\uFFFDb");
    }
  }
  expect(prose("👨‍👩‍👧 ❤️ 👍🏽 é ü 漢字 עברית")).toBe("👨‍👩‍👧 ❤️ 👍🏽 é ü 漢字 עברית");
});

test("a name is cut by characters, never within one", () => {
  const cut = code("😀".repeat(250));
  expect(cut).toBe(`<code>${"😀".repeat(119)}…</code>`);
  expect(code("é".repeat(250))).toHaveLength(120 + "<code></code>".length);
});

test("addresses are links if they are web addresses, and cannot end early", () => {
  expect(link("log", "https://example.com/a b)[x](javascript:1)|<i>'\"`\n")).toBe(
    "[log](https://example.com/a%20b%29%5Bx%5D%28javascript:1%29%7C%3Ci%3E%27%22%60%0A)",
  );
  expect(link("log", "javascript:alert(1)")).toBe("log");
});

test("a row is one line", () => {
  expect(row([code("a|b\nc"), prose("d|e")])).toBe("| <code>a&#124;b c</code> | d&#124;e |");
});

test("nothing that is told in the log is a command to the runner", () => {
  const lines =
    "::set-output name=a::b\n  ::add-mask::c\r::stop-commands::d\ntext ##[set-env name=e]f\n::: :: plain";
  expect(withoutCommands(lines).split("\n")).toEqual([
    ": :set-output name=a::b",
    "  : :add-mask::c",
    ": :stop-commands::d",
    "text ## [set-env name=e]f",
    ": :: :: plain",
  ]);
  // White space to .NET, which reads the log, and not to JavaScript.
  expect(withoutCommands("\u0085::error::x")).toBe("\u0085: :error::x");
  fc.assert(
    fc.property(text, (any) => {
      for (const line of withoutCommands(`${any}::a::\n##[b]${any}`).split(/\r\n|\r|\n/)) {
        expect(line.trimStart()).not.toMatch(/^::/);
        expect(line).not.toContain("##[");
      }
    }),
  );
});

test("of a sentence the names in back-ticks are code, and nothing of it is syntax", () => {
  expect(sentence("table of `fang` is replaced")).toBe("table of `fang` is replaced");
  expect(sentence("`a|b` and <b>*x*</b> of @team `")).toBe(
    `<code>a&#124;b</code> and ${prose("<b>*x*</b> of @team `")}`,
  );
  expect(sentence("`a`\n`b`")).toBe("`a` `b`");
  fc.assert(
    fc.property(text, (any) => {
      const left = syntaxOf(sentence(any)).replaceAll(/<\/?code>/g, "");
      expect(left).not.toMatch(/[`|<>*_~[\]()\\!@#$&:.\n\r]/);
    }),
  );
});
