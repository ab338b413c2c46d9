/** The repository's pipeline, read and checked: files -> Pipeline, code -> artifacts, both -> one stack. */
import { type Artifact, type BuildRequest, artifactOf } from "./core/artifact.ts";
import { type Catalog, readCatalog, statefulTypes, statelessTypes } from "./core/catalog.ts";
import type { SourceText } from "./core/document.ts";
import { parseItems } from "./core/items.ts";
import { type Pipeline, parsePipeline } from "./core/pipeline.ts";
import type { Component } from "./core/component.ts";
import { type Problem, UserError } from "./core/problem.ts";
import { type StackTemplate, type TableFile, render } from "./core/render.ts";
import { defaultValue } from "./core/option.ts";
import { placeholderEnvironments } from "./core/placeholder-environment.ts";
import { type SmokePlan, smokePlan } from "./core/probe.ts";
import type { Rendered, TableItems } from "./core/rendered.ts";
import { type ConcreteStage, concreteStage } from "./core/stage.ts";
import { stackTags } from "./core/stack-tags.ts";
import { canonicalJson, type Value, textOf } from "./core/value.ts";
import type { JudgedStack } from "./policy.ts";
import type { Ports } from "./ports.ts";

export const PIPELINE_FILE = "config/pipeline.yaml";
export const SCHEMA_FILE = "config/pipeline.schema.json";
export const TYPES_FILE = "functions/warren-env.d.ts";

export interface Project {
  readonly catalog: Catalog;
  readonly pipeline: Pipeline;
}

type ReadPorts = Pick<Ports, "workspace" | "shipped">;

/** Throws UserError `config-invalid` with every problem of the templates, or else of pipeline.yaml. */
export async function readProject(ports: ReadPorts): Promise<Project> {
  const [shipped, own] = await Promise.all([readTemplates(ports.shipped), readTemplates(ports.workspace)]);
  const catalog = readCatalog([...shipped, ...own]);
  if (catalog.kind === "problems") throw new UserError("config-invalid", catalog.problems);
  const text = await ports.workspace.read(PIPELINE_FILE);
  if (text === undefined) {
    throw new UserError("config-missing", {
      message: `there is no ${PIPELINE_FILE}`,
      hint: "Run this in the root of a repository that has one, or start from Warren's own.",
    });
  }
  const result = parsePipeline({ file: PIPELINE_FILE, text }, catalog.catalog);
  if (result.kind === "problems") throw new UserError("config-invalid", result.problems);
  return { catalog: catalog.catalog, pipeline: result.pipeline };
}

async function readTemplates(from: Ports["shipped"]): Promise<SourceText[]> {
  const folders = ["templates/components", "templates/connections"];
  const lists = await Promise.all(
    folders.map(async (folder) => (await from.list(folder)).map((name) => `${folder}/${name}`)),
  );
  const files = lists.flat().filter((file) => /\.ya?ml$/.test(file));
  return Promise.all(files.map(async (file) => ({ file, text: (await from.read(file)) ?? "" })));
}

/** Every component whose template names an `Artifact`, built at once. */
export async function buildProject(
  project: Project,
  ports: Pick<Ports, "builder">,
): Promise<readonly Artifact[]> {
  const environments = environmentsOf(project);
  const requests = [...project.pipeline.components.values()].flatMap((component) => {
    const request = buildRequest(component);
    // Where nothing is known of any function, what one misses may still come.
    return request
      ? { ...request, ...(environments && { environment: environments.get(component.name) ?? {} }) }
      : [];
  });
  return requests.length === 0 ? [] : ports.builder.build(requests);
}

function buildRequest(component: Component): BuildRequest | undefined {
  const artifact = component.template.metadata.Artifact;
  if (!artifact) return undefined;
  const option = (name: string | undefined): Value => {
    if (name === undefined) return "";
    const parameter = component.template.parameters[name];
    return component.options[name] ?? (parameter ? defaultValue(parameter) : "");
  };
  return {
    component: component.name,
    source: textOf(option(artifact.Source)),
    runtime: textOf(option(artifact.Runtime)),
    architecture: option(artifact.Architecture) === "x86_64" ? "x86_64" : "arm64",
    format: option(artifact.Format) === "cjs" ? "cjs" : "esm",
    allowNewerLibstdcxx: textOf(option(artifact.AllowNewerLibstdcxx)) === "true",
    place: component.placeOf(artifact.Source),
  };
}

/** Throws UserError `config-invalid`. Without artifacts the template is that of functions not yet built. */
export function renderProject(
  { pipeline }: Project,
  stage: ConcreteStage,
  artifacts: readonly Artifact[],
): StackTemplate {
  const built = new Map(artifacts.map((artifact) => [artifact.component, artifactOf(artifact, stage)]));
  const result = render({ pipeline, stage, built });
  if (result.kind === "problems") throw new UserError("config-invalid", result.problems);
  return result.stack;
}

/** Of every stage; of one that has many, that of any branch. Throws UserError `config-invalid`. */
export function stageStacks(
  project: Project,
  artifacts: readonly Artifact[],
  { workspace: { sha256 } }: { readonly workspace: Pick<Ports["workspace"], "sha256"> },
): readonly JudgedStack[] {
  const { stages } = project.pipeline;
  return stages.map(({ name, region }) => {
    const stage = concreteStage(stages, { stage: name, branch: "any", sha256 });
    return { stack: renderProject(project, stage, artifacts), region };
  });
}

/** Undefined for a pipeline that cannot be rendered: that is told when it is. */
function environmentsOf(project: Project): ReturnType<typeof placeholderEnvironments> | undefined {
  const [stage] = project.pipeline.stages;
  if (stage === undefined) return undefined;
  const { name, protected: isProtected, timers } = stage;
  try {
    return placeholderEnvironments(
      renderProject(project, { name, of: name, protected: isProtected, timers }, []),
    );
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Only names for people: a pipeline that cannot be rendered any more can still be taken down. */
export function originsOf(project: Project, stage: ConcreteStage): StackTemplate["origins"] {
  try {
    return renderProject(project, stage, []).origins;
  } catch (error) {
    if (error instanceof UserError) return Object.create(null);
    throw error;
  }
}

/** The items of all tables. Throws UserError `config-invalid` with every problem of every file. */
export async function readItems(
  tables: readonly TableFile[],
  ports: Pick<Ports, "workspace">,
): Promise<TableItems[]> {
  const read = await Promise.all(tables.map((table) => readTable(table, ports)));
  const problems = read.flatMap((one) => ("output" in one ? [] : one));
  if (problems.length > 0) throw new UserError("config-invalid", problems);
  return read.flatMap((one) => ("output" in one ? [one] : []));
}

async function readTable(
  { component, file, keys, output, place }: TableFile,
  { workspace }: Pick<Ports, "workspace">,
): Promise<TableItems | readonly Problem[]> {
  let text: string | undefined;
  try {
    text = await workspace.read(file);
  } catch (error) {
    // The workspace knows what is wrong with the path, but not where it was written.
    if (!(error instanceof UserError)) throw error;
    return error.problems.map((problem) => ({ place, ...problem }));
  }
  if (text === undefined) {
    const message = `there is no file ${file} with the items of \`${component}\``;
    return [{ place, message, hint: "The path begins in the folder of pipeline.yaml." }];
  }
  const result = parseItems({ file, text }, keys);
  if (result.kind === "problems") return result.problems;
  const digest = workspace.sha256(canonicalJson(result.items as Value));
  return { output, component, digest, items: result.items };
}

/** All that a deploy of the stage needs, and the digest that decides whether one is needed at all. */
export async function prepareStack(
  project: Project,
  stage: ConcreteStage,
  built: readonly Artifact[],
  ports: Pick<Ports, "workspace">,
): Promise<{
  readonly rendered: Rendered;
  readonly stack: StackTemplate;
  /** As the stack refers to them. */
  readonly artifacts: readonly Artifact[];
}> {
  const artifacts = built.map((artifact) => artifactOf(artifact, stage));
  const stack = renderProject(project, stage, artifacts);
  const [items, commit] = await Promise.all([readItems(stack.tables, ports), ports.workspace.commit()]);
  const body = canonicalJson(stack.template);
  const digest = ports.workspace.sha256(
    canonicalJson({
      body,
      protected: stage.protected,
      items: items.map((table) => [table.output, table.digest]),
    }),
  );
  const { name, of, protected: isProtected } = stage;
  const facts = { pipeline: project.pipeline.name, stage: name, of, protected: isProtected, digest };
  const tags = stackTags({ ...facts, ...commit });
  const { stackName, origins } = stack;
  const release = releaseFacts(project, stage, stack, artifacts);
  const guard = {
    statefulTypes: statefulTypes(project.catalog),
    statelessTypes: statelessTypes(project.catalog),
    waivers: project.pipeline.waivers,
  };
  return {
    artifacts,
    stack,
    rendered: {
      stackName,
      body,
      digest,
      protected: stage.protected,
      guard,
      tags,
      items,
      origins,
      ...(release && { release }),
    },
  };
}

/** Previews follow their branch: who wants an earlier one pushes it. */
function releaseFacts(
  { pipeline }: Project,
  { of }: ConcreteStage,
  stack: StackTemplate,
  artifacts: readonly Artifact[],
): Rendered["release"] {
  const stage = pipeline.stages.find(({ name }) => name === of);
  if (!stage || stage.trigger.kind === "pull-requests") return undefined;
  const smoke = usableSmoke(pipeline, stack);
  return { artifacts: artifacts.map(({ key }) => key).toSorted(), ...(smoke && { smoke }) };
}

/** That it cannot be started is told where it is to be. */
function usableSmoke(pipeline: Pipeline, stack: StackTemplate): SmokePlan | undefined {
  try {
    return pipeline.smoke && smokePlan(pipeline, pipeline.smoke, stack);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
