/** Stages as pipeline.yaml would give them. */
import { createHash } from "node:crypto";
import type { Stage } from "../../action/core/stage.ts";

function stage(name: string, rest: Pick<Stage, "trigger"> & Partial<Stage>): Stage {
  const place = { file: "config/pipeline.yaml", line: 4, column: 3 };
  const unset = { environment: undefined, region: undefined, role: undefined };
  return { name, protected: false, timers: "on", ...unset, place, ...rest };
}

export const PROD = stage("prod", { trigger: { kind: "branch", branch: "main" }, protected: true });
export const STAGING = stage("staging", { trigger: { kind: "branch", branch: "develop" } });
export const SANDBOX = stage("sandbox", { trigger: { kind: "manual" } });
export const PREVIEW = preview(7 * 24 * 60);
export const STAGES: readonly Stage[] = [PROD, STAGING, SANDBOX, PREVIEW];

export function preview(ttlMinutes: number | undefined): Stage {
  return stage("preview", { trigger: { kind: "pull-requests", ttlMinutes } });
}

export function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
