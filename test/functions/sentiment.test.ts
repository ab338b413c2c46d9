import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cutToBytes } from "../../functions/sentiment.ts";

describe("a text for Comprehend", () => {
  it("is the longest beginning that fits and ends with a whole character", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 60 }),
        fc.integer({ min: 1, max: 80 }),
        (text, bytes) => {
          const cut = cutToBytes(text, bytes);
          expect(text.startsWith(cut)).toBe(true);
          expect(cut.isWellFormed()).toBe(true);
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(bytes);
          const [next = ""] = text.slice(cut.length);
          expect(next === "" || Buffer.byteLength(cut + next) > bytes).toBe(true);
        },
      ),
    );
  });

  it("has no half characters, even if the article has", () => {
    expect(cutToBytes("a\ud83d", 10)).toBe("a\uFFFD");
  });
});
