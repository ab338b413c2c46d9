/** Outcome -> the document that machines read. Nothing in it may be a secret: it is a log, too. */
import type { DeployOutcome } from "../deploy.ts";
import type { DestroyOutcome } from "../destroy.ts";
import { arrowText } from "./arrow.ts";
import { artifactJson } from "./artifact-words.ts";
import { consoleUrl } from "./comment.ts";
import { stageDriftJson } from "./drift-words.ts";
import { unusedOf } from "./function-words.ts";
import type { Leftover } from "./leftover.ts";
import type { Outcome } from "./outcome.ts";
import type { DocumentOf, OutcomeDocument } from "./outcome-document.ts";
import { VERSION } from "./plan-document.ts";
import { planJson } from "./plan-json.ts";

export function outcomeJson(outcome: Outcome): OutcomeDocument {
  switch (outcome.kind) {
    case "checked":
      return checkedJson(outcome);
    case "generated":
      return { version: VERSION, kind: "generated", files: outcome.files };
    case "drawn":
      return { version: VERSION, kind: "drawn", mermaid: outcome.text };
    case "built":
      return { version: VERSION, kind: "built", artifacts: outcome.artifacts.map(artifactJson) };
    case "rendered": {
      const { stackName, template } = outcome.stack;
      return { version: VERSION, kind: "rendered", stackName, template };
    }
    case "planned":
      return planJson(outcome.plan, outcome.stage);
    case "releases":
      return releasesJson(outcome);
    case "deployed":
      return deployedJson(outcome.deploy, outcome.stage);
    case "smoked": {
      const { kind, ...rest } = outcome.smoke;
      return { version: VERSION, ...rest, kind: "smoked", result: kind };
    }
    case "drift":
      return { version: VERSION, kind: "drift", stages: outcome.stages.map(stageDriftJson) };
    case "diagnosed":
      return { version: VERSION, kind: "diagnosed", findings: outcome.findings };
    case "destroyed":
      return destroyedJson(outcome.destroy, outcome.stage);
  }
}

export function checkedJson(
  checked: Extract<Outcome, { kind: "checked" }>,
  reason?: string,
): DocumentOf<"checked"> {
  const { stages, components, arrows, resources, stale, warnings, grants, policy } = checked;
  return {
    version: VERSION,
    kind: "checked",
    ...(reason !== undefined && { reason }),
    stages,
    components,
    arrows,
    resources,
    stale,
    warnings,
    grants: grants.map((grant) => ({
      arrow: arrowText(grant.arrow),
      to: grant.to,
      granted: grant.granted,
      unused: unusedOf(grant),
      ...(grant.uncertain !== undefined && { uncertain: grant.uncertain }),
    })),
    policy,
  };
}

function releasesJson({
  stage,
  stackName,
  releases,
}: Extract<Outcome, { kind: "releases" }>): DocumentOf<"releases"> {
  return {
    version: VERSION,
    kind: "releases",
    stage,
    stackName,
    releases: releases.map(({ time, standing, release: { commit, branch, digest } }) => ({
      time,
      commit,
      branch,
      digest,
      standing,
    })),
  };
}

export function deployedJson(
  { kind, stack, outputs, changes, counts, risk, planDigest, review }: DeployOutcome,
  stage: string | undefined,
): DocumentOf<"deployed"> {
  return {
    version: VERSION,
    kind: "deployed",
    result: kind,
    ...(stage !== undefined && { stage }),
    ...stackJson(stack.name, stack.id),
    outputs,
    changes: changes.length,
    ...counts,
    risk: risk?.risks[0]?.kind ?? "none",
    ...(planDigest !== undefined && { digest: planDigest }),
    ...(review && { review }),
  };
}

export function destroyedJson(destroy: DestroyOutcome, stage: string | undefined): DocumentOf<"destroyed"> {
  const { stackName } = destroy;
  const head = { version: VERSION, kind: "destroyed", ...(stage !== undefined && { stage }) } as const;
  if (destroy.kind === "absent")
    return { ...head, result: "absent", stackName, objectsDeleted: 0, kept: [], leftovers: [] };
  const { stackId, objectsDeleted } = destroy;
  const kept = destroy.kept.map(leftoverJson);
  const leftovers = destroy.leftovers.map(leftoverJson);
  return { ...head, result: "destroyed", stackName, stackId, objectsDeleted, kept, leftovers };
}

export function leftoverJson({
  logicalId,
  physicalId,
  type,
  status,
  why,
  command,
}: Leftover): DocumentOf<"destroyed">["kept"][number] {
  return { logicalId, physicalId, type, status, why, command };
}

export function stackJson(
  stackName: string,
  stackId: string,
): { readonly stackName: string; readonly stackId: string; readonly url?: string } {
  const url = consoleUrl(stackId);
  return { stackName, stackId, ...(url !== undefined && { url }) };
}
