/** What an account and region may hold at most, and holds. */
import { numberIn, onward } from "../core/aws-answer.ts";
import { lacking } from "../core/aws-error.ts";
import type { Quotas } from "../aws-ports.ts";
import type { Clients } from "./clients.ts";

export function createQuotas(clients: Clients): Quotas {
  return {
    async stacks() {
      const { client, sdk } = await clients.cloudformation();
      const pages = sdk.paginateDescribeAccountLimits({ client }, {});
      for await (const { AccountLimits } of onward(pages, ({ NextToken }) => NextToken)) {
        const limit = AccountLimits?.find(({ Name }) => Name === "StackLimit")?.Value;
        if (limit !== undefined) return limit;
      }
      throw lacking("the account's limit of stacks");
    },
    async code() {
      const { client, sdk } = await clients.lambda();
      const { AccountLimit, AccountUsage } = await client.send(new sdk.GetAccountSettingsCommand({}));
      const { TotalCodeSize: bytesMax, ConcurrentExecutions: atOnceMax } = AccountLimit ?? {};
      const what = "Lambda's limits of the account";
      return {
        bytes: numberIn(AccountUsage?.TotalCodeSize, what),
        bytesMax: numberIn(bytesMax, what),
        atOnceMax: numberIn(atOnceMax, what),
      };
    },
  };
}
