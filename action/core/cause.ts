/** Why an operation failed: the first real failure, led back to pipeline.yaml, with what to do about it. */
import { isOwn } from "./operation.ts";
import type { Problem } from "./problem.ts";
import type { Origin } from "./rendered.ts";
import type { StackEvent } from "../ports.ts";

/** CloudFormation cancels everything else as soon as one resource fails: consequences, not causes. */
const NOISE = /\bcancell?ed\b/i;

/**
 * The commonest messages and what helps. First match counts. Source: the messages that AWS's services send
 * through CloudFormation; a message that is not here is shown without a hint rather than with a guessed one.
 */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/BucketAlreadyExists/i, "bucket names are unique in the whole world: choose another `name:`"],
  [
    /already exists|AlreadyExists|EntityAlreadyExists|BucketAlreadyOwnedByYou/i,
    "something outside this stack has that name: delete it, or take `name:` off the component",
  ],
  [
    /QueueDeletedRecently|wait 60 seconds/i,
    "SQS keeps a deleted queue's name for 60 seconds: run the same deploy again in a minute",
  ],
  [
    /NoSuchKey|specified key does not exist/i,
    "the function's zip is not in the artifact bucket: run the deploy again, it uploads what is missing",
  ],
  [
    /NoSuchBucket|bucket does not exist/i,
    "the artifact bucket is gone: run `warren bootstrap`, then deploy again",
  ],
  [
    /not authorized to perform:? ?([\w:*-]+)?|AccessDenied|Access Denied|UnauthorizedOperation/i,
    "the deploying role lacks this permission: add it to the deploy role (templates/account.yaml)",
  ],
  [
    /Throttl|Rate exceeded|TooManyRequests/i,
    "AWS slowed the calls down: run the same deploy again, it goes on where it stopped",
  ],
  [
    /LimitExceeded|quota|limit.*(exceeded|reached)|maximum number of/i,
    "a quota of the account is used up: delete what is not needed, or ask AWS for more in Service Quotas",
  ],
  [
    /Visibility timeout.*less than.*[Ff]unction timeout|Queue visibility timeout/i,
    "raise the queue's `visibility-timeout`, or lower the function's `timeout`",
  ],
  [
    /provided execution role does not have permissions|role.*cannot be assumed/i,
    "IAM had not yet spread the new role: run the same deploy again",
  ],
  [
    /Code storage limit|Unzipped size must be smaller/i,
    "the function is too big for Lambda (250 MB unzipped): bundle less",
  ],
  [
    /Properties validation failed|Model validation failed|extraneous key|InvalidAttributeValue|Invalid value for the parameter|ValidationError|Validation failed|failed validation/i,
    "AWS does not accept a value: correct the component's options or its `overrides:`",
  ],
  [
    /timed? ?out|exceeded attempts to wait|did not stabilize/i,
    "the resource did not become ready in time: look at it in the console, then run the deploy again",
  ],
];

export function hintFor(reason: string): string | undefined {
  return HINTS.find(([pattern]) => pattern.test(reason))?.[1];
}

/** Failed resource events that are no mere consequence, oldest first; `events` are one operation's. */
export function realFailures(events: readonly StackEvent[], stackId: string): readonly StackEvent[] {
  return events.filter(
    (event) => event.status.endsWith("_FAILED") && !isOwn(event, stackId) && !NOISE.test(event.reason),
  );
}

const VERBS: Readonly<Record<string, string>> = {
  CREATE_FAILED: "could not be created",
  UPDATE_FAILED: "could not be updated",
  DELETE_FAILED: "could not be deleted",
  IMPORT_FAILED: "could not be imported",
};

function problemOf(event: StackEvent, origin: Origin | undefined): Problem {
  const name = origin
    ? `${origin.component} (${origin.label}, ${event.type})`
    : `${event.logicalId} (${event.type})`;
  const message = `${name} ${VERBS[event.status] ?? event.status}: ${event.reason || "no reason was given"}`;
  const hint = hintFor(event.reason);
  return { ...(origin && { place: origin.place }), message, ...(hint !== undefined && { hint }) };
}

/** One problem a failure, the root cause first; if no resource failed, the stack's own reason. Never empty. */
export function failureProblems(
  events: readonly StackEvent[],
  stackId: string,
  origins: Readonly<Record<string, Origin>>,
): readonly [Problem, ...Problem[]] {
  const [first, ...more] = realFailures(events, stackId).map((event) =>
    problemOf(event, origins[event.logicalId]),
  );
  if (first) return [first, ...more];
  const own = events.filter((event) => isOwn(event, stackId));
  // The first own event with a reason says why it turned; later ones only repeat that it did.
  const told = own.find((event) => event.reason && !/user initiated/i.test(event.reason)) ?? own.at(-1);
  const hint = hintFor(told?.reason ?? "");
  return [
    {
      message: `the stack ended as ${own.at(-1)?.status ?? "unknown"}: ${told?.reason || "no reason was given"}`,
      ...(hint !== undefined && { hint }),
    },
  ];
}
