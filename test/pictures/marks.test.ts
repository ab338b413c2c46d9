import { expect, test } from "vitest";
import { marksOf } from "../../action/core/marks.ts";
import type { ResourceWords } from "../../action/core/plan-words.ts";

function words(component: string, main: boolean, effect: ResourceWords["effect"]): ResourceWords {
  return {
    logicalId: "X",
    physicalId: "",
    type: "AWS::SQS::Queue",
    effect,
    component,
    label: "",
    main,
    policyAction: "",
    properties: [],
  };
}

test.each([
  ["its own resource is replaced", [words("a", true, "replaced"), words("a", false, "added")], "replaced"],
  ["its own resource may be replaced", [words("a", true, "may-be-replaced")], "replaced"],
  ["it comes with all that is its own", [words("a", true, "added"), words("a", false, "added")], "added"],
  ["it goes", [words("a", true, "removed"), words("a", false, "removed")], "removed"],
  [
    "something comes to stand beside it",
    [words("a", true, "changed"), words("a", false, "added")],
    "changed",
  ],
  ["of an arrow all resources come", [words("a -> b", false, "added")], "added"],
  [
    "of an arrow one goes and one comes",
    [words("a -> b", false, "added"), words("a -> b", false, "removed")],
    "changed",
  ],
] as const)("%s", (_, given, mark) => {
  expect([...marksOf(given)]).toEqual([[given[0].component, mark]]);
});
