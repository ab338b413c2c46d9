import { expect, test } from "vitest";
import { risksOf } from "../../action/core/risk.ts";
import { type Judgement, type Waiver, judge } from "../../action/core/waiver.ts";
import { change, place } from "./changes.ts";

const TABLE = "AWS::DynamoDB::Table";
const replaced = change("FangTable", TABLE, { effect: "replaced", policyAction: "ReplaceAndRetain" });
const waiver: Waiver = {
  component: "fang",
  allow: "replace",
  until: "2026-12-31",
  why: "moves to another key",
  place,
};

function judged(today: string, waivers: readonly Waiver[], isProtected = true): Judgement {
  const risks = risksOf([replaced], { statefulTypes: new Set([TABLE]) });
  return judge(risks, { waivers, today, protected: isProtected });
}

test("data at risk stops in a protected stage, and says the waiver to write", () => {
  expect(judged("2026-11-24", [])).toEqual({
    stops: [
      {
        place,
        message:
          "table of `fang` is replaced by an empty one; the old one is kept with its data, outside of the stack",
        hint: "If the data may go, say so in pipeline.yaml: `waivers: [{ component: fang, allow: replace, until: <year-month-day>, why: <reason> }]`",
      },
    ],
    notes: [],
  });
});

test("nothing stops in a stage that is not protected", () => {
  expect(judged("2026-11-24", [], false)).toEqual({ stops: [], notes: [] });
});

test("a waiver counts up to and with its last day, and is told", () => {
  const note = { place, message: "`fang` may be replaced until 2026-12-31: moves to another key" };
  expect(judged("2026-12-31", [waiver])).toEqual({ stops: [], notes: [note] });
});

test("an expired waiver stops, and is told as what it is", () => {
  const { stops, notes } = judged("2027-01-01", [waiver]);
  expect(stops[0]?.hint).toContain("The waiver in line 9 has expired on 2026-12-31.");
  expect(notes.map(({ message }) => message)).toEqual(["the waiver for `fang` has expired on 2026-12-31"]);
});

test("a waiver for another component or another fate allows nothing, and is told to be for nothing", () => {
  const others = [
    { ...waiver, component: "tech" },
    { ...waiver, allow: "remove" as const },
  ];
  const { stops, notes } = judged("2026-11-24", others);
  expect(stops).toHaveLength(1);
  expect(notes.map(({ message }) => message)).toEqual([
    "the waiver for `tech` is for nothing: this plan does not replace it",
    "the waiver for `fang` is for nothing: this plan does not remove it",
  ]);
});
