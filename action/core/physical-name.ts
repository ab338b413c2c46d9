/** The option `name`: physical names, used in protected stages only, and never by two stages at once. */
import { NAME_PARAMETER } from "./metadata.ts";
import type { Component } from "./component.ts";
import type { Problem } from "./problem.ts";
import { wholePattern } from "./schema.ts";
import type { Stage } from "./stage.ts";
import type { Parameter } from "./template.ts";

const PLACEHOLDER = "{stage}";

/** The physical name in a stage; empty where CloudFormation is to make one. */
export function physicalName(
  component: Component,
  stage: { readonly name: string; readonly protected: boolean },
): string {
  const name = component.options[NAME_PARAMETER];
  return typeof name === "string" && stage.protected ? name.replaceAll(PLACEHOLDER, stage.name) : "";
}

export function physicalNameProblems(components: readonly Component[], stages: readonly Stage[]): Problem[] {
  const guarded = stages.filter((stage) => stage.protected);
  const problems: Problem[] = [];
  const taken = new Map<string, Holder>();
  for (const component of components) {
    const written = component.options[NAME_PARAMETER];
    if (typeof written !== "string" || written === "") continue;
    const place = component.placeOf(NAME_PARAMETER);
    const { kind } = component.template;
    const parameter = component.template.parameters[NAME_PARAMETER];
    // One problem a component: the other stages' names are wrong in the same way.
    for (const stage of guarded) {
      const name = physicalName(component, stage);
      const holder = { component, stage };
      const other = taken.get(`${kind} ${name}`);
      taken.set(`${kind} ${name}`, other ?? holder);
      const problem = other ? taking(name, holder, other) : unfit(name, parameter);
      if (!problem) continue;
      problems.push({ place, ...problem });
      break;
    }
  }
  return problems;
}

function unfit(name: string, parameter: Parameter | undefined): Omit<Problem, "place"> | undefined {
  const { maxLength = Infinity, allowedPattern = ".*", description: hint = "" } = parameter ?? {};
  if (name.length > maxLength) {
    return { message: `the physical name \`${name}\` is longer than ${maxLength} characters`, hint };
  }
  if (new RegExp(wholePattern(allowedPattern), "u").test(name)) return undefined;
  return { message: `the physical name \`${name}\` does not fit`, hint };
}

type Holder = { readonly component: Component; readonly stage: Stage };

/** With {stage} in them, names of different components can meet in different stages. */
function taking(name: string, one: Holder, other: Holder): Omit<Problem, "place"> {
  if (one.component === other.component) {
    return {
      message: `the protected stages \`${other.stage.name}\` and \`${one.stage.name}\` would both use the physical name \`${name}\``,
      hint: `Write a name with ${PLACEHOLDER} in it, for example \`${name}-${PLACEHOLDER}\`.`,
    };
  }
  const whose = ({ component, stage }: Holder): string => `\`${component.name}\` in stage \`${stage.name}\``;
  return {
    message: `${whose(other)} and ${whose(one)} would have the same physical name \`${name}\``,
    hint: "Change one of the names.",
  };
}
