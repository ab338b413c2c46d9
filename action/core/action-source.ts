/** Where the Action itself and the checkout's files can be read on GitHub, from the runner's environment. */
import type { Whereabouts } from "./failure-summary.ts";
import type { Reason } from "./reason.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Of the Action that is running, at its own version: empty where the runner does not tell, as for an Action in the checkout. */
function reasonUrl(reason: Reason, environment: Environment): string {
  const {
    GITHUB_SERVER_URL: server,
    GITHUB_ACTION_REPOSITORY: repository,
    GITHUB_ACTION_REF: ref,
  } = environment;
  return server && repository && ref ? `${server}/${repository}/blob/${ref}/docs/reasons.md#${reason}` : "";
}

export function whereabouts(reason: Reason, environment: Environment): Whereabouts {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_SHA: sha } = environment;
  const filesUrl = server && repository && sha ? `${server}/${repository}/blob/${sha}` : "";
  return { filesUrl, reasonUrl: reasonUrl(reason, environment) };
}
