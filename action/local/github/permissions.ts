/**
 * Which permission each operation needs. A table of GitHub's, not in its OpenAPI description:
 * https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
 */

/** As `permissions:` of a workflow may grant them, with GitHub's own spelling in its API. */
const GRANTABLE = [
  "actions",
  "attestations",
  "checks",
  "contents",
  "deployments",
  "discussions",
  "id_token",
  "issues",
  "packages",
  "pages",
  "pull_requests",
  "security_events",
  "statuses",
] as const;

export type Permission = (typeof GRANTABLE)[number];
export type Access = "none" | "read" | "write";
/** `{ pull_requests: "write" }`; a workflow's own spelling, `pull-requests`, does as well. */
export type Permissions = Readonly<Record<string, Access>>;

/** Any of `anyOf` will do. Nobody can give a job's token what is not in `Permission`. */
export interface Requirement {
  readonly anyOf: readonly string[];
  readonly access: "read" | "write";
}

/** Metadata is always granted, and cannot be named in a workflow. */
const metadata: Requirement = { anyOf: ["metadata"], access: "read" };
const read = (...anyOf: readonly string[]): Requirement => ({ anyOf, access: "read" });
const write = (...anyOf: readonly string[]): Requirement => ({ anyOf, access: "write" });

/** Every operation that the stand-in answers, by GitHub's id for it. */
export const operations = {
  "repos/get": metadata,
  "repos/list-branches": read("contents"),
  "repos/get-branch": read("contents"),
  "repos/compare-commits-with-basehead": read("contents"),
  "git/get-ref": read("contents"),
  "git/create-ref": write("contents"),
  "git/delete-ref": write("contents"),
  "pulls/list": read("pull_requests"),
  "pulls/get": read("pull_requests"),
  "repos/list-pull-requests-associated-with-commit": read("pull_requests", "contents"),
  "issues/list-comments": read("issues", "pull_requests"),
  "issues/create-comment": write("issues", "pull_requests"),
  "issues/get-comment": read("issues", "pull_requests"),
  "issues/update-comment": write("issues", "pull_requests"),
  "issues/delete-comment": write("issues", "pull_requests"),
  "issues/list-for-repo": read("issues"),
  "issues/get": read("issues"),
  "issues/create": write("issues"),
  "issues/update": write("issues"),
  "repos/list-deployments": read("deployments"),
  "repos/create-deployment": write("deployments"),
  "repos/get-deployment": read("deployments"),
  "repos/delete-deployment": write("deployments"),
  "repos/list-deployment-statuses": read("deployments"),
  "repos/create-deployment-status": write("deployments"),
  "repos/create-commit-status": write("statuses"),
  "repos/get-combined-status-for-ref": read("statuses"),
  "repos/get-all-environments": read("actions"),
  "repos/get-environment": read("actions"),
  "repos/list-deployment-branch-policies": read("actions"),
  // `administration` is no permission of a workflow: a job's token is refused whatever its workflow says
  // (https://github.com/strumwolf/delete-deployment-environment/issues/10).
  "repos/create-or-update-environment": write("administration"),
  "repos/delete-an-environment": write("administration"),
  // "Works with" user tokens only, which a job's is not: https://docs.github.com/en/rest/users/users#get-the-authenticated-user
  "users/get-authenticated": read("user"),
  "actions/get-custom-oidc-sub-claim-for-repo": read("actions"),
  "actions/get-github-actions-default-workflow-permissions-repository": read("administration"),
} as const satisfies Readonly<Record<string, Requirement>>;

export type OperationId = keyof typeof operations;

/** Throws for a name that no workflow may use. */
export function grant(permissions: Permissions): ReadonlyMap<string, Access> {
  const granted = new Map<string, Access>([["metadata", "read"]]);
  for (const [name, access] of Object.entries(permissions)) {
    const permission = name.replaceAll("-", "_");
    if (!(GRANTABLE as readonly string[]).includes(permission)) {
      throw new Error(`a workflow cannot grant the permission ${name}`);
    }
    granted.set(permission, access);
  }
  return granted;
}

export function isAllowed(granted: ReadonlyMap<string, Access>, { anyOf, access }: Requirement): boolean {
  return anyOf.some((name) => {
    const held = granted.get(name) ?? "none";
    return held === "write" || (access === "read" && held === "read");
  });
}

/**
 * The header `x-accepted-github-permissions`, sets that would do separated by semicolons:
 * https://github.blog/changelog/2023-08-10-x-accepted-github-permissions-header-for-fine-grained-permission-actors
 */
export function acceptedPermissions({ anyOf, access }: Requirement): string {
  return anyOf.map((name) => `${name}=${access}`).join("; ");
}
