/** Whether GitHub guards the environments as their stages need it: who deploys to production is decided there. */
import type { DoctorFacts, GuardedEnvironment } from "./doctor-facts.ts";
import { type Finding, ok } from "./finding.ts";

type Facts = Pick<DoctorFacts, "config" | "github" | "run">;

export function environmentFindings({ config, github, run }: Facts): readonly Finding[] {
  if (config.kind === "broken" || github === undefined) return [];
  if (github.kind === "hidden") {
    const fix = github.fix ?? "Give the doctor a token that may look.";
    return [{ kind: "warning", what: `GitHub's settings cannot be seen: ${github.why}`, fix }];
  }
  const { environments, protectedBranches, subjectClaims, defaultPermissions } = github.value;
  const place = `repos/${run?.repository ?? "{owner}/{repo}"}`;
  const findings = config.stages.flatMap((stage): readonly Finding[] => {
    const name = stage.environment ?? stage.name;
    const guarded = environments[name];
    const { trigger } = stage;
    if (trigger.kind === "pull-requests") return guarded ? previewFindings(name, guarded, place) : [];
    const branch = trigger.kind === "branch" ? trigger.branch : undefined;
    const isOpen = !guarded || guarded.branches === "all";
    // One role deploys all stages that are no previews: who gets it for one of them has it for the protected ones.
    const keeps = config.stages.some((other) => other.protected && other.role === stage.role);
    return [
      ...(keeps && !guarded ? [missing(name, branch, place)] : []),
      ...(keeps && guarded && isOpen && guarded.reviewers === 0 ? [open(name, branch, place)] : []),
      ...(guarded && branch !== undefined && !allows(guarded, branch, protectedBranches)
        ? [shut(name, branch, guarded, place)]
        : []),
    ].map((finding) => ({ ...finding, place: stage.place }));
  });
  const all = [
    ...findings,
    ...subjectFindings(subjectClaims, place),
    ...permissionFindings(defaultPermissions, place),
  ];
  return all.length > 0 ? all : [ok("GitHub guards the environments, and tokens have its own subjects")];
}

function missing(name: string, branch: string | undefined, place: string): Finding {
  return {
    kind: "warning",
    what: `GitHub has no environment \`${name}\`: the first job that names it makes one that guards nothing`,
    fix: onlyFor(name, branch, place),
  };
}

function open(name: string, branch: string | undefined, place: string): Finding {
  return {
    kind: "warning",
    what: `a job of any branch may deploy to \`${name}\`, and with its role to every protected stage: the environment has neither a branch rule nor reviewers`,
    fix: onlyFor(name, branch, place),
  };
}

/** Both calls are needed: an environment with patterns and none of them is open to nobody. */
function onlyFor(name: string, branch: string | undefined, place: string): string {
  const api = `${place}/environments/${encodeURIComponent(name)}`;
  const policy =
    "-F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'";
  return `Run \`gh api -X PUT ${api} ${policy}\`, then ${allowing(branch ?? "main", api)}.`;
}

function allowing(branch: string, api: string): string {
  const quoted = `'name=${branch.replaceAll("'", "'\\''")}'`;
  return `\`gh api -X POST ${api}/deployment-branch-policies -f ${quoted}\``;
}

function shut(name: string, branch: string, { branches }: GuardedEnvironment, place: string): Finding {
  const api = `${place}/environments/${encodeURIComponent(name)}`;
  return {
    kind: "problem",
    what: `the environment \`${name}\` does not take branch \`${branch}\`, from which its stage is deployed`,
    fix:
      branches === "protected"
        ? `Protect the branch (Settings, Rules or Branches), or let the environment name it: ${onlyFor(name, branch, place)}`
        : `Run ${allowing(branch, api)}.`,
  };
}

/** A pull request's job runs on `refs/pull/7/merge`; those of branches that are gone on the default branch. */
function previewFindings(
  name: string,
  { reviewers, branches }: GuardedEnvironment,
  place: string,
): readonly Finding[] {
  const found: Finding[] = [];
  const takesPulls = Array.isArray(branches)
    ? branches.some((pattern) => matches(pattern, "refs/pull/7/merge"))
    : branches === "all";
  if (!takesPulls) {
    const fix = `Run \`gh api -X PUT ${place}/environments/${encodeURIComponent(name)} -F deployment_branch_policy=null\`: what a preview may do is bounded on AWS.`;
    const what = `the environment \`${name}\` does not take pull requests: none of them gets a preview`;
    found.push({ kind: "problem", what, fix });
  }
  if (reviewers > 0) {
    const fix = `Take the reviewers off (Settings, Environments, ${name}): what a preview may do is bounded on AWS.`;
    found.push({
      kind: "warning",
      what: `every preview, and every night's sweep, waits for a reviewer of \`${name}\``,
      fix,
    });
  }
  return found;
}

function allows(
  { branches }: GuardedEnvironment,
  branch: string,
  protectedBranches: readonly string[],
): boolean {
  if (branches === "all") return true;
  if (branches === "protected") return protectedBranches.includes(branch);
  return branches.some((pattern) => matches(pattern, branch));
}

/** As Ruby's `File.fnmatch` does it: `*` stops at a slash. https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(/[.+^$(){}|\\]/g, "\\$&")
    .replaceAll("**", "\0")
    .replaceAll("*", "[^/]*")
    .replaceAll("\0/", "(.*/)?")
    .replaceAll("\0", "[^/]*")
    .replaceAll("?", "[^/]");
  return new RegExp(`^${source}$`, "u").test(name);
}

function subjectFindings(claims: readonly string[] | undefined, place: string): readonly Finding[] {
  if (claims === undefined || claims.join() === "repo,context") return [];
  const what = `the subjects of the repository's OIDC tokens are made of ${claims.map((claim) => `\`${claim}\``).join(", ") || "nothing"}, and no role trusts those`;
  const fix = `Run \`gh api -X PUT ${place}/actions/oidc/customization/sub -F use_default=true\`.`;
  return [{ kind: "problem", what, fix }];
}

function permissionFindings(level: "read" | "write" | undefined, place: string): readonly Finding[] {
  if (level !== "write") return [];
  const fix = `Run \`gh api -X PUT ${place}/actions/permissions/workflow -f default_workflow_permissions=read\`.`;
  return [
    {
      kind: "warning",
      what: "a workflow without `permissions:` may write everything in the repository",
      fix,
    },
  ];
}
