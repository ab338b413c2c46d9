/** What a pipeline's code can do at the most, whatever the policies in its stack say. */
import { BOUNDARY } from "./access.ts";
import { type ValueMap, isValueMap } from "./value.ts";

/**
 * The resources, with the account's boundary on every role that names none. Always, not only on a runner: a template
 * that depended on who deploys it would be changed back and forth. `warren bootstrap` makes the policy.
 */
export function withBoundary(resources: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(resources).map(([id, resource]) => {
      if (!isValueMap(resource) || resource["Type"] !== "AWS::IAM::Role") return [id, resource];
      const properties = isValueMap(resource["Properties"]) ? resource["Properties"] : {};
      return [
        id,
        { ...resource, Properties: { PermissionsBoundary: { "Fn::Sub": BOUNDARY }, ...properties } },
      ];
    }),
  );
}
