/** Outcome -> the words that people read and the JSON that machines read. The only place that phrases results. */
import { arrowText } from "./arrow.ts";
import { artifactJson, artifactLines } from "./artifact-words.ts";
import { driftJson, stageDriftLines } from "./drift-words.ts";
import { findingLine } from "./finding.ts";
import type { Grant } from "./grant.ts";
import { planJson } from "./plan-json.ts";
import { planLines, riskLines, tally, untouchedText } from "./plan-lines.ts";
import type { Outcome } from "./outcome.ts";
import { formatProblem } from "./problem.ts";
import { smokeLines } from "./smoke-run.ts";
import { type Value, readableJson } from "./value.ts";

export interface Report {
  /** The result itself, for standard output; empty if there is none but the words. */
  readonly result: string;
  /** For people, on standard error. */
  readonly lines: readonly string[];
  /** With `--json`, instead of both. */
  readonly json: Value;
}

export function report(outcome: Outcome): Report {
  switch (outcome.kind) {
    case "checked": {
      const { stages, components, arrows, resources, warnings, stale, grants } = outcome;
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
          `all right: ${counts.join(", ")} a stack`,
        ],
        json: {
          kind: "checked",
          stages,
          components,
          arrows,
          resources,
          stale,
          warnings: warnings.map(formatProblem),
        },
      };
    }
    case "generated":
      return {
        result: "",
        lines: outcome.files.map((file) => `wrote ${file}`),
        json: { kind: "generated", files: outcome.files },
      };
    case "drawn":
      return { result: outcome.text, lines: [], json: { kind: "drawn", mermaid: outcome.text } };
    case "built":
      return {
        result: "",
        lines: outcome.artifacts.flatMap(artifactLines),
        json: { kind: "built", artifacts: outcome.artifacts.map(artifactJson) },
      };
    case "rendered":
      return {
        result: readableJson(outcome.stack.template),
        lines: [],
        json: { kind: "rendered", stack: outcome.stack.stackName, template: outcome.stack.template },
      };
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
          ...planLines(plan.words),
          untouchedText(plan.untouched),
          ...riskLines(plan.risk),
          last,
        ].filter((line) => line !== ""),
        json: planJson(plan),
      };
    }
    case "deployed": {
      const { kind, stack, outputs, changes, counts } = outcome.deploy;
      const values = Object.entries(outputs).map(([name, value]) => `  ${name}: ${value}`);
      const what = kind === "unchanged" ? "is up to date, nothing was changed" : `is ${kind}`;
      return {
        result: "",
        lines: [`${stack.name} ${what}`, ...values],
        json: {
          kind: "deployed",
          result: kind,
          stack: stack.name,
          stackId: stack.id,
          outputs,
          changes: changes.length,
          ...counts,
        },
      };
    }
    case "smoked": {
      const { kind, ...rest } = outcome.smoke;
      const json = { ...rest, kind: "smoked", result: kind } as unknown as Value;
      const why = "problem" in rest ? [`error: ${formatProblem(rest.problem)}`] : [];
      return { result: "", lines: [...smokeLines(outcome.smoke), ...why], json };
    }
    case "drift": {
      const { stages } = outcome;
      return {
        result: "",
        lines: stages.flatMap(stageDriftLines),
        json: {
          kind: "drift",
          stages: stages.map(({ stage, drift, reverted }) => ({
            stage,
            ...driftJson(drift),
            ...(reverted ? { reverted: reverted.map(({ logicalId }) => logicalId) } : {}),
          })),
        },
      };
    }
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
      return {
        result: "",
        lines: [...findings.map(findingLine), last],
        json: { kind: "diagnosed", findings } as unknown as Value,
      };
    }
    case "destroyed": {
      const { destroy } = outcome;
      if (destroy.kind === "absent") {
        const lines = [`${destroy.stackName} is not there: nothing to destroy`];
        return { result: "", lines, json: { kind: "destroyed", result: "absent", stack: destroy.stackName } };
      }
      const kept = destroy.kept.map(({ type, physicalId }) => `  kept: ${type} ${physicalId}`);
      const emptied = destroy.objectsDeleted > 0 ? `, with ${count(destroy.objectsDeleted, "object")}` : "";
      return {
        result: "",
        lines: [`${destroy.stackName} is gone${emptied}`, ...kept],
        json: { ...destroy, kind: "destroyed", result: "destroyed" } as unknown as Value,
      };
    }
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function grantLines(grants: readonly Grant[]): string[] {
  return grants
    .filter(({ granted }) => granted.length > 0)
    .map(({ arrow, to, granted, uncertain }) => {
      const why = uncertain === undefined ? "" : ` (all that the arrow may grant, since ${uncertain})`;
      return `  ${arrowText(arrow)}: \`${to}\` may ${granted.join(", ")}${why}`;
    });
}
