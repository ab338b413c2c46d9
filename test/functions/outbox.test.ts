import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { batches, type Letter } from "../../functions/outbox.ts";

const MEBIBYTE = 1_048_576;

const letters = fc.array(
  fc
    .tuple(fc.constantFrom("x", "é"), fc.integer({ min: 1, max: MEBIBYTE / 2 }))
    .map(([unit, length]): Letter => ({ name: `${unit}${length}`, body: unit.repeat(length) })),
  { maxLength: 25 },
);

describe("batches of messages", () => {
  it("hold all messages in order, at most ten and 1 MiB each, and are as full as they can be", async () => {
    await fc.assert(
      fc.asyncProperty(letters, async (all) => {
        const groups = await grouped(all);
        expect(groups.flat()).toEqual(all);
        for (const [index, group] of groups.entries()) {
          expect(group.length).toBeLessThanOrEqual(10);
          expect(size(group)).toBeLessThanOrEqual(MEBIBYTE);
          const following = groups[index + 1]?.slice(0, 1) ?? [];
          const full = group.length === 10 || size([...group, ...following]) > MEBIBYTE;
          expect(full || following.length === 0).toBe(true);
        }
      }),
      {
        numRuns: 30,
        examples: [[Array.from({ length: 21 }, (_, index) => ({ name: String(index), body: "x" }))]],
      },
    );
  });
});

async function grouped(all: readonly Letter[]): Promise<readonly (readonly Letter[])[]> {
  const groups: (readonly Letter[])[] = [];
  for await (const group of batches(stream(all))) groups.push(group);
  return groups;
}

async function* stream(all: readonly Letter[]): AsyncGenerator<Letter> {
  yield* all;
}

function size(batch: readonly Letter[]): number {
  return batch.reduce((total, { body }) => total + Buffer.byteLength(body), 0);
}
