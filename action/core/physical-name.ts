/** The option `name`: physical names, used in protected stages only, and never by two stages at once. */
import { NAME_PARAMETER } from "./metadata.ts";
import type { Component } from "./pipeline.ts";
import type { Problem } from "./problem.ts";
import { wholePattern } from "./schema.ts";
import type { Stage } from "./stage.ts";

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
    for (const stage of guarded) {
      const name = physicalName(component, stage);
      const other = taken.get(`${kind} ${name}`);
      if (other) problems.push({ place, ...taking(name, { component, stage }, other) });
      else taken.set(`${kind} ${name}`, { component, stage });
      const pattern = parameter?.allowedPattern;
      if (name.length > (parameter?.maxLength ?? Infinity)) {
        problems.push({
          place,
          message: `the physical name \`${name}\` is longer than ${parameter?.maxLength} characters`,
        });
      } else if (pattern !== undefined && !new RegExp(wholePattern(pattern), "u").test(name)) {
        problems.push({
          place,
          message: `the physical name \`${name}\` does not fit`,
          hint: parameter?.description ?? "",
        });
      }
    }
  }
  return problems;
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
