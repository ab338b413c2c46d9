/**
 * A stand-in for GitHub's OIDC issuer: the runner's token endpoint, the issuer's key set and its discovery document.
 * Claims as in https://docs.github.com/en/actions/reference/security/oidc and as in a real token that
 * https://github.com/andreaso/output-oidc-claims-action shows.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";

export const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

/** What the token says of a job. */
export interface Job {
  /** `owner/name`. */
  readonly repository: string;
  readonly repositoryId: string | number;
  readonly ownerId: string | number;
  readonly visibility?: "public" | "private" | "internal";
  /** The job's `environment:`, if it has one. */
  readonly environment?: string;
  /** GITHUB_EVENT_NAME. */
  readonly eventName: string;
  /** GITHUB_REF, for example `refs/heads/main` or `refs/pull/7/merge`. */
  readonly ref: string;
  readonly sha: string;
  /** Of a pull request. */
  readonly headRef?: string;
  readonly baseRef?: string;
  readonly runId?: string | number;
  readonly runNumber?: string | number;
  readonly runAttempt?: string | number;
  readonly actor?: string;
  readonly actorId?: string | number;
  /** The workflow's `name:`. */
  readonly workflow?: string;
  /** `.github/workflows/warren.yml` unless given. */
  readonly workflowFile?: string;
  /** The file that holds the job, if `workflowFile` calls it. */
  readonly jobWorkflowFile?: string;
  /**
   * `immutable` is what repositories have that were created, renamed or transferred after 15 July 2026; `custom` is
   * whatever the owner has made of it by `include_claim_keys`. Classic unless given.
   */
  readonly subject?: "classic" | "immutable" | { readonly custom: string };
}

/** How a token is to be wrong. */
export type Wrong =
  /** For another audience than was asked for. */
  | { readonly kind: "audience"; readonly audience: string }
  | { readonly kind: "expired" }
  /** Signed by a key that only says it is the issuer's. */
  | { readonly kind: "forged" }
  /** The issuer is ill: 500, after which @actions/core does not ask again. */
  | { readonly kind: "unavailable" }
  /** These claims are others, after the subject was made: `undefined` leaves one out. */
  | { readonly kind: "claims"; readonly claims: Readonly<Record<string, unknown>> };

export interface TokenEndpoint {
  /** ACTIONS_ID_TOKEN_REQUEST_URL; has a query, as @actions/core appends `&audience=`. */
  readonly requestUrl: string;
  /** ACTIONS_ID_TOKEN_REQUEST_TOKEN. */
  readonly requestToken: string;
}

export interface OidcIssuer extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  /** What its tokens say it is. */
  readonly issuer: string;
  /** For `startLocalAws({ jwks })`, which otherwise asks the issuer that the token names. */
  readonly jwksUrl: string;
  /** The claims of all tokens that were given out, in order. */
  readonly issued: readonly Readonly<Record<string, unknown>>[];
  /** Lets one job ask for tokens. Call it for jobs that hold `id-token: write` only. */
  mint(job: Job, wrong?: Wrong): TokenEndpoint;
}

export interface OidcOptions {
  /** GitHub's own unless given, which needs `jwksUrl`; `self`: the address that it listens on. */
  readonly issuer?: "self" | (string & {});
}

/** GitHub's: https://docs.github.com/en/actions/concepts/security/openid-connect shows `exp` 5 minutes after `iat`. */
const LIFETIME_SECONDS = 300;
/** In GitHub's tokens `nbf` lies this long before `iat`, for clocks that are slow. */
const LEEWAY_SECONDS = 300;

interface Grant {
  readonly job: Job;
  readonly wrong: Wrong | undefined;
  readonly requestToken: string;
}

/** Listens on a free port of 127.0.0.1; disposing it cuts all connections. */
export async function startOidc(options: OidcOptions = {}): Promise<OidcIssuer> {
  const [ours, theirs] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
  const publicKey = await exportJWK(ours.publicKey);
  const kid = await calculateJwkThumbprint(publicKey);
  const keys: JSONWebKeySet = { keys: [{ ...publicKey, kid, alg: "RS256", use: "sig" }] };
  const grants = new Map<string, Grant>();
  const issued: Readonly<Record<string, unknown>>[] = [];

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => answer(response, 500, { message: String(error) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  const url = `http://127.0.0.1:${address.port}`;
  const jwksUrl = `${url}/.well-known/jwks`;
  const issuer = options.issuer === "self" ? url : (options.issuer ?? GITHUB_ISSUER);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    if (pathname === "/.well-known/jwks") return answer(response, 200, keys);
    if (pathname === "/.well-known/openid-configuration")
      return answer(response, 200, discovery(issuer, jwksUrl));
    const grant = grants.get(pathname);
    if (grant === undefined || request.headers.authorization !== `Bearer ${grant.requestToken}`) {
      return answer(response, 401, { message: "not authorized" });
    }
    if (grant.wrong?.kind === "unavailable")
      return answer(response, 500, { message: "Internal Server Error" });
    const token = await sign(grant, searchParams.get("audience"));
    // As the runner's service answers: https://docs.github.com/en/actions/reference/security/oidc
    answer(response, 200, { count: token.length, value: token });
  }

  async function sign({ job, wrong }: Grant, audience: string | null): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const issuedAt = wrong?.kind === "expired" ? now - LIFETIME_SECONDS - 1 : now;
    const claims = {
      ...claimsOf(job),
      // "By default, this is the URL of the repository owner".
      aud: audience ?? `https://github.com/${job.repository.split("/")[0]}`,
      iss: issuer,
      iat: issuedAt,
      nbf: issuedAt - LEEWAY_SECONDS,
      exp: issuedAt + LIFETIME_SECONDS,
      jti: randomUUID(),
      ...(wrong?.kind === "audience" ? { aud: wrong.audience } : {}),
      ...(wrong?.kind === "claims" ? wrong.claims : {}),
    };
    issued.push(claims);
    const key = wrong?.kind === "forged" ? theirs.privateKey : ours.privateKey;
    return await new SignJWT(claims).setProtectedHeader({ alg: "RS256", typ: "JWT", kid }).sign(key);
  }

  return {
    url,
    issuer,
    jwksUrl,
    issued,
    mint(job, wrong) {
      const path = `/token/${randomUUID()}`;
      const requestToken = randomUUID();
      grants.set(path, { job, wrong, requestToken });
      return { requestUrl: `${url}${path}?api-version=2.0`, requestToken };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** `repo:O/R:environment:E`, else `repo:O/R:pull_request`, else `repo:O/R:ref:…`; with ids behind the names if immutable. */
export function subjectOf(job: Job): string {
  const { repository, repositoryId, ownerId, environment, eventName, ref, subject = "classic" } = job;
  if (typeof subject === "object") return subject.custom;
  const [owner = "", name = ""] = repository.split("/");
  const prefix =
    subject === "immutable" ? `repo:${owner}@${ownerId}/${name}@${repositoryId}` : `repo:${owner}/${name}`;
  // "Any `:` within the metadata values will be replaced with `%3A` in the subject claim."
  const escaped = (value: string): string => value.replaceAll(":", "%3A");
  if (environment !== undefined) return `${prefix}:environment:${escaped(environment)}`;
  return eventName === "pull_request" ? `${prefix}:pull_request` : `${prefix}:ref:${escaped(ref)}`;
}

/** All are texts, ids as well. */
function claimsOf(job: Job): Readonly<Record<string, string>> {
  const { repository, ref, sha, eventName, environment } = job;
  const { workflowFile = ".github/workflows/warren.yml", jobWorkflowFile = workflowFile } = job;
  return {
    sub: subjectOf(job),
    actor: job.actor ?? "alice",
    actor_id: String(job.actorId ?? 1005),
    base_ref: job.baseRef ?? "",
    check_run_id: "96193868770",
    ...(environment === undefined ? {} : { environment }),
    event_name: eventName,
    head_ref: job.headRef ?? "",
    job_workflow_ref: `${repository}/${jobWorkflowFile}@${ref}`,
    job_workflow_sha: sha,
    ref,
    ref_protected: "false",
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    repository,
    repository_id: String(job.repositoryId),
    repository_owner: repository.split("/")[0] ?? "",
    repository_owner_id: String(job.ownerId),
    repository_visibility: job.visibility ?? "private",
    run_attempt: String(job.runAttempt ?? 1),
    run_id: String(job.runId ?? 1),
    run_number: String(job.runNumber ?? 1),
    runner_environment: "github-hosted",
    sha,
    workflow: job.workflow ?? "warren",
    workflow_ref: `${repository}/${workflowFile}@${ref}`,
    workflow_sha: sha,
  };
}

/** As https://token.actions.githubusercontent.com/.well-known/openid-configuration */
function discovery(issuer: string, jwksUrl: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    jwks_uri: jwksUrl,
    subject_types_supported: ["public", "pairwise"],
    response_types_supported: ["id_token"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}
