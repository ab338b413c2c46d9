import { backoffMs, pause } from "./backoff.ts";
import { textField } from "./field.ts";

const ATTEMPTS = 3;
const ATTEMPT_MS = 3_000;
/** A longer wait than this is left to the queue, which costs nothing while it waits. */
const LONGEST_WAIT_MS = 5_000;

export interface Article {
  /** After redirects. */
  readonly title: string;
  readonly url: string;
  /** Wikipedia's number of this version of the article. */
  readonly revision: string;
  /** The first paragraph as plain text; may be empty. */
  readonly text: string;
}

type Answer =
  | { readonly kind: "found"; readonly article: Article }
  | { readonly kind: "missing" }
  | { readonly kind: "again"; readonly reason: string; readonly afterMs: number; readonly cause?: unknown };

/**
 * Looks an article up by its title; undefined if there is none. Repeats what may pass (429, 5xx, no answer in time, broken connection) a few times and
 * waits as long as Wikipedia asks for. Throws if that does not help or `deadline` aborts.
 * https://en.wikipedia.org/api/rest_v1/#/Page%20content/get_page_summary__title_
 */
export async function findArticle(title: string, deadline: AbortSignal): Promise<Article | undefined> {
  const site = process.env["WIKIPEDIA_URL"] ?? "https://en.wikipedia.org";
  const url = `${site}/api/rest_v1/page/summary/${encodeURIComponent(title.replaceAll(" ", "_"))}`;
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(url, deadline);
    if (answer.kind === "found") return answer.article;
    if (answer.kind === "missing") return undefined;
    const waitMs = answer.afterMs + backoffMs(attempt);
    if (attempt === ATTEMPTS || waitMs > LONGEST_WAIT_MS) {
      throw new Error(`Wikipedia gave no summary for ${url}: ${answer.reason} (attempt ${attempt})`, {
        cause: answer.cause,
      });
    }
    await pause(waitMs, deadline);
  }
}

async function ask(url: string, deadline: AbortSignal): Promise<Answer> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, {
      headers: { accept: "application/json", "user-agent": userAgent() },
      signal: AbortSignal.any([deadline, AbortSignal.timeout(ATTEMPT_MS)]),
    });
    body = await response.text();
  } catch (cause) {
    if (deadline.aborted) throw new Error(`no time left to ask ${url}`, { cause });
    return { kind: "again", reason: String(cause), afterMs: 0, cause };
  }
  const { status, headers } = response;
  if (status === 200) return { kind: "found", article: readArticle(url, body) };
  // 400 is Wikipedia's answer to a name that no article can have, such as `[]`.
  if (status === 404 || status === 400) return { kind: "missing" };
  if (status === 429 || status >= 500) {
    return { kind: "again", reason: `status ${status}`, afterMs: retryAfterMs(headers.get("retry-after")) };
  }
  throw new Error(`Wikipedia refused ${url}: status ${status}: ${body.slice(0, 200)}`);
}

function readArticle(url: string, body: string): Article {
  const json = parseJson(url, body);
  const title = textField(json, "title");
  const page = textField(json, "content_urls", "desktop", "page");
  const revision = textField(json, "revision");
  const text = textField(json, "extract");
  if (title === undefined || page === undefined || revision === undefined || text === undefined) {
    throw new Error(`Wikipedia's answer to ${url} is not a summary: ${body.slice(0, 200)}`);
  }
  return { title, url: page, revision, text };
}

function parseJson(url: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new Error(`Wikipedia's answer to ${url} is not JSON: ${body.slice(0, 200)}`, { cause });
  }
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? 0 : Math.max(0, milliseconds);
}

/**
 * Wikimedia blocks clients that do not say who they are and how to reach whoever runs them, hence
 * WIKIPEDIA_CONTACT (a URL or a mail address).
 * https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
 */
function userAgent(): string {
  const contact = process.env["WIKIPEDIA_CONTACT"] ?? "https://github.com/OWNER/warren";
  return `WarrenProduceraiBot/1.0 (${contact}) node/${process.versions.node}`;
}
