import { ALL } from "../support/extent.ts";
import { readFile } from "node:fs/promises";
import { IAMClient } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Rendered } from "../../action/core/rendered.ts";
import { deploy } from "../../action/deploy.ts";
import {
  KINDS_STACK,
  clearAway,
  deployLife,
  driftLife,
  everyKindLife,
  makeKinds,
  planLife,
  previewLife,
  putGarbage,
  sweepLife,
} from "./lives.ts";
import { type Policy, policiesOf } from "./policies.ts";
import { type World, openSession, openWorld, stackOf } from "./world.ts";

let world: World;
let policies: readonly Policy[];
let kinds: Rendered;

beforeAll(async () => {
  world = await openWorld();
  policies = await policiesOf(new IAMClient(world.aws.clientConfig()), world);
  const prod = await stackOf(world, { stage: "prod" });
  using session = openSession(world, { use: "deploy", stacks: [prod.stackName] });
  await deploy({ rendered: prod, artifacts: world.artifacts }, { ...world.ports, ...session });
  kinds = await makeKinds(world);
});
afterAll(async () => await world?.[Symbol.asyncDispose]());

test("a plan, a preview, a deploy and every kind need no more than their roles may", async () => {
  const plans = await planLife(world);
  expect(plans.map(({ kind, stackName }) => [kind, stackName])).toEqual([
    ["update", "rabbit-hole-prod"],
    ["create", "rabbit-hole-staging"],
  ]);
  await previewLife(world, "feature-x");
  await deployLife(world, "first");
  await everyKindLife(world);
  // What the lives have left; and nothing of what prod and the kinds' stack refer to.
  const { left, condemned, removed } = await sweepLife(world);
  expect([left, condemned.length > 0, removed.length > 0]).toEqual([undefined, true, true]);
  expect((await driftLife(world, kinds)).kind).toBe("in-sync");
});

/** Why a role may do what the runs above never asked for: reason -> `policy statement action`. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  "An empty change set, or one that is made once more, is taken away.": [
    "preview Stacks cloudformation:DeleteChangeSet",
    "deploy Stacks cloudformation:DeleteChangeSet",
  ],
  "On AWS, DescribeStacks without a name needs it.": [
    "preview Sweep cloudformation:ListStacks",
    "sweep Stacks cloudformation:ListStacks",
  ],
  "The type's handler reads it on AWS, as its registry schema says; the local AWS asks for less.": [
    "stacks Alarms cloudwatch:DescribeAlarms",
    "stacks Alarms cloudwatch:ListTagsForResource",
    "stacks Buckets s3:GetBucket*",
    "stacks Buckets s3:GetEncryptionConfiguration",
    "stacks Buckets s3:GetLifecycleConfiguration",
    "stacks Buckets s3:ListBucket",
    "stacks Buckets s3:ListTagsForResource",
    "stacks Functions lambda:GetPolicy",
    "stacks Functions lambda:GetRuntimeManagementConfig",
    "stacks Functions lambda:ListTags",
    "stacks LogLists logs:DescribeLogGroups",
    "stacks LogLists logs:DescribeResourcePolicies",
    "stacks Logs logs:DescribeIndexPolicies",
    "stacks Logs logs:GetDataProtectionPolicy",
    "stacks Logs logs:ListTagsForResource",
    "stacks Mappings lambda:ListTags",
    "stacks Queues sqs:GetQueueUrl",
    "stacks Queues sqs:ListQueueTags",
    "stacks Roles iam:ListAttachedRolePolicies",
    "stacks Roles iam:ListRolePolicies",
    "stacks Rules events:ListTagsForResource",
    "stacks Rules events:ListTargetsByRule",
    "stacks Tables dynamodb:GetResourcePolicy",
    "stacks Tables dynamodb:ListTagsOfResource",
    "stacks Topics sns:GetDataProtectionPolicy",
    "stacks Topics sns:GetSubscriptionAttributes",
    "stacks Topics sns:ListSubscriptionsByTopic",
    "stacks Topics sns:ListTagsForResource",
  ],
  "A stack's tag that goes (`warren:marker`) is taken off every resource.": [
    "stacks Alarms cloudwatch:UntagResource",
    "stacks Buckets s3:UntagResource",
    "stacks Functions lambda:UntagResource",
    "stacks Logs logs:UntagResource",
    "stacks Mappings lambda:UntagResource",
    "stacks Queues sqs:UntagQueue",
    "stacks Roles iam:UntagRole",
    "stacks Rules events:UntagResource",
    "stacks Tables dynamodb:UntagResource",
    "stacks Topics sns:UntagResource",
  ],
  "Since 2025 the bucket's handler also tags by the newer of S3's two actions.": [
    "stacks Buckets s3:TagResource",
  ],
  "Asked after a failure alone; the local AWS has no hooks (test/failure/on-aws.test.ts asks for the rest).":
    [
      "deploy Stacks cloudformation:DescribeEvents",
      "preview Stacks cloudformation:DescribeEvents",
      "plan Hooks cloudformation:GetHookResult",
      "plan Hooks cloudformation:ListHookResults",
      "preview Hooks cloudformation:GetHookResult",
      "preview Hooks cloudformation:ListHookResults",
      "deploy Hooks cloudformation:GetHookResult",
      "deploy Hooks cloudformation:ListHookResults",
    ],
  "A property that is taken away or that a newer Warren changes.": [
    "stacks BoundedRoles iam:PutRolePermissionsBoundary",
    "stacks Functions lambda:DeleteFunctionConcurrency",
    "stacks Logs logs:DeleteRetentionPolicy",
    "stacks Roles iam:UpdateAssumeRolePolicy",
    "stacks Roles iam:UpdateRoleDescription",
  ],
};

test("no role may do more, but for what is listed here with its reason", async () => {
  const asked = await actionsAsked(world.aws.logFile);
  const unused = policies.flatMap(({ role, label, statements }) =>
    statements
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Sid, Action }) =>
        [Action]
          .flat()
          .filter((pattern) => !asked.some((one) => one.role === role && matches(pattern, one.action)))
          .map((action) => `${label} ${Sid} ${action}`),
      ),
  );
  expect(unused.toSorted()).toEqual(Object.values(KEPT).flat().toSorted());
});

/** Statements whose removal no run notices: reason -> `policy statement`. */
const KEPT_STATEMENTS: Readonly<Record<string, readonly string[]>> = {
  "Only an account with hooks has their findings, and the local AWS has no hooks.": [
    "plan Hooks",
    "preview Hooks",
    "deploy Hooks",
  ],
  "They only read, see above.": ["stacks LogLists"],
};

test(
  "without any one statement the run of its role fails, but for those that are listed here",
  { timeout: 240_000 },
  async () => {
    const runs: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
      plan: async () => {
        await driftLife(world, kinds);
        await planLife(world);
      },
      preview: (name) => previewLife(world, name),
      deploy: (name) => deployLife(world, name),
      sweep: async (name) => {
        await putGarbage(world, name);
        await sweepLife(world);
      },
      stacks: () => everyKindLife(world),
    };
    const all = policies.flatMap((policy) =>
      policy.statements
        .filter(({ Effect }) => Effect === "Allow")
        .map((statement) => ({ policy, statement, title: `${policy.label} ${statement.Sid}` })),
    );
    const tried = all.filter((_, index) => ALL || index % 8 === 0);
    const unnoticed: string[] = [];
    for (const { policy, statement, title } of tried) {
      const name = `without-${policy.label}-${statement.Sid}`.toLowerCase();
      await policy.put(policy.statements.filter((other) => other !== statement));
      const end = await endOf(runs[policy.label]?.(name));
      await policy.put(policy.statements);
      if (!DENIED.test(end)) unnoticed.push(`${title}${end}`);
      for (const stack of await leftOver()) await clearAway(world, stack);
    }
    const titles = new Set(tried.map(({ title }) => title));
    expect(unnoticed).toEqual(
      Object.values(KEPT_STATEMENTS)
        .flat()
        .filter((title) => titles.has(title)),
    );
  },
);

/** A run must fail for want of the permission, not for another reason. */
const DENIED = /not authorized to perform|Access ?Denied/;

/** Empty if it went well. */
async function endOf(run: Promise<unknown> | undefined): Promise<string> {
  try {
    await run;
    return "";
  } catch (error) {
    return ` ${error instanceof Error ? `${error.name} ${error.message}` : typeof error}`;
  }
}

async function leftOver(): Promise<readonly string[]> {
  const stacks = await world.ports.aws(undefined).stacks.list();
  return stacks
    .map(({ name }) => name)
    .filter((name) => name.startsWith("rabbit-hole-") && !["rabbit-hole-prod", KINDS_STACK].includes(name));
}

interface Asked {
  readonly role: string;
  readonly action: string;
}

/** Every action that was asked for in a role's name and allowed, as the local AWS has written it down. */
async function actionsAsked(logFile: string): Promise<readonly Asked[]> {
  const line = /iam: arn:aws:sts::\d+:assumed-role\/([^/]+)\/\S+ (\S+) Allow$/gm;
  const log = await readFile(logFile, "utf8");
  return [...log.matchAll(line)].map(([, role = "", action = ""]) => ({ role, action }));
}

function matches(pattern: string, action: string): boolean {
  return pattern.endsWith("*") ? action.startsWith(pattern.slice(0, -1)) : action === pattern;
}
