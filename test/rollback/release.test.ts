/** What is kept of a release, who reads it back, and which one a commit means. */
import { describe, expect, test } from "vitest";
import { type Release, readRelease, releaseOf, releaseText, renderedOf } from "../../action/core/release.ts";
import {
  type JudgedRelease,
  findRelease,
  judgeReleases,
  lastGood,
  proofKey,
  readReleaseKey,
  releaseBefore,
  releaseKey,
} from "../../action/core/releases.ts";
import type { Rendered } from "../../action/core/rendered.ts";
import type { SmokePlan } from "../../action/core/probe.ts";

const PLACE = { file: "config/pipeline.yaml", line: 9, column: 3 };
const WAY: SmokePlan = {
  puts: [
    {
      component: "fang",
      call: "dynamodb:PutItem",
      logicalId: "FangTable",
      value: { name: "x" },
      keys: [{ name: "name", type: "S" }],
      moves: true,
    },
  ],
  start: undefined,
  hops: [
    {
      name: "a -> b",
      place: PLACE,
      to: { component: "b", call: "logs:FilterLogEvents", logicalId: "B" },
      source: undefined,
    },
  ],
  expect: "b",
  holds: [],
  withinSeconds: 60,
};
const RENDERED: Rendered = {
  stackName: "hole-prod",
  body: '{"Resources":{}}',
  digest: "d".repeat(64),
  protected: true,
  tags: {
    "warren:pipeline": "hole",
    "warren:stage": "prod",
    "warren:commit": "c".repeat(40),
    "warren:branch": "main",
  },
  items: [{ output: "FangName", component: "fang", digest: "i", items: [{ name: "Netflix", year: 1997 }] }],
  release: { artifacts: ["functions/a.zip"], smoke: WAY },
  origins: {
    FangTable: { component: "fang", label: "table", place: PLACE, main: true, options: { KeySchema: "key" } },
  },
};

function kept(): Release {
  const release = releaseOf(RENDERED, "e".repeat(64));
  if (!release) throw new Error("it is not kept");
  return release;
}

test("what was kept is read back as it was, and is deployed as the same thing", () => {
  const read = readRelease(releaseText(kept()), "hole-prod");
  expect(read).toEqual({ kind: "release", release: kept() });
  const place = {
    repository: "o/r",
    repositoryId: "7",
    of: "prod",
    guard: { statefulTypes: [], waivers: [] },
  };
  const elsewhere = { ...PLACE, line: 20 };
  const origins = { Other: { component: "fang", label: "table", place: elsewhere } };
  const { tags, origins: named, ...again } = renderedOf(kept(), { ...place, origins });
  const { tags: _tags, origins: _origins, ...first } = RENDERED;
  expect(again).toEqual({ ...first, guard: place.guard });
  expect(tags).toMatchObject({
    ...RENDERED.tags,
    "warren:digest": RENDERED.digest,
    "warren:repository-id": "7",
  });
  // A line of the checkout, not of the commit that it is gone back to.
  expect(named["FangTable"]).toEqual({ ...RENDERED.origins["FangTable"], place: elsewhere });
});

test("what nobody goes back to is not kept: previews, the account's stack, a folder outside of Git", () => {
  const { release: _release, ...preview } = RENDERED;
  expect(releaseOf(preview, "")).toBeUndefined();
  expect(releaseOf({ ...RENDERED, tags: {} }, "")).toBeUndefined();
});

test.each([
  ["no JSON", "it is no JSON"],
  ["[]", "its format is not one that this version of Warren knows"],
  ['{"version":2}', "its format is not one that this version of Warren knows"],
  ['{"version":1}', "it must have required property"],
  [releaseText({ ...kept(), template: 7 as never }), "/template must be string"],
  [releaseText({ ...kept(), stackName: "hole-staging" }), "it is another stack's"],
])("`%.20s` is refused: %s", (text, why) => {
  expect(readRelease(text, "hole-prod")).toEqual({ kind: "unreadable", why: expect.stringContaining(why) });
});

test("a key tells stack, commit, digest and time; anything else is none of ours", () => {
  const key = releaseKey(kept(), "warren-cccccccccccc-dddddddddddd-loyw3vu0-late");
  expect(readReleaseKey(key)).toEqual({
    kind: "release",
    stackName: "hole-prod",
    commit: "c".repeat(40),
    digestStart: "d".repeat(12),
    begunAt: Number.parseInt("loyw3vu0", 36),
  });
  expect(readReleaseKey(proofKey("hole-prod", "d".repeat(64), "f".repeat(64)))).toEqual({
    kind: "proof",
    stackName: "hole-prod",
    digestStart: "d".repeat(12),
  });
  expect(readReleaseKey(`${key}.bak`)).toBeUndefined();
  expect(readReleaseKey("releases/hole-prod/../hole-prod/x.json")).toBeUndefined();
});

/** Letters for digests and commits, newest first: `b<a` is b, which replaces a. */
function history(
  text: string,
  running: string | undefined,
  proven: readonly string[] = [],
): readonly JudgedRelease[] {
  const long = (letter: string): string => letter.repeat(64);
  const all = text.split(" ").map((one) => {
    const [digest = "", replaces] = one.split("<");
    const release = {
      ...kept(),
      digest: long(digest),
      commit: digest.repeat(40),
      replaces: replaces ? long(replaces) : "",
    };
    return { key: one, time: "2026-11-24T14:00:00.000Z", release };
  });
  const starts = proven.map((letter) => letter.repeat(12));
  return judgeReleases({ kept: all, proven: new Set(starts), stack: { digest: running && long(running) } });
}

function letters(judged: readonly JudgedRelease[]): readonly string[] {
  return judged.map(({ release, standing }) => `${release.digest.charAt(0)} ${standing}`);
}

describe("of several releases", () => {
  test("those have run that run, or that a later one has replaced", () => {
    expect(letters(history("d<c c<a b<a a", "d", ["a", "c"]))).toEqual([
      "d running",
      "c good",
      "b failed",
      "a good",
    ]);
    expect(letters(history("b<a a", undefined, ["a"]))).toEqual(["b failed", "a good"]);
  });

  test("the last good one is another than what has failed, and one that got through its smoke run", () => {
    const judged = history("d<c c<b b<a a", "d", ["a", "b"]);
    expect(lastGood(judged, "d".repeat(64))?.key).toBe("b<a");
    expect(lastGood(history("b<a a", "b"), "b".repeat(64))).toBeUndefined();
  });

  test("one is meant by the beginning of its commit, if that fits no other", () => {
    const judged = history("d<c c<a b<a a", "d", ["a", "c"]);
    expect(findRelease(judged, "cccc")).toMatchObject({ kind: "found", release: { key: "c<a" } });
    expect(findRelease(judged, "bbbb")).toEqual({ kind: "failed", commit: "b".repeat(40) });
    expect(findRelease(judged, "0000")).toEqual({ kind: "unknown" });
    expect(findRelease(judged, "")).toMatchObject({ kind: "ambiguous" });
  });

  test("a commit without one means the nearest before it, whenever that was deployed", async () => {
    // Deployed a, b, c, and a again; the commits' order is that of their letters.
    const judged = history("a<c c<b b<a a", "a");
    const isAncestor = async (one: string, other: string): Promise<boolean> => one <= other;
    const before = (commit: string) => releaseBefore(judged, commit, isAncestor);
    expect((await before("bc"))?.release.commit).toBe("b".repeat(40));
    expect((await before("f"))?.release.commit).toBe("c".repeat(40));
    expect(await before("0")).toBeUndefined();
  });
});
