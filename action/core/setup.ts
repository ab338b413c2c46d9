/** The values of `templates/account.yaml`'s Parameters, for one pipeline and one repository. */
import {
  type Use,
  functionsOf,
  namePrefix,
  partitionOf,
  resourcesOf,
  rolesOf,
  stackPattern,
} from "./access.ts";
import { stackName } from "./names.ts";
import { type Problem, UserError } from "./problem.ts";
import type { Stage } from "./stage.ts";
import { type Repository, environmentsOf, refsOf, subjectsOf } from "./trust.ts";

/** The account's stack; further pipelines of the account and region have one of their own for their roles. */
export const ACCOUNT_STACK = "warren-account";

export function accountStackOf(pipeline: string): string {
  return `${ACCOUNT_STACK}-${pipeline}`;
}

export interface Setup {
  readonly repository: Repository;
  /** ARN of the account's OIDC provider if it has one already. */
  readonly provider: string;
  /** ARNs of managed policies for CloudFormation's roles. */
  readonly stackPolicies: readonly string[];
}

export interface SetupFacts {
  readonly pipeline: string;
  readonly stages: readonly Stage[];
  readonly region: string;
  /** Does this stack make what all pipelines share? */
  readonly shared: boolean;
}

/** Throws UserError `setup-invalid` with every wrong value. */
export function accountParameters(setup: Setup, facts: SetupFacts): Readonly<Record<string, string>> {
  const { repository, provider, stackPolicies } = setup;
  const { pipeline, stages, region, shared } = facts;
  const problems = setupProblems(setup);
  const partition = partitionOf(region);
  const kept = stages.filter((stage) => stage.protected);
  const subjects = (use: Use): string => {
    const list = subjectsOf({ use, repository, environments: environmentsOf(use, stages) });
    // CloudFormation separates the list's items by commas and cannot quote them.
    if (list.some((subject) => subject.includes(","))) {
      problems.push({
        message: `an environment for ${use} has a comma in its name`,
        hint: "Rename the environment on GitHub and in config/pipeline.yaml.",
      });
    }
    return list.join();
  };
  const refs = refsOf("sweep", stages) ?? [];
  if (refs.some((ref) => ref.includes(","))) {
    problems.push({ message: "a branch of a stage has a comma in its name", hint: "Rename the branch." });
  }
  const values = {
    Shared: String(shared),
    Pipeline: pipeline,
    NamePrefix: namePrefix(pipeline),
    Repository: repository.name,
    RepositoryId: repository.id,
    OwnerId: repository.ownerId,
    OidcProvider: provider,
    PlanSubjects: subjects("plan"),
    PreviewSubjects: subjects("preview"),
    DeploySubjects: subjects("deploy"),
    SweepRefs: refs.join(),
    ProtectedStacks: kept.map(({ name }) => stackPattern(partition, stackName(pipeline, name))).join(),
    ProtectedResources: kept.flatMap(({ name }) => resourcesOf(partition, pipeline, name)).join(),
    ProtectedRoles: kept.map(({ name }) => rolesOf(partition, pipeline, name)).join(),
    ProtectedFunctions: kept.map(({ name }) => functionsOf(partition, pipeline, name)).join(),
    StackPolicies: stackPolicies.join(),
  };
  if (problems.length > 0) throw new UserError("setup-invalid", problems);
  return values;
}

function setupProblems({ repository, provider, stackPolicies }: Setup): Problem[] {
  const { name, id, ownerId } = repository;
  const problems: Problem[] = [];
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/.test(name)) {
    problems.push({ message: `\`${name}\` is no repository`, hint: "Write it as owner/name." });
  }
  if (!/^[1-9]\d*$/.test(id) || !/^[1-9]\d*$/.test(ownerId)) {
    problems.push({
      message:
        "the numbers of the repository and of its owner are needed: tokens of newer repositories name them",
      hint: `\`gh api repos/${name} --jq '"--repository-id \\(.id) --owner-id \\(.owner.id)"'\` prints them.`,
    });
  }
  const host = "oidc-provider/token.actions.githubusercontent.com";
  if (provider !== "" && !new RegExp(`^arn:aws[a-z-]*:iam::\\d{12}:${host}$`).test(provider)) {
    const hint = `Its ARN is arn:aws:iam::<account>:${host}.`;
    problems.push({ message: `\`${provider}\` is not the ARN of GitHub's OIDC provider`, hint });
  }
  for (const arn of stackPolicies) {
    if (/^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]+$/.test(arn) && !arn.includes(",")) continue;
    problems.push({ message: `\`${arn}\` is not the ARN of a managed policy` });
  }
  return problems;
}
