/** Smoke of pipeline.yaml + rendered stack -> what to call on which resource, and the hops to look for. */
import { type Arrow, arrowText } from "./arrow.ts";
import type { Component } from "./component.ts";
import type { ProbeCall, PutCall, SeeCall } from "./metadata.ts";
import { componentLogicalId } from "./names.ts";
import type { Pipeline } from "./pipeline.ts";
import { type Place, UserError } from "./problem.ts";
import type { StackTemplate } from "./render.ts";
import type { Put, Smoke } from "./smoke.ts";
import { type Value, type ValueMap, intrinsicOf, isValueList, isValueMap, textOf } from "./value.ts";

/** An AWS call and the resource of the stack that it is made on. */
export interface Target<Call> {
  readonly component: string;
  readonly call: Call;
  readonly logicalId: string;
}

export interface PlannedPut extends Target<PutCall>, Pick<Put, "value" | "keys"> {
  /** Whether it moves on by itself, so that putting it starts the way. */
  readonly moves: boolean;
}

export interface PlannedStart extends Target<PutCall> {
  /** The component in whose place it is done, and its resources by their names in the template. */
  readonly by: string;
  readonly resources: Readonly<Record<string, string>>;
  readonly event: Value;
}

/** From one component that can be seen to the next; what cannot be seen lies between. */
export interface PlannedHop {
  /** `serverlessproducer -> producer -> producerai`. */
  readonly name: string;
  /** Where its last arrow stands in pipeline.yaml. */
  readonly place: Place;
  readonly to: Target<SeeCall>;
  /** The log of what runs before it: it may tell why the hop did not happen. */
  readonly source: Target<SeeCall> | undefined;
}

export interface SmokePlan {
  readonly puts: readonly PlannedPut[];
  readonly start: PlannedStart | undefined;
  /** At least one. */
  readonly hops: readonly PlannedHop[];
  readonly expect: string;
  readonly holds: readonly string[];
  readonly withinSeconds: number;
}

/** Throws UserError `smoke-unusable` where the stack is not what its templates say, for example by `overrides:`. */
export function smokePlan(
  { components }: Pick<Pipeline, "components">,
  smoke: Smoke,
  stack: Pick<StackTemplate, "template" | "origins">,
): SmokePlan {
  const { puts, way, expect, holds, withinSeconds } = smoke;
  const component = (name: string): Component => {
    const found = components.get(name);
    if (!found) throw new Error(`a smoke run's component ${name} was checked and is not there`);
    return found;
  };
  const target = <Call>(name: string, probe: ProbeCall<Call>): Target<Call> => ({
    component: name,
    call: probe.Call,
    logicalId: componentLogicalId(component(name).idName, probe.On),
  });
  const sight = (name: string): Target<SeeCall> | undefined => {
    const see = component(name).template.metadata.Probe?.See;
    return see && target(name, see);
  };
  const [first] = puts;
  return {
    puts: puts.flatMap((put): PlannedPut[] => {
      const probe = component(put.component).template.metadata.Probe?.Put;
      const moves = put === first && way.start.length === 0;
      return probe ? [{ ...put, ...target(put.component, probe), moves }] : [];
    }),
    start: way.start[0] && startOf(way.start[0], component, target, stack),
    hops: hopsOf(way, sight),
    expect,
    holds,
    withinSeconds,
  };
}

/** What the rendered list says is what would happen: the arrow's own input, or the event of the template. */
function startOf(
  arrow: Arrow,
  component: (name: string) => Component,
  target: <Call>(name: string, probe: ProbeCall<Call>) => Target<Call>,
  { template, origins }: Pick<StackTemplate, "template" | "origins">,
): PlannedStart {
  const { from, to, place } = arrow;
  const starter = component(from).template.metadata.Probe?.Starts;
  const put = component(to).template.metadata.Probe?.Put;
  const { idName, template: kind } = component(from);
  const [resource = "", ...path] = starter?.List.split(".") ?? [];
  const list = path.reduce<Value | undefined>(
    (at, key) => (isValueMap(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    propertiesOf(template, componentLogicalId(idName, resource)),
  );
  const entry = (isValueList(list) ? list : [])
    .filter(isValueMap)
    .find((one) => origins[referredTo(one[starter?.Whom ?? ""])]?.component === to);
  if (!starter || !put || !entry) {
    throw new UserError("smoke-unusable", {
      place,
      message: `\`${arrowText(arrow)}\`: the smoke run finds no way to start \`${to}\` as \`${from}\` would`,
      hint: `In the rendered stack, \`${starter?.List ?? resource}\` of \`${from}\` does not name it.`,
    });
  }
  const input = entry[starter.Input];
  const resources = Object.keys(kind.resources).map((id) => [id, componentLogicalId(idName, id)]);
  return {
    ...target(to, put),
    by: from,
    resources: Object.fromEntries(resources),
    event: typeof input === "string" ? parsed(input, arrow) : starter.Event,
  };
}

function parsed(input: string, { place, from }: Arrow): Value {
  try {
    return JSON.parse(input) as Value;
  } catch (cause) {
    const message = `the input that \`${from}\` sends is no JSON`;
    throw new UserError("smoke-unusable", { place, message }, { cause });
  }
}

function propertiesOf(template: ValueMap, logicalId: string): Value | undefined {
  const resources = template["Resources"];
  const resource = isValueMap(resources) ? resources[logicalId] : undefined;
  return isValueMap(resource) ? resource["Properties"] : undefined;
}

/** The logical id in `{Ref: id}` or `{Fn::GetAtt: [id, …]}`; empty for anything else. */
function referredTo(value: Value | undefined): string {
  const call = value === undefined ? undefined : intrinsicOf(value);
  if (call?.name === "Ref") return textOf(call.argument);
  return call?.name === "Fn::GetAtt" && isValueList(call.argument) ? textOf(call.argument[0]) : "";
}

/** Cut after every arrow whose end shows what has come to it. */
function hopsOf(way: Smoke["way"], sight: (component: string) => Target<SeeCall> | undefined): PlannedHop[] {
  const arrows = [...way.start, ...way.item];
  const hops: PlannedHop[] = [];
  let passed: Arrow[] = [];
  for (const arrow of arrows) {
    passed.push(arrow);
    const to = sight(arrow.to);
    // That an item was read does not show by itself, only what comes of it.
    const silent = arrow.connection.metadata.Probe !== undefined && arrow !== arrows.at(-1);
    if (!to || silent) continue;
    const logs = passed.flatMap(({ from }) => sight(from) ?? []).filter(isLog);
    hops.push({ name: chainText(passed), place: arrow.place, to, source: logs.at(-1) });
    passed = [];
  }
  return hops;
}

export function isLog({ call }: Target<SeeCall>): boolean {
  return call === "logs:FilterLogEvents";
}

/** `a -> b -stream-> c`; an arrow that begins elsewhere stands by itself. */
function chainText(arrows: readonly Arrow[]): string {
  return arrows.reduce((text, arrow, index) => {
    const goesOn = arrows[index - 1]?.to === arrow.from;
    if (goesOn) return text + arrowText(arrow).slice(arrow.from.length);
    return text === "" ? arrowText(arrow) : `${text}, ${arrowText(arrow)}`;
  }, "");
}
