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
  const taken = new Map<string, string>();
  for (const component of components) {
    const written = component.options[NAME_PARAMETER];
    if (typeof written !== "string" || written === "") continue;
    const place = component.placeOf(NAME_PARAMETER);
    const { kind } = component.template;
    if (guarded.length > 1 && !written.includes(PLACEHOLDER)) {
      const names = guarded.map((stage) => `\`${stage.name}\``).join(" and ");
      problems.push({
        place,
        message: `the protected stages ${names} would both use the physical name \`${written}\``,
        hint: `Write a name with ${PLACEHOLDER} in it, for example \`${written}-${PLACEHOLDER}\`.`,
      });
    }
    const other = taken.get(`${kind} ${written}`);
    if (other !== undefined) {
      problems.push({
        place,
        message: `\`${other}\` and \`${component.name}\` have the same physical name \`${written}\``,
      });
    }
    taken.set(`${kind} ${written}`, component.name);
    const parameter = component.template.parameters[NAME_PARAMETER];
    for (const stage of guarded) {
      const name = physicalName(component, stage);
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
