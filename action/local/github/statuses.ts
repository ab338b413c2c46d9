/** Statuses of commits, and the settings of the repository that a job may read. */
import { type Call, created, type Handler, notFound, ok, problem, textOf } from "./answer.ts";
import { BOT, type Body } from "./frame.ts";
import type { OperationId } from "./permissions.ts";
import { type CommitStatus, nextId, now, resolve } from "./state.ts";

export const statusHandlers = {
  "repos/create-commit-status": (call) => {
    const { state, path, body } = call;
    const { sha = "" } = path;
    if (!state.commits.has(sha)) return problem(422, `No commit found for SHA: ${sha}`);
    const status: CommitStatus = {
      id: nextId(state),
      sha,
      context: textOf(body, "context") ?? "default",
      state: body["state"] as CommitStatus["state"],
      description: textOf(body, "description") ?? null,
      targetUrl: textOf(body, "target_url") ?? null,
      createdAt: now(),
    };
    state.commitStatuses.push(status);
    return created({ ...simpleStatus(call, status), creator: call.frame.user(BOT) });
  },

  // https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference
  "repos/get-combined-status-for-ref": (call) => {
    const { state, frame, path } = call;
    const sha = resolve(state, path["ref"] ?? "");
    if (sha === undefined) return notFound;
    const latest = new Map(
      state.commitStatuses.filter((one) => one.sha === sha).map((one) => [one.context, one]),
    );
    const states = new Set([...latest.values()].map((one) => one.state));
    return ok({
      state:
        states.has("failure") || states.has("error")
          ? "failure"
          : states.size === 0 || states.has("pending")
            ? "pending"
            : "success",
      statuses: [...latest.values()].map((one) => simpleStatus(call, one)),
      sha,
      total_count: latest.size,
      repository: frame.repository(state.repository),
      commit_url: `${frame.api}/commits/${sha}`,
      url: `${frame.api}/commits/${sha}/status`,
    });
  },

  // Answered to nobody: see permissions.ts.
  "users/get-authenticated": ({ frame }) => ok(frame.user(BOT)),

  "actions/get-custom-oidc-sub-claim-for-repo": ({ state }) =>
    ok({ use_default: state.oidcSubject.useDefault, use_immutable_subject: state.oidcSubject.immutable }),

  "actions/get-github-actions-default-workflow-permissions-repository": ({ state }) =>
    ok({
      default_workflow_permissions: state.defaultWorkflowPermissions,
      can_approve_pull_request_reviews: false,
    }),
} as const satisfies Partial<Record<OperationId, Handler>>;

function simpleStatus({ frame }: Call, status: CommitStatus): Body {
  const { creator: _, ...example } = frame.example("status");
  return {
    ...example,
    id: status.id,
    url: `${frame.api}/statuses/${status.sha}`,
    state: status.state,
    context: status.context,
    description: status.description,
    target_url: status.targetUrl,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
}
