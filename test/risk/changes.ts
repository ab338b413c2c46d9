/** Planned changes with what a test says, and nothing else. */
import type { PlannedChange } from "../../action/core/planned-change.ts";
import type { ValueMap } from "../../action/core/value.ts";

export const place = { file: "config/pipeline.yaml", line: 9, column: 3 };

/** `FangTable` is the resource `table` of component `fang`. */
export function change(
  logicalId: string,
  type: string,
  rest: Partial<PlannedChange> & Pick<PlannedChange, "effect">,
): PlannedChange {
  const [, component = "", label = ""] = /^(.*)([A-Z][a-z]*)$/.exec(logicalId) ?? [];
  const origin = { component: component.toLowerCase(), label: label.toLowerCase(), place };
  return { logicalId, physicalId: "", type, origin, properties: [], policyAction: "", ...rest };
}

export function policy(logicalId: string, before: ValueMap[], after: ValueMap[]): PlannedChange {
  return change(logicalId, "AWS::IAM::RolePolicy", {
    effect: "changed",
    before: { RoleName: "worker-role", PolicyDocument: { Version: "2012-10-17", Statement: before } },
    after: { RoleName: "worker-role", PolicyDocument: { Version: "2012-10-17", Statement: after } },
  });
}

export function allow(Action: string | string[], Resource: string | string[], more: ValueMap = {}): ValueMap {
  return { Effect: "Allow", Action, Resource, ...more };
}

export function deny(Action: string | string[], Resource: string | string[], more: ValueMap = {}): ValueMap {
  return { ...allow(Action, Resource, more), Effect: "Deny" };
}
