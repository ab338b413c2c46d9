/** Late, overtaken and repeated runs. */
import { expect, test } from "vitest";
import type { PullRequest } from "../../action/core/event.ts";
import { freshness, stillWanted } from "../../action/core/freshness.ts";

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(40)) as [string, string, string];

/** Of the history A - B - C: what runs, what is deployed, where the branch is, which attempt -> what becomes of it. */
test.each([
  [A, undefined, A, 1, "go", "the first deploy"],
  [B, A, B, 1, "go", "the usual one"],
  [B, B, B, 2, "go", "a re-run of what is deployed"],
  [C, A, C, 2, "go", "a re-run of the newest, which failed before"],
  [B, A, C, 1, "go", "the branch has moved on, maybe by a push that starts no run"],
  [B, B, C, 1, "go", "the same again, late"],
  [A, B, B, 1, "newer-deployed", "overtaken"],
  [A, B, C, 2, "newer-deployed", "a re-run of an old deploy"],
  [A, B, A, 1, "newer-deployed", "the branch was moved back"],
  [B, A, C, 2, "newer-pushed", "a re-run, and a newer commit may have been `nothing to do`"],
  [B, B, C, 2, "newer-pushed", "the same, of what the tag says is deployed"],
  [B, undefined, C, 2, "newer-pushed", "a re-run after the stack is gone"],
  [A, undefined, undefined, 1, "branch-gone", "the branch is gone"],
] as const)(
  "%.1s, deployed %.1s, branch at %.1s, attempt %i: %s (%s)",
  (sha, deployed, head, runAttempt, verdict, _why) => {
    const older = deployed !== undefined && sha <= deployed;
    const facts = { sha, branch: "main", head, deployed, older, runAttempt };
    const result = freshness({ ...facts, allowOlder: false });
    expect(result.kind === "skip" ? result.reason : result.kind).toBe(verdict);
    // On purpose, everything may be deployed whose branch still lives.
    const forced = freshness({ ...facts, allowOlder: true });
    expect(forced.kind).toBe(head === undefined ? "skip" : "go");
  },
);

test("who is stopped is told by what, and how to do it all the same", () => {
  const base = { branch: "main", head: C, older: true, runAttempt: 2, allowOlder: false };
  expect(freshness({ ...base, sha: A, deployed: C })).toMatchObject({
    text:
      "commit aaaaaaa is older than ccccccc, which is deployed; " +
      "to deploy it all the same, run it with `allow-older: true`",
  });
});

const asked: PullRequest = {
  number: 7,
  branch: "feature/x",
  headSha: A,
  baseBranch: "main",
  open: true,
  draft: false,
  merged: false,
  fromFork: false,
};

test.each([
  ["open", asked, A, "wanted"],
  ["open, and pushed to meanwhile", { ...asked, headSha: B }, B, "wanted"],
  ["closed meanwhile", { ...asked, open: false }, A, "pull-request-closed"],
  ["not there any more", undefined, A, "pull-request-closed"],
  ["without its branch", asked, undefined, "branch-gone"],
] as const)("a pull request %s: %s", (_what, now, head, verdict) => {
  const result = stillWanted(asked, now, head);
  expect(result.kind === "skip" ? result.reason : result.kind).toBe(verdict);
});
