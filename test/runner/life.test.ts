/**
 * The life of a change, by the committed workflow files and act: what `npm run demo` shows, held to its steps. That each
 * stack, comment and job is as it must be, the demo itself makes sure of; here it is that none of its steps is missing.
 */
import { expect, test } from "vitest";
import { gitopsDemo } from "../../action/local/gitops-demo.ts";

/** With an empty npm cache each of its jobs fetches 80 MB once. */
const TIMEOUT_MS = 900_000;

/** In this order, each after the one before; `…` is whatever comes between on the line. */
const STEPS: readonly (readonly [step: string, lines: readonly string[]])[] = [
  [
    "a push to main deploys production, with an OIDC token and no key",
    [
      "event push: job warren in production is green",
      "to AWS it was repo:warren/rabbit-hole:environment:production",
      "AWS says: rabbit-hole-prod is CREATE_COMPLETE",
    ],
  ],
  [
    "a pull request gets a preview, a comment and a deployment",
    [
      "event pull_request opened: job warren in preview is green",
      "to AWS it was repo:warren/rabbit-hole:environment:preview",
      "AWS says: rabbit-hole-faster-… is CREATE_COMPLETE",
      "the one comment on #1, edited 0 times:",
      "the preview `rabbit-hole-faster-…` is up",
      "**An item went all the way**",
      "to preview: in_progress -> success",
      "and so it is: the bucket holds the sentiment of White Rabbit",
    ],
  ],
  [
    "a second push updates the preview, and the comment",
    [
      "event pull_request synchronize: job warren in preview is green",
      "AWS says: rabbit-hole-faster-… is UPDATE_COMPLETE",
      "the one comment on #1, edited 1 times:",
    ],
  ],
  [
    "a merge deploys production, and the preview goes",
    [
      "event push: job warren in production is green",
      "event pull_request closed: job warren in preview is green",
      "AWS says: rabbit-hole-prod is UPDATE_COMPLETE",
      "AWS says: rabbit-hole-faster-… is gone",
      "the preview `rabbit-hole-faster-…` is taken down",
      "inactive",
    ],
  ],
  [
    "the night takes what lost events have left",
    [
      "its events never come: rabbit-hole-lost-… is left over",
      "event schedule: job warren in preview is green",
      "AWS says: rabbit-hole-lost-… is gone",
      "AWS says: rabbit-hole-prod is UPDATE_COMPLETE",
      "the preview `rabbit-hole-lost-…` is taken down",
    ],
  ],
  [
    "a dispatch destroys production, and nothing is left",
    [
      "event workflow_dispatch: job warren in production is green",
      "result: destroyed",
      "AWS says: rabbit-hole-prod is gone",
      "nothing: ",
    ],
  ],
];

test(
  "the whole life of a change, from the first push to an empty account",
  { timeout: TIMEOUT_MS },
  async () => {
    const told: string[] = [];
    const tell = (text: string): void => void told.push(text);
    const screen = {
      info: tell,
      warn: tell,
      error: tell,
      note: tell,
      result: tell,
      progress: () => undefined,
    };
    await gitopsDemo(screen, AbortSignal.timeout(TIMEOUT_MS));

    let from = 0;
    for (const [step, lines] of STEPS) {
      for (const line of lines) {
        const at = told.findIndex((text, index) => index >= from && expression(line).test(text));
        expect(
          at,
          `${step}: "${line}" is not told after\n${told.slice(0, from).slice(-5).join("\n")}`,
        ).not.toBe(-1);
        from = at + 1;
      }
    }
  },
);

function expression(line: string): RegExp {
  const parts = line.split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join("[^ ]*"));
}
