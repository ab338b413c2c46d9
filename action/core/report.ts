/** Outcome -> the words that people read. The only place that phrases results. */
import { arrowText } from "./arrow.ts";
import { artifactLines } from "./artifact-words.ts";
import { stageDriftLines } from "./drift-words.ts";
import { findingLine } from "./finding.ts";
import { unusedOf } from "./function-words.ts";
import type { Grant } from "./grant.ts";
import { planLines, riskLines, tally, untouchedText } from "./plan-lines.ts";
import type { Policy } from "../policy.ts";
import type { Outcome } from "./outcome.ts";
import { formatProblem } from "./problem.ts";
import { releaseLine } from "./releases.ts";
import { smokeLines } from "./smoke-run.ts";
import { readableJson } from "./value.ts";

export interface Report {
  /** The result itself, for standard output; empty if there is none but the words. */
  readonly result: string;
  /** For people, on standard error. */
  readonly lines: readonly string[];
}

export function report(outcome: Outcome): Report {
  switch (outcome.kind) {
    case "checked": {
      const { stages, components, arrows, resources, warnings, stale, grants, policy } = outcome;
      const counts = Object.entries({
        component: components,
        arrow: arrows,
        stage: stages,
        resource: resources,
      }).map(([noun, number]) => count(number, noun));
      const staleLines = stale.map((file) => `warning: ${file} is not up to date: run \`warren generate\``);
      return {
        result: "",
        lines: [
          ...warnings.map((warning) => `warning: ${formatProblem(warning)}`),
          ...staleLines,
          ...grantLines(grants),
          ...policyLines(policy),
          `${checkVerdict(policy)}: ${counts.join(", ")} a stack`,
        ],
      };
    }
    case "generated":
      return { result: "", lines: outcome.files.map((file) => `wrote ${file}`) };
    case "drawn":
      return { result: outcome.text, lines: [] };
    case "built":
      return { result: "", lines: outcome.artifacts.flatMap(artifactLines) };
    case "rendered":
      return { result: readableJson(outcome.stack.template), lines: [] };
    case "planned": {
      const { plan } = outcome;
      const loads = plan.items.map((component) => `items of ${component} put`);
      const last =
        plan.kind === "nothing"
          ? `${plan.stackName} is up to date: a deploy would change nothing`
          : `${plan.stackName}: a deploy would ${plan.kind} it: ${[tally(plan.words), ...loads].filter((part) => part !== "").join(", ")}`;
      return {
        result: "",
        lines: [
          ...(plan.drift === undefined ? [] : [`drift of ${plan.stackName}: ${plan.drift}`]),
          ...planLines(plan.words),
          untouchedText(plan.untouched),
          ...riskLines(plan.risk),
          last,
        ].filter((line) => line !== ""),
      };
    }
    case "deployed": {
      const { kind, stack, outputs } = outcome.deploy;
      const values = Object.entries(outputs).map(([name, value]) => `  ${name}: ${value}`);
      const what = kind === "unchanged" ? "is up to date, nothing was changed" : `is ${kind}`;
      return { result: "", lines: [`${stack.name} ${what}`, ...values] };
    }
    case "releases": {
      const { stackName, releases } = outcome;
      const none = [
        `no release of ${stackName} is kept yet: the next deploy that changes something makes one`,
      ];
      return { result: releases.map(releaseLine).join("\n"), lines: releases.length === 0 ? none : [] };
    }
    case "smoked": {
      const { smoke } = outcome;
      const why = smoke.kind === "stuck" ? [`error: ${formatProblem(smoke.problem)}`] : [];
      return { result: "", lines: [...smokeLines(smoke), ...why] };
    }
    case "drift":
      return { result: "", lines: outcome.stages.flatMap(stageDriftLines) };
    case "diagnosed": {
      const { findings } = outcome;
      const counted = (kind: "problem" | "warning"): number =>
        findings.filter((finding) => finding.kind === kind).length;
      const problems = counted("problem");
      const warnings = counted("warning");
      const last =
        problems + warnings === 0
          ? "nothing stands in the way of a deploy"
          : `${count(problems, "problem")} and ${count(warnings, "warning")}`;
      return { result: "", lines: [...findings.map(findingLine), last] };
    }
    case "destroyed": {
      const { destroy } = outcome;
      if (destroy.kind === "absent") {
        return { result: "", lines: [`${destroy.stackName} is not there: nothing to destroy`] };
      }
      const kept = destroy.kept.flatMap(({ type, physicalId, command }) => [
        `  kept: ${type} ${physicalId}`,
        ...(command === "" ? [] : [`    to remove it: ${command}`]),
      ]);
      const emptied = destroy.objectsDeleted > 0 ? `, with ${count(destroy.objectsDeleted, "object")}` : "";
      return { result: "", lines: [`${destroy.stackName} is gone${emptied}`, ...kept] };
    }
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const WHAT_JUDGES_SEE: Readonly<Record<string, string>> = {
  "cfn-lint": "CloudFormation's own schemas (`pip install cfn-lint`)",
  "cfn-guard":
    "rules about encryption, access and logs, and your own in config/rules (`cargo install cfn-guard`)",
};

function policyLines({ absent, findings }: Policy): string[] {
  const seen = absent.map((name) => WHAT_JUDGES_SEE[name] ?? name).join(", ");
  return [
    ...findings.map(findingLine),
    ...(absent.length === 0
      ? []
      : [`${absent.join(" and ")} not on the PATH: templates are not held against ${seen}`]),
  ];
}

function checkVerdict({ ran, findings }: Policy): string {
  const broken = findings.filter(({ kind }) => kind === "problem").length;
  if (broken > 0) return `${count(broken, "problem")} to mend`;
  return ran.length === 0 ? "all right" : `all right, also for ${ran.join(" and ")}`;
}

function grantLines(grants: readonly Grant[]): string[] {
  return grants
    .filter(({ granted }) => granted.length > 0)
    .map((grant) => {
      const { arrow, to, granted, uncertain } = grant;
      const why = uncertain === undefined ? "" : ` (all that the arrow may grant, since ${uncertain})`;
      const unused = unusedOf(grant);
      const not = unused.length === 0 ? "" : `; not granted, since it is never called: ${unused.join(", ")}`;
      return `  ${arrowText(arrow)}: \`${to}\` may ${granted.join(", ")}${why}${not}`;
    });
}
