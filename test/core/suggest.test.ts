import { expect, test } from "vitest";
import { nearest, suggestion } from "../../action/core/suggest.ts";

const OPTIONS = ["delay", "max-receives", "visibility-timeout", "was"];

test.each([
  ["a slip of the finger", "dealy", "delay"],
  ["its beginning, with a slip", "visibilty", "visibility-timeout"],
  ["another name", "colour", undefined],
  ["a short name that begins like another", "wa", "was"],
  ["a short name that does not", "vi", undefined],
])("nearest to %s", (_what, written, right) => {
  expect(nearest(written, OPTIONS)).toBe(right);
});

test("all that there are, if none is near", () => {
  expect(suggestion("colour", OPTIONS, "keys")).toBe(
    "The keys are `delay`, `max-receives`, `visibility-timeout`, `was`.",
  );
});
