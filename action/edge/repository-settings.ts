/** How the repository is set up on GitHub. */
import type { GuardedEnvironment } from "../core/doctor-facts.ts";
import type { RepositorySettings } from "../github-ports.ts";
import type { GitHubApi } from "./github-api.ts";

export function createRepositorySettings({ here, ask, askIfThere }: GitHubApi): RepositorySettings {
  return {
    environment: (environment_name) =>
      askIfThere("read an environment", "actions: read", async ({ rest, paginate }) => {
        const named = { ...here, environment_name };
        const { data } = await rest.repos.getEnvironment(named);
        const { protection_rules: rules = [], deployment_branch_policy: policy } = data;
        const patterns =
          policy?.custom_branch_policies === true
            ? await paginate(rest.repos.listDeploymentBranchPolicies, { ...named, per_page: 100 })
            : [];
        return {
          reviewers: rules.flatMap((rule) => ("reviewers" in rule ? (rule.reviewers ?? []) : [])).length,
          branches:
            policy === null || policy === undefined
              ? "all"
              : policy.protected_branches
                ? "protected"
                : patterns.flatMap(({ name = "", type }) => (type === "tag" ? [] : [name])),
        } satisfies GuardedEnvironment;
      }),
    isProtected: (branch) =>
      ask("read a branch", "contents: read", async ({ rest }) => {
        const { data } = await rest.repos.getBranch({ ...here, branch });
        return data.protected;
      }),
    subjectClaims: () =>
      ask("read how OIDC subjects are made", "actions: read", async ({ rest }) => {
        const { data } = await rest.actions.getCustomOidcSubClaimForRepo({ ...here });
        return data.use_default ? undefined : (data.include_claim_keys ?? []);
      }),
    defaultPermissions: () =>
      ask("read the setting of workflow permissions", "administration: read", async ({ rest }) => {
        const { data } = await rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository({ ...here });
        return data.default_workflow_permissions;
      }),
  };
}
