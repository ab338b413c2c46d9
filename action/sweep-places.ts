/** A sweep of every account and region that stages are in, and what pull requests are told of it. */
import { commentMarker, isUpIn } from "./core/comment.ts";
import { joinFailures } from "./core/failure.ts";
import { UserError } from "./core/problem.ts";
import type { Reason } from "./core/reason.ts";
import type { Leftover } from "./core/leftover.ts";
import type { Stage } from "./core/stage.ts";
import { type Errand, connect, environmentOf, factsOf } from "./errand.ts";
import { type GarbageOutcome, sweepArtifacts } from "./garbage.ts";
import { problemsOf } from "./preview.ts";
import { type Swept, type SweepOutcome, type SweptStack, sweep, sweepFailure } from "./sweep.ts";

/** Stacks live in regions and accounts, and each is asked: the role of one knows nothing of the others. */
export async function sweepPlaces(
  how: { readonly onlyBranch?: string; readonly dryRun: boolean },
  errand: Errand,
): Promise<SweepOutcome & { readonly failure: Error | undefined }> {
  const { project, run, ports, inputs } = errand;
  const { name: pipeline, stages } = project.pipeline;
  const { repositoryId, defaultBranch, sha } = run;
  const { timeoutSeconds } = inputs;
  const swept: SweepOutcome[] = [];
  const failures: (Error | undefined)[] = [];
  const garbage: GarbageOutcome[] = [];
  const places = new Map(stages.map(({ region, role }) => [`${region} ${role}`, { region, role }]));
  for (const { region, role } of places.values()) {
    const aws = connect(errand, { use: "preview", stacks: [`${pipeline}-*`] }, { region, role });
    const request = { ...how, pipeline, repositoryId, stages, defaultBranch, sha, timeoutSeconds };
    const leaving = (stack: Swept, leftovers: readonly Leftover[]): Promise<void> =>
      tellGone(stack, leftovers, errand);
    const sweepPorts = { ...ports, ...aws, leaving };
    try {
      swept.push(await ports.group(`Sweep ${region ?? ""}`.trim(), () => sweep(request, sweepPorts)));
    } catch (error) {
      // What cannot be seen in one place says nothing about the others.
      if (places.size === 1 || !(error instanceof Error)) throw error;
      failures.push(error);
    }
    if (how.onlyBranch !== undefined) continue;
    try {
      garbage.push(await tidyUp({ region, role }, how.dryRun, errand));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(error);
    }
  }
  const outcome: SweepOutcome = {
    kind: "swept",
    wanted: swept.reduce((sum, { wanted }) => sum + wanted, 0),
    stacks: swept.flatMap(({ stacks }) => stacks),
  };
  for (const stack of outcome.stacks) if (stack.kind === "failed") await tellLeft(stack, errand);
  return {
    ...outcome,
    ...(garbage.length > 0 && { garbage: joinGarbage(garbage) }),
    failure: joinFailures([...failures, sweepFailure(outcome)]),
  };
}

/** With a role of its own: what production could be taken back to is not for a pull request to delete. */
async function tidyUp(
  place: Pick<Stage, "region" | "role">,
  dryRun: boolean,
  errand: Errand,
): Promise<GarbageOutcome> {
  const { project, run, ports } = errand;
  const { name: pipeline, stages, releases } = project.pipeline;
  const aws = connect(errand, { use: "sweep", stacks: ["*"] }, place);
  const isNewestConfig = (await ports.github.head(run.defaultBranch)) === run.sha;
  const request = { pipeline, stages, releases, isNewestConfig, dryRun };
  try {
    return await ports.group(`Sweep artifacts ${place.region ?? ""}`.trim(), () =>
      sweepArtifacts(request, { ...ports, ...aws }),
    );
  } catch (error) {
    // An account that was set up by an older Warren has no such role, and one without functions needs no bucket: garbage
    // does no harm, and a night that is red for it hides what does.
    if (!(error instanceof UserError) || !LEFT_FOR.has(error.reason)) throw error;
    ports.log.warn(`no artifact was looked at: ${error.message}`);
    return { condemned: [], removed: [], left: error.reason, dryRun };
  }
}

const LEFT_FOR: ReadonlySet<string> = new Set<Reason>(["assume-role-refused", "artifact-bucket-missing"]);

function joinGarbage(all: readonly GarbageOutcome[]): GarbageOutcome {
  return {
    condemned: all.flatMap(({ condemned }) => condemned),
    removed: all.flatMap(({ removed }) => removed),
    left: all.flatMap(({ left }) => left ?? [])[0],
    dryRun: all.some(({ dryRun }) => dryRun),
  };
}

/**
 * Whatever has woken us, and however late: the pull request and the deployments are told that the preview goes. Before
 * it does: while there is a stack, a run that is cut off is made up for by the next one, and afterwards nothing is left
 * to tell.
 */
async function tellGone(
  { stage, stackName, branch, pullRequest, text }: Swept,
  leftovers: readonly Leftover[],
  errand: Errand,
): Promise<void> {
  const { project, announce } = errand;
  const of = stageOfStack(stage, project.pipeline.stages);
  if (of && leftovers.length === 0) await announce.retire(environmentOf(of), stackName);
  for (const number of await sharersOf({ stackName, branch, pullRequest }, errand)) {
    await announce.comment(number, {
      ...factsOf(errand, number),
      picture: "",
      verdict: { kind: "gone", stackName, why: text, leftovers },
    });
  }
}

/**
 * The pull requests of a preview: its tag names the one that has deployed it last, and a branch may have others, whose
 * comments say that it is up. GitHub closes all of them with the branch, so that they need not be open.
 */
async function sharersOf(
  { stackName, branch, pullRequest }: Pick<Swept, "stackName" | "branch" | "pullRequest">,
  { project, ports: { github }, announce }: Errand,
): Promise<readonly number[]> {
  const tagged = pullRequest === undefined ? [] : [pullRequest];
  if (branch === "") return tagged;
  const marker = commentMarker(project.pipeline.name);
  const found = (await announce.attempt(() => github.pullRequestsFrom(branch))) ?? [];
  const others = found.filter(({ number, fromFork }) => !fromFork && number !== pullRequest);
  const told = await Promise.all(
    others.map(async ({ number }) => {
      const body = await announce.attempt(() => github.comment(number, marker));
      return isUpIn(body ?? "", stackName) ? [number] : [];
    }),
  );
  return [...tagged, ...told.flat()];
}

async function tellLeft(
  { stackName, branch, pullRequest, error }: SweptStack & { readonly kind: "failed" },
  errand: Errand,
): Promise<void> {
  const what = `the preview ${stackName} could not be taken down`;
  for (const number of await sharersOf({ stackName, branch, pullRequest }, errand)) {
    const verdict = { kind: "failed", what, problems: problemsOf(error) } as const;
    await errand.announce.comment(number, { ...factsOf(errand, number), picture: "", verdict });
  }
}

function stageOfStack(name: string, stages: readonly Stage[]): Stage | undefined {
  return (
    stages.find((stage) => stage.name === name) ??
    stages.find(({ trigger }) => trigger.kind === "pull-requests")
  );
}
