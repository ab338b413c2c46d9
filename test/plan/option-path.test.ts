import { expect, test } from "vitest";
import { optionPaths } from "../../action/core/option-path.ts";
import { catalogOf } from "../support/shipped.ts";

test("a part of a list is an option only as long as its place is certain", () => {
  const text = `Description: A thing.
Parameters:
  First: { Type: String, Default: a, Description: d. }
  Second: { Type: String, Default: "", Description: d. }
  Third: { Type: String, Default: c, Description: d. }
Conditions:
  HasSecond: !Not [!Equals [!Ref Second, ""]]
Resources:
  Thing:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema:
        - { AttributeName: !Ref First, KeyType: HASH }
        - !If [HasSecond, { AttributeName: !Ref Second, KeyType: RANGE }, !Ref "AWS::NoValue"]
        - { AttributeName: !Ref Third, KeyType: RANGE }
`;
  const template = catalogOf([{ file: "templates/components/thing.yaml", text }]).components.get("thing");
  if (!template) throw new Error("there is no thing");
  expect(optionPaths(template, "Thing")).toEqual({
    "KeySchema.0.AttributeName": "first",
    "KeySchema.1.AttributeName": "second",
  });
});
