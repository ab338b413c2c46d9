/** The repository on GitHub (or on GitHub Enterprise: whatever the API's address is), through octokit. */
import type { getOctokit as GetOctokit } from "@actions/github";
import { pullRequestOf } from "../core/github-pull-request.ts";
import { GitHubRefusal, type Permission, answerOf, troubleOf } from "../core/github-refusal.ts";
import { sameText } from "../core/markdown.ts";
import type { Clock, DeploymentInput, DeploymentState, GitHub } from "../ports.ts";

type Octokit = ReturnType<typeof GetOctokit>;

export interface GitHubSettings {
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  /** For example https://api.github.com or https://github.example.com/api/v3. */
  readonly apiUrl: string;
  /** Where the run's log is, for deployments. */
  readonly runUrl: string;
}

const TRIES = 4;
const FIRST_PAUSE_MS = 500;
/** In all, for one question: a deploy is not held up for longer to write a comment. */
const WAIT_SECONDS_MAX = 60;
const ANSWER_MS = 30_000;
const PAGE = 100;

/** Deployments are found again by their task, which GitHub can filter by; nothing else of theirs tells the stack. */
function taskOf(stack: string): string {
  return `warren:${stack}`;
}

/** Makes no call yet. */
export function createGitHub(settings: GitHubSettings, clock: Clock): GitHub {
  const [owner = "", repo = ""] = settings.repository.split("/");
  const here = { owner, repo };
  let opened: Promise<Octokit> | undefined;
  const api = (): Promise<Octokit> => (opened ??= open(settings));

  /** Every `work` looks before it writes, so that doing it again after a lost answer does nothing twice. */
  async function ask<T>(
    doing: string,
    permission: Permission,
    work: (octokit: Octokit) => Promise<T>,
  ): Promise<T> {
    let waitedMs = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(await api());
      } catch (error) {
        const answer = answerOf(error);
        if (!answer) throw error;
        const trouble = troubleOf(answer, clock.now());
        const refusal = new GitHubRefusal(trouble, doing, permission, answer, error);
        if (trouble.kind !== "rate-limit" && trouble.kind !== "unavailable") throw refusal;
        const asked = trouble.waitSeconds === undefined ? 0 : trouble.waitSeconds * 1_000;
        // Never before the time that GitHub names; with jitter, or all runs of a busy hour come back at once.
        const pauseMs = asked + FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
        if (attempt === TRIES || waitedMs + pauseMs > WAIT_SECONDS_MAX * 1_000) throw refusal;
        await clock.sleep(pauseMs);
        waitedMs += pauseMs;
      }
    }
  }

  /** For questions that have "there is none" as an answer. */
  async function askIfThere<T>(
    doing: string,
    permission: Permission,
    work: (octokit: Octokit) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await ask(doing, permission, work);
    } catch (error) {
      if (error instanceof GitHubRefusal && error.kind === "not-found") return undefined;
      throw error;
    }
  }

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
          // 140 is GitHub's limit.
          description: Array.from(text).slice(0, 140).join(""),
          log_url: settings.runUrl,
          ...(url === undefined ? {} : { environment_url: url }),
        }),
      );
    },
    activeDeployments: (environment, stack) =>
      ask("list deployments", "deployments: read", async ({ rest, paginate }) => {
        const query = { ...here, environment, task: taskOf(stack), per_page: PAGE };
        const active: number[] = [];
        for (const { id } of await paginate(rest.repos.listDeployments, query)) {
          // Newest first. One without a status is as good as active: its run was killed.
          const { data } = await rest.repos.listDeploymentStatuses({
            ...here,
            deployment_id: id,
            per_page: 1,
          });
          if (data[0]?.state !== ("inactive" satisfies DeploymentState)) active.push(id);
        }
        return active;
      }),
  };
}

interface Here {
  readonly owner: string;
  readonly repo: string;
}

async function createDeployment({ rest }: Octokit, here: Here, input: DeploymentInput): Promise<number> {
  const { environment, sha, transient, production, stack } = input;
  const same = { ...here, environment, task: taskOf(stack) };
  const { data: former } = await rest.repos.listDeployments({ ...same, sha, per_page: 1 });
  if (former[0]) {
    const { id } = former[0];
    const { data: states } = await rest.repos.listDeploymentStatuses({
      ...here,
      deployment_id: id,
      per_page: 1,
    });
    // Of a run that was cut off, or is run again: it goes on. One that has ended had others after it.
    if (states[0]?.state !== ("inactive" satisfies DeploymentState)) return id;
  }
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
  return data.id;
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
    if (answerOf(error)) return "";
    throw error;
  }
}

/** Loaded on first use: a command that asks GitHub nothing does not pay for it. */
async function open({ token, apiUrl }: GitHubSettings): Promise<Octokit> {
  const { getOctokit } = await import("@actions/github");
  const octokit = getOctokit(token, { baseUrl: apiUrl });
  octokit.hook.before("request", (options) => {
    // Octokit waits for ever.
    options.request.signal = AbortSignal.timeout(ANSWER_MS);
  });
  return octokit;
}
