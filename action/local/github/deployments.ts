/** Deployments, their statuses, and the environments that they are of. */
import {
  type Answer,
  type Call,
  created,
  type Handler,
  noContent,
  notFound,
  ok,
  page,
  problem,
  textOf,
  validationFailed,
} from "./answer.ts";
import { moveBranch } from "./changes.ts";
import { BOT, type Body } from "./frame.ts";
import { commitsBetween } from "./history.ts";
import { ensureEnvironment } from "./environments.ts";
import type { OperationId } from "./permissions.ts";
import {
  addCommit,
  type Deployment,
  type DeploymentStatus,
  nextId,
  now,
  resolve,
  type State,
} from "./state.ts";

export const deploymentHandlers = {
  // Newest first, filtered by what was said when it was created.
  "repos/list-deployments": (call) => {
    const { sha, ref, task, environment } = call.query;
    const isWanted = (value: string, wanted: string | undefined): boolean =>
      wanted === undefined || wanted === "none" || value === wanted;
    const found = [...call.state.deployments.values()]
      .filter((one) => isWanted(one.sha, sha) && isWanted(one.ref, ref) && isWanted(one.task, task))
      .filter((one) => isWanted(one.environment, environment));
    return page(call, found.toReversed(), (items) => items.map((one) => deploymentBody(call, one)));
  },

  "repos/create-deployment": create,

  "repos/get-deployment": (call) => withDeployment(call, (found) => ok(deploymentBody(call, found))),

  "repos/delete-deployment": (call) =>
    withDeployment(call, (found) => {
      // https://docs.github.com/en/rest/deployments/deployments#delete-a-deployment : the only one goes whatever its
      // state, any other only when inactive, that is after any status that is not a success.
      const state = found.statuses.at(-1)?.state ?? "success";
      if (call.state.deployments.size > 1 && state === "success") {
        return problem(
          422,
          "We cannot delete an active deployment unless it is the only deployment in a given environment.",
        );
      }
      call.state.deployments.delete(found.id);
      return noContent;
    }),

  "repos/list-deployment-statuses": (call) =>
    withDeployment(call, (found) =>
      page(call, found.statuses.toReversed(), (items) => items.map((one) => statusBody(call, found, one))),
    ),

  "repos/create-deployment-status": (call) => withDeployment(call, (found) => createStatus(call, found)),
} as const satisfies Partial<Record<OperationId, Handler>>;

/** https://docs.github.com/en/rest/deployments/deployments#create-a-deployment */
function create(call: Call): Answer {
  const { state, body } = call;
  const ref = textOf(body, "ref") ?? "";
  const sha = resolve(state, ref);
  if (sha === undefined) return problem(422, `No ref found for: ${ref}`);
  const refused =
    (body["auto_merge"] === false ? undefined : autoMerge(state, ref, sha)) ?? checkContexts(call, ref, sha);
  if (refused) return refused;
  const name = textOf(body, "environment") ?? "production";
  ensureEnvironment(state, name);
  const deployment: Deployment = {
    id: nextId(state),
    ref,
    sha,
    task: textOf(body, "task") ?? "deploy",
    payload: body["payload"] ?? {},
    environment: name,
    description: textOf(body, "description") ?? null,
    transient: body["transient_environment"] === true,
    production:
      body["production_environment"] === undefined
        ? name === "production"
        : body["production_environment"] === true,
    createdAt: now(),
    statuses: [],
  };
  state.deployments.set(deployment.id, deployment);
  return created(deploymentBody(call, deployment));
}

/**
 * On unless switched off: a branch that is behind the default branch gets it merged, and no deployment (202). What is
 * no branch cannot be merged into: 409 (https://github.com/simplytestme/website/issues/130).
 */
function autoMerge(state: State, ref: string, sha: string): Answer | undefined {
  const { defaultBranch } = state;
  const ahead = state.branches.get(defaultBranch) ?? sha;
  if (commitsBetween(state.commits, sha, ahead).length === 0) return undefined;
  const branch = ref.replace(/^refs\/heads\//, "");
  if (!state.branches.has(branch)) return problem(409, `Conflict merging ${defaultBranch} into ${ref}.`);
  moveBranch(state, branch, addCommit(state, [sha, ahead], `Merge ${defaultBranch} into ${branch}`));
  return { status: 202, body: { message: `Auto-merged ${defaultBranch} into ${ref} on deployment.` } };
}

/**
 * Every context that has reported must be a success, unless `required_contexts` names those that count; an empty list
 * switches it off. The words are those of https://github.com/drevops/vortex/issues/1903.
 */
function checkContexts({ state, body }: Call, ref: string, sha: string): Answer | undefined {
  const reported = new Map(
    state.commitStatuses.filter((one) => one.sha === sha).map((one) => [one.context, one.state as string]),
  );
  const required = (body["required_contexts"] ?? [...reported.keys()]) as readonly string[];
  const contexts = required.map((context) => ({ context, state: reported.get(context) ?? "pending" }));
  if (contexts.every((one) => one.state === "success")) return undefined;
  return problem(409, `Conflict: Commit status checks failed for ${ref}.`, {
    errors: [{ contexts, resource: "Deployment", field: "required_contexts", code: "invalid" }],
  });
}

/** https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status */
function createStatus(call: Call, deployment: Deployment): Answer {
  const { state, body } = call;
  const description = textOf(body, "description") ?? "";
  // "The maximum description length is 140 characters."; the words are those of GitHub's other limits.
  if (description.length > 140) {
    return validationFailed({
      resource: "DeploymentStatus",
      code: "custom",
      field: "description",
      message: "description is too long (maximum is 140 characters)",
    });
  }
  const status: DeploymentStatus = {
    id: nextId(state),
    state: body["state"] as DeploymentStatus["state"],
    description,
    environment:
      textOf(body, "environment") ?? deployment.statuses.at(-1)?.environment ?? deployment.environment,
    environmentUrl: textOf(body, "environment_url") ?? "",
    // "This parameter replaces `target_url`"; setting it sets the other.
    logUrl: textOf(body, "log_url") ?? textOf(body, "target_url") ?? "",
    createdAt: now(),
  };
  if (status.state === "success" && body["auto_inactive"] !== false)
    inactivateOthers(state, deployment, status);
  deployment.statuses.push(status);
  return created(statusBody(call, deployment, status));
}

/**
 * "When you set the state of a deployment to success, then all prior non-transient, non-production environment
 * deployments in the same repository with the same environment name will become inactive", and only those that had
 * a success: https://docs.github.com/en/rest/deployments/deployments#inactive-deployments
 */
function inactivateOthers(state: State, deployment: Deployment, status: DeploymentStatus): void {
  for (const other of state.deployments.values()) {
    const last = other.statuses.at(-1);
    const isPrior =
      other.id < deployment.id && (last?.environment ?? other.environment) === status.environment;
    if (!isPrior || other.transient || other.production || last?.state !== "success") continue;
    other.statuses.push({ ...last, id: nextId(state), state: "inactive", createdAt: now() });
  }
}

function withDeployment(call: Call, answer: (deployment: Deployment) => Answer): Answer {
  const found = call.state.deployments.get(Number(call.path["deployment_id"]));
  return found === undefined ? notFound : answer(found);
}

function deploymentBody({ frame }: Call, found: Deployment): Body {
  const url = `${frame.api}/deployments/${found.id}`;
  return {
    ...frame.example("deployment"),
    url,
    statuses_url: `${url}/statuses`,
    repository_url: frame.api,
    id: found.id,
    sha: found.sha,
    ref: found.ref,
    task: found.task,
    payload: found.payload,
    original_environment: found.environment,
    environment: found.statuses.at(-1)?.environment ?? found.environment,
    description: found.description,
    creator: frame.user(BOT),
    created_at: found.createdAt,
    updated_at: found.statuses.at(-1)?.createdAt ?? found.createdAt,
    transient_environment: found.transient,
    production_environment: found.production,
  };
}

function statusBody({ frame }: Call, deployment: Deployment, status: DeploymentStatus): Body {
  const url = `${frame.api}/deployments/${deployment.id}`;
  return {
    ...frame.example("deployment-status"),
    url: `${url}/statuses/${status.id}`,
    deployment_url: url,
    repository_url: frame.api,
    id: status.id,
    state: status.state,
    description: status.description,
    environment: status.environment,
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
    target_url: status.logUrl,
    creator: frame.user(BOT),
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
}
