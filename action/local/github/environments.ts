/** Environments, and how they are protected. */
import { type Call, type Handler, noContent, notFound, ok, page } from "./answer.ts";
import type { Body } from "./frame.ts";
import type { OperationId } from "./permissions.ts";
import { type Environment, nextId, now, type Protection, type State } from "./state.ts";

export const environmentHandlers = {
  "repos/get-all-environments": (call) => {
    const all = [...call.state.environments.values()];
    return page(call, all, (items) => ({
      total_count: all.length,
      environments: items.map((one) => environmentBody(call, one)),
    }));
  },

  "repos/get-environment": (call) => {
    const found = call.state.environments.get(call.path["environment_name"] ?? "");
    return found === undefined ? notFound : ok(environmentBody(call, found));
  },

  // These two are answered to nobody, as no token of a job has `administration`: see permissions.ts.
  "repos/create-or-update-environment": (call) =>
    ok(environmentBody(call, ensureEnvironment(call.state, call.path["environment_name"] ?? ""))),

  "repos/delete-an-environment": ({ state, path }) =>
    state.environments.delete(path["environment_name"] ?? "") ? noContent : notFound,

  "repos/list-deployment-branch-policies": (call) => {
    const { branches } = call.state.environments.get(call.path["environment_name"] ?? "")?.protection ?? {};
    if (branches === undefined || branches === "protected") return notFound;
    return page(call, branches, (items) => ({
      total_count: branches.length,
      branch_policies: items.map((name, index) => ({ id: index + 1, node_id: "", name, type: "branch" })),
    }));
  },
} as const satisfies Partial<Record<OperationId, Handler>>;

/** A deployment makes its environment when there is none. */
export function ensureEnvironment(state: State, name: string): Environment {
  const found = state.environments.get(name) ?? { id: nextId(state), name, createdAt: now(), protection: {} };
  state.environments.set(name, found);
  return found;
}

/** As its owner does on the repository's settings page. */
export function protectEnvironment(state: State, name: string, protection: Protection): void {
  state.environments.set(name, { ...ensureEnvironment(state, name), protection });
}

function environmentBody({ frame }: Call, found: Environment): Body {
  const { branches } = found.protection;
  return {
    ...frame.example("environment"),
    id: found.id,
    name: found.name,
    url: `${frame.api}/environments/${encodeURIComponent(found.name)}`,
    created_at: found.createdAt,
    updated_at: found.createdAt,
    protection_rules: rulesOf(found, (login) => frame.user(login)),
    deployment_branch_policy:
      branches === undefined
        ? null
        : { protected_branches: branches === "protected", custom_branch_policies: branches !== "protected" },
  };
}

/** https://docs.github.com/en/rest/deployments/environments#get-an-environment */
function rulesOf({ protection }: Environment, user: (login: string) => Body): readonly Body[] {
  const { reviewers = [], waitMinutes = 0, branches } = protection;
  const rule = (id: number, type: string, more: Body = {}): Body => ({ id, node_id: "", type, ...more });
  return [
    ...(waitMinutes > 0 ? [rule(1, "wait_timer", { wait_timer: waitMinutes })] : []),
    ...(reviewers.length > 0
      ? [
          rule(2, "required_reviewers", {
            prevent_self_review: false,
            reviewers: reviewers.map((login) => ({ type: "User", reviewer: user(login) })),
          }),
        ]
      : []),
    ...(branches === undefined ? [] : [rule(3, "branch_policy")]),
  ];
}
