/**
 * A protected stage is tried out after its deploy. If the item does not get through, the last release that is known to
 * have worked is deployed again: once, and whatever comes of it, this run has failed.
 */
import { explainAwsError } from "./core/aws-error.ts";
import type { SmokePlan } from "./core/probe.ts";
import { type Problem, UserError, formatProblem } from "./core/problem.ts";
import { hiddenTexts } from "./core/redact.ts";
import { type JudgedRelease, lastGood, proofKey } from "./core/releases.ts";
import { smokeLines } from "./core/smoke-run.ts";
import { type Value, canonicalJson } from "./core/value.ts";
import { accountOf } from "./core/stack.ts";
import { type ConcreteStage, type Stage } from "./core/stage.ts";
import { type DeployOutcome, type DeployRequest, deploy } from "./deploy.ts";
import { type Errand, deploymentOf } from "./errand.ts";
import type { AwsPorts, Stack } from "./aws-ports.ts";
import { digestOf, listReleases } from "./releases.ts";
import { again } from "./rollback.ts";
import { smoke } from "./smoke.ts";

export interface Proving {
  readonly stage: Stage;
  readonly concrete: ConcreteStage;
  readonly aws: AwsPorts;
  readonly order: DeployRequest;
  /** Commit that is deployed. */
  readonly sha: string;
  /** Undefined: nothing is tried out. */
  readonly way: SmokePlan | undefined;
  /** `stay`: a person has asked for just this release. */
  readonly onFailure: "go-back" | "stay";
}

/**
 * Throws what `deploy` throws, what a smoke run throws that could not be made (the stack stays as it is), and
 * UserError `smoke-failed`, `rolled-back`, `rollback-failed`.
 */
export async function deployProven(proving: Proving, errand: Errand): Promise<DeployOutcome> {
  const { aws, order, way, sha } = proving;
  const { ports, announce } = errand;
  const deployed = await deploy(order, { ...ports, ...aws });
  if (!way) return deployed;
  const { stack, kind } = deployed;
  const { digest } = order.rendered;
  // One that is up to date may be what a run has left that was killed before it had tried it out.
  if (kind === "unchanged" && (await isProven(way, digest, stack, proving, errand))) return deployed;
  const problem = await tried({ way, stack, body: order.rendered.body }, proving, errand);
  const context = `warren/smoke: ${stack.name}`;
  if (!problem) {
    await noteProof(way, digest, stack, proving, errand);
    await announce.status(sha, {
      context,
      state: "success",
      description: "an item went all the way through",
    });
    return deployed;
  }
  const failure =
    proving.onFailure === "stay"
      ? new UserError("smoke-failed", [problem, { message: `${stack.name} stays at that release` }])
      : await goneBack(problem, deployed, proving, errand);
  const description = failure.problems.at(-1)?.message ?? "";
  await announce.status(sha, { context, state: "failure", description });
  throw failure;
}

interface Trial {
  readonly way: SmokePlan;
  readonly stack: Stack;
  /** Of the stack's template. */
  readonly body: string;
}

/** Undefined if the item got through. */
async function tried(
  { way, stack, body }: Trial,
  { aws }: Proving,
  { ports }: Errand,
): Promise<Problem | undefined> {
  try {
    const outcome = await ports.group(`Try out ${stack.name}`, () =>
      smoke(way, stack, hiddenTexts(body), { ...ports, ...aws }),
    );
    for (const line of smokeLines(outcome)) ports.log.info(line);
    return outcome.kind === "through" ? undefined : outcome.problem;
  } catch (thrown) {
    const error = explainAwsError(thrown) ?? thrown;
    if (!(error instanceof UserError)) throw error;
    // It proves nothing against the release: a permission that the role lacks must not undo a deploy.
    const message = `${stack.name} is deployed, and could not be tried out: it stays as it is`;
    throw new UserError(error.reason, [...error.problems, { message }], { cause: error });
  }
}

function keyOf(way: SmokePlan, digest: string, { id, name }: Stack, { ports }: Errand): string {
  // Where in pipeline.yaml an arrow stands changes nothing of the run.
  const hops = way.hops.map(({ place: _place, ...hop }) => hop);
  const run = canonicalJson({ stack: id, way: { ...way, hops } } as unknown as Value);
  return proofKey(name, digest, ports.workspace.sha256(run));
}

async function isProven(
  way: SmokePlan,
  digest: string,
  stack: Stack,
  { aws: { artifacts } }: Proving,
  errand: Errand,
): Promise<boolean> {
  const bucket = await artifacts.bucket(accountOf(stack.id));
  return artifacts.has(bucket, keyOf(way, digest, stack, errand));
}

async function noteProof(
  way: SmokePlan,
  digest: string,
  stack: Stack,
  { aws: { artifacts }, sha }: Proving,
  errand: Errand,
): Promise<void> {
  const bucket = await artifacts.bucket(accountOf(stack.id));
  await artifacts.put(bucket, keyOf(way, digest, stack, errand), `${sha}\n`, "text/plain");
}

/** The last problem says what is deployed now. */
async function goneBack(
  problem: Problem,
  { stack }: DeployOutcome,
  proving: Proving,
  errand: Errand,
): Promise<UserError> {
  const { aws, concrete, order } = proving;
  const { ports, project, run } = errand;
  ports.log.error(formatProblem(problem));
  const back = lastGood(await listReleases(stack.name, stack, { ...ports, ...aws }), order.rendered.digest);
  if (!back) {
    const message = `${stack.name} stays as it is: there is no earlier release that is known to work`;
    return new UserError("smoke-failed", [problem, { message }]);
  }
  const short = back.release.commit.slice(0, 12);
  ports.log.warn(`goes back to the last good release, of commit ${short}`);
  let restored: DeployOutcome;
  let rendered: DeployRequest["rendered"];
  try {
    const place = { project, stage: concrete, repository: run.repository, repositoryId: run.repositoryId };
    rendered = await again(back, place, stack, aws);
    restored = await restore(back, rendered, proving, errand);
  } catch (thrown) {
    const error = explainAwsError(thrown) ?? thrown;
    if (!(error instanceof UserError)) throw error;
    const message = `the last good release, of commit ${short}, could not be deployed again: ${stack.name} does not work`;
    return new UserError("rollback-failed", [problem, ...error.problems, { message }], { cause: error });
  }
  return new UserError("rolled-back", [
    problem,
    await restoredProblem(back, { stack: restored.stack, body: rendered.body }, proving, errand),
  ]);
}

async function restore(
  { release }: JudgedRelease,
  rendered: DeployRequest["rendered"],
  { stage, aws, order }: Proving,
  { ports, announce }: Errand,
): Promise<DeployOutcome> {
  const failed = order.rendered.digest;
  const { timeoutSeconds } = order;
  const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  const { done } = await announce.deployment(deploymentOf(stage, rendered.stackName, release.commit), () =>
    ports.group(`Deploy ${rendered.stackName} again`, async () => {
      const back: DeployRequest = {
        rendered,
        artifacts: [],
        ...limit,
        permit: async (_plan, former) => {
          // Another run may have deployed something newer while this one was trying out.
          if (digestOf(former) === failed) return { verdict: "", differences: [] };
          throw new UserError("rollback-failed", { message: "another run has deployed meanwhile" });
        },
      };
      const deployed = await deploy(back, { ...ports, ...aws });
      return { done: deployed, stackId: deployed.stack.id };
    }),
  );
  return done;
}

async function restoredProblem(
  { release, time }: JudgedRelease,
  { stack, body }: Omit<Trial, "way">,
  proving: Proving,
  errand: Errand,
): Promise<Problem> {
  const what = `${stack.name} is back at the release of commit ${release.commit.slice(0, 12)} (${time.slice(0, 10)})`;
  if (!release.smoke) return { message: what };
  try {
    const problem = await tried({ way: release.smoke, stack, body }, proving, errand);
    if (!problem) return { message: `${what}, and an item goes through it` };
    return {
      message: `${what}, and no item gets through it either`,
      details: [problem.message, ...(problem.hint === undefined ? [] : [problem.hint])],
      hint: "So the cause may lie outside of what was deployed: a service that it asks, a key that has expired.",
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      message: `${what}, which could not be tried out`,
      details: error.problems.map(({ message }) => message),
    };
  }
}
