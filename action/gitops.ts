/** The story of the Action: what GitHub says happened -> an intent -> stacks, and GitHub is told. */
import { announcer } from "./announce.ts";
import type { CommentFacts } from "./core/comment.ts";
import { functionWords } from "./core/function-words.ts";
import type { Event, RunContext } from "./core/event.ts";
import { joinFailures } from "./core/failure.ts";
import type { Finding } from "./core/finding.ts";
import type { Inputs } from "./core/inputs.ts";
import { type Intent, type OfflineReason, decide } from "./core/intent.ts";
import type { StageDrift } from "./core/outcome.ts";
import { smokePlan } from "./core/probe.ts";
import { ownerTags } from "./core/stack-owner.ts";
import type { DeployOutcome } from "./deploy.ts";
import { type DestroyOutcome, destroy } from "./destroy.ts";
import { doctor } from "./doctor.ts";
import {
  type Errand,
  type GitopsPorts,
  build,
  connect,
  deploymentOf,
  environmentOf,
  factsOf,
  obeyJudges,
  placeOf,
  prepare,
  tooOld,
  useOfStage,
  pictureOf,
} from "./errand.ts";
import { goBack, planBack } from "./go-back.ts";
import { type Plan, plan } from "./plan.ts";
import type { AwsPorts } from "./aws-ports.ts";
import { type PreviewOutcome, failed, isCurrent, preview } from "./preview.ts";
import { type ReviewedStage, recordsOf, tellStatus } from "./plan-status.ts";
import { changedText } from "./core/plan-lines.ts";
import { deployProven } from "./proof.ts";
import { readProject } from "./project.ts";
import { permitReviewed } from "./review.ts";
import { type CheckOutcome, check } from "./run.ts";
import type { SweepOutcome } from "./sweep.ts";
import { sweepPlaces } from "./sweep-places.ts";
import { watchStage, watchStages } from "./watch.ts";

export interface GitopsRequest {
  readonly event: Event;
  readonly run: RunContext;
  readonly inputs: Inputs;
}

export type GitopsOutcome =
  | PreviewOutcome
  | {
      readonly kind: "checked";
      readonly reason: OfflineReason;
      readonly text: string;
      readonly checked: CheckOutcome;
      readonly facts: CommentFacts;
    }
  | {
      readonly kind: "planned";
      readonly stage: string;
      readonly plan: Plan;
      readonly facts: CommentFacts;
    }
  | {
      readonly kind: "deployed";
      readonly stage: string;
      readonly deploy: DeployOutcome;
      readonly facts: CommentFacts;
    }
  | { readonly kind: "destroyed"; readonly stage: string; readonly destroy: DestroyOutcome }
  | { readonly kind: "diagnosed"; readonly findings: readonly Finding[] }
  | (SweepOutcome & { readonly failure: Error | undefined })
  | { readonly kind: "drift"; readonly stages: readonly StageDrift[] }
  | {
      readonly kind: "nightly";
      /** Undefined: it has failed before it had begun. */
      readonly swept: SweepOutcome | undefined;
      readonly stages: readonly StageDrift[];
      readonly failure: Error | undefined;
    };

/** Throws UserError for all that the user can mend. What GitHub is told about is told before it throws. */
export async function gitops(request: GitopsRequest, ports: GitopsPorts): Promise<GitopsOutcome> {
  const project = await readProject(ports);
  const errand: Errand = { ...request, project, ports, announce: announcer(ports) };
  const intent = decide(request.event, request.run, project.pipeline.stages, request.inputs);
  switch (intent.kind) {
    case "skip":
      return intent;
    case "offline-plan":
      return checkOffline(intent, errand);
    case "deploy":
      return deployStage(intent, errand);
    case "preview":
      return preview(intent, errand);
    case "plan":
      return planStage(intent, errand);
    case "destroy":
      return destroyStage(intent, errand);
    case "teardown":
      return sweepPlaces({ onlyBranch: intent.branch, dryRun: false }, errand);
    case "sweep":
      return sweepPlaces({ dryRun: intent.dryRun }, errand);
    case "nightly":
      return nightly(intent, errand);
    case "doctor":
      return diagnosed(errand);
    case "drift":
      return { kind: "drift", stages: [await watchStage(intent, intent.revert, errand)] };
  }
}

/** What one finds does not keep the other from being done. */
async function nightly({ dryRun, drift }: Of<"nightly">, errand: Errand): Promise<GitopsOutcome> {
  let swept: Awaited<ReturnType<typeof sweepPlaces>> | undefined;
  const failures: (Error | undefined)[] = [];
  try {
    swept = await sweepPlaces({ dryRun }, errand);
    failures.push(swept.failure);
  } catch (error) {
    failures.push(error instanceof Error ? error : new Error("the sweep failed", { cause: error }));
  }
  const { stages, failure } = await watchStages(drift, errand);
  return { kind: "nightly", swept, stages, failure: joinFailures([...failures, failure]) };
}

const NO_STAGE = { region: undefined, role: undefined };

/** With the role for plans, which every job of the repository may assume. */
async function diagnosed(errand: Errand): Promise<GitopsOutcome> {
  const { run, inputs, ports, project } = errand;
  const { region, role } = project.pipeline.stages.find((stage) => stage.role !== undefined) ?? NO_STAGE;
  const aws = (): AwsPorts => connect(errand, { use: "plan", stacks: [] }, { region, role });
  const context = { region, role: inputs.role, run };
  return { kind: "diagnosed", findings: await doctor(context, { ...ports, aws }) };
}

type Of<Kind extends Intent["kind"]> = Extract<Intent, { readonly kind: Kind }>;

/** Builds, renders and checks every stage, with no credentials at all: the code may be anybody's. */
async function checkOffline({ reason, text }: Of<"offline-plan">, errand: Errand): Promise<GitopsOutcome> {
  const checked = await errand.ports.group("Check", () => check(errand.project, errand.ports));
  const facts = { ...factsOf(errand, undefined), verdict: { kind: "planned", why: text } as const };
  return { kind: "checked", reason, text, checked, facts };
}

async function deployStage(intent: Of<"deploy">, errand: Errand): Promise<GitopsOutcome> {
  if (intent.commit !== undefined)
    return { kind: "deployed", ...(await goBack(intent, intent.commit, errand)) };
  const { ports, announce, inputs } = errand;
  const { sha, branch } = intent;
  const built = await build(errand);
  // What was pushed without a pull request, or came together by merges, nobody has judged.
  await obeyJudges(errand, built);
  const pullRequest = await openPullRequestOf(intent, errand);
  const commit = { sha, branch, ...(pullRequest === undefined ? {} : { pullRequest }) };
  const prepared = await prepare(errand, intent, built, commit);
  const { stage, concrete, rendered, artifacts } = prepared;
  const { stackName } = rendered;
  const { smoke } = errand.project.pipeline;
  const isTried = concrete.protected && stage.trigger.kind !== "pull-requests";
  // What cannot be tried out is told before anything is changed.
  const way = smoke && isTried ? smokePlan(errand.project.pipeline, smoke, prepared.stack) : undefined;
  const aws = connect(errand, { use: useOfStage(stage), stacks: [stackName] }, stage);
  const old = await tooOld({ ...intent, stack: stackName }, aws, errand);
  if (old) return old;
  const isReviewed = concrete.protected && stage.trigger.kind === "branch";
  const target = { stage: concrete.name, branch, sha, approved: intent.approve ?? "" };
  const permit = isReviewed ? permitReviewed(target, errand) : undefined;
  const { done } = await announce.deployment(deploymentOf(stage, stackName, sha), () =>
    ports.group(`Deploy ${stackName}`, async () => {
      const { timeoutSeconds } = inputs;
      const { skip } = intent;
      const order = { rendered, artifacts, timeoutSeconds, ...(permit && { permit }), ...(skip && { skip }) };
      const proving = { stage, concrete, aws, order, sha, way, onFailure: "go-back" } as const;
      const deployed = await deployProven(proving, errand);
      return { done: deployed, stackId: deployed.stack.id };
    }),
  );
  const facts: CommentFacts = {
    ...factsOf(errand, undefined),
    verdict: { kind: "deployed", stage: concrete.name, stackName, changed: changedText(done) },
    preview: { stackId: done.stack.id, outputs: done.outputs },
    ...(done.review && { review: done.review }),
  };
  return { kind: "deployed", stage: concrete.name, deploy: done, facts };
}

/** A preview that is deployed by hand belongs to its branch's pull request too, and goes with it. */
async function openPullRequestOf(
  { stage, branch }: Of<"deploy">,
  { project, ports }: Errand,
): Promise<number | undefined> {
  const { trigger } = project.pipeline.stages.find(({ name }) => name === stage) ?? {};
  if (trigger?.kind !== "pull-requests") return undefined;
  const open = await ports.github.openPullRequests();
  return open.find((one) => one.branch === branch && !one.fromFork)?.number;
}

async function planStage(intent: Of<"plan">, errand: Errand): Promise<GitopsOutcome> {
  if (intent.commit !== undefined)
    return { kind: "planned", ...(await planBack(intent, intent.commit, errand)) };
  const { pullRequest } = intent;
  try {
    return await planNew(intent, errand);
  } catch (error) {
    // The plan that it shows is of an older commit.
    if (pullRequest && (await isCurrent(pullRequest, errand))) {
      const verdict = failed("there is no plan of the newest commit", error);
      await errand.announce.comment(pullRequest.number, { ...factsOf(errand, pullRequest.number), verdict });
    }
    throw error;
  }
}

async function planNew(intent: Of<"plan">, errand: Errand): Promise<GitopsOutcome> {
  const { ports, announce, run } = errand;
  const { pullRequest, branch } = intent;
  const artifacts = await build(errand);
  await obeyJudges(errand, artifacts);
  const sha = pullRequest?.headSha ?? run.sha;
  const { stage, concrete, rendered, stack } = await prepare(errand, intent, artifacts, { sha, branch });
  const aws = connect(errand, { use: "plan", stacks: [rendered.stackName] }, stage);
  const planned = await ports.group(`Plan ${rendered.stackName}`, () => plan(rendered, { ...ports, ...aws }));
  const { stackName, protected: isProtected } = rendered;
  const merging: readonly ReviewedStage[] = [
    { kind: "planned", stage: concrete.name, plan: planned, stackName, protected: isProtected },
  ];
  const facts: CommentFacts = {
    ...factsOf(errand, pullRequest?.number),
    verdict: { kind: "planned", why: "pipeline.yaml has no stage for pull requests" },
    ...pictureOf(errand, merging),
    merging,
    functions: functionWords(artifacts, stack.grants),
    data: recordsOf(merging),
  };
  if (pullRequest) {
    for (const one of merging) await tellStatus(sha, one, errand);
    await announce.comment(pullRequest.number, facts);
  }
  return { kind: "planned", stage: concrete.name, plan: planned, facts };
}

async function destroyStage(intent: Of<"destroy">, errand: Errand): Promise<GitopsOutcome> {
  const { project, ports, announce, inputs } = errand;
  const { stage, concrete, stack: stackName } = placeOf(errand, intent);
  const aws = connect(errand, { use: useOfStage(stage), stacks: [stackName] }, stage);
  const order = {
    stackName,
    protected: concrete.protected,
    tags: ownerTags(project.pipeline.name, concrete.name),
    timeoutSeconds: inputs.timeoutSeconds,
  };
  const destroyed = await ports.group(`Destroy ${stackName}`, () => destroy(order, { ...ports, ...aws }));
  await announce.retire(environmentOf(stage), stackName);
  return { kind: "destroyed", stage: concrete.name, destroy: destroyed };
}
