import { describe, expect, test } from "vitest";
import { planned } from "../../action/core/change.ts";
import type { Change } from "../../action/aws-ports.ts";
import { RETAGGED, add, detail, following, modify, remove } from "./change-set.ts";

const QUEUE = "AWS::SQS::Queue";
const FUNCTION = "AWS::Lambda::Function";
const PERMISSION = "AWS::Lambda::Permission";
const UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}";

const only = (change: Change) => planned([change], {}).changes[0];
const paths = (change: Change) => only(change)?.properties.map(({ path }) => path);

describe("the effect on a resource", () => {
  const replaced = modify("Q", QUEUE, [detail("QueueName", { recreation: "Always" })], {
    before: { QueueName: "a" },
    after: { QueueName: "b" },
  });

  test.each<[string, Change]>([
    ["added", add("Q", QUEUE)],
    ["removed", remove("Q", QUEUE)],
    ["imported", { ...add("Q", QUEUE), action: "Import" }],
    ["replaced", replaced],
    ["may-be-replaced", { ...replaced, replacement: "Conditional" }],
    ["may-be-replaced", { ...replaced, action: "Dynamic", replacement: "" }],
    ["changed", { ...replaced, replacement: "False" }],
    // No reasons are given: CloudFormation is believed.
    ["replaced", { ...replaced, details: [] }],
  ])("is %s", (effect, change) => {
    expect(only(change)?.effect).toBe(effect);
  });

  test("names what happens to its data only if something happens to it", () => {
    expect(only(replaced)?.policyAction).toBe("ReplaceAndDelete");
    expect(only({ ...replaced, replacement: "False" })?.policyAction).toBe("");
    expect(only(remove("Q", QUEUE))?.policyAction).toBe("Delete");
  });
});

describe("the properties that change", () => {
  test("are each at the smallest path, with both values, by path", () => {
    const change = modify("F", FUNCTION, [detail("MemorySize"), detail("Environment")], {
      before: { MemorySize: 128, Environment: { Variables: { A: "1", B: "2", C: "3" } } },
      after: { MemorySize: 256, Environment: { Variables: { A: "1", B: "two", D: "4" } } },
    });
    expect(only(change)?.properties).toEqual([
      { path: "Environment.Variables.B", before: "2", after: "two", uncertain: false, recreation: "never" },
      { path: "Environment.Variables.C", before: "3", uncertain: false, recreation: "never" },
      { path: "Environment.Variables.D", after: "4", uncertain: false, recreation: "never" },
      { path: "MemorySize", before: "128", after: "256", uncertain: false, recreation: "never" },
    ]);
  });

  test("are found where CloudFormation's details leave them out", () => {
    const change = modify("F", FUNCTION, [detail("MemorySize")], {
      before: { MemorySize: 128, Timeout: 3 },
      after: { MemorySize: 256, Timeout: 9 },
    });
    expect(paths(change)).toEqual(["MemorySize", "Timeout"]);
  });

  test("come from the details alone where no whole resources are told", () => {
    const change = modify("F", FUNCTION, [
      detail("MemorySize", { before: "128", after: "256" }),
      detail("Layers/0", { after: '["a"]', changeType: "Add" }),
      detail("Timeout"),
      detail("EngineVersion", { before: "1.1", after: "1.10" }),
    ]);
    expect(only(change)?.properties).toMatchObject([
      { path: "EngineVersion", before: "1.1", after: "1.10" },
      { path: "Layers.0", after: ["a"], uncertain: false },
      { path: "MemorySize", before: "128", after: "256", uncertain: false },
      { path: "Timeout", uncertain: true },
    ]);
  });

  test("are told once, however often CloudFormation lists them", () => {
    const cause = { cause: "Other.QueueName", evaluation: "Dynamic", source: "ResourceAttribute" } as const;
    const change = modify(
      "F",
      FUNCTION,
      [detail("Role", { recreation: "Conditionally" }), detail("Role", cause), detail("Role")],
      { before: { Role: "a" }, after: { Role: "b" } },
    );
    expect(only(change)?.properties).toEqual([
      {
        path: "Role",
        before: "a",
        after: "b",
        uncertain: false,
        recreation: "conditionally",
        because: "Other.QueueName",
      },
    ]);
  });

  test("of a list with names are under their names, of others under their places", () => {
    const change = modify("R", "AWS::IAM::Role", [detail("Policies"), detail("Layers")], {
      before: {
        Policies: [
          { PolicyName: "logs", PolicyDocument: { Statement: [] } },
          { PolicyName: "old", PolicyDocument: { Statement: [] } },
        ],
        Rules: [{ a: 1 }, { a: 2 }],
        Layers: ["a", "b"],
      },
      after: {
        Policies: [{ PolicyName: "logs", PolicyDocument: { Statement: { Effect: "Deny" } } }],
        Rules: [{ a: 1 }, { a: 3 }],
        Layers: ["a", "c"],
      },
    });
    expect(paths(change)).toEqual([
      "Layers",
      "Policies.logs.PolicyDocument.Statement",
      "Policies.old",
      "Rules.1.a",
    ]);
  });

  test("of a part that has only another name are at its place", () => {
    const key = (AttributeName: string, KeyType = "HASH") => ({ AttributeName, KeyType });
    const change = (before: object[], after: object[]) =>
      modify("T", "AWS::DynamoDB::Table", [detail("KeySchema")], {
        before: { KeySchema: before },
        after: { KeySchema: after },
      });
    const sort = key("day", "RANGE");
    expect(only(change([key("a"), sort], [key("b"), sort]))?.properties).toMatchObject([
      { path: "KeySchema.0.AttributeName", before: "a", after: "b" },
    ]);
    expect(paths(change([key("a")], [key("b", "RANGE")]))).toEqual(["KeySchema.a", "KeySchema.b"]);
    // Two that have changed places are no other ones.
    expect(paths(change([key("a"), key("b")], [key("b"), key("a")]))).toEqual(["KeySchema"]);
  });

  test("of a policy are its statements as a set: their order says nothing", () => {
    const statement = (Action: string) => ({ Effect: "Allow", Action, Resource: "*" });
    const policy = (...actions: string[]) => ({ PolicyDocument: { Statement: actions.map(statement) } });
    const change = (after: object) =>
      modify("P", "AWS::IAM::RolePolicy", [detail("PolicyDocument/Statement/0/Action")], {
        before: policy("a", "b"),
        after: { ...after },
      });
    expect(paths(change(policy("a", "c")))).toEqual(["PolicyDocument.Statement"]);
    // CloudFormation says that it changes, and the values say that it does not.
    expect(only(change(policy("b", "a")))?.properties).toMatchObject([{ uncertain: true }]);
  });

  test("are uncertain where CloudFormation does not know a value or has cut it off", () => {
    const cut = `(Truncated-Signature):${"0".repeat(64)}`;
    const change = modify("F", FUNCTION, [], {
      before: { A: "x", B: cut, C: { D: ["y"] } },
      after: { A: UNKNOWN, B: cut.replace("0", "1"), C: { D: [UNKNOWN] } },
    });
    expect(only(change)?.properties.map(({ path, uncertain }) => [path, uncertain])).toEqual([
      ["A", true],
      ["B", true],
      ["C.D", true],
    ]);
  });

  test("are believed to the details if a whole resource was cut off in the middle", () => {
    const change = {
      ...modify("F", FUNCTION, [detail("Timeout", { before: "1", after: "2" })]),
      before: '{"Properties":{"Timeo',
      after: '{"Properties":{"Timeout":"2"}}',
    };
    expect(only(change)?.properties).toMatchObject([{ path: "Timeout", before: "1", after: "2" }]);
  });

  test("hold policies of deletion too, but not metadata", () => {
    const change = {
      ...modify("Q", QUEUE, [
        detail("x", { attribute: "DeletionPolicy", name: "", path: "/DeletionPolicy" }),
      ]),
      before: '{"Properties":{},"DeletionPolicy":"Retain","Metadata":{"a":"1"}}',
      after: '{"Properties":{},"DeletionPolicy":"Delete","Metadata":{"a":"2"}}',
    };
    expect(only(change)?.properties).toMatchObject([
      { path: "DeletionPolicy", before: "Retain", after: "Delete" },
    ]);
  });
});

describe("tags", () => {
  const tags = (...pairs: readonly [string, string][]) => ({
    Tags: pairs.map(([Key, Value]) => ({ Key, Value })),
  });

  test.each<[string, Change]>([
    ["with values", modify("Q", QUEUE, [RETAGGED])],
    ["without values", modify("Q", QUEUE, [detail("Tags", { path: "" })])],
    [
      "in whole resources",
      modify("Q", QUEUE, [RETAGGED], {
        before: tags(["warren:commit", "a"], ["team", "x"]),
        after: tags(["warren:commit", "b"], ["team", "x"]),
      }),
    ],
  ])("of the stack (%s) are no change: such resources are counted", (_, change) => {
    expect(planned([change], {})).toEqual({ changes: [], untouched: 1 });
  });

  test("of the pipeline's own are a change like any other", () => {
    const change = modify("Q", QUEUE, [RETAGGED], {
      before: tags(["warren:commit", "a"], ["team", "x"]),
      after: tags(["warren:commit", "b"], ["team", "y"]),
    });
    expect(only(change)?.properties).toMatchObject([{ path: "Tags.team.Value", before: "x", after: "y" }]);
    const told = modify("Q", QUEUE, [detail("Tags/0", { after: '{"Key":"team","Value":"y"}' })]);
    expect(paths(told)).toEqual(["Tags.0"]);
  });
});

describe("a reference", () => {
  const values = (FunctionName: string) => ({ FunctionName, Action: "lambda:InvokeFunction" });
  const permission = modify(
    "Permission",
    PERMISSION,
    [
      following("FunctionName", "Function.Arn", { recreation: "Always", before: "arn", after: UNKNOWN }),
      RETAGGED,
    ],
    { before: values("arn"), after: values(UNKNOWN) },
  );
  const changed = modify("Function", FUNCTION, [detail("Timeout")], {
    before: { Timeout: 3 },
    after: { Timeout: 9 },
  });

  test("to the identity of a resource that stays changes nothing, whatever CloudFormation fears", () => {
    expect(permission.replacement).toBe("Conditional");
    const { changes, untouched } = planned([changed, permission], {});
    expect([changes.map(({ logicalId }) => logicalId), untouched]).toEqual([["Function"], 1]);
  });

  test("to a resource that is replaced replaces in turn, and what refers to that one", () => {
    const replaced = modify("Function", FUNCTION, [detail("FunctionName", { recreation: "Always" })], {
      before: { FunctionName: "a" },
      after: { FunctionName: "b" },
    });
    const third = modify("Third", PERMISSION, [
      following("SourceArn", "Permission", { recreation: "Always", before: "x", after: UNKNOWN }),
    ]);
    const { changes } = planned([third, replaced, permission], {});
    expect(changes.map(({ logicalId, effect }) => [logicalId, effect])).toEqual([
      ["Function", "replaced"],
      ["Permission", "may-be-replaced"],
      ["Third", "may-be-replaced"],
    ]);
    expect(changes[1]?.properties).toMatchObject([
      {
        path: "FunctionName",
        after: UNKNOWN,
        uncertain: true,
        recreation: "conditionally",
        because: "Function.Arn",
      },
    ]);
  });

  test("to an attribute that may change with a resource is uncertain", () => {
    const stream = modify("Mapping", "AWS::Lambda::EventSourceMapping", [
      following("EventSourceArn", "Table.StreamArn", { recreation: "Always" }),
    ]);
    expect(only(stream)?.effect).toBe("may-be-replaced");
    expect(only(stream)?.properties).toMatchObject([{ uncertain: true, because: "Table.StreamArn" }]);
  });

  test("that stays has its value in what is compared: a policy with one new action shows that alone", () => {
    const policy = (Action: string[], Resource: string) => ({
      PolicyDocument: { Statement: [{ Effect: "Allow", Action, Resource }] },
      Other: Resource,
    });
    const change = modify(
      "Policy",
      "AWS::IAM::RolePolicy",
      [following("Other", "Queue.Arn"), detail("PolicyDocument/Statement/0/Action/1")],
      { before: policy(["a"], "arn"), after: { ...policy(["a", "b"], "arn"), Other: UNKNOWN } },
    );
    expect(only(change)?.properties).toMatchObject([{ path: "PolicyDocument.Statement", uncertain: false }]);
    expect(only(change)?.after).toMatchObject({ Other: "arn" });
  });
});

test("a resource that pipeline.yaml has carries where it comes from", () => {
  const origin = { component: "jobs", label: "queue", place: { file: "p.yaml", line: 3, column: 5 } };
  const { changes } = planned([add("JobsQueue", QUEUE), remove("OldQueue", QUEUE)], { JobsQueue: origin });
  expect(changes.map(({ origin: one }) => one)).toEqual([origin, undefined]);
});
