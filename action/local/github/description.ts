/** GitHub's own description of its API as the judge of every request and every answer. */
import { type Document, OpenAPIBackend, type Request } from "openapi-backend";
import description from "./description.json" with { type: "json" };
import type { Examples } from "./frame.ts";
import type { OperationId } from "./permissions.ts";

export interface Description {
  /** The operation that a request is for; undefined if it is none of those that were cut out. */
  match(request: Request): Matched | undefined;
}

export interface Matched {
  readonly id: OperationId;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Why GitHub would refuse the request; `path` if its address cannot be of anything. */
  readonly problems: readonly { readonly part: "path" | "query" | "body"; readonly text: string }[];
  /** What is illegal about an answer, in words; empty for a legal one. */
  wrongIn(status: number, body: unknown): readonly string[];
}

export const examples: Examples = description.components.examples;

let loaded: Promise<Description> | undefined;

/** The one of this process. Validators are made on first use, of each operation by itself: making all takes seconds. */
export function loadDescription(): Promise<Description> {
  return (loaded ??= load());
}

async function load(): Promise<Description> {
  const api = new OpenAPIBackend({
    definition: amended() as unknown as Document,
    quick: true,
    strict: true,
    coerceTypes: true,
    // Unoptimised, as each validator runs a few times only, and optimising is a quarter of its making.
    ajvOpts: { strict: false, allErrors: true, code: { optimize: false }, formats: FORMATS },
  });
  await api.init();

  function match(request: Request): Matched | undefined {
    const operation = api.router.matchOperation(request);
    if (operation === undefined) return undefined;
    const { params, query } = api.router.parseRequest(request, operation);
    const { errors } = api.validateRequest(request, operation);
    return {
      id: operation.operationId as OperationId,
      path: params as Readonly<Record<string, string>>,
      query: query as Readonly<Record<string, string>>,
      problems: (errors ?? []).map(({ instancePath, message }) => ({
        part: partOf(instancePath),
        // As GitHub words it: For 'properties/body', nil is not a string.
        text: `For '${instancePath.replace(/^\/(requestBody|path|query)/, "properties")}', ${message}.`,
      })),
      wrongIn(status, body) {
        const declared = operation.responses as
          | Readonly<Record<string, { readonly content?: unknown }>>
          | undefined;
        const answer = declared?.[String(status)];
        // Not every error that GitHub gives is told of by each operation.
        if (answer === undefined) return status < 400 ? [`${status} is no answer to it`] : [];
        if (answer.content === undefined) return [];
        const found = api.validateResponse(body, operation, status).errors ?? [];
        return found.map(({ instancePath, message }) => `${instancePath} ${message}`);
      },
    };
  }

  return { match };
}

/** Where GitHub does otherwise than it says: https://github.com/github/rest-api-description/issues/1811 */
function amended(): object {
  const copy = structuredClone(description);
  for (const name of ["pull-request", "pull-request-simple"] as const) {
    const head = copy.components.schemas[name].properties.head.properties as Record<string, unknown>;
    head["repo"] = { anyOf: [head["repo"], { type: "null" }] };
  }
  return copy;
}

function partOf(pointer: string): "path" | "query" | "body" {
  if (pointer.startsWith("/path")) return "path";
  return pointer.startsWith("/query") ? "query" : "body";
}

const FORMATS = {
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  // GitHub's own defaults are empty, and its templates have braces: neither is a URI by RFC 3986.
  uri: (text: string) => text === "" || URL.canParse(text),
  email: /@/,
  int64: { type: "number", validate: Number.isSafeInteger },
  timestamp: true,
  date: true,
} as const;
