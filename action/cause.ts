/** Asks AWS why something failed, and makes it one error. The question never hides what is known already. */
import { explainAwsError } from "./core/aws-error.ts";
import { type Account, NO_ACCOUNT, failureProblems, refusalProblems } from "./core/cause.ts";
import { OperationFailure } from "./core/operation-failure.ts";
import { UserError } from "./core/problem.ts";
import type { Reason } from "./core/reason.ts";
import { redactText } from "./core/redact.ts";
import type { Origin } from "./core/rendered.ts";
import type { Ending, FollowPorts, Watch } from "./follow.ts";
import type { ChangeSet } from "./ports.ts";

type Refused = Extract<ChangeSet, { readonly kind: "failed" | "refused" }>;

/** Of an operation that was followed to a bad end. */
export async function operationFailure(
  reason: Reason,
  stackId: string,
  ending: Ending,
  watch: Pick<Watch, "origins" | "hidden">,
  ports: FollowPorts,
): Promise<OperationFailure> {
  const { events, timeline } = ending;
  const account = await accountOf(ports, watch.hidden, async (stacks) => {
    const [start] = events;
    const invocations = events.flatMap(({ hook, logicalId }) =>
      hook && hook.invocation !== "" ? [{ id: hook.invocation, logicalId }] : [],
    );
    const [failed, remedies] = await Promise.all([
      stacks.failedEvents({ stackId, operation: start?.operation }),
      invocations.length > 0 ? stacks.hookRemedies({ invocations }) : [],
    ]);
    // Without an operation's id they are all of the stack's.
    const since = start?.time.getTime() ?? 0;
    return { failed: failed?.filter(({ time }) => time.getTime() >= since), remedies };
  });
  const problems = failureProblems(events, stackId, watch.origins, account);
  return new OperationFailure(reason, problems, { stackId, timeline });
}

/** Of a change set that was not made; ask before it is deleted, since AWS forgets with it what it has found. */
export async function changeSetFailure(
  reason: Reason,
  stackName: string,
  refused: Refused,
  { origins, hidden = [] }: { origins: Readonly<Record<string, Origin>>; hidden?: readonly string[] },
  ports: FollowPorts,
): Promise<UserError> {
  const account =
    refused.kind === "refused"
      ? NO_ACCOUNT
      : await accountOf(ports, hidden, async (stacks) => {
          const changeSetId = refused.id;
          const failed = await stacks.failedEvents({ stackName, changeSetId });
          const found = (failed ?? []).some(({ warning }) => !warning);
          return { failed, remedies: found ? [] : await stacks.hookRemedies({ changeSetId }) };
        });
  return new UserError(reason, refusalProblems(redactText(refused.reason, hidden), origins, account));
}

type Asked = { readonly [Key in keyof Account]: Account[Key] | undefined };

async function accountOf(
  { stacks, log }: FollowPorts,
  hidden: readonly string[] | undefined,
  ask: (stacks: FollowPorts["stacks"]) => Promise<Asked>,
): Promise<Account> {
  let asked: Asked;
  try {
    asked = await ask(stacks);
  } catch (error) {
    // A role that may not ask, a network that is gone: less is known then, and what is known must still be told.
    if (!isFromAws(error)) throw error;
    log.info(`CloudFormation gives no details: ${redactText(error.message, hidden)}`);
    return NO_ACCOUNT;
  }
  const shown = <One extends { readonly reason: string }>(one: One): One => ({
    ...one,
    reason: redactText(one.reason, hidden),
  });
  return { failed: (asked.failed ?? []).map(shown), remedies: (asked.remedies ?? []).map(shown) };
}

function isFromAws(error: unknown): error is Error {
  return error instanceof Error && ("$metadata" in error || explainAwsError(error) !== undefined);
}
