/** Answers in GitHub's shapes: a body, an error, a page of a list. */
import type { Frame } from "./frame.ts";
import type { State } from "./state.ts";

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that GitHub's description allows. */
export interface Call {
  readonly state: State;
  readonly frame: Frame;
  /** The repository's address in this API, by its id: what GitHub puts into `Link`. */
  readonly repositoryUrl: string;
  /** What comes after the repository in the path. */
  readonly resource: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Handler = (call: Call) => Answer;

const DOCUMENTATION = "https://docs.github.com/rest";

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function created(body: unknown): Answer {
  return { status: 201, body };
}

export const noContent: Answer = { status: 204 };

/** https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api */
export function problem(
  status: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): Answer {
  return { status, body: { message, ...more, documentation_url: DOCUMENTATION, status: String(status) } };
}

export const notFound: Answer = problem(404, "Not Found");

export interface FieldError {
  readonly resource: string;
  readonly field: string;
  readonly code: "missing" | "missing_field" | "invalid" | "already_exists" | "unprocessable" | "custom";
  readonly message?: string;
}

export function validationFailed(error: FieldError): Answer {
  return problem(422, "Validation Failed", { errors: [error] });
}

/**
 * One page of the list, and a `Link` that names the others by the repository's id, not by its name
 * (https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api). 30 a page unless asked for,
 * and never more than 100.
 */
export function page<T>(call: Call, items: readonly T[], body: (items: readonly T[]) => unknown): Answer {
  const size = Math.min(Math.max(Number(call.query["per_page"] ?? 30), 1), 100);
  const current = Math.max(Number(call.query["page"] ?? 1), 1);
  const last = Math.max(Math.ceil(items.length / size), 1);
  const link = (to: number, relation: string): string => {
    const query = new URLSearchParams({ ...call.query, page: String(to) });
    return `<${call.repositoryUrl}${call.resource}?${query.toString()}>; rel="${relation}"`;
  };
  const before = current > 1 ? [link(current - 1, "prev"), link(1, "first")] : [];
  const after = current < last ? [link(current + 1, "next"), link(last, "last")] : [];
  const links = [...before, ...after].join(", ");
  return {
    ...ok(body(items.slice((current - 1) * size, current * size))),
    headers: links === "" ? {} : { link: links },
  };
}

/** A text of the request's body; GitHub's description has checked that it is one. */
export function textOf(body: Call["body"], key: string): string | undefined {
  const value = body[key];
  return typeof value === "string" ? value : undefined;
}
