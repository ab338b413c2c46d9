/** Fills of connections into the slots that components declare: the only way an arrow changes a component. */
import { type Arrow, arrowText } from "./arrow.ts";
import { type Instance, TemplateMistake } from "./instantiate.ts";
import type { Fill, Slot } from "./metadata.ts";
import { environmentName } from "./names.ts";
import type { Problem } from "./problem.ts";
import type { Built, Joined } from "./built.ts";
import type { Resource } from "./template.ts";
import {
  type Value,
  type ValueMap,
  canonicalJson,
  intrinsicOf,
  isValueList,
  isValueMap,
  textOf,
} from "./value.ts";

interface Target {
  readonly slot: Slot;
  readonly built: Built;
  readonly otherEnd: string;
  readonly path: readonly string[];
}

/** Changes `resources` in place; arrows are taken in the order of pipeline.yaml. */
export function fillSlots(
  joined: readonly Joined[],
  built: ReadonlyMap<string, Built>,
  resources: Record<string, Resource>,
): Problem[] {
  const problems: Problem[] = [];
  for (const { arrow, instance } of joined) {
    for (const fill of arrow.connection.metadata.Fills ?? []) {
      const target = targetOf(fill, arrow, built);
      const [own = "", ...path] = target?.slot.At.split(".") ?? [];
      const id = target?.built.instance.logicalIds.get(own);
      const resource = id === undefined ? undefined : resources[id];
      if (!target || id === undefined || !resource) {
        problems.push({
          place: arrow.place,
          message: `\`${arrowText(arrow)}\` needs \`${own}\`, which does not exist with these options`,
        });
        continue;
      }
      const combined = attempt(arrow, () =>
        combine(fill, { ...target, path }, { arrow, instance, resource }),
      );
      if (combined.kind === "problem") problems.push(combined.problem);
      else resources[id] = { ...resource, Properties: put(resource.Properties ?? {}, path, combined.value) };
    }
  }
  return problems;
}

function targetOf(fill: Fill, arrow: Arrow, built: ReadonlyMap<string, Built>): Target | undefined {
  const [end, name = ""] = fill.Slot.split(".");
  const [here, there] = end === "From" ? [arrow.from, arrow.to] : [arrow.to, arrow.from];
  const one = built.get(here);
  const slot = one?.component.template.metadata.Slots?.[name];
  return one && slot ? { slot, built: one, otherEnd: there, path: [] } : undefined;
}

type Combined =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "problem"; readonly problem: Problem };

function combine(
  fill: Fill,
  target: Target,
  { arrow, instance, resource }: Joined & { readonly resource: Resource },
): Combined {
  const before = lookUp(resource.Properties ?? {}, target.path);
  switch (target.slot.Combine) {
    case "Append": {
      const value = instance.resolve(fill.Value);
      const list = isValueList(before) ? before : [];
      return { kind: "value", value: [...list, ...(isValueList(value) ? value : [value])] };
    }
    case "Merge":
      return mergeMaps(before, instance.resolve(fill.Value), target, arrow);
    case "Max":
      return greater(before, fill, target, { arrow, instance });
  }
}

function attempt(arrow: Arrow, step: () => Combined): Combined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof TemplateMistake)) throw error;
    return { kind: "problem", problem: { place: arrow.place, message: error.message } };
  }
}

function mergeMaps(
  before: Value | undefined,
  added: Value,
  { slot, otherEnd }: Target,
  arrow: Arrow,
): Combined {
  const result: Record<string, Value> = isValueMap(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(isValueMap(added) ? added : {})) {
    const name = slot.Keys === "OtherEnd" ? environmentName(otherEnd, key) : key;
    const earlier = Object.hasOwn(result, name) ? result[name] : undefined;
    if (earlier !== undefined && canonicalJson(earlier) !== canonicalJson(value)) {
      const message = `\`${arrowText(arrow)}\` sets \`${name}\`, which has another value already`;
      return {
        kind: "problem",
        problem: { place: arrow.place, message, hint: "Rename one of the components." },
      };
    }
    result[name] = value;
  }
  return { kind: "value", value: result };
}

/** The larger of what is there and what the arrow needs; what the user wrote himself is never raised in silence. */
function greater(
  before: Value | undefined,
  fill: Fill,
  target: Target,
  { arrow, instance }: Joined,
): Combined {
  const needed = numeric(fill.Value, instance);
  const present = typeof before === "number" ? before : 0;
  const option = optionBehind(target);
  if (present < needed && option !== undefined && option in target.built.component.options) {
    const { component } = target.built;
    return {
      kind: "problem",
      problem: {
        place: component.placeOf(option),
        message: `\`${component.name}\` has ${present} here, but \`${arrowText(arrow)}\` needs at least ${needed}`,
        hint: `Write ${needed} or more, or leave the option out: then it is derived.`,
      },
    };
  }
  return { kind: "value", value: Math.max(present, needed) };
}

/** A number, or `Times` and `Plus` over numbers: CloudFormation has no arithmetic of its own. */
function numeric(value: Value, instance: Instance): number {
  const [operator, operands] = isValueMap(value) ? (Object.entries(value)[0] ?? []) : [];
  if (isValueList(operands) && (operator === "Times" || operator === "Plus")) {
    const numbers = operands.map((operand) => numeric(operand, instance));
    return operator === "Times" ? numbers.reduce((a, b) => a * b, 1) : numbers.reduce((a, b) => a + b, 0);
  }
  const number = Number(instance.resolve(value));
  if (Number.isFinite(number)) return number;
  throw new TemplateMistake("a slot with `Combine: Max` takes numbers that are known before the deploy");
}

/** The option that the slot's property is a plain `!Ref` to, if it is one. */
function optionBehind({ slot, built }: Target): string | undefined {
  const [own = "", ...path] = slot.At.split(".");
  const raw = lookUp(built.component.template.resources[own]?.Properties ?? {}, path);
  const call = raw === undefined ? undefined : intrinsicOf(raw);
  return call?.name === "Ref" ? textOf(call.argument) : undefined;
}

function lookUp(value: Value, path: readonly string[]): Value | undefined {
  let current: Value | undefined = value;
  for (const step of path)
    current = isValueMap(current) && Object.hasOwn(current, step) ? current[step] : undefined;
  return current;
}

function put(map: ValueMap, [step = "", ...rest]: readonly string[], value: Value): ValueMap {
  if (rest.length === 0) return { ...map, [step]: value };
  const below = map[step];
  return { ...map, [step]: put(isValueMap(below) ? below : {}, rest, value) };
}
