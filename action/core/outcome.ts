/** What a run came to. A union with a stable `kind`; report.ts puts it into words. */
import type { DeployOutcome } from "../deploy.ts";
import type { DestroyOutcome } from "../destroy.ts";
import type { DriftCheck } from "../drift.ts";
import type { Plan } from "../plan.ts";
import type { Policy } from "../policy.ts";
import type { Artifact } from "./artifact.ts";
import type { Finding } from "./finding.ts";
import type { Grant } from "./grant.ts";
import type { Problem } from "./problem.ts";
import type { JudgedRelease } from "./releases.ts";
import type { SmokeOutcome } from "./smoke-run.ts";
import type { StackTemplate } from "./render.ts";

export type Outcome =
  | {
      readonly kind: "checked";
      readonly stages: number;
      readonly components: number;
      readonly arrows: number;
      readonly resources: number;
      readonly warnings: readonly Problem[];
      readonly grants: readonly Grant[];
      /** Generated files that differ from what `warren generate` would write. */
      readonly stale: readonly string[];
      readonly policy: Policy;
    }
  | { readonly kind: "generated"; readonly files: readonly string[] }
  | { readonly kind: "drawn"; readonly text: string }
  | { readonly kind: "built"; readonly artifacts: readonly Artifact[] }
  | { readonly kind: "rendered"; readonly stack: StackTemplate }
  | {
      readonly kind: "planned";
      readonly stage: string;
      readonly plan: Plan;
    }
  /** Those that a deploy can go back to, newest first. */
  | {
      readonly kind: "releases";
      readonly stage: string;
      readonly stackName: string;
      readonly releases: readonly JudgedRelease[];
    }
  /** Without a stage: the account's own set-up. */
  | { readonly kind: "deployed"; readonly stage?: string; readonly deploy: DeployOutcome }
  | { readonly kind: "destroyed"; readonly stage: string; readonly destroy: DestroyOutcome }
  | { readonly kind: "smoked"; readonly smoke: SmokeOutcome }
  | { readonly kind: "drift"; readonly stages: readonly StageDrift[] }
  | { readonly kind: "diagnosed"; readonly findings: readonly Finding[] };

export interface StageDrift extends DriftCheck {
  readonly stage: string;
}
