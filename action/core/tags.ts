/** CloudFormation's short YAML tags (`!Ref`, `!GetAtt`, …), read into the long form. */
import { type CollectionTag, type ScalarTag, YAMLMap, YAMLSeq, Pair, Scalar } from "yaml";

const FUNCTIONS = [
  "And",
  "Base64",
  "Cidr",
  "Equals",
  "FindInMap",
  "GetAZs",
  "GetAtt",
  "If",
  "ImportValue",
  "Join",
  "Not",
  "Or",
  "Select",
  "Split",
  "Sub",
  "Transform",
];

/** A map with one key that keeps the tagged node's place, so that a problem inside of it is found. */
function wrap(key: string, value: unknown, range: Scalar["range"]): YAMLMap {
  const map = new YAMLMap();
  const keyNode = new Scalar(key);
  if (range) {
    keyNode.range = range;
    map.range = range;
  }
  map.items.push(new Pair(keyNode, value));
  return map;
}

function longName(name: string): string {
  return name === "Ref" || name === "Condition" ? name : `Fn::${name}`;
}

/** `!GetAtt A.B.C` is `["A", "B.C"]`: only the first dot separates. */
function scalarArgument(name: string, text: string): unknown {
  const dot = text.indexOf(".");
  if (name !== "GetAtt" || dot < 0) return new Scalar(text);
  const pair = new YAMLSeq();
  pair.items.push(new Scalar(text.slice(0, dot)), new Scalar(text.slice(dot + 1)));
  return pair;
}

function scalarTag(name: string): ScalarTag {
  return {
    tag: `!${name}`,
    resolve: (text) => wrap(longName(name), scalarArgument(name, text), undefined),
  };
}

function collectionTag(name: string, collection: "seq" | "map"): CollectionTag {
  return {
    tag: `!${name}`,
    collection,
    resolve: (node: YAMLMap.Parsed | YAMLSeq.Parsed) => wrap(longName(name), node, node.range),
  };
}

export const cloudFormationTags: readonly (ScalarTag | CollectionTag)[] = [
  ...["Ref", "Condition", ...FUNCTIONS].map(scalarTag),
  ...FUNCTIONS.flatMap((name) => [collectionTag(name, "seq"), collectionTag(name, "map")]),
];
