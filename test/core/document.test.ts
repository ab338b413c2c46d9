/** What a file's text becomes; `test/faults/documents.test.ts` has what it must not become. */
import { expect, test } from "vitest";
import { parseDocument } from "../../action/core/document.ts";

function messagesOf(text: string): readonly string[] {
  return parseDocument({ file: "f", text }).problems.map(
    ({ place, message }) => `${place?.line}:${place?.column} ${message}`,
  );
}

test("a key stays a key, whatever JavaScript thinks of its name", () => {
  const { value } = parseDocument({ file: "f", text: "__proto__: { kind: x }\nconstructor: 1\n" });
  expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test("what YAML 1.1 takes for booleans, times and numbers is text", () => {
  const text = "[on, off, yes, no, y, N, 12:30:45, 1_000, 2001-01-01, =, <<]";
  const { value } = parseDocument({ file: "f", text });
  expect((value as unknown[]).every((item) => typeof item === "string")).toBe(true);
});

test("a number that begins with 0 is asked about", () => {
  expect(messagesOf("account: 012345678901\nport: 0\nshare: 0.5\nzip: '012'\nnegative: -0\n")).toEqual([
    "1:10 `012345678901` is the number 12345678901 here",
  ]);
});

test("characters that no file and no service can take", () => {
  expect(messagesOf('a: "x\\0"\n"\\ud800": 1\nc: "🐇"\n')).toEqual([
    "1:4 this text has the character U+0000 in it",
    "2:1 this text has the character U+D800 in it",
  ]);
});

test("of many problems the first hundred are told", () => {
  const { problems } = parseDocument({ file: "f", text: "a: 1\n".repeat(1_000) });
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)?.message).toBe("899 more problems are not shown");
});
