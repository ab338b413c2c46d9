/** The programs that judge templates: how they are started, and what is made of what they answer or do not. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { readGuard, readLint } from "../../action/core/judgement.ts";
import { readLintSettings } from "../../action/core/lint-settings.ts";
import type { StackTemplate } from "../../action/core/render.ts";
import type { Origin } from "../../action/core/rendered.ts";
import { createJudges } from "../../action/edge/judges.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import { type JudgedStack, type Policy, judgePolicy } from "../../action/policy.ts";
import { LINT_FOLDER } from "../support/judges.ts";

function folder(files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "warren-judges-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** A folder for the PATH with a program of that name. */
function program(name: string, script: string): string {
  const root = folder({ [name]: `#!/bin/sh\n${script}\n` });
  chmodSync(join(root, name), 0o755);
  return root;
}

const SHELL = "/usr/bin:/bin";
const origin = (component: string, line: number): Origin => ({
  component,
  label: "queue",
  place: { file: "config/pipeline.yaml", line, column: 3 },
  main: true,
  options: { DelaySeconds: "delay" },
});

function stackOf(stackName: string, resources: Readonly<Record<string, object>>): JudgedStack {
  const origins = Object.fromEntries(Object.keys(resources).map((id, index) => [id, origin(id, 7 + index)]));
  const template = { AWSTemplateFormatVersion: "2010-09-09", Resources: resources } as never;
  const stack: StackTemplate = { stackName, template, origins, grants: [], tables: [], warnings: [] };
  return { stack, region: undefined };
}

const QUEUE = { Type: "AWS::SQS::Queue", Properties: { SqsManagedSseEnabled: true } };
const WRONG = { Type: "AWS::SQS::Queue", Properties: { SqsManagedSseEnabled: true, DelaySeconds: 9_999 } };

function judge(
  path: string,
  stacks: readonly JudgedStack[],
  files: Readonly<Record<string, string>> = {},
  shipped: Readonly<Record<string, string>> = {},
): Promise<Policy> {
  return judgePolicy(stacks, {
    judges: createJudges(path),
    workspace: diskWorkspace(folder(files)),
    shipped: diskWorkspace(folder(shipped)),
  });
}

const RULE = { "templates/rules/any.guard": "rule any { Resources exists }\n" };

test("what is not on the PATH is told, and nothing else is", async () => {
  expect(await judge("/nonexistent", [stackOf("a", { Jobs: QUEUE })], {}, RULE)).toEqual({
    ran: [],
    absent: ["cfn-lint", "cfn-guard"],
    findings: [],
  });
});

test("a judge has no credential in its environment, and neither the repository nor a home to be told by", async () => {
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "hush");
  vi.stubEnv("GITHUB_TOKEN", "hush");
  onTestFinished(() => void vi.unstubAllEnvs());
  const seen = join(folder(), "seen");
  const path = program("cfn-lint", `{ env; pwd; ls -a; ls -a "$HOME"; } > ${seen}\necho "[]"`);
  await judge(`${path}:${SHELL}`, [stackOf("a", { Jobs: QUEUE })], {
    ".cfnlintrc": "append_rules: [rules]\n",
  });
  const text = readFileSync(seen, "utf8");
  expect(text).toContain("a.json");
  expect(text).not.toMatch(/hush|AWS_|GITHUB_|ACTIONS_|cfnlintrc/);
});

test("a judge that breaks down, says nonsense or nothing is a problem, not a clean bill", async () => {
  const scripts = [
    "echo 'no such rule' >&2; exit 5",
    "echo '[oh'",
    "exit 0",
    "echo '[]'; echo 'skipped one' >&2",
  ];
  const told: string[] = [];
  for (const script of scripts) {
    const path = program("cfn-guard", script);
    const { findings } = await judge(`${path}:${SHELL}`, [stackOf("a", { Jobs: QUEUE })], {}, RULE);
    expect(findings).toMatchObject([{ kind: "problem", rule: "cfn-guard" }]);
    told.push(...findings.map(({ what }) => what));
  }
  expect(told).toEqual([
    "cfn-guard could not judge the templates: no such rule",
    "cfn-guard could not judge the templates: its answer cannot be read",
    "cfn-guard could not judge the templates: it said nothing",
    "cfn-guard could not judge the templates: skipped one",
  ]);
});

test("the repository's rules come on top of the shipped ones; an empty one takes one away", async () => {
  const seen = join(folder(), "seen");
  const path = program("cfn-guard", `(cd ../rules; cat *) > ${seen}; echo "[]"`);
  const own = {
    "config/rules/logs.guard": "# not here\n",
    "config/rules/own.guard": "rule own { Own exists }\n",
  };
  const shipped = {
    "templates/rules/iam.guard": "rule iam { Iam exists }\n",
    "templates/rules/logs.guard": "rule logs { Logs exists }\n",
  };
  await judge(`${path}:${SHELL}`, [stackOf("a", { Jobs: QUEUE })], own, shipped);
  expect(readFileSync(seen, "utf8")).toBe("rule iam { Iam exists }\nrule own { Own exists }\n");
});

test("cfn-lint's findings have the line, the option, the rule and its page, and are told once for all stages", async () => {
  const stacks = ["prod", "test"].map((name) => stackOf(name, { Inbox: QUEUE, Jobs: WRONG }));
  const { ran, findings } = await judge([LINT_FOLDER, SHELL].join(delimiter), stacks);
  expect(ran).toEqual(["cfn-lint"]);
  expect(findings).toEqual([
    {
      kind: "problem",
      what: "queue of `Jobs` (Jobs) at DelaySeconds, `delay`: 9999 is greater than the maximum of 900",
      place: { file: "config/pipeline.yaml", line: 8, column: 3 },
      rule: "cfn-lint E3034",
      link: expect.stringMatching(/^https:\/\//),
    },
  ]);
});

test("cfn-lint's rules are left out as .cfnlintrc says; its own plug-ins are never run", async () => {
  const ran = join(folder(), "ran");
  const plugin = `open(${JSON.stringify(ran)}, "w")\n`;
  const files = {
    ".cfnlintrc": "ignore_checks: [E3034]\nappend_rules: [rules]\n",
    "rules/__init__.py": plugin,
    "rules/own.py": plugin,
  };
  const path = [LINT_FOLDER, SHELL].join(delimiter);
  expect((await judge(path, [stackOf("prod", { Jobs: WRONG })], files)).findings).toEqual([]);
  expect(existsSync(ran)).toBe(false);
});

test("of .cfnlintrc only names of rules become words of a command line", () => {
  const text = "ignore_checks: [W2001, E3, --append-rules, x, 3, '/etc', I]\ninclude_checks: I\n";
  expect(readLintSettings(text)).toEqual({ ignored: ["W2001", "E3", "I"], included: [] });
  expect(readLintSettings("")).toEqual({ ignored: [], included: [] });
});

test("answers of another form are not read as none", () => {
  for (const read of [readLint, readGuard]) {
    expect(read("{}", () => ({}))).toBeUndefined();
    expect(read("[", () => ({}))).toBeUndefined();
  }
});
