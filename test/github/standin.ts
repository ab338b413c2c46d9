/** Clients of the GitHub stand-in: the octokit that the Action uses, and bare requests. */
import { getOctokit } from "@actions/github";
import type { Permissions } from "../../action/local/github/permissions.ts";
import type { GitHub } from "../../action/local/github/server.ts";

export const here = { owner: "warren", repo: "rabbit-hole" };

/** A workflow that may do all that Warren ever asks for, and more. */
export const ALL: Permissions = {
  actions: "write",
  contents: "write",
  deployments: "write",
  issues: "write",
  "pull-requests": "write",
  statuses: "write",
};

export type Client = ReturnType<typeof getOctokit>;

export function clientOf(github: GitHub, permissions: Permissions = ALL): Client {
  return getOctokit(github.issueToken(permissions), { baseUrl: github.url });
}

export function bare(
  github: GitHub,
  request: {
    readonly method?: string;
    readonly path: string;
    readonly token?: string;
    readonly body?: string;
  },
): Promise<Response> {
  const { method = "GET", path, token, body } = request;
  return fetch(`${github.url}${path}`, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body }),
  });
}
