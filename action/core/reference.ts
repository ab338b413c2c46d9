/**
 * Every name that a template uses must be known, and every function allowed: what CloudFormation would find
 * out during a deploy is found here, with the template's line. Metadata is checked too, which nobody else does.
 */
import type { Path } from "./document.ts";
import { NAME_PARAMETER, RESERVED_PARAMETERS } from "./metadata.ts";
import type { Place, Problem } from "./problem.ts";
import { suggestion } from "./suggest.ts";
import type { Template } from "./template.ts";
import { type Value, intrinsicOf, isValueList, isValueMap, textOf } from "./value.ts";

const FUNCTIONS = new Set([
  "Ref",
  "Fn::GetAtt",
  "Fn::Sub",
  "Fn::Join",
  "Fn::Select",
  "Fn::Split",
  "Fn::If",
  "Fn::Base64",
]);
const CONDITION_FUNCTIONS = new Set(["Ref", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not"]);
const PSEUDO = new Set([
  "AccountId",
  "NoValue",
  "NotificationARNs",
  "Partition",
  "Region",
  "StackId",
  "StackName",
  "URLSuffix",
]);

export function checkReferences(template: Template, placeOf: (path: Path) => Place): Problem[] {
  const problems: Problem[] = [];
  const parameters = Object.keys(template.parameters);
  const resources = Object.keys(template.resources);
  const conditions = Object.keys(template.conditions);
  const add = (path: Path, message: string, hint?: string): void => {
    problems.push({ place: placeOf(path), message, ...(hint === undefined ? {} : { hint }) });
  };
  const needs = (path: Path, name: string, known: readonly string[], what: string): void => {
    if (!known.includes(name))
      add(path, `there is no ${what} \`${name}\` in this template`, suggestion(name, known, `${what}s`));
  };

  function checkName(path: Path, name: string, where: "condition" | "value"): void {
    if (name.startsWith("AWS::")) {
      const pseudo = name.slice("AWS::".length);
      if (!PSEUDO.has(pseudo))
        add(
          path,
          `\`${name}\` is no pseudo parameter`,
          suggestion(
            name,
            [...PSEUDO].map((known) => `AWS::${known}`),
            "pseudo parameters",
          ),
        );
      else if (where === "condition" && pseudo !== "StackName") {
        add(
          path,
          `a condition cannot depend on \`${name}\``,
          "Conditions are decided before the deploy: use Parameters.",
        );
      }
      return;
    }
    needs(
      path,
      name,
      where === "condition" ? parameters : [...parameters, ...resources],
      "Parameter or resource",
    );
  }

  function checkSub(path: Path, argument: Value): void {
    const [text, map] = isValueList(argument) ? [argument[0], argument[1]] : [argument, undefined];
    if (typeof text !== "string") return add(path, "`Fn::Sub` takes a text, or a text and a map");
    const own = isValueMap(map) ? Object.keys(map) : [];
    if (isValueMap(map)) for (const [key, item] of Object.entries(map)) check([...path, 1, key], item);
    for (const name of subNames(text)) {
      const [head = "", ...rest] = name.split(".");
      if (own.includes(name)) continue;
      if (rest.length > 0) needs(path, head, resources, "resource");
      else checkName(path, head, "value");
    }
  }

  function check(path: Path, value: Value): void {
    if (isValueList(value)) return value.forEach((item, index) => check([...path, index], item));
    if (!isValueMap(value)) return;
    const call = intrinsicOf(value);
    if (!call) return Object.entries(value).forEach(([key, item]) => check([...path, key], item));
    const { name, argument } = call;
    const inside = [...path, name];
    if (!FUNCTIONS.has(name)) {
      return add(
        path,
        `\`${name}\` is not supported in templates`,
        `Use one of ${[...FUNCTIONS].join(", ")}.`,
      );
    }
    if (name === "Ref") return checkName(path, textOf(argument), "value");
    if (name === "Fn::Sub") return checkSub(inside, argument);
    if (name === "Fn::GetAtt") {
      const target = isValueList(argument) ? argument[0] : textOf(argument).split(".")[0];
      return needs(path, textOf(target), resources, "resource");
    }
    if (name === "Fn::If") {
      if (!isValueList(argument) || argument.length !== 3)
        return add(path, "`Fn::If` takes a condition and two values");
      needs(path, textOf(argument[0]), conditions, "condition");
      return argument.slice(1).forEach((item, index) => check([...inside, index + 1], item));
    }
    check(inside, argument);
  }

  function checkCondition(path: Path, value: Value, seen: readonly string[]): void {
    if (!isValueMap(value)) return;
    const [name = "", argument = null] = Object.entries(value)[0] ?? [];
    if (name === "Condition") {
      const target = textOf(argument);
      needs(path, target, conditions, "condition");
      if (seen.includes(target)) return add(path, `condition \`${target}\` depends on itself`);
      const next = template.conditions[target];
      return next === undefined ? undefined : checkCondition(path, next, [...seen, target]);
    }
    if (!CONDITION_FUNCTIONS.has(name)) return add(path, `\`${name}\` is not supported in a condition`);
    if (name === "Ref") return checkName(path, textOf(argument), "condition");
    if (!isValueList(argument)) return add(path, `\`${name}\` takes a list`);
    argument.forEach((item, index) => checkCondition([...path, name, index], item, seen));
  }

  for (const [name, value] of Object.entries(template.conditions))
    checkCondition(["Conditions", name], value, [name]);
  for (const [name, resource] of Object.entries(template.resources)) {
    const at = ["Resources", name];
    if (resource.Condition !== undefined)
      needs([...at, "Condition"], resource.Condition, conditions, "condition");
    for (const other of [resource.DependsOn ?? []].flat())
      needs([...at, "DependsOn"], other, resources, "resource");
    if (resource.Properties) check([...at, "Properties"], resource.Properties);
  }
  for (const [name, output] of Object.entries(template.outputs)) {
    const at = ["Outputs", name];
    if (output.Condition !== undefined)
      needs([...at, "Condition"], output.Condition, conditions, "condition");
    check([...at, "Value"], output.Value);
  }
  checkAlike(template, add);
  checkPatterns(template, add);
  checkMetadata(template, needs, check, add);
  return problems;
}

type Needs = (path: Path, name: string, known: readonly string[], what: string) => void;
type Add = (path: Path, message: string, hint?: string) => void;

/** Ids lose their inner capitals when they are prefixed: two that differ in nothing else would collide. */
function checkAlike(template: Template, add: Add): void {
  for (const section of ["resources", "outputs", "parameters"] as const) {
    const seen = new Map<string, string>();
    for (const name of Object.keys(template[section])) {
      const other = seen.get(name.toLowerCase());
      const title = section.charAt(0).toUpperCase() + section.slice(1);
      if (other !== undefined) add([title, name], `\`${name}\` and \`${other}\` differ only in capitals`);
      seen.set(name.toLowerCase(), name);
    }
  }
}

/** The schema that is made from the template uses them as they are, and would throw. */
function checkPatterns(template: Template, add: Add): void {
  for (const { name, allowedPattern } of Object.values(template.parameters)) {
    if (allowedPattern === undefined) continue;
    try {
      RegExp(allowedPattern, "u");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      add(
        ["Parameters", name, "AllowedPattern"],
        `\`${allowedPattern}\` is no regular expression`,
        `${error.message}.`,
      );
    }
  }
}

function checkMetadata(
  template: Template,
  needs: Needs,
  check: (path: Path, value: Value) => void,
  add: Add,
): void {
  const at = ["Metadata", "Warren"];
  const parameters = Object.keys(template.parameters);
  const resources = Object.keys(template.resources);
  const outputs = Object.keys(template.outputs);
  if (template.type === "connection") {
    template.metadata.Fills?.forEach((fill, index) => {
      // `Times` and `Plus` are Warren's own; to the walk they are maps, and what stands inside is CloudFormation.
      check([...at, "Fills", index, "Value"], fill.Value);
    });
    for (const policy of Object.keys(template.metadata.Grants ?? {})) {
      needs([...at, "Grants"], policy, resources, "resource");
      const document = template.resources[policy]?.Properties?.["PolicyDocument"];
      if (template.resources[policy] && !(isValueMap(document) && isValueList(document["Statement"]))) {
        add([...at, "Grants", policy], `\`${policy}\` has no list \`PolicyDocument.Statement\` to cut down`);
      }
    }
    if (parameters.includes("Arrow")) add(["Parameters", "Arrow"], "`Arrow` is a key of every arrow already");
    for (const name of parameters) {
      if (/^(From|To)[A-Z]/.test(name) || !RESERVED_PARAMETERS.includes(name)) continue;
      add(["Parameters", name], `\`${name}\` is not known to connections`);
    }
    return;
  }
  const { Stateful, Slots, Artifact, Items, Publish, Probe } = template.metadata;
  for (const [key, on] of [
    ["Put", Probe?.Put?.On],
    ["See", Probe?.See?.On],
    ["Starts", Probe?.Starts?.List.split(".")[0]],
  ] as const)
    if (on !== undefined) needs([...at, "Probe", key], on, resources, "resource");
  for (const name of Stateful ?? []) needs([...at, "Stateful"], name, resources, "resource");
  for (const [slot, { At }] of Object.entries(Slots ?? {})) {
    needs([...at, "Slots", slot, "At"], At.split(".")[0] ?? "", resources, "resource");
  }
  for (const [key, name] of Object.entries(Artifact ?? {}))
    needs([...at, "Artifact", key], name, parameters, "Parameter");
  for (const name of Publish ?? []) needs([...at, "Publish"], name, outputs, "output");
  if (Items) {
    needs([...at, "Items", "File"], Items.File, parameters, "Parameter");
    needs([...at, "Items", "Table"], Items.Table, outputs, "output");
    for (const [name, type] of Object.entries(Items.Keys ?? {})) {
      needs([...at, "Items", "Keys"], name, parameters, "Parameter");
      needs([...at, "Items", "Keys", name], type, parameters, "Parameter");
    }
  }
  for (const name of ["Kind", "Overrides"]) {
    if (parameters.includes(name))
      add(["Parameters", name], `\`${name}\` is a key of every component already`);
  }
  const physical = template.parameters[NAME_PARAMETER];
  if (physical && physical.default !== "") {
    add(
      ["Parameters", NAME_PARAMETER],
      '`Name` must be a text with the Default ""',
      "Previews have no physical names.",
    );
  }
}

/** The names in `${…}` of a Sub text; `${!literal}` is none. */
export function subNames(text: string): string[] {
  return [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map((match) => (match[1] ?? "").trim());
}
