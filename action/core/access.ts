/**
 * The names under which `templates/account.yaml` sets up an account for one pipeline: roles, policies, patterns of
 * resources. All are made of the pipeline's name and the region, so that one role's ARN leads to all the others and
 * nothing has to be looked up.
 */
import { stackName } from "./names.ts";

/** What a role is for: reading and change sets, previews, stages of branches, tidying the artifact bucket up. */
const USES = ["plan", "preview", "deploy", "sweep"] as const;
export type Use = (typeof USES)[number];

/** How roles and policies are named, by what they are for. `stacks` and `preview-stacks` are CloudFormation's own. */
export type Suffix = Use | "stacks" | "preview-stacks";

/** Longest is `<32>-ap-southeast-1-preview-stacks`: 62 of IAM's 64 characters, as `warren` is the path. */
export function roleName(pipeline: string, region: string, suffix: Suffix): string {
  return `${pipeline}-${region}-${suffix}`;
}

/** `arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy`, taken apart. */
export interface RoleArn {
  readonly partition: string;
  readonly account: string;
  /** Path and name: `warren/rabbit-hole-us-east-1-deploy`. */
  readonly name: string;
}

export function readRoleArn(text: string): RoleArn | undefined {
  const match = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/([\w+=,.@/-]{1,576})$/.exec(text);
  const [, partition, account, name] = match ?? [];
  return partition && account && name ? { partition, account, name } : undefined;
}

/** What one of our roles is for; undefined for a role that somebody else has made. */
export function useOf(role: string): Use | undefined {
  return USES.find((use) => new RegExp(`:role/warren/.+-${use}$`).test(role));
}

/** The role beside this one for another use, so that one input is enough; a role that is not ours is all there is. */
export function roleFor(role: string, use: Use): string {
  const own = useOf(role);
  return own === undefined ? role : role.slice(0, -own.length) + use;
}

/**
 * The role that CloudFormation makes a stack's resources with. Undefined for uses that make none, and for a
 * role that is not ours: CloudFormation then acts with the caller's own permissions.
 */
export function serviceRoleOf(role: string): string | undefined {
  const use = useOf(role);
  if (use !== "deploy" && use !== "preview") return undefined;
  return `${role.slice(0, -use.length)}${use === "deploy" ? "stacks" : "preview-stacks"}`;
}

/**
 * Every role that a stack makes carries this policy as its permissions boundary, and CloudFormation's role may make
 * none without it: what a pipeline's code can do ends there, whatever its own policies say. One in each account and
 * region, made by `warren bootstrap`.
 */
export const BOUNDARY = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/warren-boundary-${AWS::Region}";

/**
 * Generated names begin with the stack's name, but services with short names get only the beginning of a long one.
 * AWS does not document how much: that it is this much at least is an assumption. Too short a beginning denies
 * previews too much, too long a one would deny too little.
 */
const CERTAIN_CHARACTERS = 23;

/** How the names of all resources of the pipeline begin. */
export function namePrefix(pipeline: string): string {
  return `${pipeline}-`.slice(0, CERTAIN_CHARACTERS);
}

/** ARN patterns of all that a stack may hold: what previews must not touch of a protected stage. */
export function resourcesOf(partition: string, pipeline: string, stage: string): readonly string[] {
  const prefix = certainPrefix(pipeline, stage);
  return RESOURCES.map((pattern) => `arn:${partition}:${pattern.replace("?", prefix)}`);
}

/** ARN pattern of the roles of a stage's functions, as `aws:PrincipalArn` has them. */
export function rolesOf(partition: string, pipeline: string, stage: string): string {
  return `arn:${partition}:iam::*:role/${certainPrefix(pipeline, stage)}*`;
}

/** ARN pattern of a stage's functions, by which their event source mappings are known. */
export function functionsOf(partition: string, pipeline: string, stage: string): string {
  return `arn:${partition}:lambda:*:*:function:${certainPrefix(pipeline, stage)}*`;
}

function certainPrefix(pipeline: string, stage: string): string {
  return `${stackName(pipeline, stage)}-`.slice(0, CERTAIN_CHARACTERS);
}

/** The same services as in the statements of `StacksPolicy` in account.yaml; a test compares them. */
const RESOURCES: readonly string[] = [
  "cloudwatch:*:*:alarm:?*",
  "dynamodb:*:*:table/?*",
  "events:*:*:rule/?*",
  "iam::*:role/?*",
  "lambda:*:*:function:?*",
  "logs:*:*:log-group:?*",
  "logs:*:*:log-group:/aws/lambda/?*",
  "s3:::?*",
  "scheduler:*:*:schedule/*/?*",
  "secretsmanager:*:*:secret:?*",
  "sns:*:*:?*",
  "sqs:*:*:?*",
  "ssm:*:*:parameter/?*",
];

/** `arn:aws:cloudformation:*:*:stack/rabbit-hole-prod/*`: all stacks that ever had that name. */
export function stackPattern(partition: string, name: string): string {
  return `arn:${partition}:cloudformation:*:*:stack/${name}/*`;
}

/** China and the US government's regions are partitions of their own. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

export interface AccountPlace {
  readonly account: string;
  readonly region: string;
}

/** `warren-artifacts-111122223333-us-east-1` tells both. */
export function placeOfBucket(name: string): AccountPlace {
  const [, account, region] = /^warren-artifacts-(\d{12})-(.+)$/.exec(name) ?? [];
  if (!account || !region) throw new Error(`not an artifact bucket's name: ${name}`);
  return { account, region };
}

/** The one OIDC provider that an account can have for GitHub. */
export function providerArn({ account, region }: AccountPlace): string {
  return `arn:${partitionOf(region)}:iam::${account}:oidc-provider/token.actions.githubusercontent.com`;
}
