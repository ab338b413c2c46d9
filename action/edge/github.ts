/** The repository on GitHub (or on GitHub Enterprise: whatever the API's address is), through octokit. */
import { pullRequestOf } from "../core/github-pull-request.ts";
import { answerOf } from "../core/github-refusal.ts";
import { sameText } from "../core/markdown.ts";
import type { DeploymentInput, DeploymentState, GitHub } from "../github-ports.ts";
import type { GitHubApi, Here, Octokit } from "./github-api.ts";

const PAGE = 100;

/** Deployments are found again by their task, which GitHub can filter by; nothing else of theirs tells the stack. */
function taskOf(stack: string): string {
  return `warren:${stack}`;
}

/** Descriptions of statuses: 140 characters are GitHub's limit. */
function cut(text: string): string {
  return Array.from(text).slice(0, 140).join("");
}

/** Every question looks before it writes, so that asking it again after a lost answer does nothing twice. */
export function createGitHub({ here, runUrl, ask, askIfThere }: GitHubApi): GitHub {
  return {
    pullRequest: (number) =>
      askIfThere("read a pull request", "pull-requests: read", async ({ rest }) => {
        const { data } = await rest.pulls.get({ ...here, pull_number: number });
        return pullRequestOf(data);
      }),
    openPullRequests: () =>
      ask("list pull requests", "pull-requests: read", async ({ rest, paginate }) =>
        (await paginate(rest.pulls.list, { ...here, state: "open", per_page: PAGE })).map(pullRequestOf),
      ),
    pullRequestsFrom: (branch) =>
      ask("list pull requests", "pull-requests: read", async ({ rest }) => {
        const newest = { state: "all", sort: "updated", direction: "desc", per_page: 10 } as const;
        // GitHub does not filter by a head without an owner.
        const { data } = await rest.pulls.list({ ...here, ...newest, head: `${here.owner}:${branch}` });
        return data.map(pullRequestOf);
      }),
    pullRequestsOf: (sha) =>
      ask("find a commit's pull requests", "pull-requests: read", async ({ rest, paginate }) =>
        (
          await paginate(rest.repos.listPullRequestsAssociatedWithCommit, {
            ...here,
            commit_sha: sha,
            per_page: PAGE,
          })
        ).map(pullRequestOf),
      ),
    mergedBetween: async (branch, from, to) => {
      const commits = await askIfThere("compare commits", "contents: read", async ({ rest }) => {
        // Without a page's length: the newest 250.
        const basehead = `${from}...${to}`;
        const { data } = await rest.repos.compareCommitsWithBasehead({ ...here, basehead });
        return data.commits;
      });
      if (!commits) return [];
      const known = new Set(commits.map(({ sha }) => sha));
      return ask("list pull requests", "pull-requests: read", async ({ rest }) => {
        const newest = { state: "closed", base: branch, sort: "updated", direction: "desc" } as const;
        const { data } = await rest.pulls.list({ ...here, ...newest, per_page: PAGE });
        return data
          .filter((one) => one.merged_at !== null && known.has(one.merge_commit_sha ?? ""))
          .map(pullRequestOf);
      });
    },
    branches: () =>
      ask("list branches", "contents: read", async ({ rest, paginate }) =>
        (await paginate(rest.repos.listBranches, { ...here, per_page: PAGE })).map(({ name }) => name),
      ),
    head: (branch) =>
      askIfThere("read a branch", "contents: read", async ({ rest }) => {
        const { data } = await rest.git.getRef({ ...here, ref: `heads/${branch}` });
        return data.object.sha;
      }),
    isAncestor: async (ancestor, sha) => {
      const status = await askIfThere("compare commits", "contents: read", async ({ rest }) => {
        const basehead = `${ancestor}...${sha}`;
        const { data } = await rest.repos.compareCommitsWithBasehead({ ...here, basehead, per_page: 1 });
        return data.status;
      });
      return status === "ahead" || status === "identical";
    },
    comment: (pullRequest, marker) =>
      ask("read the pull request's comments", "pull-requests: read", async (octokit) => {
        const found = await ownComment(octokit, { ...here, issue_number: pullRequest }, marker);
        return found?.body;
      }),
    upsertComment: (pullRequest, marker, body) =>
      ask("comment on the pull request", "pull-requests: write", async (octokit) => {
        const { rest } = octokit;
        const found = await ownComment(octokit, { ...here, issue_number: pullRequest }, marker);
        if (!found) {
          await rest.issues.createComment({ ...here, issue_number: pullRequest, body });
          return "created";
        }
        if (sameText(found.body, body)) return "unchanged";
        await rest.issues.updateComment({ ...here, comment_id: found.id, body });
        return "updated";
      }),
    setCommitStatus: async (sha, { context, state, description }) => {
      await ask("set a commit's status", "statuses: write", ({ rest }) =>
        rest.repos.createCommitStatus({
          ...here,
          sha,
          context,
          state,
          description: cut(description),
          target_url: runUrl,
        }),
      );
    },
    upsertIssue: (issue) =>
      ask("open or edit an issue", "issues: write", async (octokit) => {
        const { marker, title, body } = issue;
        const found = await ownIssue(octokit, here, marker);
        if (!found) {
          await octokit.rest.issues.create({ ...here, title, body });
          return "opened";
        }
        if (found.title === title && sameText(found.body, body)) return "unchanged";
        await octokit.rest.issues.update({ ...here, issue_number: found.number, title, body });
        return "updated";
      }),
    closeIssue: (marker) =>
      ask("close an issue", "issues: write", async (octokit) => {
        const found = await ownIssue(octokit, here, marker);
        if (!found) return undefined;
        const { number: issue_number } = found;
        await octokit.rest.issues.update({
          ...here,
          issue_number,
          state: "closed",
          state_reason: "completed",
        });
        return issue_number;
      }),
    createDeployment: (input) =>
      ask("create a deployment", "deployments: write", async (octokit) =>
        createDeployment(octokit, here, input),
      ),
    setDeploymentState: async (id, state, text, url) => {
      await ask("set a deployment's status", "deployments: write", ({ rest }) =>
        rest.repos.createDeploymentStatus({
          ...here,
          deployment_id: id,
          state,
          description: cut(text),
          log_url: runUrl,
          ...(url === undefined ? {} : { environment_url: url }),
        }),
      );
    },
    activeDeployments: (environment, stack) =>
      ask("list deployments", "deployments: read", async (octokit) => {
        const query = { ...here, environment, task: taskOf(stack), per_page: PAGE };
        const active: number[] = [];
        for (const { id } of await octokit.paginate(octokit.rest.repos.listDeployments, query)) {
          if (await isActive(octokit, here, id)) active.push(id);
        }
        return active;
      }),
  };
}

/** Two runs that make one at the same moment end with the older of the two: each of them looks again. */
async function createDeployment(octokit: Octokit, here: Here, input: DeploymentInput): Promise<number> {
  const { rest } = octokit;
  const { environment, sha, transient, production, stack } = input;
  const same = { ...here, environment, task: taskOf(stack) };
  // Of a run that was cut off, or is run again: it goes on. One that has ended had others after it, and one that others
  // came after is not gone on with: GitHub shows the newest, and a stage may have been taken back to an earlier commit.
  const former = await firstActive(octokit, here, await newestOf(sha, octokit, { ...same, per_page: 1 }));
  if (former !== undefined) return former;
  const { data } = await rest.repos.createDeployment({
    ...same,
    ref: sha,
    description: `stack ${stack}`,
    // Or GitHub merges the default branch into it first, and waits for other checks: this job may be one of them.
    auto_merge: false,
    required_contexts: [],
    transient_environment: transient,
    production_environment: production,
  });
  // 202 "merged" has no id; auto_merge is off.
  if (!("id" in data)) throw new Error(`GitHub made no deployment: ${data.message ?? "no reason"}`);
  const { id: deployment_id } = data;
  const all = await newestOf(sha, octokit, { ...same, per_page: PAGE });
  const older = all.filter((id) => id < deployment_id).toReversed();
  const first = await firstActive(octokit, here, older);
  if (first === undefined) return deployment_id;
  // GitHub deletes only what is inactive.
  await rest.repos.createDeploymentStatus({ ...here, deployment_id, state: "inactive" });
  await rest.repos.deleteDeployment({ ...here, deployment_id });
  return first;
}

/** Ids of those of the commit that no other commit's came after, newest first. */
async function newestOf(
  commit: string,
  { rest }: Octokit,
  query: NonNullable<Parameters<Octokit["rest"]["repos"]["listDeployments"]>[0]>,
): Promise<readonly number[]> {
  const { data } = await rest.repos.listDeployments(query);
  const end = data.findIndex(({ sha }) => sha !== commit);
  return data.slice(0, end < 0 ? data.length : end).map(({ id }) => id);
}

async function firstActive(
  octokit: Octokit,
  here: Here,
  ids: readonly number[],
): Promise<number | undefined> {
  for (const id of ids) if (await isActive(octokit, here, id)) return id;
  return undefined;
}

/** One without a status is as good as active: its run was killed. */
async function isActive({ rest }: Octokit, here: Here, deployment_id: number): Promise<boolean> {
  const { data } = await rest.repos.listDeploymentStatuses({ ...here, deployment_id, per_page: 1 });
  return data[0]?.state !== ("inactive" satisfies DeploymentState);
}

/** The oldest of ours, read to the last page. */
async function ownComment(
  { rest, paginate }: Octokit,
  issue: Here & { readonly issue_number: number },
  marker: string,
): Promise<{ readonly id: number; readonly body: string } | undefined> {
  const comments = await paginate(rest.issues.listComments, { ...issue, per_page: PAGE });
  const found = await firstOwn(comments, marker, rest);
  return found && { id: found.id, body: found.body ?? "" };
}

/** The oldest open one of ours; pull requests are issues too. */
async function ownIssue(
  { rest, paginate }: Octokit,
  here: Here,
  marker: string,
): Promise<{ readonly number: number; readonly title: string; readonly body: string } | undefined> {
  const query = { ...here, state: "open", sort: "created", direction: "asc", per_page: PAGE } as const;
  const issues = await paginate(rest.issues.listForRepo, query);
  const found = await firstOwn(
    issues.filter(({ pull_request }) => pull_request === undefined),
    marker,
    rest,
  );
  return found && { number: found.number, title: found.title, body: found.body ?? "" };
}

interface Written {
  readonly body?: string | null | undefined;
  readonly user: { readonly type: string; readonly login: string } | null;
}

/** Anybody can write the marker down, or quote a text of ours; only an account that we write as is us. */
async function firstOwn<T extends Written>(
  texts: readonly T[],
  marker: string,
  rest: Octokit["rest"],
): Promise<T | undefined> {
  let login: string | undefined;
  for (const text of texts) {
    const { body, user } = text;
    if (!body?.startsWith(marker)) continue;
    if (user?.type === "Bot") return text;
    login ??= await loginOf(rest);
    if (user !== null && user.login === login) return text;
  }
  return undefined;
}

/** The account of a personal token; empty for a job's own token, which may not ask (403) and writes as a bot. */
async function loginOf(rest: Octokit["rest"]): Promise<string> {
  try {
    return (await rest.users.getAuthenticated()).data.login;
  } catch (error) {
    const { status = 0 } = answerOf(error) ?? {};
    // No answer is no refusal: taken for one, an own comment would not be found, and made again.
    if (status >= 400 && status < 500) return "";
    throw error;
  }
}
