/** What one run of the Action is about, and what all of its intents need of it. */
import { artifactWarnings } from "./core/artifact-words.ts";
import type { Announcer } from "./announce.ts";
import type { Artifact } from "./core/artifact.ts";
import type { CommentFacts, StagePlan } from "./core/comment.ts";
import type { Event, RunContext } from "./core/event.ts";
import { drawPipeline } from "./core/graph.ts";
import { freshness } from "./core/freshness.ts";
import type { Inputs } from "./core/inputs.ts";
import type { Skip } from "./core/intent.ts";
import { marksOf } from "./core/marks.ts";
import { stackName } from "./core/names.ts";
import { formatProblem } from "./core/problem.ts";
import type { StackTemplate } from "./core/render.ts";
import type { Rendered } from "./core/rendered.ts";
import { type ConcreteStage, type Stage, concreteStage } from "./core/stage.ts";
import type { AwsPorts } from "./aws-ports.ts";
import type { DeploymentInput, GitHub } from "./github-ports.ts";
import type { Commit, Ports } from "./ports.ts";
import { judgePolicy, obeyPolicy } from "./policy.ts";
import { type Project, buildProject, prepareStack, stageStacks } from "./project.ts";
import type { Access } from "./session.ts";

export interface GitopsPorts extends Omit<Ports, "aws"> {
  readonly github: GitHub;
  readonly aws: (access: Access) => AwsPorts;
  /** What is logged meanwhile is folded under a title. */
  readonly group: <T>(title: string, work: () => Promise<T>) => Promise<T>;
}

export interface Errand {
  readonly event: Event;
  readonly run: RunContext;
  readonly inputs: Inputs;
  readonly project: Project;
  readonly ports: GitopsPorts;
  readonly announce: Announcer;
}

export interface Prepared {
  readonly stage: Stage;
  readonly concrete: ConcreteStage;
  readonly rendered: Rendered;
  readonly stack: StackTemplate;
  /** As the stack refers to them. */
  readonly artifacts: readonly Artifact[];
}

/** All of it is over before AWS or anybody is asked for credentials. */
export function build({ project, ports }: Errand): Promise<readonly Artifact[]> {
  return ports.group("Build", () => buildProject(project, ports));
}

/** Where cfn-lint and cfn-guard are there, of every stage. Throws UserError `policy-broken`. */
export async function obeyJudges({ project, ports }: Errand, built: readonly Artifact[]): Promise<void> {
  obeyPolicy(await judgePolicy(stageStacks(project, built, ports), ports), ports.log);
}

export function placeOf(
  { project: { pipeline }, ports: { workspace } }: Errand,
  target: { readonly stage: string; readonly branch: string },
): { readonly stage: Stage; readonly concrete: ConcreteStage; readonly stack: string } {
  const concrete = concreteStage(pipeline.stages, { ...target, sha256: workspace.sha256 });
  const stage = pipeline.stages.find(({ name }) => name === concrete.of);
  if (!stage) throw new Error(`stage ${concrete.of} was just found and is not there`);
  return { stage, concrete, stack: stackName(pipeline.name, concrete.name) };
}

/** `commit` is what the stack's tags are to say: the checkout of a pull request is a merge that nobody has pushed. */
export async function prepare(
  errand: Errand,
  target: { readonly stage: string; readonly branch: string },
  built: readonly Artifact[],
  commit: Pick<Commit, "sha" | "branch" | "pullRequest">,
): Promise<Prepared> {
  const { project, ports, run } = errand;
  const { stage, concrete } = placeOf(errand, target);
  const { repository, repositoryId } = run;
  const workspace = { ...ports.workspace, commit: async () => ({ ...commit, repository, repositoryId }) };
  const { rendered, stack, artifacts } = await prepareStack(project, concrete, built, { workspace });
  for (const warning of [...artifactWarnings(built), ...stack.warnings])
    ports.log.warn(formatProblem(warning));
  return { stage, concrete, rendered, stack, artifacts };
}

export function connect(
  { project: { pipeline }, ports }: Errand,
  access: Pick<Access, "use" | "stacks">,
  { region, role }: Pick<Stage, "region" | "role">,
): AwsPorts {
  return ports.aws({ ...access, region, role, pipeline: pipeline.name, stages: pipeline.stages });
}

/** What changes a stage: previews have a role of their own, which cannot touch the others. */
export function useOfStage({ trigger }: Stage): "deploy" | "preview" {
  return trigger.kind === "pull-requests" ? "preview" : "deploy";
}

/** One environment for a stage, however many stacks it has: nobody can delete the environments of old branches. */
export function environmentOf({ name, environment }: Stage): string {
  return environment ?? name;
}

export function deploymentOf(stage: Stage, stack: string, sha: string): DeploymentInput {
  return {
    environment: environmentOf(stage),
    sha,
    stack,
    transient: stage.trigger.kind === "pull-requests",
    production: stage.protected,
  };
}

/** What every comment of the pull request says; without a number, of the run. */
export function factsOf(
  { project: { pipeline }, run }: Errand,
  pullRequest: number | undefined,
): Pick<CommentFacts, "pipeline" | "picture" | "merging" | "checksUrl" | "runUrl"> {
  const { runUrl, repository } = run;
  const [repositoryUrl = ""] = runUrl.split(`/actions/runs/`);
  return {
    pipeline: pipeline.name,
    picture: drawPipeline(pipeline),
    merging: [],
    runUrl,
    // Not the run's own address, which would make every comment differ from the one before.
    checksUrl:
      pullRequest === undefined || repository === "" ? runUrl : `${repositoryUrl}/pull/${pullRequest}/checks`,
  };
}

/** The pipeline, with the colours of what a merge would do to it. Of a stack that is all new there is nothing to colour. */
export function pictureOf(
  { project: { pipeline } }: Errand,
  merging: readonly StagePlan[],
): Pick<CommentFacts, "picture" | "marks"> {
  const plans = merging.flatMap((one) =>
    one.kind === "planned" && one.plan.kind === "update" ? [one.plan] : [],
  );
  const marks = marksOf(plans.flatMap(({ words }) => words));
  return { picture: drawPipeline(pipeline, marks), marks: [...new Set(marks.values())].toSorted() };
}

/** Questions to GitHub that must be answered: a run never takes a stage back in silence. */
export async function tooOld(
  commit: {
    readonly sha: string;
    readonly branch: string;
    readonly stack: string;
    readonly allowOlder: boolean;
  },
  { stacks }: AwsPorts,
  { run: { runAttempt }, ports: { github } }: Errand,
): Promise<Skip | undefined> {
  const { sha, branch, allowOlder } = commit;
  const [found, head] = await Promise.all([stacks.find(commit.stack), github.head(branch)]);
  const deployed = found?.tags["warren:commit"] || undefined;
  const older = deployed !== undefined && deployed !== sha && (await github.isAncestor(sha, deployed));
  const verdict = freshness({ sha, branch, head, deployed, older, runAttempt, allowOlder });
  return verdict.kind === "skip" ? verdict : undefined;
}
