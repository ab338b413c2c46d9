/** From a request to its answer, in the order in which GitHub looks at it. */
import { type Answer, type Call, type Handler, notFound, problem } from "./answer.ts";
import { branchHandlers } from "./branches.ts";
import { deploymentHandlers } from "./deployments.ts";
import { environmentHandlers } from "./environments.ts";
import type { Description, Matched } from "./description.ts";
import type { Frame } from "./frame.ts";
import { issueHandlers } from "./issues.ts";
import {
  acceptedPermissions,
  type Access,
  isAllowed,
  type OperationId,
  operations,
  type Requirement,
} from "./permissions.ts";
import { pullHandlers } from "./pulls.ts";
import type { State } from "./state.ts";
import { statusHandlers } from "./statuses.ts";

const handlers: Readonly<Record<OperationId, Handler>> = {
  ...branchHandlers,
  ...pullHandlers,
  ...issueHandlers,
  ...deploymentHandlers,
  ...environmentHandlers,
  ...statusHandlers,
};

export interface Incoming {
  readonly method: string;
  /** Without the query, and under the repository's name. */
  readonly path: string;
  readonly query: string;
  /** `undefined` for none. */
  readonly text: string | undefined;
  readonly authorization: string;
}

export interface Exchange {
  readonly state: State;
  readonly frame: Frame;
  readonly description: Description;
  readonly tokens: ReadonlyMap<string, ReadonlyMap<string, Access>>;
  readonly repositoryUrl: string;
}

/** What a request turns out to be: for the route log, and to be answered. */
export interface Request {
  /** Undefined for what the stand-in does not know: 501. */
  readonly operation: OperationId | undefined;
  /** JSON, or undefined. */
  readonly body: unknown;
  answer(): Answer;
}

export function understand(exchange: Exchange, incoming: Incoming): Request {
  const { method, path, query } = incoming;
  const body = parsed(incoming.text);
  const json = body.kind === "json" ? body.value : undefined;
  // GitHub takes no body for an empty one.
  const request = { method, path, query, headers: {}, body: json ?? (method === "GET" ? undefined : {}) };
  const matched = exchange.description.match(request);
  const refusal = (answer: Answer): Request => ({
    operation: matched?.id,
    body: json,
    answer: () => answer,
  });
  if (matched === undefined) return refusal(problem(501, `the stand-in does not know ${method} ${path}`));
  if (body.kind === "broken") return refusal(problem(400, "Problems parsing JSON"));
  return {
    operation: matched.id,
    body: body.value,
    answer: () =>
      refused(exchange, matched, incoming) ??
      legal(matched, handlers[matched.id](callOf(exchange, matched, incoming, body.value))),
  };
}

/** An answer that GitHub's description does not allow. */
export class IllegalAnswer extends Error {
  constructor(operation: string, status: number, wrong: readonly string[]) {
    super(`the stand-in's answer ${status} to ${operation} is illegal: ${wrong.join("; ")}`);
    this.name = "IllegalAnswer";
  }
}

function legal(matched: Matched, answer: Answer): Answer {
  // As it will be read: without what JSON leaves out.
  const body: unknown = answer.body === undefined ? undefined : JSON.parse(JSON.stringify(answer.body));
  const wrong = matched.wrongIn(answer.status, body);
  if (wrong.length > 0) throw new IllegalAnswer(matched.id, answer.status, wrong);
  return answer;
}

function refused(exchange: Exchange, matched: Matched, incoming: Incoming): Answer | undefined {
  const { state } = exchange;
  const requirement: Requirement = operations[matched.id];
  const isReadable =
    state.visibility === "public" && requirement.access === "read" && "owner" in matched.path;
  const token = /^(?:token|bearer) (.+)$/i.exec(incoming.authorization)?.[1];
  if (token === undefined && !isReadable) return problem(401, "Requires authentication");
  const granted = token === undefined ? undefined : exchange.tokens.get(token);
  if (token !== undefined && granted === undefined) return problem(401, "Bad credentials");
  const { owner, repo = "" } = matched.path;
  if (owner !== undefined && `${owner}/${repo}`.toLowerCase() !== state.repository.toLowerCase())
    return notFound;
  // "Some endpoints can also be used to access public resources without these permissions."
  // https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
  if (!isReadable && granted !== undefined && !isAllowed(granted, requirement)) {
    const headers = { "x-accepted-github-permissions": acceptedPermissions(requirement) };
    return { ...problem(403, "Resource not accessible by integration"), headers };
  }
  const wrong = matched.problems;
  if (wrong.some(({ part }) => part === "path")) return notFound;
  return wrong.length === 0
    ? undefined
    : problem(422, `Invalid request.\n\n${wrong.map((one) => one.text).join("\n")}`);
}

/** What comes after `/repos/owner/name`. */
export function resourceOf(path: string): string {
  return path.replace(/^\/repos\/[^/]+\/[^/]+/, "");
}

function callOf(exchange: Exchange, matched: Matched, { path, query }: Incoming, body: unknown): Call {
  return {
    state: exchange.state,
    frame: exchange.frame,
    repositoryUrl: exchange.repositoryUrl,
    resource: resourceOf(path),
    path: matched.path,
    query: Object.fromEntries(new URLSearchParams(query)),
    body: (body ?? {}) as Call["body"],
  };
}

function parsed(text: string | undefined): { kind: "json"; value: unknown } | { kind: "broken" } {
  if (text === undefined) return { kind: "json", value: undefined };
  try {
    return { kind: "json", value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "broken" };
    throw error;
  }
}
