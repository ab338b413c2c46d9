/** One hidden line that a comment remembers, whatever is in it and around it. */
import { assert, dictionary, jsonValue, property, string } from "fast-check";
import { expect, test } from "vitest";
import { formatCommentData, parseCommentData } from "../../action/core/comment-data.ts";
import { commentMarker, renderComment } from "../../action/core/comment.ts";

const FACTS = {
  pipeline: "burrow",
  verdict: { kind: "ready", stackName: "burrow-a" },
  picture: "",
  merging: [],
  checksUrl: "https://github.com/o/r/pull/1/checks",
  runUrl: "https://github.com/o/r/actions/runs/1",
} as const;

test("whatever is remembered comes back as it was, and shows nowhere", () => {
  const values = dictionary(string({ unit: "binary" }), jsonValue());
  assert(
    property(values, (data) => {
      const known = JSON.parse(JSON.stringify(data));
      const line = formatCommentData(known);
      const body = renderComment({ ...FACTS, data: known });
      expect(parseCommentData(body)).toEqual(known);
      expect(line.slice(4, -3)).not.toMatch(/--|[<>]|[\r\n]/);
    }),
    { numRuns: 500 },
  );
});

test.each(["-->", "--!>", "<!--", "a--b", "]]>", "\u2028", "-", "&lt;"])("%j ends no comment", (text) => {
  const line = formatCommentData({ text, [text]: [text] });
  expect(line.split("-->")).toHaveLength(2);
  expect(parseCommentData(`marker\n${line}\n`)).toEqual({ text, [text]: [text] });
});

test("nothing to remember is no line", () => {
  expect(renderComment(FACTS)).not.toContain("warren-data");
  expect(renderComment({ ...FACTS, data: {} })).toBe(renderComment(FACTS));
});

const MARKER = commentMarker("burrow");
test.each([
  ["a later line, which may be anybody's", `${MARKER}\n### text\n<!-- warren-data: {"smoke":1} -->`],
  ["no JSON", `${MARKER}\n<!-- warren-data: {smoke} -->`],
  ["a list", `${MARKER}\n<!-- warren-data: [1] -->`],
  ["a line with more behind it", `${MARKER}\n<!-- warren-data: {"smoke":1} --> x`],
  ["nothing", ""],
])("%s is not read", (_what, body) => {
  expect(parseCommentData(body)).toEqual({});
});

test("names of prototypes are names like any other", () => {
  const data = parseCommentData(`${MARKER}\n<!-- warren-data: {"__proto__":{"smoke":1}} -->`);
  expect(data["smoke"]).toBeUndefined();
});

test("GitHub's line ends do not matter", () => {
  expect(parseCommentData(`${MARKER}\r\n<!-- warren-data: {"a":1} -->\r\n`)).toEqual({ a: 1 });
});
