import { expect, test } from "vitest";
import { readStackTags, stackTags } from "../../action/core/stack-tags.ts";

const facts = { pipeline: "walk", stage: "prod", of: "prod", protected: true, digest: "d1" };

test("what a checkout does not know is no tag, since CloudFormation refuses empty values", () => {
  const tags = stackTags({ ...facts, branch: "", sha: "", repository: "" });
  expect(Object.values(tags)).not.toContain("");
  expect(readStackTags(tags)).toMatchObject({ pipeline: "walk", branch: "", sha: "", protected: true });
});
