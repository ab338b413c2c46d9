/** A pull request's stack, from its plan against what a merge would change to the comment that tells of both. */
import type { Artifact } from "./core/artifact.ts";
import { explainAwsError } from "./core/aws-error.ts";
import type { CommentFacts, Verdict } from "./core/comment.ts";
import { functionWords } from "./core/function-words.ts";
import type { PullRequest } from "./core/event.ts";
import { firstLine } from "./core/failure-summary.ts";
import { stillWanted } from "./core/freshness.ts";
import { GitHubRefusal } from "./core/github-refusal.ts";
import type { Intent, Skip } from "./core/intent.ts";
import { type Problem, UserError } from "./core/problem.ts";
import { type DeployOutcome, deploy } from "./deploy.ts";
import {
  type Errand,
  build,
  connect,
  deploymentOf,
  factsOf,
  obeyJudges,
  prepare,
  tooOld,
  useOfStage,
  pictureOf,
} from "./errand.ts";
import { plan } from "./plan.ts";
import { type ReviewedStage, recordsOf, tellStatus } from "./plan-status.ts";
import { tryOut } from "./tryout.ts";

export type PreviewOutcome =
  | Skip
  | {
      readonly kind: "previewed";
      readonly stage: string;
      readonly deploy: DeployOutcome;
      readonly facts: CommentFacts;
    };

/** Throws what building or deploying throws, and `smoke-failed`, after the pull request was told. */
export async function preview(
  intent: Extract<Intent, { readonly kind: "preview" }>,
  errand: Errand,
): Promise<PreviewOutcome> {
  const { pullRequest, against } = intent;
  const { ports, announce } = errand;
  const { number, branch, headSha } = pullRequest;
  const facts = factsOf(errand, number);
  let previewed: PreviewOutcome;
  let stuck: readonly Problem[];
  let merging: readonly ReviewedStage[] = [];
  try {
    const built = await build(errand);
    await obeyJudges(errand, built);
    const commit = { sha: headSha, branch, pullRequest: number };
    const prepared = await prepare(errand, { stage: intent.stage, branch }, built, commit);
    merging = against ? [await planAgainst(against, built, pullRequest, errand)] : [];
    for (const one of merging) await tellStatus(headSha, one, errand);

    const { stage, concrete, rendered, artifacts } = prepared;
    const { stackName } = rendered;
    const aws = connect(errand, { use: useOfStage(stage), stacks: [stackName] }, stage);
    const { allowOlder } = errand.inputs;
    const stop =
      (await tooOld({ sha: headSha, branch, stack: stackName, allowOlder }, aws, errand)) ??
      (await lookAgain(pullRequest, errand));
    if (stop) return stop;
    const deployed = await announce.deployment(deploymentOf(stage, stackName, headSha), () =>
      ports.group(`Deploy ${stackName}`, async () => {
        const { timeoutSeconds } = errand.inputs;
        const done = await deploy({ rendered, artifacts, timeoutSeconds }, { ...ports, ...aws });
        return { done, stackId: done.stack.id };
      }),
    );
    const { stack, outputs } = deployed.done;
    const tried = await tryOut({ prepared, deployed: deployed.done, pullRequest: number, aws }, errand);
    const { hops, data, what, problems } = tried;
    stuck = problems;
    const full: CommentFacts = {
      ...facts,
      verdict:
        problems.length > 0 ? { kind: "stuck", stackName, what, problems } : { kind: "ready", stackName },
      ...pictureOf(errand, merging),
      merging,
      preview: { stackId: stack.id, outputs },
      functions: functionWords(built, prepared.stack.grants),
      hops,
      data: { ...data, ...recordsOf(merging) },
    };
    await announce.comment(number, full);
    previewed = { kind: "previewed", stage: concrete.name, deploy: deployed.done, facts: full };
  } catch (error) {
    // The pull request is where its author looks; the run tells all of it.
    const verdict = failed("there is no up-to-date preview", error);
    if (await isCurrent(pullRequest, errand))
      await announce.comment(number, { ...facts, merging, data: recordsOf(merging), verdict });
    throw error;
  }
  if (stuck.length > 0) throw new UserError("smoke-failed", stuck);
  return previewed;
}

/** What the event says may be minutes old by now, and a preview that is made after its teardown stays until the sweep. */
async function lookAgain(asked: PullRequest, { ports: { github } }: Errand): Promise<Skip | undefined> {
  const [now, head] = await Promise.all([github.pullRequest(asked.number), github.head(asked.branch)]);
  const verdict = stillWanted(asked, now, head);
  return verdict.kind === "skip" ? verdict : undefined;
}

/** A plan that cannot be made (another operation runs there, no rights to look) is told, and the preview made all the same. */
export async function planAgainst(
  target: { readonly stage: string; readonly branch: string },
  artifacts: readonly Artifact[],
  pullRequest: PullRequest,
  errand: Errand,
): Promise<ReviewedStage> {
  const { ports } = errand;
  const commit = { sha: pullRequest.headSha, branch: target.branch };
  const { stage, rendered } = await prepare(errand, target, artifacts, commit);
  const of = { stage: stage.name, stackName: rendered.stackName, protected: rendered.protected };
  const aws = connect(errand, { use: "plan", stacks: [rendered.stackName] }, stage);
  try {
    const planned = await ports.group(`Plan ${rendered.stackName}`, () =>
      plan(rendered, { ...ports, ...aws }),
    );
    return { kind: "planned", ...of, plan: planned };
  } catch (thrown) {
    const error = explainAwsError(thrown) ?? thrown;
    if (!(error instanceof UserError)) throw error;
    ports.log.warn(`no plan for stage \`${stage.name}\`: ${error.message}`);
    return { kind: "unknown", ...of, why: error.problems[0]?.message ?? error.reason };
  }
}

/** A run that fails late has nothing to say on a preview that is taken down by then, or has a newer run. */
export async function isCurrent(asked: PullRequest, errand: Errand): Promise<boolean> {
  try {
    return (await lookAgain(asked, errand)) === undefined;
  } catch (error) {
    // GitHub does not say: it is told what is known here.
    if (error instanceof GitHubRefusal) return true;
    throw error;
  }
}

/** `what`: without a full stop. */
export function failed(what: string, thrown: unknown): Verdict {
  const problems = problemsOf(thrown);
  return { kind: "failed", what: `${what}: ${firstLine(problems)}`, problems };
}

/** What a pull request is told of an error. */
export function problemsOf(thrown: unknown): readonly Problem[] {
  const error = explainAwsError(thrown) ?? thrown;
  return error instanceof UserError
    ? error.problems
    : [{ message: "this is a bug in Warren: its stack is in the run's log" }];
}
