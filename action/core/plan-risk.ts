/** What a plan risks, and whether that stops it; in words that may be shown to anybody. */
import type { PlannedChange } from "./planned-change.ts";
import type { Problem } from "./problem.ts";
import { redactText } from "./redact.ts";
import type { Guard } from "./rendered.ts";
import { type Risk, risksOf } from "./risk.ts";
import { judge } from "./waiver.ts";

export interface PlanRisk {
  /** The worst first. */
  readonly risks: readonly Risk[];
  /** Data at risk in a protected stage, without a waiver: the plan must not be carried out. */
  readonly stops: readonly Problem[];
  /** Of the waivers, and what CloudFormation has found and let pass. */
  readonly notes: readonly Problem[];
}

export const NO_RISK: PlanRisk = { risks: [], stops: [], notes: [] };

/** `today`: `2026-11-24`, in UTC. `creates`: all of the stack is new, so that no right of it is new to anybody. */
export function planRisk(
  changes: readonly PlannedChange[],
  guard: Guard | undefined,
  facts: { readonly protected: boolean; readonly creates: boolean; readonly today: string },
): PlanRisk {
  if (!guard) return NO_RISK;
  const statefulTypes = new Set(guard.statefulTypes);
  const risks = risksOf(changes, { statefulTypes })
    .filter(({ kind }) => !facts.creates || kind !== "rights")
    .map((risk) => ({ ...risk, text: redactText(risk.text) }));
  return {
    risks,
    ...judge(risks, { waivers: guard.waivers, protected: facts.protected, today: facts.today }),
  };
}
