/** What the command line ends with. Documented in the help and the README; scripts depend on it. */
import { problemsOf } from "./finding.ts";
import { leftoverFailure } from "./leftover.ts";
import type { Outcome, StageDrift } from "./outcome.ts";

export const EXIT = { ok: 0, problem: 1, usage: 2, drifted: 3, bug: 70, interrupted: 130 } as const;

/** Of a command that came to its end; what it threw has a code of its own (reason.ts). */
export function exitOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case "checked":
      return problemsOf(outcome.policy.findings).length > 0 ? EXIT.problem : EXIT.ok;
    case "diagnosed":
      return problemsOf(outcome.findings).length > 0 ? EXIT.problem : EXIT.ok;
    case "smoked":
      return outcome.smoke.kind === "stuck" ? EXIT.problem : EXIT.ok;
    case "planned":
      return outcome.plan.risk.stops.length > 0 ? EXIT.problem : EXIT.ok;
    case "drift":
      return driftExit(outcome.stages);
    case "generated":
    case "drawn":
    case "built":
    case "rendered":
    case "releases":
    case "deployed":
      return EXIT.ok;
    case "destroyed":
      return leftoverFailure(outcome.destroy) ? EXIT.problem : EXIT.ok;
  }
}

/** Drift that is certain goes before what could not be found out. */
function driftExit(stages: readonly StageDrift[]): number {
  const kinds = stages.map(({ drift }) => drift.kind);
  if (kinds.includes("drifted")) return EXIT.drifted;
  return kinds.includes("unknown") || kinds.includes("unavailable") ? EXIT.problem : EXIT.ok;
}
