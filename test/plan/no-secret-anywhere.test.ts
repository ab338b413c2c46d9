/** Secrets in every place of a change set, an event and an output; then every text that leaves Warren is looked through. */
import { spawn } from "node:child_process";
import { text as textOf } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { DeployPorts } from "../../action/apply.ts";
import { type CommentFacts, renderComment, renderReport, renderSummary } from "../../action/core/comment.ts";
import { failureJson } from "../../action/core/failure-json.ts";
import { UserError, formatProblem } from "../../action/core/problem.ts";
import { SALT_TAG } from "../../action/core/redact.ts";
import { outcomeJson } from "../../action/core/outcome-json.ts";
import { report } from "../../action/core/report.ts";
import { type Result, resultOf } from "../../action/core/result.ts";
import { type DeployOutcome, deploy } from "../../action/deploy.ts";
import { type Plan, plan } from "../../action/plan.ts";
import type { Change, ChangeSet } from "../../action/aws-ports.ts";
import { STACK_ID, fakeClock, fakeStacks, type Script } from "../deploy/fake-stacks.ts";
import { failureOf, queue, renderedAs, sha256 } from "../deploy/world.ts";
import { add, detail, modify, remove } from "./change-set.ts";
import { PLAIN_SECRETS, SECRETS, connectionString } from "./secrets.ts";

const ALL: Readonly<Record<string, string>> = { ...SECRETS, ...PLAIN_SECRETS };
/** What is public of a secret's form: where an address leads to. */
const PUBLIC = /^https:\/\/hooks\.slack\.com\/services\//;

/** Names of the secrets of which a text holds 16 characters in a row; of shorter ones, all. */
function found(text: string, secrets: Readonly<Record<string, string>>): string[] {
  const readable = unescaped(text);
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const lines = secret.replace(PUBLIC, "").split("\n");
    const parts = lines.flatMap((line) =>
      Array.from({ length: Math.max(1, line.length - 15) }, (_, at) => line.slice(at, at + 16)),
    );
    return parts.some((part) => readable.includes(part)) ? [name] : [];
  });
}

/** Markdown of ours writes signs as character references, and JSON has escapes: a reader sees neither. */
function unescaped(text: string): string {
  return `${text}\n${text.replaceAll(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)))}\n${text.replaceAll("\\n", "\n")}`;
}

test("what looks for secrets finds each of them, as text, Markdown and JSON", () => {
  for (const [name, secret] of Object.entries(ALL)) {
    const marked = secret.replaceAll(/[^A-Za-z0-9\n]/g, (sign) => `&#${sign.codePointAt(0)};`);
    for (const text of [secret, marked, JSON.stringify(secret)]) expect(found(text, ALL)).toContain(name);
  }
});

const FUNCTION = "AWS::Lambda::Function";

/** The secret as a variable, a description, a part of lists and policies, where values are shown, alone and within a text. */
function changesWith(secret: string, index: number): readonly Change[] {
  const id = `Jobs${index}`;
  const properties = (value: string) => ({
    Environment: {
      Variables: {
        PLAIN: value,
        URL: connectionString(value),
        Timeout: value,
        // Taken for a name by mistake. Nothing about a plain one tells what it is.
        ...(isPlain(secret) ? {} : { [value]: "x" }),
      },
    },
    Description: `made with ${value}`,
    Code: { ZipFile: `exports.key = "${value}"` },
    Tags: [{ Key: "note", Value: value }, ...(isPlain(secret) ? [] : [{ Key: value, Value: "x" }])],
  });
  const shownProperties = (value: string) => ({
    Handler: value,
    Layers: [value, `arn:aws:lambda:::layer:${value}`],
    Long: `${"line\n".repeat(50)}${value}`,
  });
  const policy = (value: string) => ({
    PolicyDocument: {
      Statement: [
        {
          Effect: "Deny",
          Action: "s3:*",
          Resource: "*",
          Condition: { StringEquals: { "sts:ExternalId": value } },
        },
      ],
    },
  });
  return [
    modify(`${id}Function`, FUNCTION, [detail("Environment")], {
      before: properties(secret),
      after: properties(`${secret}-new`),
    }),
    modify(`${id}Told`, FUNCTION, [
      detail("Environment/Variables/KEY", { before: secret, after: `${secret}2` }),
    ]),
    modify(`${id}Policy`, "AWS::IAM::RolePolicy", [], {
      before: policy(secret),
      after: policy(`${secret}-new`),
    }),
    modify(`${id}Parameter`, "AWS::SSM::Parameter", [], { before: { Value: secret }, after: { Value: "x" } }),
    add(`${id}Secret`, "AWS::SecretsManager::Secret", { SecretString: secret }),
    remove(`${id}Old`, "AWS::SecretsManager::Secret", { SecretString: secret }),
    // Nothing about a plain one tells what it is, where values are shown.
    ...(isPlain(secret)
      ? []
      : [
          modify(`${id}Shown`, FUNCTION, [], {
            before: shownProperties(secret),
            after: shownProperties("index.handler"),
          }),
        ]),
  ];
}

function isPlain(secret: string): boolean {
  return Object.values(PLAIN_SECRETS).includes(secret);
}

const CHANGES = Object.values(ALL).flatMap(changesWith);
const ready: ChangeSet = { kind: "ready", id: "set", stackId: STACK_ID, changes: CHANGES };
const Variables = Object.fromEntries(
  Object.values(PLAIN_SECRETS).map((secret, index) => [`V${index}`, secret]),
);
const rendered = renderedAs("fake", {
  resources: { Jobs: queue(), Worker: { Type: FUNCTION, Properties: { Environment: { Variables } } } },
});

function world(script: Script): { readonly ports: DeployPorts; readonly lines: string[] } {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const stack = { tags: { "warren:pipeline": "rabbit-hole", [SALT_TAG]: "grain" } };
  return {
    lines,
    ports: {
      log: { info: note, warn: note, error: note, progress: note },
      clock: fakeClock(),
      workspace: { sha256 },
      stacks: fakeStacks({ ...script, stack }),
      artifacts: {
        bucket: async () => "artifacts",
        present: async (_bucket, _prefix, keys) => new Set(keys),
        put: async () => undefined,
        has: async () => true,
      },
      items: { load: async () => undefined },
    },
  };
}

function factsOf(more: Partial<CommentFacts>): CommentFacts {
  return {
    pipeline: "burrow",
    verdict: { kind: "ready", stackName: "burrow-x" },
    picture: "",
    merging: [],
    checksUrl: "https://github.com/octo/burrow/pull/7/checks",
    runUrl: "https://github.com/octo/burrow/actions/runs/1",
    ...more,
  };
}

/** What the Action prints and sets, and each file that it writes. */
function written({ files, ...told }: Result): Readonly<Record<string, string>> {
  return {
    result: JSON.stringify(told),
    ...Object.fromEntries(files.map(({ output, text }) => [output, text])),
  };
}

const stack = { stackName: "fake", template: {}, origins: {}, grants: [], tables: [], warnings: [] };

test("a plan: log, JSON, outputs, comment, summary, report", async () => {
  const { ports, lines } = world({ changeSets: [ready] });
  const made: Plan = await plan(rendered, ports);
  expect(made.changes.length).toBeGreaterThan(200);
  const facts = factsOf({ merging: [{ kind: "planned", stage: "prod", plan: made }] });
  const outcome = { kind: "planned", stage: "prod", plan: made, stack } as const;
  const texts = {
    log: lines.join("\n"),
    report: JSON.stringify(report(outcome)),
    json: JSON.stringify(outcomeJson(outcome)),
    ...written(resultOf({ ...outcome, facts })),
    comment: renderComment(facts),
    summary: renderSummary(facts),
    file: JSON.stringify(renderReport(facts) ?? ""),
  };
  expect(texts.json).toContain("sha256:");
  expect(texts).toMatchObject({ "plan-file": expect.any(String), "outcome-file": expect.any(String) });
  expect(Object.entries(texts).map(([name, one]) => [name, found(one, ALL)])).toEqual(
    Object.keys(texts).map((name) => [name, []]),
  );
});

test("a deploy that goes well: log, JSON, outputs, comment, summary", async () => {
  const outputs = Object.fromEntries(
    Object.values(SECRETS).map((secret, index) => [`O${index}`, `is ${secret}`]),
  );
  const { ports, lines } = world({
    changeSets: [ready],
    plays: [{ end: "UPDATE_COMPLETE", becomes: { outputs } }],
  });
  const done: DeployOutcome = await deploy({ rendered, artifacts: [] }, ports);
  const facts = factsOf({ preview: { stackId: STACK_ID, outputs: done.outputs } });
  const outcome = { kind: "deployed", stage: "prod", deploy: done } as const;
  const texts = {
    log: lines.join("\n"),
    report: JSON.stringify(report(outcome)),
    json: JSON.stringify(outcomeJson(outcome)),
    ...written(resultOf({ ...outcome, facts })),
    comment: renderComment(facts),
  };
  expect(Object.entries(texts).map(([name, one]) => [name, found(one, SECRETS)])).toEqual(
    Object.keys(texts).map((name) => [name, []]),
  );
});

test("a deploy that fails: the errors, and what is told of them", async () => {
  const reasons = Object.values(ALL).map(
    // What differs only in what is quoted would be one problem.
    (secret, index) => `Value '${secret}' at 'x' is not valid (Status Code: ${400 + index})`,
  );
  const { ports, lines } = world({
    changeSets: [ready],
    plays: [
      {
        events: reasons.map((reason, index) => ({ logicalId: `R${index}`, status: "UPDATE_FAILED", reason })),
        end: "UPDATE_ROLLBACK_COMPLETE",
      },
    ],
  });
  const error = await failureOf(deploy({ rendered, artifacts: [] }, ports));
  expect(error.problems).toHaveLength(reasons.length);
  const facts = factsOf({ verdict: { kind: "failed", what: "no preview", problems: error.problems } });
  const texts = [
    error.message,
    error.problems.map(formatProblem).join("\n"),
    renderComment(facts),
    lines.join("\n"),
    JSON.stringify(failureJson(error)),
  ];
  expect(texts.map((one) => found(one, ALL))).toEqual([[], [], [], [], []]);
});

test("a change set that is refused", async () => {
  for (const make of [plan, (_: unknown, ports: DeployPorts) => deploy({ rendered, artifacts: [] }, ports)]) {
    const reason = Object.values(ALL).join(" and ");
    const { ports } = world({ changeSets: [{ kind: "failed", id: "set", stackId: STACK_ID, reason }] });
    const error = await failureOf(make(rendered, ports));
    expect(error).toBeInstanceOf(UserError);
    expect(found(error.message, ALL)).toEqual([]);
  }
});

test("whatever is printed: lines, warnings, errors, annotations, groups, on a runner and on a terminal", async () => {
  const child = spawn(process.execPath, [`${import.meta.dirname}/print.ts`], {
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const told = Object.values(SECRETS).map((secret) => `it broke: ${secret} (400)`);
  // Orders to a terminal, letters that run backwards, orders to the runner.
  const orders = "\u001B[2J\u202Edorp\n::set-env name=PATH::/tmp\n\u0085::error::mine";
  child.stdin.end(JSON.stringify([...told, orders]));
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  expect(out).toContain("::error file=p.yaml,line=1");
  expect(err.match(/it broke/g)).toHaveLength(3 * Object.keys(SECRETS).length);
  expect(found(`${out}\n${err}`, SECRETS)).toEqual([]);
  for (const order of ["\u001B", "\u202E"]) expect(`${out}\n${err}`).not.toContain(order);
  expect(out).not.toMatch(/^[\s\u0085]*::(?:set-env|error::mine)/m);
});
