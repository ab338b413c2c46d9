/** Every row of the table has a message as AWS sends it, and says something about that one alone. */
import { describe, expect, test } from "vitest";
import { causeHint } from "../../action/core/cause-hint.ts";
import rows from "../../templates/cause-hints.json" with { type: "json" };

test("the table has the commonest messages, each with where it was seen", () => {
  expect(rows.length).toBeGreaterThanOrEqual(25);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  for (const { source } of rows)
    expect(source).toMatch(/^https:\/\/(?:github\.com|docs\.aws\.amazon\.com)\/\S+$/);
  for (const { hint } of rows) expect(hint).toMatch(/^[A-Z`][^]*\.$/);
});

describe("a message gets its own hint, and not that of one before it", () => {
  test.each(rows)("$id", ({ id, example }) => {
    expect(causeHint(example)?.id).toBe(id);
  });
});

test.each<[string, string | undefined]>([
  // A bucket of one's own is no name that others have taken.
  ["Your previous request to create the named bucket succeeded (BucketAlreadyOwnedByYou)", "name-exists"],
  [
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    "queue-deleted-recently",
  ],
  ["Invalid value for the parameter VisibilityTimeout.", "value-refused"],
  ["Embedded stack arn:aws:cloudformation:x was not successfully created: limit of 200 reached", "quota"],
  ["the moon is full", undefined],
  ["", undefined],
])("%j: %s", (message, id) => {
  expect(causeHint(message)?.id).toBe(id);
});
