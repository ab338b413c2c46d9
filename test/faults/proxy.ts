/** Stands between the Action and what it calls: numbers the calls, and does to each what the test wants. */
import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface Call {
  /** From 1, over all services. */
  readonly number: number;
  /** `github`, or the AWS service that signed it: `cloudformation`. */
  readonly service: string;
  /** `CreateChangeSet`, `PutObject /bucket/key`, `POST /repos/…`. */
  readonly name: string;
}

export type Verdict =
  | { readonly kind: "pass" }
  /** The process is to die, before the call reaches the service, or after the service has done it. */
  | { readonly kind: "kill"; readonly when: "before" | "after" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: Record<string, string>;
      readonly body: string;
    }
  /** The connection breaks before anything is sent, or in the middle of the answer. */
  | { readonly kind: "reset"; readonly when: "before" | "answering" }
  /** A whole answer of half the text, with a length that fits it. */
  | { readonly kind: "truncate" }
  /** Byte groups with pauses between them. */
  | { readonly kind: "slow" };

export interface Proxy extends AsyncDisposable {
  readonly awsUrl: string;
  readonly githubUrl: string;
  readonly calls: readonly Call[];
}

export interface ProxySettings {
  readonly aws: string;
  readonly github: string;
  readonly decide: (call: Call) => Verdict;
  readonly kill: () => void;
}

export const PASS: Verdict = { kind: "pass" };

export async function startProxy(settings: ProxySettings): Promise<Proxy> {
  const calls: Call[] = [];
  const servers = await Promise.all(
    [settings.aws, settings.github].map((upstream) => listen(upstream, calls, settings)),
  );
  const [aws, github] = servers.map(({ port }) => `http://127.0.0.1:${port}`);
  return {
    awsUrl: aws ?? "",
    // The path of GITHUB_API_URL stays: Enterprise Server has one.
    githubUrl: `${github}${new URL(settings.github).pathname.replace(/\/$/, "")}`,
    calls,
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(({ server }) => close(server)));
    },
  };
}

async function listen(
  upstream: string,
  calls: Call[],
  settings: ProxySettings,
): Promise<{ readonly server: Server; readonly port: number }> {
  const service = upstream === settings.github ? "github" : "aws";
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing, { upstream, service, calls, settings }).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
  });
}

interface Way {
  readonly upstream: string;
  readonly service: string;
  readonly calls: Call[];
  readonly settings: ProxySettings;
}

async function pass(incoming: IncomingMessage, outgoing: ServerResponse, way: Way): Promise<void> {
  const { calls, settings } = way;
  const body = await buffer(incoming);
  const call = {
    number: calls.length + 1,
    service: way.service === "github" ? "github" : serviceOf(incoming),
    name: nameOf(incoming, body),
  };
  calls.push(call);
  const verdict = settings.decide(call);
  if (verdict.kind === "kill" && verdict.when === "before") {
    settings.kill();
    incoming.socket.destroy();
    return;
  }
  if (verdict.kind === "reset" && verdict.when === "before") {
    incoming.socket.destroy();
    return;
  }
  if (verdict.kind === "answer") {
    outgoing.writeHead(verdict.status, verdict.headers).end(verdict.body);
    return;
  }
  const answer = await forward(incoming, body, way.upstream);
  if (verdict.kind === "kill") {
    settings.kill();
    incoming.socket.destroy();
    return;
  }
  const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
  if (verdict.kind === "truncate") {
    outgoing.writeHead(answer.status, { ...answer.headers, "content-length": half.length }).end(half);
    return;
  }
  outgoing.writeHead(answer.status, answer.headers);
  if (verdict.kind === "reset") {
    outgoing.write(half, () => incoming.socket.destroy());
    return;
  }
  if (verdict.kind === "slow") {
    outgoing.write(half);
    await sleep(300);
    outgoing.end(answer.body.subarray(half.length));
    return;
  }
  outgoing.end(answer.body);
}

async function forward(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  upstream: string,
): Promise<{ readonly status: number; readonly headers: IncomingMessage["headers"]; readonly body: Buffer }> {
  const { hostname, port } = new URL(upstream);
  // The Host header stays, as it is part of what is signed.
  const sent = request({
    hostname,
    port,
    method,
    path: url,
    headers: { ...headers, "content-length": body.length },
  });
  sent.end(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve).on("error", reject);
  });
  const { "transfer-encoding": _chunked, ...kept } = answer.headers;
  return { status: answer.statusCode ?? 502, headers: kept, body: await buffer(answer) };
}

function serviceOf({ headers }: IncomingMessage): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "sts";
}

function nameOf({ method, url = "", headers }: IncomingMessage, body: Buffer): string {
  const target = headers["x-amz-target"];
  if (typeof target === "string") return target.replace(/^.*\./, "");
  if (headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true) {
    return new URLSearchParams(body.toString()).get("Action") ?? "?";
  }
  return `${method} ${url.split("?")[0]}`;
}
