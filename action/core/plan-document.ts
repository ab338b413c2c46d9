/** plan.json: a plan for machines, with values redacted as they are for people: a file of a run is kept and shared. */
import {
  type TypeOf,
  constantType,
  flagType,
  integerType,
  listType,
  objectType,
  optional,
  textType,
  wordType,
} from "./json-type.ts";
import { EFFECTS } from "./plan-words.ts";
import { RISK_KINDS } from "./risk.ts";

/** Of all documents. A field may be added within a version; none goes, and none changes its meaning. */
export const VERSION = 1;

export const placeType = objectType(
  {
    file: textType("From the root of the pipeline's repository."),
    line: integerType(),
    column: integerType(),
  },
  "Lines and columns count from 1.",
);

export const problemType = objectType({
  place: optional(placeType),
  message: textType(),
  details: optional(listType(textType())),
  hint: optional(textType("How to mend it.")),
  link: optional(textType("Address of a page that says more.")),
});

const propertyType = objectType({
  name: textType("The option of pipeline.yaml, or else the path."),
  path: textType("In CloudFormation's words, without `Properties`."),
  before: optional(textType("In one line; absent if it was not set, or where `lines` tell it.")),
  after: optional(textType()),
  lines: optional(listType(textType(), "Of policies: statements, each after `+ ` or `- `.")),
  diff: optional(
    textType(
      "Of long values: a unified diff without headers, which makes the text after of the text before.",
    ),
  ),
  uncertain: flagType(
    "The value shows only when it is executed, or was too long for CloudFormation to tell.",
  ),
  recreation: wordType(["never", "conditionally", "always"], "Whether this alone makes a new resource."),
  because: optional(textType("What it follows: a logical id, or one and an attribute.")),
});

const changeType = objectType({
  logicalId: textType(),
  physicalId: textType("Empty for what is not there yet."),
  type: textType("CloudFormation's, for example `AWS::SQS::Queue`."),
  effect: wordType(EFFECTS),
  component: textType("Of pipeline.yaml, or what it had there before; of an arrow `a -> b`."),
  label: textType("The resource within its component, for people."),
  main: flagType("The component itself, not one of the things around it."),
  place: optional(placeType),
  policyAction: textType("What becomes of the old resource: `Delete`, `Retain`, …; empty for nothing."),
  properties: listType(propertyType),
});

export const riskKindType = wordType(
  ["none", ...RISK_KINDS],
  "The worst; `data` is before `exposure`, `rights`, `interruption` and `cost`.",
);

const riskType = objectType({
  kind: wordType(RISK_KINDS),
  logicalId: textType(),
  component: textType(),
  place: optional(placeType),
  text: textType("One sentence."),
  hint: optional(textType()),
  allow: optional(wordType(["replace", "remove"], "What a waiver in pipeline.yaml would have to allow.")),
});

export const countTypes = {
  added: integerType("Resources that are new, or imported."),
  changed: integerType(),
  replaced: integerType("Those that may be replaced, too."),
  removed: integerType(),
};

export const stackTypes = {
  stage: optional(textType("The stage of pipeline.yaml; of a preview with its branch: `preview-x-1a2b3c`.")),
  stackName: textType(),
  stackId: optional(textType("ARN. Absent: there is no stack yet.")),
  url: optional(textType("The stack in the AWS console.")),
};

export const planType = objectType(
  {
    version: constantType(VERSION),
    kind: constantType("planned"),
    would: wordType(["create", "update", "nothing"], "What a deploy would do to the stack."),
    ...stackTypes,
    digest: textType("Of the changes: equal plans have equal digests, whenever and wherever they are made."),
    templateDigest: textType("Of the template: what the stack's tag `warren:digest` will be."),
    ...countTypes,
    untouched: integerType("Resources of which nothing but tags would change."),
    risk: riskKindType,
    risks: listType(riskType, "The worst first."),
    stops: listType(problemType, "Why it must not be carried out; empty if it may."),
    notes: listType(
      problemType,
      "Of waivers: expired ones, unused ones. And what CloudFormation's validation and hooks doubt, which stops nothing.",
    ),
    changes: listType(changeType, "What risks something first."),
    items: listType(textType(), "Components whose items would be put."),
  },
  "What a deploy would change.",
);

export type PlanDocument = TypeOf<typeof planType>;
