/** Asks AWS why something failed, and makes it one error. The question never hides what is known already. */
import { explainAwsError } from "./core/aws-error.ts";
import { type Account, NO_ACCOUNT, failureProblems, refusalProblems, warningProblems } from "./core/cause.ts";
import { OperationFailure } from "./core/operation-failure.ts";
import { type Problem, UserError } from "./core/problem.ts";
import type { Reason } from "./core/reason.ts";
import { redactText } from "./core/redact.ts";
import type { Origin } from "./core/rendered.ts";
import type { Ending, FollowPorts, Watch } from "./follow.ts";
import type { ChangeSet } from "./aws-ports.ts";

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
  const [start] = events;
  const invocations = events.flatMap(({ hook, logicalId }) =>
    hook && hook.invocation !== "" ? [{ id: hook.invocation, logicalId }] : [],
  );
  const { stacks } = ports;
  const [failed, remedies] = await Promise.all([
    told(() => stacks.failedEvents({ stackId, operation: start?.operation }), watch.hidden, ports),
    told(
      async () => (invocations.length > 0 ? stacks.hookRemedies({ invocations }) : []),
      watch.hidden,
      ports,
    ),
  ]);
  // Without an operation's id they are all of the stack's.
  const since = start?.time.getTime() ?? 0;
  const account = { failed: failed.filter(({ time }) => time.getTime() >= since), remedies };
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
    refused.kind === "refused" ? NO_ACCOUNT : await accountOf(stackName, refused.id, hidden, ports);
  return new UserError(reason, refusalProblems(redactText(refused.reason, hidden), origins, account));
}

/** Of a change set that was made. */
export async function changeSetWarnings(
  stackName: string,
  changeSetId: string,
  { origins, hidden }: { origins: Readonly<Record<string, Origin>>; hidden: readonly string[] },
  ports: FollowPorts,
): Promise<readonly Problem[]> {
  const events = await told(() => ports.stacks.failedEvents({ stackName, changeSetId }), hidden, ports);
  return warningProblems(events, origins);
}

async function accountOf(
  stackName: string,
  changeSetId: string,
  hidden: readonly string[],
  ports: FollowPorts,
): Promise<Account> {
  const { stacks } = ports;
  const failed = await told(() => stacks.failedEvents({ stackName, changeSetId }), hidden, ports);
  const found = failed.some(({ warning }) => !warning);
  const remedies = found ? [] : await told(() => stacks.hookRemedies({ changeSetId }), hidden, ports);
  return { failed, remedies };
}

async function told<One extends { readonly reason: string }>(
  ask: () => Promise<readonly One[] | undefined>,
  hidden: readonly string[] | undefined,
  { log }: FollowPorts,
): Promise<readonly One[]> {
  try {
    const answer = (await ask()) ?? [];
    return answer.map((one) => ({ ...one, reason: redactText(one.reason, hidden) }));
  } catch (error) {
    // A role that may not ask, a network that is gone: less is known then, and what is known must still be told.
    if (!isFromAws(error)) throw error;
    log.info(`CloudFormation gives no details: ${redactText(error.message, hidden)}`);
    return [];
  }
}

function isFromAws(error: unknown): error is Error {
  return error instanceof Error && ("$metadata" in error || explainAwsError(error) !== undefined);
}
