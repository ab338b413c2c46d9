/**
 * Least privilege: an arrow's policy says the most that it may grant, the bundle says what the code calls;
 * what is rendered is what both say.
 */
import sdk from "../../templates/sdk-actions.json" with { type: "json" };
import { type Arrow, arrowText } from "./arrow.ts";
import type { Calls } from "./artifact.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Component } from "./component.ts";
import type { Problem } from "./problem.ts";
import type { Joined } from "./built.ts";
import type { Resource } from "./template.ts";
import { type ValueMap, isValueList, isValueMap } from "./value.ts";

export interface Grant {
  readonly arrow: Arrow;
  /** The component whose role gets it. */
  readonly to: string;
  /** All that the arrow may grant. */
  readonly most: readonly string[];
  /** What was rendered. */
  readonly granted: readonly string[];
  /** Why everything was granted, when the code could not be read for certain. */
  readonly uncertain?: string;
  readonly warning?: Problem;
}

/**
 * Cuts the policies in `resources` in place. A policy with nothing left is dropped, and nothing depends on it
 * any more.
 */
export function cutGrants(
  joined: readonly Joined[],
  resources: Record<string, Resource>,
  callsOf: (component: string) => Calls,
): { readonly grants: readonly Grant[]; readonly dropped: ReadonlySet<string> } {
  const dropped = new Set<string>();
  const grants = joined.flatMap(({ arrow, instance }) =>
    Object.entries(arrow.connection.metadata.Grants ?? {}).flatMap(([own, end]): Grant[] => {
      const id = instance.logicalIds.get(own);
      const resource = id === undefined ? undefined : resources[id];
      if (id === undefined || !resource) return [];
      const to = end === "From" ? arrow.from : arrow.to;
      const calls = callsOf(to);
      const most = statementsOf(resource).flatMap(actionsOf);
      if (calls.kind === "uncertain" && most.some((action) => mayBeCalled(action, calls.prefixes))) {
        return [{ arrow, to, most, granted: most, uncertain: calls.reason }];
      }
      const statements = cutTo(statementsOf(resource), calls);
      const granted = statements.flatMap(actionsOf);
      if (statements.length > 0) resources[id] = withStatements(resource, statements);
      else {
        delete resources[id];
        dropped.add(id);
      }
      return [
        { arrow, to, most, granted, ...(statements.length > 0 ? {} : { warning: unused(arrow, to, most) }) },
      ];
    }),
  );
  if (dropped.size > 0) forget(resources, dropped);
  return { grants, dropped };
}

function unused(arrow: Arrow, to: string, most: readonly string[]): Problem {
  return {
    place: arrow.place,
    message: `\`${arrowText(arrow)}\` grants nothing: the code of \`${to}\` calls none of ${most.join(", ")}`,
    hint: "Take the arrow away if it is not needed.",
  };
}

/** Calls that no arrow allows would be AccessDenied at night; they fail here, with the arrow to add. */
export function uncoveredCalls(
  pipeline: Pipeline,
  grants: readonly Grant[],
  callsOf: (component: string) => Calls,
): Problem[] {
  const problems: Problem[] = [];
  for (const component of pipeline.components.values()) {
    const calls = callsOf(component.name);
    if (calls.kind === "uncertain") continue;
    const most = grants.filter(({ to }) => to === component.name).flatMap((grant) => grant.most);
    const allowed = (action: string): boolean => most.some((pattern) => actionMatches(pattern, action));
    // A command whose arguments decide what it needs is met by any one of its actions.
    const choices = calls.oneOf ?? [];
    for (const action of calls.actions) {
      const choice = choices.filter((group) => group.includes(action));
      if (allowed(action) || choice.some((group) => group.some(allowed))) continue;
      problems.push({
        place: calls.sites?.[action] ?? component.place,
        message: `the code of \`${component.name}\` calls ${action}, and no arrow allows it`,
        hint: arrowsThatAllow(action, component, pipeline),
      });
    }
  }
  return problems;
}

/** Whether code that could not be read for certain may call the action: yes, unless its services are known. */
function mayBeCalled(action: string, prefixes: readonly string[] | undefined): boolean {
  return (
    prefixes === undefined ||
    prefixes.some((prefix) => actionMatches(`${prefix}:*`, action) || action === "*")
  );
}

function arrowsThatAllow(action: string, component: Component, pipeline: Pipeline): string {
  const { kind } = component.template;
  const arrows = pipeline.catalogConnections.flatMap((connection) => {
    const fits = Object.entries(connection.metadata.Grants ?? {}).some(([own, end]) => {
      const resource = connection.resources[own];
      const grantee = end === "From" ? connection.from : connection.to;
      return (
        grantee === kind &&
        resource &&
        statementsOf(resource)
          .flatMap(actionsOf)
          .some((one) => actionMatches(one, action))
      );
    });
    if (!fits) return [];
    const outward = connection.from === kind;
    const otherKind = outward ? connection.to : connection.from;
    const others = [...pipeline.components.values()].filter(({ template }) => template.kind === otherKind);
    const names = others.length > 0 ? others.map(({ name }) => name) : [`<a ${otherKind}>`];
    const sign = connection.verb === "" ? "->" : `-${connection.verb}->`;
    return names.map((name) =>
      outward ? `\`${component.name} ${sign} ${name}\`` : `\`${name} ${sign} ${component.name}\``,
    );
  });
  const open = openKinds(kind, pipeline).map(
    (name) => `an arrow to a component of kind ${name} that lists it`,
  );
  const choices = [...arrows.slice(0, 4), ...open];
  return choices.length > 0
    ? `Add ${choices.join(" or ")}.`
    : "No template grants it: write a connection that does.";
}

/** Kinds whose arrow grants whatever their own option lists. */
function openKinds(kind: string, pipeline: Pipeline): string[] {
  return pipeline.catalogConnections.flatMap((connection) => {
    const open = Object.keys(connection.metadata.Grants ?? {}).some((own) => {
      const resource = connection.resources[own];
      return resource && statementsOf(resource).some((statement) => isValueMap(statement["Action"]));
    });
    return open && connection.from === kind ? [connection.to] : [];
  });
}

/** What goes along with calls of other services stays if the policy names it; a pattern did not ask for it. */
function cutTo(statements: readonly ValueMap[], calls: Calls): ValueMap[] {
  const callable = [...calls.actions, ...(calls.onBehalf ?? [])];
  const doubtful = calls.kind === "uncertain" ? (calls.prefixes ?? []) : [];
  const called = [...calls.actions.map(prefixOf), ...doubtful];
  const along = sdk.goAlong.filter((action) => called.some((prefix) => prefix !== prefixOf(action)));
  return statements.flatMap((statement) => {
    const named = along.filter((action) => actionsOf(statement).includes(action));
    return cut(statement, [...new Set([...callable, ...named])]);
  });
}

function prefixOf(action: string): string {
  return action.slice(0, action.indexOf(":"));
}

function statementsOf(resource: Resource): ValueMap[] {
  const document = resource.Properties?.["PolicyDocument"];
  const statements = isValueMap(document) ? document["Statement"] : undefined;
  return isValueList(statements) ? statements.filter(isValueMap) : [];
}

function withStatements(resource: Resource, statements: readonly ValueMap[]): Resource {
  const properties = resource.Properties ?? {};
  const document = properties["PolicyDocument"];
  const cutDocument = { ...(isValueMap(document) ? document : {}), Statement: statements };
  return { ...resource, Properties: { ...properties, PolicyDocument: cutDocument } };
}

function actionsOf(statement: ValueMap): string[] {
  const action = statement["Action"];
  if (typeof action === "string") return [action];
  return isValueList(action) ? action.filter((item) => typeof item === "string") : [];
}

/** A statement with the actions that are called; a pattern such as `comprehend:Detect*` becomes those it covers. */
function cut(statement: ValueMap, calls: readonly string[]): ValueMap[] {
  const patterns = actionsOf(statement);
  const kept = calls.filter((call) => patterns.some((pattern) => actionMatches(pattern, call)));
  return kept.length > 0 ? [{ ...statement, Action: kept }] : [];
}

/** IAM's matching of actions: case does not count, `*` is any text, `?` one character. */
function actionMatches(pattern: string, action: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i").test(action);
}

function forget(resources: Record<string, Resource>, dropped: ReadonlySet<string>): void {
  for (const [id, resource] of Object.entries(resources)) {
    const before = [resource.DependsOn ?? []].flat();
    const after = before.filter((name) => !dropped.has(name));
    if (after.length === before.length) continue;
    const { DependsOn: _all, ...rest } = resource;
    resources[id] = after.length > 0 ? { ...rest, DependsOn: after } : rest;
  }
}
