/** What CloudFormation has of a stack's template, as its text. */
import { textIn } from "../core/aws-answer.ts";
import type { Templates } from "../aws-ports.ts";
import type { Clients } from "./clients.ts";

export function createTemplates(clients: Clients): Templates {
  return {
    async of(stackId) {
      const { client, sdk } = await clients.cloudformation();
      try {
        const { TemplateBody } = await client.send(new sdk.GetTemplateCommand({ StackName: stackId }));
        // A template without a text would be one that needs no artifact.
        return textIn(TemplateBody, "the stack's template");
      } catch (error) {
        // A plain ValidationError, as for DescribeStacks.
        if (
          error instanceof Error &&
          error.name === "ValidationError" &&
          /does not exist/.test(error.message)
        ) {
          return undefined;
        }
        throw error;
      }
    },
  };
}
