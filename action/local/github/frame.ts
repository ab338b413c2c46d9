/**
 * What all answers about a repository share. Each body starts from GitHub's own example and has our facts laid over it,
 * so that the fields that we keep no facts of are there as well.
 */
import type { State } from "./state.ts";

/** Names of the examples in GitHub's description that the bodies start from. */
export const EXAMPLES = [
  "full-repository-default-response",
  "branch-get",
  "commit-comparison",
  "deployment",
  "deployment-status",
  "environment",
  "issue",
  "issue-comment",
  "pull-request",
  "status",
] as const;

type ExampleName = (typeof EXAMPLES)[number];
export type Body = Readonly<Record<string, unknown>>;
export type Examples = Readonly<Record<ExampleName, { readonly value: Body }>>;

export interface Frame {
  /** The repository's address in the API and on the web, without a slash at the end. */
  readonly api: string;
  readonly web: string;
  /** GitHub's example, as if it were of this repository. */
  example(name: ExampleName): Body;
  user(login: string): Body;
  /** This repository or a fork of it, short. */
  repository(fullName: string): Body;
}

/** Who acts with a job's token. */
export const BOT = "github-actions[bot]";

export function frameOf(state: State, examples: Examples, api: string, web: string): Frame {
  // The examples are of several made-up repositories; all of them are this one here.
  const adapted = JSON.parse(
    JSON.stringify(examples)
      .replaceAll(/octocat\/(Hello-World|example)|github\/hello-world/g, state.repository)
      .replaceAll("https://api.github.com", api)
      .replaceAll("https://github.com/", `${web}/`),
  ) as Examples;
  const pull = adapted["pull-request"].value;
  const someone = pull["user"] as Body;
  const someRepository = (pull["base"] as Body)["repo"] as Body;

  function user(login: string): Body {
    const isBot = login.endsWith("[bot]");
    return {
      ...someone,
      login,
      // https://api.github.com/users/github-actions%5Bbot%5D
      id: isBot ? 41_898_282 : 1000 + login.length,
      url: `${api}/users/${encodeURIComponent(login)}`,
      html_url: `${web}/${login}`,
      type: isBot ? "Bot" : "User",
    };
  }

  function repository(fullName: string): Body {
    const [owner = "", name = ""] = fullName.split("/");
    const isFork = fullName !== state.repository;
    return {
      ...someRepository,
      id: isFork ? state.repositoryId + 1 : state.repositoryId,
      name,
      full_name: fullName,
      owner: isFork ? user(owner) : { ...user(owner), id: state.ownerId },
      private: state.visibility === "private",
      visibility: state.visibility,
      fork: isFork,
      default_branch: state.defaultBranch,
      url: `${api}/repos/${fullName}`,
      html_url: `${web}/${fullName}`,
    };
  }

  return {
    api: `${api}/repos/${state.repository}`,
    web: `${web}/${state.repository}`,
    example: (name) => adapted[name].value,
    user,
    repository,
  };
}
