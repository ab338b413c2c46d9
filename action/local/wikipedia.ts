/**
 * A stand-in for Wikipedia's REST API: summaries in the shape of the real one, and its bad days. Which page is
 * asked for decides what happens: the titles of wikipedia/summaries.json have a summary, those of `conditions`
 * below misbehave, all others do not exist.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import recorded from "./wikipedia/summaries.json" with { type: "json" };

interface Recording {
  readonly title: string;
  readonly description: string;
  readonly pageid: number;
  readonly revision: string;
  readonly timestamp: string;
  readonly extract: string;
  readonly repeated?: number;
}

export interface WikipediaRequest {
  /** As it was sent, percent-encoded. */
  readonly path: string;
  readonly userAgent: string;
}

export interface Wikipedia extends AsyncDisposable {
  /** For example `http://127.0.0.1:41234`, what WIKIPEDIA_URL wants. */
  readonly url: string;
  /** All requests so far, in order. */
  readonly requests: readonly WikipediaRequest[];
}

const PREFIX = "/api/rest_v1/page/summary/";

/** What each of these titles does. `asked` counts from 1 and says how often the page was asked for. */
const conditions: Readonly<Record<string, (response: ServerResponse, asked: number) => void>> = {
  /** Never answers. */
  "Slow page": () => {},
  /** Turns every other request away, starting with the first, and asks for a second of patience. */
  "Busy page": (response, asked) =>
    asked % 2 === 1 ? tooManyRequests(response, "1") : summary(response, text("Busy page", "It was busy.")),
  /** Turns every request away and asks for an hour of patience. */
  "Overrun page": (response) => tooManyRequests(response, "3600"),
  /** Fails on every other request, starting with the first. */
  "Flaky page": (response, asked) =>
    asked % 2 === 1 ? unavailable(response) : summary(response, text("Flaky page", "It was down.")),
  /** Fails always. */
  "Broken page": (response) => unavailable(response),
  /** Drops the connection on every other request, starting with the first. */
  "Dropped page": (response, asked) => {
    if (asked % 2 === 1) response.destroy();
    else summary(response, text("Dropped page", "It was cut off."));
  },
  /** Wikipedia redirects to the article by a relative address. */
  "Redirect page": (response) => response.writeHead(302, { location: "Facebook" }).end(),
  "Redirect loop": (response) => response.writeHead(302, { location: "Redirect_loop" }).end(),
  /** What a captive portal or a broken cache sends. */
  "Strange page": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html></html>"),
};

/** Starts the server on a free port of 127.0.0.1; disposing it cuts all connections. */
export async function startWikipedia(): Promise<Wikipedia> {
  const requests: WikipediaRequest[] = [];
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push({ path, userAgent: request.headers["user-agent"] ?? "" });
    const count = (asked.get(path) ?? 0) + 1;
    asked.set(path, count);
    answer(request, response, count);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, asked: number): void {
  const path = request.url ?? "";
  // Wikimedia turns away clients that give no way to reach whoever runs them.
  if (!/https?:|@/.test(request.headers["user-agent"] ?? "")) {
    response
      .writeHead(403, { "content-type": "text/plain" })
      .end("Please set a user-agent and respect our robot policy");
    return;
  }
  if (!path.startsWith(PREFIX)) return problem(response, 404, "not_found", "Not found.", path);
  const title = decodeURIComponent(path.slice(PREFIX.length)).replaceAll("_", " ");
  if (/[#<>[\]{|}]/.test(title) || Buffer.byteLength(title) > 255) {
    return problem(response, 400, "bad_request", "Invalid title parameter", path);
  }
  const condition = conditions[title];
  if (condition) return condition(response, asked);
  const recording = (recorded as readonly Recording[]).find((candidate) => candidate.title === title);
  if (recording) return summary(response, recording);
  problem(response, 404, "not_found", "Not found.", path);
}

function text(title: string, extract: string): Recording {
  return {
    title,
    description: "A page of the stand-in",
    pageid: 2001,
    revision: "2000001",
    timestamp: "2025-01-01T00:00:00Z",
    extract,
  };
}

/** https://www.mediawiki.org/wiki/Specs/Summary/1.4.2 */
function summary(response: ServerResponse, recording: Recording): void {
  const { title, description, pageid, revision, timestamp, repeated = 1 } = recording;
  const canonical = title.replaceAll(" ", "_");
  const extract = recording.extract.repeat(repeated);
  const page = (host: string) => ({
    page: `https://${host}/wiki/${encodeURIComponent(canonical)}`,
    revisions: `https://${host}/wiki/${encodeURIComponent(canonical)}?action=history`,
    edit: `https://${host}/wiki/${encodeURIComponent(canonical)}?action=edit`,
    talk: `https://${host}/wiki/Talk:${encodeURIComponent(canonical)}`,
  });
  const body = {
    type: "standard",
    title,
    displaytitle: `<span class="mw-page-title-main">${title}</span>`,
    namespace: { id: 0, text: "" },
    titles: { canonical, normalized: title, display: `<span class="mw-page-title-main">${title}</span>` },
    pageid,
    lang: "en",
    dir: "ltr",
    revision,
    tid: "5f0f6f2e-ae3c-11f0-8f3b-0b7f3d2c1a55",
    timestamp,
    description,
    description_source: "local",
    content_urls: { desktop: page("en.wikipedia.org"), mobile: page("en.m.wikipedia.org") },
    extract,
    extract_html: `<p>${extract}</p>`,
  };
  response
    .writeHead(200, {
      "content-type":
        'application/json; charset=utf-8; profile="https://www.mediawiki.org/wiki/Specs/Summary/1.4.2"',
      "cache-control": "s-maxage=1209600, max-age=300",
      etag: `"${revision}/${pageid}"`,
    })
    .end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, type: string, title: string, path: string): void {
  const body = {
    type: `https://mediawiki.org/wiki/HyperSwitch/errors/${type}`,
    title,
    method: "get",
    detail: status === 404 ? "Page or revision not found." : "title-invalid-characters",
    uri: path.replace("/api/rest_v1", "/en.wikipedia.org/v1"),
  };
  response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
}

function tooManyRequests(response: ServerResponse, retryAfter: string): void {
  response
    .writeHead(429, { "retry-after": retryAfter, "content-type": "text/plain" })
    .end("Too many requests");
}

function unavailable(response: ServerResponse): void {
  response.writeHead(503, { "content-type": "text/html" }).end("<title>Wikimedia Error</title>");
}
