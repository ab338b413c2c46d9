/** What one run may do with a role: named in AWS's logs, and narrowed to the stacks that it is about. */
import { readRoleArn } from "./access.ts";
import { type Value, canonicalJson } from "./value.ts";

/** STS's limit on the plain text; https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
const MAX_POLICY = 2_048;
const MAX_SESSION_NAME = 64;

export interface SessionInput {
  /** ARN of the role that is assumed. */
  readonly role: string;
  readonly pipeline: string;
  /** Names of the stacks that the run may change. */
  readonly stacks: readonly string[];
  /** The role that CloudFormation makes resources with; undefined if it does so with this session. */
  readonly serviceRole: string | undefined;
}

/** Not about a stack that could be named: IAM knows no resource for them, or for a call without a stack's name. */
const BESIDE_ONE_STACK = [
  "cloudformation:BatchDescribeTypeConfigurations",
  "cloudformation:DescribeStackDriftDetectionStatus",
  "cloudformation:DescribeStacks",
  "cloudformation:GetHookResult",
  "cloudformation:ListHookResults",
  "cloudformation:ListStacks",
];

/** What Warren itself calls beside CloudFormation; the role says on which resources. */
const BESIDE_STACKS = [
  "dynamodb:BatchWriteItem",
  "dynamodb:DeleteItem",
  "dynamodb:PutItem",
  "dynamodb:Scan",
  "events:DisableRule",
  "events:ListTargetsByRule",
  "events:RemoveTargets",
  "iam:PassRole",
  "lambda:InvokeFunction",
  "lambda:PutFunctionConcurrency",
  "lambda:UpdateEventSourceMapping",
  "logs:FilterLogEvents",
  "s3:*",
  "sqs:SendMessage",
];

/**
 * JSON of a session policy: what is allowed is what it and the role's own policies both allow. The stacks' names if
 * they fit in 2,048 characters, else all of the pipeline's. Empty for an ARN that is none.
 */
export function sessionPolicy(input: SessionInput): string {
  const arn = readRoleArn(input.role);
  if (!arn) return "";
  const pattern = (name: string): string =>
    `arn:${arn.partition}:cloudformation:*:${arn.account}:stack/${name}/*`;
  const policy = (stacks: readonly string[]): string =>
    canonicalJson({
      Version: "2012-10-17",
      Statement: [
        // An empty list of resources is not a policy; nothing is to be allowed then.
        ...(stacks.length > 0
          ? [{ Effect: "Allow", Action: "cloudformation:*", Resource: stacks.map(pattern) }]
          : []),
        { Effect: "Allow", Action: BESIDE_ONE_STACK, Resource: "*" },
        input.serviceRole === undefined
          ? { Effect: "Allow", NotAction: "cloudformation:*", Resource: "*" }
          : { Effect: "Allow", Action: BESIDE_STACKS, Resource: "*" },
      ],
    } satisfies Value);
  const exact = policy([...new Set(input.stacks)].toSorted());
  return exact.length <= MAX_POLICY ? exact : policy([`${input.pipeline}-*`]);
}

/**
 * `rabbits+rabbit-hole@4711@0123456789ab`: repository, run and commit in CloudTrail. 2 to 64 characters of
 * letters, digits and `_+=,.@-`; of a long repository the end is kept, which tells more than its owner.
 */
export function sessionName(run: {
  readonly repository: string;
  readonly runId: string;
  readonly sha: string;
}): string {
  const clean = (text: string): string => text.replaceAll("/", "+").replaceAll(/[^A-Za-z0-9_+=,.-]/g, "-");
  const rest = `@${clean(run.runId).slice(0, 20) || "local"}@${clean(run.sha).slice(0, 12) || "none"}`;
  const repository = clean(run.repository) || "warren";
  return repository.slice(-(MAX_SESSION_NAME - rest.length)) + rest;
}
