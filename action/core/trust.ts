/** Whose tokens a role of `templates/account.yaml` trusts: the one place that knows GitHub's subjects. */
import type { Use } from "./access.ts";
import type { Stage } from "./stage.ts";
import type { Value } from "./value.ts";

export const ISSUER = "token.actions.githubusercontent.com";
export const AUDIENCE = "sts.amazonaws.com";

/** The repository as GitHub's tokens name it; the ids survive renames. */
export interface Repository {
  /** `owner/name`. */
  readonly name: string;
  readonly id: string;
  readonly ownerId: string;
}

export interface Trust {
  readonly use: Use;
  readonly repository: Repository;
  /** The GitHub environments whose jobs may assume the role. */
  readonly environments: readonly string[];
  /** Jobs of these refs alone, where a role looks at more than the environment. */
  readonly refs?: readonly string[];
}

/**
 * Classic subjects, and immutable ones, which repositories have that were created, renamed or transferred after
 * 15 July 2026: a role that knows one form only refuses the other without a word.
 * https://docs.github.com/en/actions/reference/security/oidc
 */
export function subjectsOf(trust: Trust): readonly string[] {
  // Pull requests may plan without an environment; what creates or changes anything needs one, since only an
  // environment can be guarded by reviewers and branch rules.
  const contexts = [
    ...trust.environments.map((name) => `environment:${escaped(name)}`),
    ...(trust.use === "plan" ? ["pull_request"] : []),
  ];
  return prefixesOf(trust.repository).flatMap((prefix) => contexts.map((context) => `${prefix}:${context}`));
}

function prefixesOf({ name, id, ownerId }: Repository): readonly string[] {
  const [owner = "", repository = ""] = name.split("/");
  const immutable = id !== "" && ownerId !== "" ? [`repo:${owner}@${ownerId}/${repository}@${id}`] : [];
  return [`repo:${name}`, ...immutable];
}

/** GitHub escapes the colon, which separates a subject's parts. */
function escaped(value: string): string {
  return value.replaceAll(":", "%3A");
}

/** The `Condition` of the role's trust policy, as account.yaml makes it. */
export function trustCondition(trust: Trust): Value {
  const { id } = trust.repository;
  return {
    StringEquals: {
      [`${ISSUER}:aud`]: AUDIENCE,
      // A name that was given up can be taken by somebody else, an id cannot.
      ...(id === "" ? {} : { [`${ISSUER}:repository_id`]: id }),
      [`${ISSUER}:sub`]: [...subjectsOf(trust)],
      ...(trust.refs && { [`${ISSUER}:ref`]: [...trust.refs] }),
    },
  };
}

/** The GitHub environments whose jobs a role for `use` trusts. A stage without one has one of its own name. */
export function environmentsOf(use: Use, stages: readonly Stage[]): readonly string[] {
  // A sweep runs where previews do: nobody has to approve it.
  const ofPreviews = use === "preview" || use === "sweep";
  const meant = stages.filter(
    ({ trigger }) => use === "plan" || (trigger.kind === "pull-requests") === ofPreviews,
  );
  return [...new Set(meant.map(({ name, environment }) => environment ?? name))];
}

/**
 * Whose workflow may delete what production could be taken back to: that of a branch which can change production
 * anyway. A pull request runs in the same environment, and its ref is another.
 */
export function refsOf(use: Use, stages: readonly Stage[]): readonly string[] | undefined {
  if (use !== "sweep") return undefined;
  const guarded = stages.some((stage) => stage.protected)
    ? stages.filter((stage) => stage.protected)
    : stages;
  const branches = guarded.flatMap(({ trigger }) => (trigger.kind === "branch" ? [trigger.branch] : []));
  return [...new Set(branches.map((branch) => `refs/heads/${branch}`))];
}
