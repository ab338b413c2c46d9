import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { objectKey } from "../../functions/object-key.ts";

/** With many of the characters that the encoding itself uses. */
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom(" ", "_", "!", "2", "F", ".", "é", "e\u0301", "🐇"), minLength: 1 }),
  fc.string({ unit: "binary", minLength: 1 }),
);
const longName = fc
  .tuple(fc.constantFrom("x", "é"), fc.integer({ min: 901, max: 2_048 }))
  .map(([unit, times]) => unit.repeat(times));

describe("the key of an item's object", () => {
  it.each([
    ["Amazon (company)", "Amazon_(company).json"],
    ["Apple Inc.", "Apple_Inc..json"],
    ["a_b!c/d", "a!5Fb!21c!2Fd.json"],
    ["Zażółć", "Za!C5!BC!C3!B3!C5!82!C4!87.json"],
  ])("of %s is %s, for ever", (item, key) => {
    expect(objectKey(item)).toBe(key);
  });

  it("can be read back, so that different names have different keys", () => {
    fc.assert(
      fc.property(name, (item) => {
        expect(readBack(objectKey(item))).toBe(item);
      }),
    );
  });

  it("tells long names apart that begin alike", () => {
    expect(objectKey(`${"x".repeat(2_000)}a`)).not.toBe(objectKey(`${"x".repeat(2_000)}b`));
  });

  it("fits into S3 and holds only characters that S3 calls safe", () => {
    fc.assert(
      fc.property(fc.oneof(name, longName), (item) => {
        const key = objectKey(item);
        expect(key).toMatch(/^[A-Za-z0-9!_.()-]+$/);
        expect(key.length).toBeLessThanOrEqual(1_024);
      }),
    );
  });
});

function readBack(key: string): string {
  return decodeURIComponent(key.slice(0, -".json".length).replaceAll("_", " ").replaceAll("!", "%"));
}
