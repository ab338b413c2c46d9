/** Events as GitHub's own samples have them, with the few values that a test is about. */
import examples from "@octokit/webhooks-examples";
import type { Payload } from "../../action/local/runner/payload.ts";

export interface SampledEvent {
  readonly eventName: string;
  readonly payload: Payload & Readonly<Record<string, unknown>>;
}

interface Example {
  readonly name: string;
  readonly examples: readonly SampledEvent["payload"][];
}

export const repository = { full_name: "lost-woods/warren", default_branch: "main", id: 186853002 };

function sample(name: string): SampledEvent["payload"] {
  const found = (examples as unknown as readonly Example[]).find((each) => each.name === name);
  return found?.examples[0] ?? {};
}

/** GitHub has no sample of `schedule`: its payload is that one key. */
export function happened(
  eventName: string,
  changes: Payload & Readonly<Record<string, unknown>>,
): SampledEvent {
  return { eventName, payload: { ...sample(eventName), repository, ...changes } };
}

type PullRequest = NonNullable<Payload["pull_request"]>;

export function pullRequest(action: string, changes: Partial<PullRequest> = {}): SampledEvent {
  const { pull_request: sampled } = sample("pull_request");
  if (!sampled) throw new Error("the sample of pull_request has changed");
  const sha = (digit: string): string => digit.repeat(40);
  const pull: PullRequest = {
    ...sampled,
    number: 7,
    merged: false,
    mergeable: null,
    head: { ref: "feature", sha: sha("a"), repo: repository },
    base: { ref: "main", sha: sha("b"), repo: repository },
    ...changes,
  };
  return happened("pull_request", { action, pull_request: pull });
}

/** Undefined: its repository is deleted. */
export function fork(name: string | undefined): Partial<PullRequest> {
  return {
    head: { ref: "main", sha: "c".repeat(40), repo: name === undefined ? null : { full_name: name } },
  };
}
