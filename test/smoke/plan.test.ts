/** From pipeline.yaml and the rendered stack to what a smoke run calls, looks at and compares. */
import { expect, test } from "vitest";
import { parsePipeline } from "../../action/core/pipeline.ts";
import { type SmokePlan, smokePlan } from "../../action/core/probe.ts";
import { UserError } from "../../action/core/problem.ts";
import { render } from "../../action/core/render.ts";
import { fill, holdsAll, hopTimes, stuckProblem, textsOf, wordsOf } from "../../action/core/smoke-run.ts";
import { catalogOf, shippedTemplates } from "../support/shipped.ts";

const FILE = "config/pipeline.yaml";
const PLACE = { file: FILE, line: 1, column: 1 };

/** A kind of one's own, seen as no shipped kind is and passed by what is no shipped arrow. */
const OWN = [
  {
    file: "templates/components/ledger.yaml",
    text: `Description: A table with a name of its own.
Resources:
  Book:
    Type: AWS::DynamoDB::Table
    Properties: { BillingMode: PAY_PER_REQUEST }
Outputs:
  Name: { Value: !Ref Book }
Metadata:
  Warren:
    Probe:
      See: { Call: "dynamodb:Scan", On: Book }
`,
  },
  {
    file: "templates/components/sundial.yaml",
    text: `Description: Starts others by the sun.
Resources:
  Dial:
    Type: AWS::Events::Rule
    Properties: { State: ENABLED }
Outputs:
  Name: { Value: !Ref Dial }
Metadata:
  Warren:
    Slots:
      Shadows: { At: Dial.Shadows, Combine: Append }
    Probe:
      Starts: { List: Dial.Shadows, Whom: Falls, Input: With, Event: { hour: "{time}", dial: "{Dial}" } }
`,
  },
  {
    file: "templates/connections/sundial-to-function.yaml",
    text: `Description: The sundial starts the function.
Parameters:
  ToArn: { Type: String, Description: ARN. }
  Say: { Type: String, Description: What it says., Default: "" }
Conditions:
  Says: !Not [!Equals [!Ref Say, ""]]
  Never: !Equals [!Ref "AWS::StackName", ""]
Resources:
  Nothing: { Type: AWS::CloudFormation::WaitConditionHandle, Condition: Never }
Metadata:
  Warren:
    Fills:
      - Slot: From.Shadows
        Value: [{ Falls: !Ref ToArn, With: !If [Says, !Ref Say, !Ref "AWS::NoValue"] }]
`,
  },
  {
    file: "templates/connections/function-to-ledger.yaml",
    text: `Description: The function writes into the ledger.
Parameters:
  ToName: { Type: String, Description: Name. }
Resources:
  Mark: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Ref ToName } }
`,
  },
];

const catalog = catalogOf([...(await shippedTemplates()), ...OWN]);

function planOf(text: string): SmokePlan {
  const result = parsePipeline({ file: FILE, text }, catalog);
  if (result.kind === "problems") throw new UserError("config-invalid", result.problems);
  const { pipeline } = result;
  if (!pipeline.smoke) throw new Error("there is no smoke");
  const stage = { name: "preview", of: "preview", protected: false, timers: "off" } as const;
  const rendered = render({ pipeline, stage, built: new Map() });
  if (rendered.kind === "problems") throw new UserError("config-invalid", rendered.problems);
  return smokePlan(pipeline, pipeline.smoke, rendered.stack);
}

const REFERENCE = `name: burrow
stages: { preview: { pull-requests: true, timers: off } }
components:
  hourly: { kind: timer, schedule: rate(1 hour) }
  fang: { kind: table, key: name }
  reader: { kind: function, source: functions/reader.ts }
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts, was: old-worker }
  results: { kind: bucket }
flow:
  - hourly -> reader -> jobs -> worker -> results
  - fang -> reader
smoke: { put: { fang: { name: Netflix } }, expect: results, holds: ["{time}"] }
`;

const LOG = "logs:FilterLogEvents";

test("the plan names every call with its resource, and cuts the way where something is seen", () => {
  const plan = planOf(REFERENCE);
  expect(plan.puts).toEqual([
    {
      component: "fang",
      call: "dynamodb:PutItem",
      logicalId: "FangTable",
      value: { name: "Netflix" },
      keys: [{ name: "name", type: "S" }],
      moves: false,
    },
  ]);
  expect(plan.start).toMatchObject({
    by: "hourly",
    component: "reader",
    call: "lambda:InvokeFunction",
    logicalId: "ReaderFunction",
    resources: { Rule: "HourlyRule" },
    event: { "detail-type": "Scheduled Event", source: "aws.events", time: "{time}" },
  });
  const reader = { component: "reader", call: LOG, logicalId: "ReaderLoggroup" };
  // The former name is the address of what is there.
  const worker = { component: "worker", call: LOG, logicalId: "OldWorkerLoggroup" };
  expect(plan.hops.map(({ place, ...hop }) => ({ ...hop, line: place.line }))).toEqual([
    { name: "hourly -> reader", line: 11, to: reader, source: undefined },
    { name: "fang -> reader -> jobs -> worker", line: 11, to: worker, source: reader },
    {
      name: "worker -> results",
      line: 11,
      to: { component: "results", call: "s3:ListBucket", logicalId: "ResultsBucket" },
      source: worker,
    },
  ]);
});

test("an arrow's own input is what the timer would send", () => {
  const own = REFERENCE.replace(
    "  - fang ->",
    `  - { arrow: hourly -> reader, input: '{"a": 1}' }\n  - fang ->`,
  ).replace("hourly -> reader -> jobs", "reader -> jobs");
  expect(planOf(own).start?.event).toEqual({ a: 1 });
  expect(() => planOf(own.replace(`{"a": 1}`, "no JSON"))).toThrow("is no JSON");
});

test("kinds and arrows of one's own are tried out by what their templates say", () => {
  const own = (arrow: string): string => `name: burrow
stages: { preview: { pull-requests: true } }
components:
  noon: { kind: sundial }
  scribe: { kind: function, source: functions/scribe.ts }
  book: { kind: ledger }
flow:
  - ${arrow}
  - scribe -> book
smoke: { expect: book }
`;
  const plan = planOf(own("noon -> scribe"));
  expect(plan.start).toMatchObject({
    by: "noon",
    component: "scribe",
    event: { hour: "{time}", dial: "{Dial}" },
    resources: { Dial: "NoonDial" },
  });
  expect(plan.hops.map(({ name, to }) => [name, to.call, to.logicalId])).toEqual([
    ["noon -> scribe", LOG, "ScribeLoggroup"],
    ["scribe -> book", "dynamodb:Scan", "BookBook"],
  ]);
  expect(planOf(own("{ arrow: noon -> scribe, say: '[1]' }")).start?.event).toEqual([1]);
});

test("a start that the rendered stack does not have is told, not guessed", () => {
  const overridden = REFERENCE.replace(
    "rate(1 hour) }",
    "rate(1 hour), overrides: { Rule: { Targets: [] } } }",
  );
  expect(() => planOf(overridden)).toThrow("finds no way to start `reader` as `hourly` would");
});

const WORDS = wordsOf(
  "smoke-abc",
  "2026-11-24T08:00:00.000Z",
  "arn:aws:cloudformation:eu-west-1:111122223333:stack/a/b",
);

test("words are filled in wherever a text stands; braces that are nobody's stay", () => {
  expect(
    fill({ a: ["{mark}", { b: "{region}/{account}/{partition}" }], n: 1, c: "{other} {" }, WORDS),
  ).toEqual({
    a: ["smoke-abc", { b: "eu-west-1/111122223333/aws" }],
    n: 1,
    c: "{other} {",
  });
});

test("what arrives must hold the item's key and what is asked for, or the mark where that was put in", () => {
  const plan = planOf(REFERENCE);
  expect(textsOf(plan, WORDS)).toEqual(["Netflix", "2026-11-24T08:00:00.000Z"]);
  const marked = planOf(REFERENCE.replace("Netflix", '"Rabbit {mark}"'));
  expect(textsOf(marked, WORDS)).toEqual(["smoke-abc", "2026-11-24T08:00:00.000Z"]);
  const message = planOf(
    REFERENCE.replace("fang: { name: Netflix }", "jobs: hello").replace(', holds: ["{time}"]', ""),
  );
  expect(textsOf(message, WORDS)).toEqual([]);
});

test("a text counts as it is and as JSON has it", () => {
  expect(holdsAll('{"name":"a \\"b\\""}', ['a "b"'])).toBe(true);
  expect(holdsAll("a b", ["a", "c"])).toBe(false);
});

test("times go from hop to hop; one that did not show itself is told with the next", () => {
  const hops = [{ name: "a -> b" }, { name: "b -> c" }, { name: "c -> d" }];
  expect(hopTimes(hops, [1_100, 1_400, 2_000], 1_000)).toEqual([
    { name: "a -> b", milliseconds: 100 },
    { name: "b -> c", milliseconds: 300 },
    { name: "c -> d", milliseconds: 600 },
  ]);
  expect(hopTimes(hops, [1_100, undefined, 2_000], 1_000)).toEqual([
    { name: "a -> b", milliseconds: 100 },
    { name: "b -> c, c -> d", milliseconds: 900 },
  ]);
});

test("a clock of AWS that is behind ours makes no negative times", () => {
  expect(
    hopTimes([{ name: "a" }, { name: "b" }], [900, 1_500], 1_000).map(({ milliseconds }) => milliseconds),
  ).toEqual([0, 500]);
});

const HOP = {
  name: "a -> b",
  place: PLACE,
  to: { component: "b", call: LOG, logicalId: "B" },
  source: undefined,
} as const;

test("the end of the log is told, without what looks like a secret, and not longer than a screen", () => {
  const of = { component: "a", call: LOG, logicalId: "A" };
  const key = ["AKIA", "Q3EGHIJKLMNOPQRS"].join("");
  const lines = [
    ...Array.from({ length: 40 }, (_, index) => `line ${index}`),
    `key ${key}\nx${"y".repeat(900)}`,
  ];
  const { message, hint = "" } = stuckProblem(HOP, 60, { of, lines }, []);
  expect(message).toBe("an item did not get through `a -> b` within 60 s of its start");
  expect(hint.split("\n")).toHaveLength(21);
  expect(hint).toContain("line 39");
  expect(hint).not.toContain("line 21\n");
  expect(hint).not.toContain(key);
  expect(Math.max(...hint.split("\n").map((line) => line.length))).toBeLessThan(420);
});

test("of long lines the last ones are told, as why it failed stands at the end; also where a problem is cut", () => {
  const of = { component: "a", call: LOG, logicalId: "A" };
  const lines = [
    ...Array.from({ length: 30 }, (_, index) => `${index} ${"x".repeat(900)}`),
    "out of carrots",
  ];
  const problem = stuckProblem(HOP, 60, { of, lines }, []);
  const [told] = new UserError("smoke-failed", problem).problems;
  expect(told?.hint).toBe(problem.hint);
  expect(told?.hint?.split("\n").at(-1)?.trim()).toBe("out of carrots");
  expect(told?.hint).toContain(" 29 x");
});

test("what the stack's template may not show is not shown of the log either", () => {
  const of = { component: "a", call: LOG, logicalId: "A" };
  const lines = ["cannot log in with plain-words-only"];
  const { hint } = stuckProblem(HOP, 60, { of, lines }, ["plain-words-only"]);
  expect(hint).toContain("cannot log in with [hidden]");
});

test("a log that is empty says that nothing was started", () => {
  const of = { component: "b", call: LOG, logicalId: "B" };
  const { hint } = stuckProblem(HOP, 60, { of, lines: [] }, []);
  expect(hint).toBe("`b` has written nothing to its log: it was not started.");
  const started = stuckProblem(HOP, 60, { of, lines: ["START RequestId: 1 Version: $LATEST"] }, []);
  expect(started.hint).toBe("`b` was started, and has written nothing to its log.");
});
