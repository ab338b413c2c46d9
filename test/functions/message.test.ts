import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatMessage, parseMessage } from "../../functions/message.ts";

/** What SendMessageBatch takes. */
const SQS_TEXT = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

describe("a message", () => {
  it("survives the queue whatever is in its name, and holds only what SQS takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (name) => {
        const message = { version: 1, name, scheduledAt: "2025-11-24T08:05:00Z", run: "run-1" } as const;
        const body = formatMessage(message);
        expect(body).toMatch(SQS_TEXT);
        expect(parseMessage(body)).toEqual(message);
      }),
      { examples: [["\uFFFE\uFFFF"], ["\u0000\u001F\u007F"]] },
    );
  });

  it.each([
    ["version", { version: "1" }],
    ["name", { name: "" }],
    ["scheduledAt", { scheduledAt: "soon" }],
    ["run", { run: 7 }],
  ])("is refused with a wrong %s", (part, wrong) => {
    const right = { version: 1, name: "Google", scheduledAt: "2025-11-24T08:05:00Z", run: "run-1" };
    expect(parseMessage(JSON.stringify(right))).toEqual(right);
    expect(() => parseMessage(JSON.stringify({ ...right, ...wrong }))).toThrow(part);
  });
});
