/** Pipeline + stage + artifacts -> one CloudFormation template. Pure: the same input gives the same bytes. */
import { type Arrow, arrowText } from "./arrow.ts";
import type { Calls } from "./artifact.ts";
import { withBoundary } from "./boundary.ts";
import { endParameter } from "./catalog.ts";
import { circleProblems } from "./circle.ts";
import { type Grant, cutGrants, uncoveredCalls } from "./grant.ts";
import { type Instance, TemplateMistake, instantiate } from "./instantiate.ts";
import { NAME_PARAMETER } from "./metadata.ts";
import { arrowLogicalId, componentLogicalId, kebabCase, outputName, stackName } from "./names.ts";
import { optionPaths } from "./option-path.ts";
import { defaultValue } from "./option.ts";
import { physicalName } from "./physical-name.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Component } from "./component.ts";
import type { KeyAttribute } from "./items.ts";
import type { Place, Problem } from "./problem.ts";
import type { Origin } from "./rendered.ts";
import { limitProblems } from "./limit.ts";
import { fillSlots } from "./slot.ts";
import type { Built } from "./built.ts";
import type { ConcreteStage } from "./stage.ts";
import { suggestion } from "./suggest.ts";
import type { Resource } from "./template.ts";
import { type Value, type ValueMap, intrinsicOf, isValueList, isValueMap, textOf } from "./value.ts";

/** Of a built function, what the template needs to know. */
export interface BuiltCode {
  readonly key: string;
  readonly handler: string;
  readonly calls: Calls;
}

export interface RenderInput {
  readonly pipeline: Pipeline;
  readonly stage: ConcreteStage;
  /** By component. A component that is not in here is rendered as not built: with all that its arrows may grant. */
  readonly built: ReadonlyMap<string, BuiltCode>;
}

/** A table whose items are in a file beside pipeline.yaml. */
export interface TableFile {
  readonly component: string;
  readonly file: string;
  /** The attributes that every item must have. */
  readonly keys: readonly KeyAttribute[];
  /** The stack output that is the table's physical name. */
  readonly output: string;
  readonly place: Place;
}

export interface StackTemplate {
  readonly stackName: string;
  readonly template: ValueMap;
  readonly origins: Readonly<Record<string, Origin>>;
  readonly grants: readonly Grant[];
  readonly tables: readonly TableFile[];
  /** Not wrong, but worth a look: an arrow that the code never uses. */
  readonly warnings: readonly Problem[];
}

export type RenderResult =
  | { readonly kind: "stack"; readonly stack: StackTemplate }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** CloudFormation's quota. */
const MAX_OUTPUTS = 200;

/** The bucket of `templates/account.yaml`; CloudFormation fills in the numbers, so rendering asks nobody. */
const ARTIFACT_BUCKET: Value = { "Fn::Sub": "warren-artifacts-${AWS::AccountId}-${AWS::Region}" };
const NOT_BUILT: BuiltCode = {
  key: "functions/not-built.zip",
  handler: "index.handler",
  calls: { kind: "uncertain", actions: [], reason: "it was not built" },
};

export function render(input: RenderInput): RenderResult {
  const { pipeline, stage } = input;
  const problems: Problem[] = [];
  const resources: Record<string, Resource> = {};
  // It is asked for ids that AWS tells, and one of them may be called `constructor`.
  const origins: Record<string, Origin> = Object.create(null);
  const built = new Map<string, Built>();
  for (const component of pipeline.components.values()) {
    at(component.place, problems, () => {
      const parameters = componentParameters(component, input);
      const instance = instantiate(component.template, {
        parameters,
        logicalId: (resource) => componentLogicalId(component.idName, resource),
        stackName: stackName(pipeline.name, stage.name),
      });
      built.set(component.name, { component, instance, parameters });
      Object.assign(resources, instance.resources);
      for (const [own, id] of instance.logicalIds) {
        const { name, template, place } = component;
        const main = own === Object.keys(template.resources)[0];
        const options = optionPaths(template, own);
        origins[id] = { component: name, label: kebabCase(own), place, options, ...(main && { main }) };
      }
    });
  }
  const joined = pipeline.arrows.flatMap((arrow) => {
    const connection = at(arrow.place, problems, () => joinArrow(arrow, built, input));
    if (!connection) return [];
    Object.assign(resources, connection.resources);
    for (const [own, id] of connection.logicalIds) {
      const options = optionPaths(arrow.connection, own);
      origins[id] = { component: arrowText(arrow), label: kebabCase(own), place: arrow.place, options };
    }
    return [{ arrow, instance: connection }];
  });
  if (problems.length > 0) return { kind: "problems", problems };

  const callsOf = (component: string): Calls => (input.built.get(component) ?? NOT_BUILT).calls;
  const { grants, dropped } = cutGrants(joined, resources, callsOf);
  for (const id of dropped) delete origins[id];
  problems.push(...uncoveredCalls(pipeline, grants, callsOf));
  problems.push(...fillSlots(joined, built, resources));
  for (const one of built.values()) problems.push(...override(one, resources));
  keepData(built, resources, stage.protected);
  problems.push(...circleProblems(resources, origins, pipeline));

  const tables = [...built.values()].flatMap((one) => tableFile(one, pipeline.file) ?? []);
  const template: ValueMap = {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: `Pipeline ${pipeline.name}, stage ${stage.name}. Made by Warren from ${pipeline.file}.`,
    Resources: withBoundary(resources as unknown as ValueMap),
    ...outputs(built, tables),
  };
  problems.push(...limitProblems(template, pipeline));
  if (problems.length > 0) return { kind: "problems", problems };
  const warnings = grants.flatMap((grant) => grant.warning ?? []);
  const name = stackName(pipeline.name, stage.name);
  return { kind: "stack", stack: { stackName: name, template, origins, grants, tables, warnings } };
}

/** Runs one step; a mistake in it becomes a problem at the line of pipeline.yaml that brought it about. */
function at<T>(place: Place, problems: Problem[], step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof TemplateMistake)) throw error;
    problems.push({ place, message: error.message });
    return undefined;
  }
}

function componentParameters(component: Component, { stage, built }: RenderInput): Record<string, Value> {
  const code = built.get(component.name) ?? NOT_BUILT;
  const given: Record<string, Value> = {
    Component: component.name,
    Stage: stage.name,
    Protected: stage.protected,
    Timers: stage.timers,
    ArtifactBucket: ARTIFACT_BUCKET,
    ArtifactKey: code.key,
    ArtifactHandler: code.handler,
    [NAME_PARAMETER]: physicalName(component, stage),
  };
  const entries = Object.values(component.template.parameters).map((parameter): [string, Value] => [
    parameter.name,
    given[parameter.name] ?? component.options[parameter.name] ?? defaultValue(parameter),
  ]);
  return Object.fromEntries(entries);
}

function joinArrow(
  arrow: Arrow,
  built: ReadonlyMap<string, Built>,
  { pipeline, stage }: RenderInput,
): Instance {
  const ends = { From: built.get(arrow.from), To: built.get(arrow.to) };
  const value = (name: string): Value => {
    if (name === "Stage") return stage.name;
    if (name === "Protected") return stage.protected;
    if (name === "Timers") return stage.timers;
    const bound = endParameter(name);
    const end = bound && ends[bound.end];
    if (!bound || !end) {
      const parameter = arrow.connection.parameters[name];
      return arrow.options[name] ?? (parameter ? defaultValue(parameter) : "");
    }
    if (bound.of === "Component") return end.component.name;
    const found = end.instance.output(bound.of) ?? end.parameters[bound.of];
    if (found !== undefined) return found;
    throw new TemplateMistake(
      `\`${end.component.name}\` has no \`${kebabCase(bound.of)}\` with these options`,
    );
  };
  const names = Object.keys(arrow.connection.parameters);
  // AWS refuses a second mapping of the same two ends, so an arrow keeps its ids, too, when an end is renamed.
  const idName = (name: string): string => built.get(name)?.component.idName ?? name;
  const idNames = { from: idName(arrow.from), to: idName(arrow.to), verb: arrow.verb };
  return instantiate(arrow.connection, {
    parameters: Object.fromEntries(names.map((name) => [name, value(name)])),
    logicalId: (resource) => arrowLogicalId(idNames, resource),
    stackName: stackName(pipeline.name, stage.name),
  });
}

/** `overrides:` is merged last: it is the user's own word against all that was derived. */
function override({ component, instance }: Built, resources: Record<string, Resource>): Problem[] {
  const problems: Problem[] = [];
  for (const [own, properties] of Object.entries(component.overrides)) {
    const place = component.placeOfOverride(own);
    const id = instance.logicalIds.get(own);
    const resource = id === undefined ? undefined : resources[id];
    if (id === undefined || !resource) {
      const message = `\`${component.name}\` has no resource \`${own}\` with these options`;
      const hint = suggestion(own, instance.logicalIds.keys(), "resources");
      problems.push({ place, message, hint });
      continue;
    }
    at(place, problems, () => {
      refuseMixed(properties);
      const resolved = instance.resolve(properties);
      resources[id] = { ...resource, Properties: merge(resource.Properties ?? {}, resolved) as ValueMap };
    });
  }
  return problems;
}

/** A function beside other keys is none to CloudFormation, and may become one when null takes the others away. */
function refuseMixed(value: Value): void {
  if (isValueList(value)) return value.forEach(refuseMixed);
  if (!isValueMap(value)) return;
  const keys = Object.keys(value);
  const call = keys.find((key) => key === "Ref" || key.startsWith("Fn::"));
  if (call !== undefined && keys.length > 1)
    throw new TemplateMistake(`\`${call}\` stands beside other keys`);
  Object.values(value).forEach(refuseMixed);
}

/**
 * A JSON Merge Patch (RFC 7396): maps are merged key by key, null takes a key away, everything else is replaced.
 * An intrinsic function is no map: two of them cannot be mixed.
 */
function merge(base: Value, over: Value): Value {
  if (!isValueMap(over) || intrinsicOf(over)) return over;
  // Not by assignment to an object: a key may be called `__proto__`.
  const result = new Map(isValueMap(base) && !intrinsicOf(base) ? Object.entries(base) : []);
  for (const [key, item] of Object.entries(over)) {
    if (item === null) result.delete(key);
    else result.set(key, merge(result.get(key) ?? null, item));
  }
  return Object.fromEntries(result);
}

/** What holds data outlives its stack in a protected stage, and goes with it everywhere else. */
function keepData(
  built: ReadonlyMap<string, Built>,
  resources: Record<string, Resource>,
  isProtected: boolean,
): void {
  const policy = isProtected ? "Retain" : "Delete";
  for (const { component, instance } of built.values()) {
    for (const own of component.template.metadata.Stateful ?? []) {
      const id = instance.logicalIds.get(own);
      const resource = id === undefined ? undefined : resources[id];
      if (id === undefined || !resource) continue;
      resources[id] = { ...resource, DeletionPolicy: policy, UpdateReplacePolicy: policy } as Resource;
    }
  }
}

function tableFile({ component, instance, parameters }: Built, pipelineFile: string): TableFile | undefined {
  const items = component.template.metadata.Items;
  const file = items ? parameters[items.File] : undefined;
  if (!items || typeof file !== "string" || file === "" || instance.output(items.Table) === undefined)
    return undefined;
  const keys = Object.entries(items.Keys ?? {})
    .map(([name, type]) => ({ name: textOf(parameters[name] ?? ""), type: textOf(parameters[type] ?? "") }))
    .filter(({ name }) => name !== "");
  const folder = pipelineFile.split("/").slice(0, -1);
  return {
    component: component.name,
    file: [...folder, file].join("/"),
    keys,
    output: outputName(component.name, items.Table),
    place: component.placeOf(items.File),
  };
}

/** Tables with items come first: the deployer needs those, whatever the quota cuts off. */
function outputs(built: ReadonlyMap<string, Built>, tables: readonly TableFile[]): { Outputs?: ValueMap } {
  const needed = new Set(tables.map(({ output }) => output));
  const all = [...built.values()].flatMap(({ component, instance }) => {
    const names = new Set([
      ...(component.template.metadata.Publish ?? []),
      component.template.metadata.Items?.Table ?? "",
    ]);
    return [...names].flatMap((name): [string, Value][] => {
      const value = name === "" ? undefined : instance.output(name);
      return value === undefined ? [] : [[outputName(component.name, name), { Value: value }]];
    });
  });
  const [first, rest] = [all.filter(([name]) => needed.has(name)), all.filter(([name]) => !needed.has(name))];
  const kept = [...first, ...rest].slice(0, Math.max(MAX_OUTPUTS, first.length));
  return kept.length > 0 ? { Outputs: Object.fromEntries(kept) } : {};
}
