/** What a workflow file lacks for running Warren: events, permissions, environments. */
import { type Finding, ok } from "./finding.ts";
import type { Stage } from "./stage.ts";
import { environmentsOf } from "./trust.ts";
import type { WorkflowJob } from "./workflow-jobs.ts";

/** Scope -> [level, what it is for]. */
const PERMISSIONS: Readonly<Record<string, readonly ["read" | "write", string]>> = {
  contents: ["read", "check out the commit"],
  "id-token": ["write", "the OIDC token for which AWS gives credentials"],
  "pull-requests": ["write", "the comment"],
  deployments: ["write", "deployments and their status"],
  issues: ["write", "the issue that tells of drift"],
  statuses: ["write", "the status that tells of a plan"],
};

const EVENTS: Readonly<Record<string, string>> = {
  push: "Without it nothing is deployed.",
  pull_request: "Without it pull requests have no previews.",
  delete: "`closed` alone never comes for a pull request that conflicts.",
  schedule: "It makes up for every event that GitHub has dropped.",
};

export function workflowFindings(
  workflows: readonly WorkflowJob[],
  stages: readonly Stage[],
): readonly Finding[] {
  if (workflows.length === 0) {
    return [
      {
        kind: "problem",
        what: "no workflow in .github/workflows runs Warren",
        fix: "Copy .github/workflows/warren.yml from Warren's repository.",
      },
    ];
  }
  const events = new Set(workflows.flatMap((job) => job.events));
  const missing = Object.entries(EVENTS).filter(
    ([event]) => !events.has(event) && !events.has("workflow_call"),
  );
  const [first] = workflows;
  const found = [
    ...workflows.flatMap(permissionFindings),
    ...workflows
      .filter((job) => job.events.includes("pull_request_target"))
      .map(({ place }): Finding => ({
        kind: "problem",
        what: "the workflow runs on `pull_request_target`: code of strangers would have your token",
        place,
        fix: "Use `pull_request`: forks are then checked and planned without a token.",
      })),
    ...missing.map(([event, why]): Finding => ({
      kind: "warning",
      what: `no workflow that runs Warren is started by \`${event}\``,
      ...(first && { place: first.place }),
      fix: `Add \`${event}\` to \`on:\`. ${why}`,
    })),
    ...environmentFindings(workflows, stages),
  ];
  return found.length > 0 ? found : [ok("workflow: events, permissions and environments are there")];
}

function permissionFindings({ permissions, events, place }: WorkflowJob): readonly Finding[] {
  // What is only called has what its caller grants.
  if (permissions === undefined && events.join() === "workflow_call") return [];
  if (permissions === "write-all") {
    const fix = `Give the job only \`permissions: { ${wantedPermissions()} }\`.`;
    return [{ kind: "warning", what: "the job may write everything", place, fix }];
  }
  const held = typeof permissions === "object" ? permissions : {};
  return Object.entries(PERMISSIONS).flatMap(([scope, [level, why]]): Finding[] => {
    const given = permissions === "read-all" && scope !== "id-token" ? "read" : held[scope];
    if (given === "write" || given === level) return [];
    // A comment that cannot be written is told and survived; without the other two there is no deploy at all.
    const kind = scope === "id-token" || scope === "contents" ? "problem" : "warning";
    const fix = `Add \`${scope}: ${level}\` to the job's \`permissions\`: ${why}.`;
    return [{ kind, what: `the job lacks \`${scope}: ${level}\``, place, fix }];
  });
}

function wantedPermissions(): string {
  return Object.entries(PERMISSIONS)
    .map(([scope, [level]]) => `${scope}: ${level}`)
    .join(", ");
}

function environmentFindings(
  workflows: readonly WorkflowJob[],
  stages: readonly Stage[],
): readonly Finding[] {
  // Often an expression: that the name stands in it is as much as can be told.
  const named = (environment: string): boolean =>
    workflows.some((job) => job.environment.includes(environment));
  return environmentsOf("plan", stages)
    .filter((environment) => !named(environment))
    .map((environment) => ({
      kind: "problem",
      what: `no job that runs Warren has the environment \`${environment}\`: its role will refuse the token`,
      ...(workflows[0] && { place: workflows[0].place }),
      fix: `Give the job \`environment: ${environment}\` for that stage; it is part of the token's subject.`,
    }));
}
