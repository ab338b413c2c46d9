/**
 * A stand-in for GitHub's REST API: one repository, with a memory. GitHub's own description judges every request (an
 * illegal one is refused as GitHub refuses it) and every answer (an illegal one is a bug of ours). Each rule that the
 * description does not tell carries its source in a comment.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, problem } from "./answer.ts";
import {
  addComment,
  closePullRequest,
  createPullRequest,
  deleteBranch,
  pullRequest,
  type PullRequestInput,
  pushBranch,
  reopenPullRequest,
} from "./changes.ts";
import { examples, loadDescription } from "./description.ts";
import { protectEnvironment } from "./environments.ts";
import { type Exchange, type Incoming, resourceOf, understand } from "./exchange.ts";
import { type Fault, faults, troubled } from "./fault.ts";
import { type Body, frameOf } from "./frame.ts";
import { type Access, grant, type OperationId, type Permissions } from "./permissions.ts";
import { pullRequestBody } from "./pulls.ts";
import {
  type Comment,
  createState,
  type MergeMethod,
  type Protection,
  type PullRequest,
  type State,
  type StateOptions,
} from "./state.ts";

export interface GitHubOptions extends StateOptions {
  /** Where people look at it, GITHUB_SERVER_URL; `https://github.com` unless given. */
  readonly webUrl?: string;
  /** `/api/v3` for an address as GitHub Enterprise Server's. */
  readonly basePath?: string;
}

export interface Route {
  readonly method: string;
  /** Path and query, from the repository on: `/issues/1/comments?per_page=100`. */
  readonly resource: string;
  readonly operation: OperationId | undefined;
  /** The request's JSON. */
  readonly body: unknown;
  /** What the client got; 0 for a connection that broke. */
  status: number;
}

export interface GitHub extends AsyncDisposable {
  /** The value of GITHUB_API_URL. */
  readonly url: string;
  /** The value of GITHUB_SERVER_URL. */
  readonly webUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  /** What the repository is now. Change it by the functions below. */
  readonly state: State;
  /** All requests so far, in the order in which they came. */
  readonly routes: readonly Route[];
  /** Forgets the requests so far and returns them, one line each: `POST /issues/1/comments 201`. */
  takeRoutes(): readonly string[];
  /** A token as a job with these `permissions:` has it. What is not named is not granted. */
  issueToken(permissions: Permissions): string;
  inject(fault: Fault): void;
  /** A new commit on a new or an old branch; `sha` and `parents` are made up unless given. Returns the commit. */
  pushBranch(name: string, sha?: string, parents?: readonly string[]): string;
  /** Closes the branch's open pull requests with it; returns their numbers. */
  deleteBranch(name: string): readonly number[];
  createPullRequest(input: PullRequestInput): PullRequest;
  /** Without `how` it is not merged. Returns the commit that the base branch is at then. */
  closePullRequest(number: number, how?: MergeMethod): string;
  reopenPullRequest(number: number): void;
  /** A pull request as the API and the events' payloads show it. */
  pullRequestBody(number: number): Body;
  repositoryBody(): Body;
  comments(number: number): readonly Comment[];
  addComment(number: number, author: string, body: string): Comment;
  /** Makes the environment if it is not there. */
  protectEnvironment(name: string, protection: Protection): void;
}

/**
 * Listens on a free port of 127.0.0.1. Disposing it cuts all connections, and throws if it has ever given an answer
 * that GitHub's description does not allow.
 */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const { basePath = "", webUrl = "https://github.com" } = options;
  const state = createState(options);
  const tokens = new Map<string, ReadonlyMap<string, Access>>();
  const trouble = faults();
  const defects: Error[] = [];
  const ended = new AbortController();
  let routes: Route[] = [];

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (ended.signal.aborted) return;
      defects.push(error as Error);
      send(response, problem(500, String(error)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  const url = `http://127.0.0.1:${address.port}${basePath}`;
  const byId = `/repositories/${state.repositoryId}`;
  const exchange: Exchange = {
    state,
    frame: frameOf(state, examples, url, webUrl),
    description: await loadDescription(),
    tokens,
    repositoryUrl: `${url}${byId}`,
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const incoming = await read(request, basePath, byId, state.repository);
    const understood = understand(exchange, incoming);
    const route: Route = {
      method: incoming.method,
      resource: `${resourceOf(incoming.path)}${incoming.query === "" ? "" : `?${incoming.query}`}`,
      operation: understood.operation,
      body: understood.body,
      status: 0,
    };
    routes.push(route);
    const how = understood.operation === undefined ? undefined : trouble.next(understood.operation);
    if (how?.kind === "slow") await sleep(how.milliseconds, undefined, { signal: ended.signal });
    const isKept = how === undefined || how.kind === "slow";
    const answer = isKept || how.carriedOut === true ? understood.answer() : undefined;
    if (how?.kind === "reset") return void response.destroy();
    const told = how?.kind === "status" ? troubled(how) : (answer ?? problem(500, "no answer"));
    route.status = told.status;
    send(response, told);
  }

  return {
    url,
    webUrl,
    repository: state.repository,
    state,
    get routes() {
      return routes;
    },
    takeRoutes() {
      const lines = routes.map((route) => `${route.method} ${route.resource} ${route.status}`);
      routes = [];
      return lines;
    },
    issueToken(permissions) {
      const token = `ghs_${randomUUID().replaceAll("-", "")}`;
      tokens.set(token, grant(permissions));
      return token;
    },
    inject: (fault) => trouble.add(fault),
    pushBranch: (name, sha, parents) => pushBranch(state, name, sha, parents),
    deleteBranch: (name) => deleteBranch(state, name),
    createPullRequest: (input) => createPullRequest(state, input),
    closePullRequest: (number, how) => closePullRequest(state, number, how),
    reopenPullRequest: (number) => reopenPullRequest(state, number),
    pullRequestBody: (number) => pullRequestBody(state, exchange.frame, pullRequest(state, number)),
    repositoryBody: () => exchange.frame.repository(state.repository),
    comments: (number) => [...state.comments.values()].filter((comment) => comment.number === number),
    addComment: (number, author, body) => addComment(state, number, author, body),
    protectEnvironment: (name, protection) => protectEnvironment(state, name, protection),
    async [Symbol.asyncDispose]() {
      ended.abort();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (defects.length > 0) throw new AggregateError(defects, defects.map(String).join("\n"));
    },
  };
}

async function read(
  request: IncomingMessage,
  basePath: string,
  byId: string,
  repository: string,
): Promise<Incoming> {
  const { method = "GET", url = "/", headers } = request;
  const [path = "", query = ""] = url.split("?", 2);
  const inApi = path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : "/";
  const body = await text(request);
  return {
    method,
    // What `Link` names by the repository's id.
    path: inApi.startsWith(`${byId}/`) ? `/repos/${repository}${inApi.slice(byId.length)}` : inApi,
    query,
    text: body === "" ? undefined : body,
    authorization: headers.authorization ?? "",
  };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const isText = typeof body === "string";
  response.writeHead(status, {
    ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
    ...headers,
  });
  response.end(body === undefined || isText ? body : JSON.stringify(body));
}
