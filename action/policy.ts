/** What cfn-lint and cfn-guard say of the templates. Warren has no rules of its own language. */
import { type Finding, problemsOf, warningsOf } from "./core/finding.ts";
import { type Origins, readGuard, readLint } from "./core/judgement.ts";
import { readLintSettings } from "./core/lint-settings.ts";
import { UserError, formatProblem } from "./core/problem.ts";
import { redactText } from "./core/redact.ts";
import type { StackTemplate } from "./core/render.ts";
import { readableJson } from "./core/value.ts";
import type { Judged, Log, Ports } from "./ports.ts";

export const SHIPPED_RULES = "templates/rules";
export const OWN_RULES = "config/rules";
const LINT_SETTINGS = ".cfnlintrc";

export interface Policy {
  readonly ran: readonly string[];
  /** Programs that are not on this machine. */
  readonly absent: readonly string[];
  /** By line of pipeline.yaml; one that several stages share is told once. */
  readonly findings: readonly Finding[];
}

export interface JudgedStack {
  readonly stack: StackTemplate;
  readonly region: string | undefined;
}

export type PolicyPorts = Pick<Ports, "judges" | "shipped" | "workspace">;

export async function judgePolicy(stacks: readonly JudgedStack[], ports: PolicyPorts): Promise<Policy> {
  const origins = new Map(stacks.map(({ stack }) => [fileOf(stack), stack.origins]));
  const originsOf = (file: string): Origins => origins.get(file) ?? {};
  const [lint, guard] = await Promise.all([lintStacks(stacks, ports), guardStacks(stacks, ports)]);
  const answers = [
    ...lint.map((judged) => ({ name: "cfn-lint", judged, read: readLint })),
    ...guard.map((judged) => ({ name: "cfn-guard", judged, read: readGuard })),
  ];
  const findings = answers.flatMap(({ name, judged, read }): readonly Finding[] => {
    if (judged.kind === "absent") return [];
    const found = judged.kind === "answered" ? read(judged.json, originsOf) : undefined;
    const trouble = judged.kind === "failed" ? judged.why : judged.complaint;
    const why = trouble !== "" ? firstLines(redactText(trouble)) : "its answer cannot be read";
    const broken: Finding = {
      kind: "problem",
      what: `${name} could not judge the templates: ${why}`,
      rule: name,
    };
    return [...(found ?? []), ...(found && trouble === "" ? [] : [broken])];
  });
  const named = (wanted: boolean): readonly string[] => [
    ...new Set(answers.filter(({ judged }) => (judged.kind === "absent") !== wanted).map(({ name }) => name)),
  ];
  return { ran: named(true), absent: named(false), findings: once(findings) };
}

/** Before anything is planned or deployed. Throws UserError `policy-broken`. */
export function obeyPolicy({ findings }: Policy, log: Log): void {
  for (const warning of warningsOf(findings)) log.warn(formatProblem(warning));
  const problems = problemsOf(findings);
  if (problems.length > 0) throw new UserError("policy-broken", problems);
}

type Templates = Readonly<Record<string, string>>;

function templatesOf(stacks: readonly JudgedStack[]): Templates {
  return Object.fromEntries(stacks.map(({ stack }) => [fileOf(stack), readableJson(stack.template)]));
}

function fileOf({ stackName }: StackTemplate): string {
  return `${stackName}.json`;
}

/** Once a region: what one region has may be missing in another. */
async function lintStacks(
  stacks: readonly JudgedStack[],
  { judges, workspace }: PolicyPorts,
): Promise<readonly Judged[]> {
  const settings = readLintSettings((await workspace.read(LINT_SETTINGS)) ?? "");
  const groups = [...Map.groupBy(stacks, ({ region }) => region)];
  return Promise.all(
    groups.map(([region, group]) =>
      judges.lint({
        templates: templatesOf(group),
        regions: region === undefined ? [] : [region],
        ...settings,
      }),
    ),
  );
}

async function guardStacks(stacks: readonly JudgedStack[], ports: PolicyPorts): Promise<readonly Judged[]> {
  const rules = {
    ...(await readRules(SHIPPED_RULES, ports.shipped)),
    ...(await readRules(OWN_RULES, ports.workspace)),
  };
  // An own file of nothing but comments takes the shipped one of its name away, and cfn-guard takes no empty ones.
  const written = Object.entries(rules).filter(([, text]) => text.replaceAll(/#.*/g, "").trim() !== "");
  if (written.length === 0) return [];
  return [await ports.judges.guard({ templates: templatesOf(stacks), rules: Object.fromEntries(written) })];
}

async function readRules(folder: string, from: Ports["shipped"]): Promise<Templates> {
  const names = (await from.list(folder)).filter((name) => name.endsWith(".guard"));
  const texts = names.map(async (name) => [name, (await from.read(`${folder}/${name}`)) ?? ""] as const);
  return Object.fromEntries(await Promise.all(texts));
}

function once(findings: readonly Finding[]): readonly Finding[] {
  const unique = new Map(findings.map((one) => [JSON.stringify([one.rule, one.what, one.fix]), one]));
  const line = ({ place }: Finding): number => place?.line ?? 0;
  return [...unique.values()].toSorted((a, b) => line(a) - line(b));
}

function firstLines(text: string): string {
  return text.split("\n").slice(0, 5).join("\n    ");
}
