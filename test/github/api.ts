/** GitHub's API played line by line: for answers that a well-behaved server does not give on demand. */
import { createServer } from "node:http";
import { json as readJson } from "node:stream/consumers";
import { createGitHubApi } from "../../action/edge/github-api.ts";
import { createGitHub } from "../../action/edge/github.ts";
import type { GitHub } from "../../action/github-ports.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The connection breaks instead. */
  readonly cut?: true;
}

export interface Call {
  /** `GET /repos/o/r/pulls?page=2`. */
  readonly route: string;
  readonly body: unknown;
  readonly authorization: string;
}

export interface PlayedGitHub extends AsyncDisposable {
  readonly github: GitHub;
  readonly calls: readonly Call[];
  /** How long was waited, each time, in whole seconds. */
  readonly waits: readonly number[];
}

const BODYLESS: ReadonlySet<string | undefined> = new Set(["GET", "DELETE"]);

/** `play` answers the n-th call, counted from 0. The clock does not wait: it remembers. */
export async function playGitHub(
  play: (call: Call, index: number, endpoint: string) => Answer,
  path = "",
): Promise<PlayedGitHub> {
  const calls: Call[] = [];
  const waits: number[] = [];
  let endpoint = "";
  const server = createServer((request, response) => {
    void (async () => {
      const body = BODYLESS.has(request.method) ? undefined : await readJson(request);
      const { authorization = "" } = request.headers;
      const call = {
        route: `${request.method} ${decodeURIComponent(request.url ?? "")}`,
        body,
        authorization,
      };
      const answer = play(call, calls.push(call) - 1, endpoint);
      if (answer.cut) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(JSON.stringify(answer.body ?? {}));
    })();
  });
  endpoint = `${await listenLocally(server)}${path}`;
  const settings = {
    token: "t0ken",
    repository: "octo/burrow",
    apiUrl: endpoint,
    runUrl: "https://example.com/runs/1",
  };
  const clock = {
    now: () => 1_000_000,
    sleep: async (milliseconds: number) => void waits.push(Math.floor(milliseconds / 1_000)),
  };
  return {
    github: createGitHub(createGitHubApi(settings, clock)),
    calls,
    waits,
    [Symbol.asyncDispose]: () => closeLocally(server),
  };
}
