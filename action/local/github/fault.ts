/** Bad days of GitHub, made to order. */
import { type Answer, problem } from "./answer.ts";
import type { OperationId } from "./permissions.ts";

export interface Fault {
  /** Which operations; all of them unless given. */
  readonly on?: OperationId | readonly OperationId[];
  /** How many matching requests go well first; none unless given. */
  readonly after?: number;
  /** How many matching requests it hits then; one unless given, `Infinity` for all. */
  readonly times?: number;
  readonly how: Trouble;
}

export type Trouble =
  | {
      readonly kind: "status";
      readonly status: 401 | 403 | 404 | 409 | 422 | 429 | 500 | 502 | 503;
      /** GitHub's usual words unless given. */
      readonly message?: string;
      /** Seconds, in a `retry-after`. */
      readonly retryAfterSeconds?: number;
      /** The answer is lost: the request was carried out, and the client gets the error all the same. */
      readonly carriedOut?: boolean;
    }
  /** Answered, but late. */
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** The connection breaks; `carriedOut` as above. */
  | { readonly kind: "reset"; readonly carriedOut?: boolean };

export interface Faults {
  add(fault: Fault): void;
  /** The trouble that this request is in. */
  next(operation: string): Trouble | undefined;
}

export function faults(): Faults {
  const pending: { readonly fault: Fault; seen: number }[] = [];
  return {
    add: (fault) => void pending.push({ fault, seen: 0 }),
    next(operation) {
      const matching = pending.filter(({ fault }) => isOn(fault, operation));
      for (const one of matching) one.seen += 1;
      return matching.find(
        ({ fault: { after = 0, times = 1 }, seen }) => seen > after && seen <= after + times,
      )?.fault.how;
    },
  };
}

function isOn({ on }: Fault, operation: string): boolean {
  if (on === undefined) return true;
  return typeof on === "string" ? on === operation : (on as readonly string[]).includes(operation);
}

/**
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits and
 * https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
 */
const WORDS: Readonly<Record<number, string>> = {
  401: "Bad credentials",
  403: "Resource not accessible by integration",
  404: "Not Found",
  409: "Conflict",
  422: "Validation Failed",
  429: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
  500: "Server Error",
};

export function troubled(trouble: Extract<Trouble, { kind: "status" }>): Answer {
  const { status, retryAfterSeconds, message = WORDS[status] } = trouble;
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  // The load balancer in front of GitHub speaks no JSON.
  if (message === undefined) {
    return {
      status,
      body: "<html><title>Unicorn! &middot; GitHub</title></html>",
      headers: { ...headers, "content-type": "text/html" },
    };
  }
  return { ...problem(status, message), headers };
}
