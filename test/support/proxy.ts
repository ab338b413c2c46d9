/** A reverse proxy in front of an AWS endpoint that notes each call and can make each one slower. */
import { createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { closeLocally, listenLocally } from "./listen.ts";

export interface Call {
  readonly method: string;
  readonly host: string;
  /** Path and query. */
  readonly url: string;
  /** From the signature's scope: `cloudformation`, `s3`, `sts`, `dynamodb`, `events`, `lambda`. */
  readonly service: string;
  /** The API's own word where the protocol says it (`DescribeStacks`), else what S3 and Lambda call it. */
  readonly action: string;
  /** Milliseconds since 1970 at which it came. */
  readonly time: number;
}

export interface Proxy extends AsyncDisposable {
  readonly endpoint: string;
  /** In the order of arrival. */
  readonly calls: readonly Call[];
  /** Forgets the calls and returns them. */
  take(): readonly Call[];
}

export async function startProxy(
  target: string,
  options: {
    readonly latencyMs?: number;
    /** Done before the call goes on, for example what somebody else does just then. */
    readonly before?: (call: Call) => Promise<void>;
  } = {},
): Promise<Proxy> {
  const { latencyMs = 0, before } = options;
  let calls: Call[] = [];
  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const endpoint = await listenLocally(server);

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const time = Date.now();
    const body = await buffer(incoming);
    const call = callOf(incoming, body, time);
    calls.push(call);
    await before?.(call);
    if (latencyMs > 0) await sleep(latencyMs);
    const { method, headers, url } = incoming;
    // The headers go on as they came, above all `host`: it is signed.
    const onward = request(new URL(url ?? "/", target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", (error) => outgoing.destroy(error));
    onward.end(body);
  }

  return {
    endpoint,
    get calls() {
      return calls;
    },
    take() {
      const taken = calls;
      calls = [];
      return taken;
    },
    [Symbol.asyncDispose]: () => closeLocally(server),
  };
}

/** `{DescribeStacks: 1, PutObject: 2}`: what a call count is asserted on. */
export function countByAction(calls: readonly Call[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { action } of calls) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

function callOf({ method = "", headers, url = "" }: IncomingMessage, body: Buffer, time: number): Call {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";
  const target = headers["x-amz-target"];
  const action =
    typeof target === "string"
      ? (target.split(".").at(-1) ?? target)
      : (new URLSearchParams(isForm(headers) ? body.toString() : "").get("Action") ??
        restAction(service, method, url));
  return { method, host: headers.host ?? "", url, service, action, time };
}

function isForm(headers: IncomingMessage["headers"]): boolean {
  return headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
}

/** Query parameters that make an S3 request another one than its method says. */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  "GET list-type": "ListObjectsV2",
  "GET versions": "ListObjectVersions",
  "POST delete": "DeleteObjects",
  "HEAD ": "HeadObject",
  "PUT ": "PutObject",
};

function restAction(service: string, method: string, url: string): string {
  if (service !== "s3") return `${method} ${url}`;
  const query = new URL(url, "http://s3").searchParams;
  const known = [...query.keys(), ""].map((key) => S3_ACTIONS[`${method} ${key}`]);
  return known.find((action) => action !== undefined) ?? `${method} ${url}`;
}
