/** GitHub's API (or GitHub Enterprise's) through octokit: tried again where that helps, refusals named by the permission. */
import type { getOctokit as GetOctokit } from "@actions/github";
import { checkAnswer } from "../core/github-answer.ts";
import { GitHubRefusal, type Permission, answerOf, troubleOf } from "../core/github-refusal.ts";
import type { Clock } from "../ports.ts";

export type Octokit = ReturnType<typeof GetOctokit>;

export interface GitHubSettings {
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  /** For example https://api.github.com or https://github.example.com/api/v3. */
  readonly apiUrl: string;
  /** Where the run's log is, for deployments. */
  readonly runUrl: string;
}

export interface Here {
  readonly owner: string;
  readonly repo: string;
}

type Ask<Missing> = <T>(
  doing: string,
  permission: Permission,
  work: (octokit: Octokit) => Promise<T>,
) => Promise<T | Missing>;

export interface GitHubApi {
  readonly here: Here;
  readonly runUrl: string;
  /** Throws GitHubRefusal. `work` may be done more than once. */
  readonly ask: Ask<never>;
  /** For questions that have "there is none" as an answer. */
  readonly askIfThere: Ask<undefined>;
}

const TRIES = 4;
const FIRST_PAUSE_MS = 500;
/** In all, for one question: a deploy is not held up for longer to write a comment. */
const WAIT_SECONDS_MAX = 60;
const ANSWER_MS = 30_000;

/** Makes no call yet. */
export function createGitHubApi(settings: GitHubSettings, clock: Clock): GitHubApi {
  const [owner = "", repo = ""] = settings.repository.split("/");
  let opened: Promise<Octokit> | undefined;

  const ask: GitHubApi["ask"] = async (doing, permission, work) => {
    let waitedMs = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(await (opened ??= open(settings)));
      } catch (error) {
        const answer = answerOf(error);
        if (!answer) throw error;
        const trouble = troubleOf(answer, clock.now());
        const refusal = new GitHubRefusal(trouble, doing, permission, answer, error);
        if (!("waitSeconds" in trouble)) throw refusal;
        const asked = trouble.waitSeconds === undefined ? 0 : trouble.waitSeconds * 1_000;
        // Never before the time that GitHub names; with jitter, or all runs of a busy hour come back at once.
        const pauseMs = asked + FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
        if (attempt === TRIES || waitedMs + pauseMs > WAIT_SECONDS_MAX * 1_000) throw refusal;
        await clock.sleep(pauseMs);
        waitedMs += pauseMs;
      }
    }
  };

  return {
    here: { owner, repo },
    runUrl: settings.runUrl,
    ask,
    async askIfThere(doing, permission, work) {
      try {
        return await ask(doing, permission, work);
      } catch (error) {
        if (error instanceof GitHubRefusal && error.kind === "not-found") return undefined;
        throw error;
      }
    },
  };
}

/** Loaded on first use: a command that asks GitHub nothing does not pay for it. */
async function open({ token, apiUrl }: GitHubSettings): Promise<Octokit> {
  const { getOctokit } = await import("@actions/github");
  const octokit = getOctokit(token, { baseUrl: apiUrl });
  octokit.hook.before("request", (options) => {
    // Octokit waits for ever.
    options.request.signal = AbortSignal.timeout(ANSWER_MS);
  });
  octokit.hook.after("request", ({ url, status, data }, { method }) =>
    checkAnswer(method, url, status, data),
  );
  return octokit;
}
