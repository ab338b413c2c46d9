/** What GitHub answers when it does not do what it was asked: whether asking again helps, and how to mend it. */
import { StrangeAnswer } from "./github-answer.ts";
import { UserError } from "./problem.ts";
import type { Reason } from "./reason.ts";

export interface GitHubAnswer {
  /** 0: there was no answer. */
  readonly status: number;
  readonly message: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A scope of a job's `permissions:`. */
export type Permission =
  | "actions: read"
  | "administration: read"
  | "contents: read"
  | "pull-requests: read"
  | "pull-requests: write"
  | "deployments: read"
  | "deployments: write"
  | "issues: write"
  | "statuses: write";

/** A status of GitHub's none, for what a proxy has put in its place. */
const STRANGE = 200;

/** Undefined for what is no answer of GitHub, nor the lack of one: a bug. Otherwise an error of octokit's. */
export function answerOf(error: unknown): GitHubAnswer | undefined {
  const { name, status, message, response } = error as {
    name?: unknown;
    status?: unknown;
    message?: unknown;
    response?: { readonly headers: GitHubAnswer["headers"]; readonly data?: { readonly message?: unknown } };
  };
  if (error instanceof StrangeAnswer) return { status: STRANGE, message: error.message, headers: {} };
  if (name !== "HttpError" || typeof status !== "number") return undefined;
  const said = response?.data?.message;
  return {
    status: response ? status : 0,
    message: typeof said === "string" ? said : String(message),
    headers: response?.headers ?? {},
  };
}

/** A report to GitHub may fail with this and the deploy still succeed; a question that must be answered may not. */
export class GitHubRefusal extends UserError {
  readonly kind: Trouble["kind"];
  readonly status: number;

  constructor(trouble: Trouble, doing: string, permission: Permission, answer: GitHubAnswer, cause: unknown) {
    super(REASONS[trouble.kind], problemOf(trouble, doing, permission, answer), { cause });
    this.name = "GitHubRefusal";
    this.kind = trouble.kind;
    this.status = answer.status;
  }
}

export type Trouble =
  /** The token may not do it. */
  | { readonly kind: "permission" }
  /** Asking again helps, after this time if GitHub says so. */
  | { readonly kind: "rate-limit"; readonly waitSeconds: number | undefined }
  | { readonly kind: "unavailable"; readonly waitSeconds: number | undefined }
  /** Something that GitHub does not say, with status 200. */
  | { readonly kind: "unreadable"; readonly waitSeconds: undefined }
  | { readonly kind: "not-found" }
  | { readonly kind: "refused" };

const REASONS: Readonly<Record<Trouble["kind"], Reason>> = {
  permission: "github-permission-missing",
  "rate-limit": "github-rate-limit",
  unavailable: "github-unavailable",
  unreadable: "github-unreadable",
  "not-found": "github-not-found",
  refused: "github-refused",
};

const TRANSIENT: ReadonlySet<number> = new Set([0, 408, 500, 502, 503, 504]);

/**
 * GitHub says both "you may not" and "not so fast" with 403; its documentation tells them apart by `retry-after`, by
 * `x-ratelimit-remaining: 0`, and for some secondary limits by the message alone.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function troubleOf({ status, message, headers }: GitHubAnswer, nowMs: number): Trouble {
  const waitSeconds = waitOf(headers, nowMs);
  const limited =
    headers["retry-after"] !== undefined ||
    headers["x-ratelimit-remaining"] === "0" ||
    /rate limit/i.test(message);
  if (status === 429 || (status === 403 && limited)) return { kind: "rate-limit", waitSeconds };
  if (status === STRANGE) return { kind: "unreadable", waitSeconds: undefined };
  if (TRANSIENT.has(status)) return { kind: "unavailable", waitSeconds };
  if (status === 401 || status === 403) return { kind: "permission" };
  // Also said about what the token may not see.
  if (status === 404) return { kind: "not-found" };
  return { kind: "refused" };
}

function waitOf(headers: GitHubAnswer["headers"], nowMs: number): number | undefined {
  const after = headers["retry-after"];
  if (after !== undefined) {
    const seconds = /^\d+$/.test(after) ? Number(after) : NaN;
    if (!Number.isNaN(seconds)) return seconds;
  }
  const reset = headers["x-ratelimit-reset"];
  if (headers["x-ratelimit-remaining"] === "0" && reset !== undefined && /^\d+$/.test(reset)) {
    return Math.max(0, Math.ceil(Number(reset) - nowMs / 1_000));
  }
  return undefined;
}

function problemOf(
  trouble: Trouble,
  doing: string,
  permission: Permission,
  { status, message }: GitHubAnswer,
): { message: string; hint: string } {
  const told = message.replace(/\.$/, "");
  switch (trouble.kind) {
    case "permission":
      return status === 401
        ? {
            message: `GitHub does not know the token: cannot ${doing}`,
            hint: "Leave the input `github-token` out, or give it a token that is valid for this repository.",
          }
        : {
            message: `the job may not ${doing}: it lacks the permission \`${permission}\``,
            hint: `Add \`${permission}\` to the job's \`permissions:\`.`,
          };
    case "rate-limit":
      return {
        message: `GitHub's rate limit is reached: cannot ${doing}`,
        hint: "Run this again later; something else uses the same token a lot.",
      };
    case "unavailable":
      return {
        message: `GitHub cannot be reached (${status === 0 ? told : `${status} ${told}`}): cannot ${doing}`,
        hint: "Run this again later; https://www.githubstatus.com may know more.",
      };
    case "unreadable":
      return {
        message: `what has answered is not GitHub (${told}): cannot ${doing}`,
        hint: "A proxy may be in between: look at GITHUB_API_URL and the network's settings, then run this again.",
      };
    case "not-found":
      return {
        message: `GitHub does not find what is needed to ${doing}`,
        hint: `If it is there, the job lacks the permission \`${permission}\`.`,
      };
    case "refused":
      return { message: `GitHub refuses to ${doing} (${status} ${told})`, hint: "See the answer of GitHub." };
  }
}
