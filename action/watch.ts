/** Watching stages for drift, as the Action does: with the role for plans, told in one issue a stage. */
import { driftIssue, driftMarker } from "./core/drift-issue.ts";
import type { StackDrift } from "./core/drift.ts";
import { type Failed, combinedFailure } from "./core/failure.ts";
import type { StageDrift } from "./core/outcome.ts";
import { ownerTags } from "./core/stack-owner.ts";
import { checkDrift } from "./drift.ts";
import { type Errand, connect, placeOf, useOfStage } from "./errand.ts";
import { originsOf } from "./project.ts";

interface Target {
  readonly stage: string;
  readonly branch: string;
}

/** With `revert` also the role that deploys the stage: it alone may change it. */
export async function watchStage(target: Target, revert: boolean, errand: Errand): Promise<StageDrift> {
  const { project, ports, inputs } = errand;
  const { stage, concrete, stack: stackName } = placeOf(errand, target);
  const order = {
    stackName,
    tags: ownerTags(project.pipeline.name, concrete.name),
    origins: originsOf(project, concrete),
    timeoutSeconds: inputs.timeoutSeconds,
  };
  const looking = { ...ports, ...connect(errand, { use: "plan", stacks: [stackName] }, stage) };
  const changing = revert
    ? { ...ports, ...connect(errand, { use: useOfStage(stage), stacks: [stackName] }, stage) }
    : undefined;
  const check = await ports.group(`Drift of ${stackName}`, () => checkDrift(order, looking, changing));
  // A preview is its author's, and gone soon.
  if (concrete.protected) await tell(concrete.name, check.drift, errand);
  return { stage: concrete.name, ...check };
}

async function tell(stage: string, drift: StackDrift, errand: Errand): Promise<void> {
  const { project, run, announce, event } = errand;
  // Not known is neither drift nor its end.
  if (drift.kind === "unknown" || drift.kind === "unavailable") return;
  // Its lines are those of the default branch: another branch's would be put right again by the next night.
  if (drift.kind === "drifted" && event.kind === "dispatch" && event.branch !== run.defaultBranch) return;
  const { name } = project.pipeline;
  const [repositoryUrl = ""] = run.runUrl.split("/actions/runs/");
  const filesUrl = repositoryUrl === "" ? "" : `${repositoryUrl}/blob/${run.defaultBranch}`;
  await announce.issue(driftMarker(name, stage), driftIssue(name, stage, drift, filesUrl));
}

export interface Watch {
  readonly stages: readonly StageDrift[];
  /** Of the stages that could not be looked at: told last, so that the others are looked at all the same. */
  readonly failure: Error | undefined;
}

export async function watchStages(targets: readonly Target[], errand: Errand): Promise<Watch> {
  const stages: StageDrift[] = [];
  const failed: Failed[] = [];
  for (const target of targets) {
    try {
      stages.push(await watchStage(target, false, errand));
    } catch (error) {
      failed.push({ name: `drift of stage ${target.stage}`, error });
    }
  }
  return { stages, failure: combinedFailure("drift-check-failed", "could not be found out", failed) };
}
