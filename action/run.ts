/** The story: a request, step by step, to its outcome. Reads like a table of contents. */
import { bootstrap } from "./bootstrap.ts";
import { artifactWarnings } from "./core/artifact-words.ts";
import { drawPipeline } from "./core/graph.ts";
import { environmentTypes } from "./core/environment-types.ts";
import type { Outcome, StageDrift } from "./core/outcome.ts";
import { pipelineSchema } from "./core/schema.ts";
import type { Setup } from "./core/setup.ts";
import { UserError, formatProblem } from "./core/problem.ts";
import { hiddenTexts } from "./core/redact.ts";
import { releasesThatRan } from "./core/releases.ts";
import { ownerTags } from "./core/stack-owner.ts";
import { type ConcreteStage, concreteStage } from "./core/stage.ts";
import { stackName } from "./core/names.ts";
import { suggestion } from "./core/suggest.ts";
import { smokePlan } from "./core/probe.ts";
import { canonicalJson } from "./core/value.ts";
import { deploy } from "./deploy.ts";
import { destroy } from "./destroy.ts";
import { doctor } from "./doctor.ts";
import { checkDrift } from "./drift.ts";
import { plan } from "./plan.ts";
import { type PolicyPorts, judgePolicy } from "./policy.ts";
import type { AwsPorts } from "./aws-ports.ts";
import type { Ports } from "./ports.ts";
import {
  PIPELINE_FILE,
  type Project,
  SCHEMA_FILE,
  TYPES_FILE,
  buildProject,
  originsOf,
  prepareStack,
  readItems,
  readProject,
  renderProject,
  stageStacks,
} from "./project.ts";
import { listReleases } from "./releases.ts";
import { rollbackTo } from "./rollback.ts";
import { smoke } from "./smoke.ts";

/** Which stack: a stage of pipeline.yaml and, for previews, a branch (default: the one checked out). */
export interface Target {
  readonly stage: string;
  readonly branch?: string;
}

export type Request =
  | { readonly command: "check" }
  /** With a setup: the roles of the repository's workflow, too. */
  | { readonly command: "bootstrap"; readonly setup?: Setup }
  | { readonly command: "doctor"; readonly region: string | undefined }
  | { readonly command: "generate" }
  | { readonly command: "graph" }
  | { readonly command: "build" }
  | { readonly command: "render"; readonly target: Target; readonly build: boolean }
  /** With a commit: of going back to its release. */
  | { readonly command: "plan"; readonly target: Target; readonly commit?: string }
  | { readonly command: "releases"; readonly target: Target }
  | { readonly command: "smoke"; readonly target: Target }
  /** Without a target: every protected stage. */
  | {
      readonly command: "drift";
      readonly target: Target | undefined;
      readonly revert: boolean;
      readonly timeoutSeconds?: number;
    }
  | {
      readonly command: "deploy";
      readonly target: Target;
      readonly timeoutSeconds?: number;
      /** Deploys its release again, and builds nothing. */
      readonly commit?: string;
      /** What a rollback that has failed goes on without. */
      readonly skip?: readonly string[];
    }
  | { readonly command: "destroy"; readonly target: Target; readonly timeoutSeconds?: number };

/** Throws UserError for all that the user can mend. */
export async function run(request: Request, ports: Ports): Promise<Outcome> {
  if (request.command === "bootstrap") {
    const { setup } = request;
    const roles = setup && { setup, pipeline: (await readProject(ports)).pipeline };
    return { kind: "deployed", deploy: await bootstrap({ ...ports, ...ports.aws(undefined) }, roles) };
  }
  if (request.command === "doctor") {
    const context = { region: request.region, role: "", run: undefined };
    return {
      kind: "diagnosed",
      findings: await doctor(context, { ...ports, aws: () => ports.aws(undefined) }),
    };
  }
  const project = await readProject(ports);
  switch (request.command) {
    case "graph":
      return { kind: "drawn", text: drawPipeline(project.pipeline) };
    case "generate":
      return generate(project, ports);
    case "check":
      return check(project, ports);
    case "build":
      return { kind: "built", artifacts: await buildProject(project, ports) };
    case "render": {
      const stage = await chooseStage(project, request.target, ports);
      const artifacts = request.build ? await buildProject(project, ports) : [];
      return { kind: "rendered", stack: renderProject(project, stage, artifacts) };
    }
    case "plan": {
      const { rendered, aws, stage } = await prepareFor(request, project, ports);
      return { kind: "planned", stage, plan: await plan(rendered, { ...ports, ...aws }) };
    }
    case "releases":
      return releasesOf(project, request.target, ports);
    case "smoke":
      return smokeStage(project, request.target, ports);
    case "drift":
      return checkStages(project, request, ports);
    case "deploy": {
      const { rendered, aws, artifacts, stage } = await prepareFor(request, project, ports);
      const { timeoutSeconds, skip } = request;
      const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
      const order = { rendered, artifacts, ...limit, ...(skip && { skip }) };
      return {
        kind: "deployed",
        stage,
        deploy: await deploy(order, { ...ports, ...aws }),
      };
    }
    case "destroy": {
      const stage = await chooseStage(project, request.target, ports);
      const aws = ports.aws(regionOf(project, stage));
      const origins = originsOf(project, stage);
      const { timeoutSeconds } = request;
      const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
      const order = {
        stackName: stackName(project.pipeline.name, stage.name),
        protected: stage.protected,
        tags: ownerTags(project.pipeline.name, stage.name),
        origins,
      };
      const gone = await destroy({ ...order, ...limit }, { ...ports, ...aws });
      return { kind: "destroyed", stage: stage.name, destroy: gone };
    }
  }
}

async function smokeStage(project: Project, target: Target, ports: Ports): Promise<Outcome> {
  const { pipeline } = project;
  const stage = await chooseStage(project, target, ports);
  if (!pipeline.smoke) {
    throw new UserError("smoke-missing", {
      message: `${PIPELINE_FILE} does not say what to try it out with`,
      hint: "Write what is put where, and where it has to arrive: `smoke: { put: { <component>: … }, expect: <component> }`.",
    });
  }
  const name = stackName(pipeline.name, stage.name);
  const rendered = renderProject(project, stage, []);
  const way = smokePlan(pipeline, pipeline.smoke, rendered);
  const hidden = hiddenTexts(canonicalJson(rendered.template));
  const aws = ports.aws(regionOf(project, stage));
  const stack = await aws.stacks.find(name);
  if (!stack) {
    const hint = `\`warren deploy --stage ${target.stage}\` makes it.`;
    throw new UserError("stack-missing", { message: `${name} is not there`, hint });
  }
  return { kind: "smoked", smoke: await smoke(way, stack, hidden, { ...ports, ...aws }) };
}

async function checkStages(
  project: Project,
  request: Extract<Request, { readonly command: "drift" }>,
  ports: Ports,
): Promise<Outcome> {
  const { revert, timeoutSeconds } = request;
  const { name: pipeline, stages } = project.pipeline;
  const targets = request.target ? [request.target] : protectedTargets(stages);
  const checked: StageDrift[] = [];
  for (const target of targets) {
    const stage = await chooseStage(project, target, ports);
    const all = { ...ports, ...ports.aws(regionOf(project, stage)) };
    const order = {
      stackName: stackName(pipeline, stage.name),
      tags: ownerTags(pipeline, stage.name),
      origins: originsOf(project, stage),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    };
    checked.push({ stage: stage.name, ...(await checkDrift(order, all, revert ? all : undefined)) });
  }
  return { kind: "drift", stages: checked };
}

function protectedTargets(stages: Project["pipeline"]["stages"]): readonly Target[] {
  const found = stages.filter((stage) => stage.protected);
  if (found.length > 0) return found.map(({ name }) => ({ stage: name }));
  throw new UserError("stage-missing", {
    message: "no stage is protected, so that a stage has to be named",
    hint: suggestion(
      "",
      stages.map(({ name }) => name),
      "stages",
    ),
  });
}

async function chooseStage({ pipeline }: Project, target: Target, ports: Ports): Promise<ConcreteStage> {
  const branch = target.branch ?? (await ports.workspace.commit()).branch;
  return concreteStage(pipeline.stages, { stage: target.stage, branch, sha256: ports.workspace.sha256 });
}

function regionOf({ pipeline }: Project, stage: ConcreteStage): string | undefined {
  return pipeline.stages.find(({ name }) => name === stage.of)?.region;
}

/** Everything up to AWS. The build is over before any credentials are asked for: user code never sees them. */
async function prepare(project: Project, target: Target, ports: Ports) {
  const stage = await chooseStage(project, target, ports);
  const built = await buildProject(project, ports);
  const { rendered, stack, artifacts } = await prepareStack(project, stage, built, ports);
  for (const warning of [...artifactWarnings(built), ...stack.warnings])
    ports.log.warn(formatProblem(warning));
  const aws: AwsPorts = ports.aws(regionOf(project, stage));
  return { artifacts, rendered, stack, aws, stage: stage.name };
}

/** Of the checkout, or of the release that is gone back to. */
async function prepareFor(
  { target, commit }: { readonly target: Target; readonly commit?: string },
  project: Project,
  ports: Ports,
) {
  if (commit === undefined) return prepare(project, target, ports);
  const stage = await chooseStage(project, target, ports);
  const aws = ports.aws(regionOf(project, stage));
  const { repository } = await ports.workspace.commit();
  const rendered = await rollbackTo(commit, { project, stage, repository }, { ...ports, ...aws });
  return { artifacts: [], rendered, aws, stage: stage.name };
}

async function releasesOf(project: Project, target: Target, ports: Ports): Promise<Outcome> {
  const stage = await chooseStage(project, target, ports);
  const name = stackName(project.pipeline.name, stage.name);
  const all = { ...ports, ...ports.aws(regionOf(project, stage)) };
  const judged = await listReleases(name, await all.stacks.find(name), all);
  return { kind: "releases", stage: stage.name, stackName: name, releases: releasesThatRan(judged) };
}

export type CheckOutcome = Extract<Outcome, { readonly kind: "checked" }>;

/** All that can be found out without AWS: config, templates, code, what it calls, items, for every stage. */
export async function check(
  project: Project,
  ports: PolicyPorts & Pick<Ports, "builder">,
): Promise<CheckOutcome> {
  const artifacts = await buildProject(project, ports);
  const stacks = stageStacks(project, artifacts, ports);
  const first = stacks[0]?.stack;
  if (first) await readItems(first.tables, ports);
  const { smoke: wanted } = project.pipeline;
  if (first && wanted) smokePlan(project.pipeline, wanted, first);
  const stale: string[] = [];
  for (const [file, text] of Object.entries(generatedFiles(project))) {
    if ((await ports.workspace.read(file)) !== text) stale.push(file);
  }
  const { components, arrows, stages } = project.pipeline;
  const counts = { stages: stages.length, components: components.size, arrows: arrows.length };
  const resources = first ? Object.keys(first.origins).length : 0;
  return {
    kind: "checked",
    ...counts,
    resources,
    warnings: [...artifactWarnings(artifacts), ...(first?.warnings ?? [])],
    grants: first?.grants ?? [],
    stale,
    policy: await judgePolicy(stacks, ports),
  };
}

async function generate(project: Project, ports: Ports): Promise<Outcome> {
  const files = generatedFiles(project);
  for (const [file, text] of Object.entries(files)) await ports.workspace.write(file, text);
  return { kind: "generated", files: Object.keys(files) };
}

/** Path -> text of the files that are made from the templates and pipeline.yaml, and kept in the repository. */
export function generatedFiles(project: Project): Readonly<Record<string, string>> {
  const [stage] = project.pipeline.stages;
  const named = stage && {
    name: stage.name,
    of: stage.name,
    protected: stage.protected,
    timers: stage.timers,
  };
  return {
    [SCHEMA_FILE]: `${JSON.stringify(pipelineSchema(project.catalog), null, 2)}\n`,
    ...(named ? { [TYPES_FILE]: environmentTypes(renderProject(project, named, [])) } : {}),
  };
}
