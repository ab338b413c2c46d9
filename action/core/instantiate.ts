/**
 * One template and the values of its parameters -> prefixed resources. Conditions are decided here, since
 * every value is known; what leaves is plain CloudFormation without Parameters and Conditions.
 */
import type { Resource, Template } from "./template.ts";
import { type Value, intrinsicOf, isScalarValue, isValueList, isValueMap, textOf } from "./value.ts";

export interface Scope {
  /** Values of the template's parameters: literals, or expressions over resources that exist already. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** Logical id of one of this template's resources in the stack. */
  readonly logicalId: (resource: string) => string;
  readonly stackName: string;
}

export interface Instance {
  readonly resources: Readonly<Record<string, Resource>>;
  /** Template's own resource id -> logical id in the stack; only those whose condition holds. */
  readonly logicalIds: ReadonlyMap<string, string>;
  /** An output's value in the stack's terms; undefined if there is none or its condition does not hold. */
  output(name: string): Value | undefined;
  /** A value that is written in this template's terms (a fill, an override), in the stack's terms. */
  resolve(value: Value): Value;
}

/** `!Ref AWS::NoValue` removes the property or list entry that holds it. */
const NO_VALUE = Symbol("AWS::NoValue");
type Resolved = Value | typeof NO_VALUE;

/** Thrown for mistakes that only show once values are known; render.ts gives them a place. */
export class TemplateMistake extends Error {}

export function instantiate(template: Template, scope: Scope): Instance {
  const holds = new Map(
    Object.entries(template.conditions).map(([name, value]) => [name, evaluate(value, template, scope)]),
  );
  const live = Object.entries(template.resources).filter(
    ([, { Condition }]) => !Condition || holds.get(Condition),
  );
  const logicalIds = new Map(live.map(([name]) => [name, scope.logicalId(name)]));
  const context: Context = { template, scope, holds, logicalIds };
  const resources = Object.fromEntries(
    live.map(([name, resource]) => [scope.logicalId(name), liveResource(resource, context)]),
  );
  const plain = (value: Value): Value => {
    const resolved = resolve(value, context);
    if (resolved === NO_VALUE) throw new TemplateMistake("`AWS::NoValue` cannot stand here");
    return resolved;
  };
  return {
    resources,
    logicalIds,
    output: (name) => {
      const output = template.outputs[name];
      if (!output || (output.Condition !== undefined && !holds.get(output.Condition))) return undefined;
      return plain(output.Value);
    },
    resolve: plain,
  };
}

interface Context {
  readonly template: Template;
  readonly scope: Scope;
  readonly holds: ReadonlyMap<string, boolean>;
  readonly logicalIds: ReadonlyMap<string, string>;
}

function liveResource(resource: Resource, context: Context): Resource {
  const properties = resource.Properties ? resolve(resource.Properties, context) : undefined;
  // A dependency on a resource that a condition took away is met by its absence, as in CloudFormation.
  const dependsOn = [resource.DependsOn ?? []].flat().flatMap((name) => context.logicalIds.get(name) ?? []);
  return {
    Type: resource.Type,
    ...(dependsOn.length > 0 ? { DependsOn: dependsOn } : {}),
    ...(properties !== undefined && isValueMap(properties) ? { Properties: properties } : {}),
  };
}

/** Conditions depend on parameters with literal values only; reference.ts has checked the names. */
function evaluate(value: Value, template: Template, scope: Scope): boolean {
  const [name = "", argument = null] = isValueMap(value) ? (Object.entries(value)[0] ?? []) : [];
  const list = isValueList(argument) ? argument : [];
  switch (name) {
    case "Condition": {
      const target = template.conditions[textOf(argument)];
      return target !== undefined && evaluate(target, template, scope);
    }
    case "Fn::And":
      return list.every((item) => evaluate(item, template, scope));
    case "Fn::Or":
      return list.some((item) => evaluate(item, template, scope));
    case "Fn::Not":
      return list[0] !== undefined && !evaluate(list[0], template, scope);
    case "Fn::Equals": {
      const [left, right] = list.map((item) => literal(item, scope));
      return left === right;
    }
    default:
      throw new TemplateMistake(`\`${name}\` is no condition`);
  }
}

/** CloudFormation compares texts: `true` equals `"true"`, 5 equals `"5"`. */
function literal(value: Value, scope: Scope): string {
  const call = intrinsicOf(value);
  if (call?.name === "Ref") {
    const name = textOf(call.argument);
    if (name === "AWS::StackName") return scope.stackName;
    const parameter = scope.parameters[name];
    if (isValueList(parameter)) return parameter.map(String).join(",");
    if (isScalarValue(parameter)) return String(parameter);
    throw new TemplateMistake(
      `a condition needs \`${name}\` before the deploy, but its value is known only in AWS`,
    );
  }
  if (!isScalarValue(value)) throw new TemplateMistake("a condition can compare only texts and Parameters");
  return String(value);
}

function resolve(value: Value, context: Context): Resolved {
  if (isValueList(value)) {
    return value.map((item) => resolve(item, context)).filter((item): item is Value => item !== NO_VALUE);
  }
  if (!isValueMap(value)) return value;
  const call = intrinsicOf(value);
  if (!call) {
    const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, context)] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, Value] => entry[1] !== NO_VALUE));
  }
  const { name, argument } = call;
  switch (name) {
    case "Ref":
      return reference(textOf(argument), context);
    case "Fn::GetAtt":
      return attribute(isValueList(argument) ? argument.map(String) : splitOnce(textOf(argument)), context);
    case "Fn::If": {
      const [condition, yes = null, no = null] = isValueList(argument) ? argument : [];
      const holds = context.holds.get(textOf(condition));
      // Templates are checked before, but `overrides:` are the user's.
      if (holds === undefined) throw new TemplateMistake(`there is no condition \`${textOf(condition)}\``);
      return resolve(holds ? yes : no, context);
    }
    case "Fn::Sub":
      return substitute(argument, context);
    default:
      return { [name]: resolve(argument, context) as Value };
  }
}

function splitOnce(text: string): string[] {
  const [resource = "", ...attributes] = text.split(".");
  return [resource, attributes.join(".")];
}

function reference(name: string, context: Context): Resolved {
  if (name === "AWS::NoValue") return NO_VALUE;
  if (name.startsWith("AWS::")) return { Ref: name };
  if (Object.hasOwn(context.scope.parameters, name)) return context.scope.parameters[name] ?? "";
  return { Ref: liveId(name, context) };
}

function attribute([resource = "", ...rest]: readonly string[], context: Context): Value {
  if (rest.join("") === "") throw new TemplateMistake(`\`Fn::GetAtt\` of \`${resource}\` names no attribute`);
  return { "Fn::GetAtt": [liveId(resource, context), rest.join(".")] };
}

function liveId(resource: string, context: Context): string {
  const id = context.logicalIds.get(resource);
  if (id === undefined)
    throw new TemplateMistake(`\`${resource}\` does not exist with these options, but is used`);
  return id;
}

/**
 * `Fn::Sub` over known values becomes plain text where it can; what is left keeps its `${…}` or, for an
 * expression that has no such form, gets an entry in Sub's own map.
 */
function substitute(argument: Value, context: Context): Value {
  const [text, own] = isValueList(argument)
    ? [textOf(argument[0]), argument[1]]
    : [textOf(argument), undefined];
  const map: Record<string, Value> = {};
  let needsSub = false;
  let whole: Value | undefined;
  const result = text.replace(/\$\{([^}]*)\}/g, (match, inner: string) => {
    if (inner.startsWith("!")) return match;
    const name = inner.trim();
    const value = subValue(name, own, context);
    if (match === text) whole = value;
    if (isScalarValue(value)) return String(value).replaceAll("${", "${!");
    needsSub = true;
    const call = intrinsicOf(value);
    if (call?.name === "Ref") return `\${${textOf(call.argument)}}`;
    if (call?.name === "Fn::GetAtt" && isValueList(call.argument))
      return `\${${call.argument.map(String).join(".")}}`;
    const key = `Part${Object.keys(map).length + 1}`;
    map[key] = value;
    return `\${${key}}`;
  });
  if (whole !== undefined) return whole;
  if (!needsSub) return result.replaceAll("${!", "${");
  return { "Fn::Sub": Object.keys(map).length > 0 ? [result, map] : result };
}

function subValue(name: string, own: Value | undefined, context: Context): Value {
  const mapped = isValueMap(own) ? own[name] : undefined;
  const value =
    mapped !== undefined
      ? resolve(mapped, context)
      : name.includes(".")
        ? attribute(splitOnce(name), context)
        : reference(name, context);
  if (value === NO_VALUE) throw new TemplateMistake(`\`AWS::NoValue\` cannot stand in a text (\${${name}})`);
  return value;
}
