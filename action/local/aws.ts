/**
 * The local AWS: the pinned MiniStack with the mends of launcher/, on 127.0.0.1, with IAM enforced.
 * Used by `npm run demo`, `warren local` and the tests; never by a deploy to AWS.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { UserError } from "../core/problem.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface LocalAws extends AsyncDisposable {
  /** For example http://127.0.0.1:43127, all services. */
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
  readonly port: number;
  /** The account's root: IAM is never asked. Code under test gets a role's credentials instead. */
  readonly rootCredentials: Credentials;
  readonly pid: number;
  /** The emulator's log; gone with the instance. */
  readonly logFile: string;
  /** Forgets every resource and ends every Lambda worker. */
  reset(): Promise<void>;
  /** Spread into the constructor of any AWS SDK client. Acts as root. */
  clientConfig(): { endpoint: string; region: string; credentials: Credentials };
}

export interface LocalAwsOptions {
  /** Any free one by default. */
  readonly port?: number;
  /** Whether IAM policies, trust policies and signatures are checked; true by default. */
  readonly auth?: boolean;
  /** Path or URL of the JWKS that web identity tokens are verified against, instead of the issuer's own. */
  readonly jwks?: string;
  /** How much longer each CloudFormation resource takes. */
  readonly resourceDelayMs?: number;
  /** How long each CloudFormation stack operation takes, whatever is in it. */
  readonly operationMs?: number;
  /** Variables that every Lambda function gets on top of its own, for example the address of a stand-in. */
  readonly lambdaEnvironment?: Readonly<Record<string, string>>;
  /** Files of launcher/mends to leave out, without `.py`: only to show in a test what a mend is for. */
  readonly withoutMends?: readonly string[];
  /** Ends the start, not the instance. */
  readonly signal?: AbortSignal;
}

const REGION = "us-east-1";
const ACCOUNT = "111122223333";
// MiniStack's own name for the root user of the account.
const ROOT: Credentials = { accessKeyId: "test", secretAccessKey: "test" };

const ROOT_FOLDER = join(import.meta.dirname, "..", "..");
const PYTHON = join(ROOT_FOLDER, ".venv", "bin", "python");
const LAUNCHER = join(import.meta.dirname, "launcher", "main.py");

// Importing MiniStack takes 3 seconds on an idle machine; a busy one with two cores has needed 20.
const START_MS = 90_000;
const END_MS = 5_000;

/**
 * Starts an instance of its own; any number may run at once. Disposing it ends its process, its Lambda workers and
 * its directory; so does the end of this process, however it ends.
 * Throws UserError (`not-set-up`) without the Python environment, and Error with the log's end when it does not start.
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  options.signal?.throwIfAborted();
  await requirePython();
  const home = await mkdtemp(join(tmpdir(), "warren-aws-"));
  const logFile = join(home, "aws.log");
  await mkdir(join(home, "tmp"));
  const child = await launch(home, logFile, options);
  const end = (): Promise<void> => endInstance(child, home);
  try {
    const port = await startedPort(child, logFile, options.signal);
    const endpoint = `http://127.0.0.1:${port}`;
    await healthy(endpoint, child, logFile, options.signal);
    return {
      endpoint,
      region: REGION,
      account: ACCOUNT,
      port,
      rootCredentials: ROOT,
      pid: child.pid!,
      logFile,
      reset: () => reset(endpoint),
      clientConfig: () => ({ endpoint, region: REGION, credentials: ROOT }),
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function requirePython(): Promise<void> {
  try {
    await access(PYTHON);
  } catch (cause) {
    throw new UserError(
      "not-set-up",
      { message: "the local AWS is not installed: .venv/bin/python is missing", hint: "run `npm run setup`" },
      { cause },
    );
  }
}

async function launch(home: string, logFile: string, options: LocalAwsOptions): Promise<ChildProcess> {
  const log = openSync(logFile, "a");
  try {
    const child = spawn(PYTHON, ["-B", LAUNCHER], {
      cwd: home,
      // A group of its own: Ctrl-C must not end the AWS before its user has torn down, and one signal ends it all.
      detached: true,
      env: launchEnvironment(home, options),
      // 0: its end tells the launcher that we are gone. 3: the launcher tells its port.
      stdio: ["pipe", log, log, "pipe"],
    });
    await once(child, "spawn");
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Nothing of the caller's environment but PATH: above all no AWS_*, which MiniStack would take for its root. */
function launchEnvironment(home: string, options: LocalAwsOptions): NodeJS.ProcessEnv {
  const temporary = join(home, "tmp");
  // Through assign, because functions/warren-env.d.ts says of every process what only functions have.
  return Object.assign(Object.create(null), {
    // Lambda functions run on the first `node` of PATH.
    PATH: [dirname(process.execPath), process.env["PATH"] ?? "/usr/bin:/bin"].join(delimiter),
    HOME: home,
    TMPDIR: temporary,
    LANG: "C.UTF-8",
    TZ: "UTC",
    PYTHONUNBUFFERED: "1",
    AUTH: String(options.auth ?? true),
    MINISTACK_HOST: "127.0.0.1",
    MINISTACK_ACCOUNT_ID: ACCOUNT,
    MINISTACK_REGION: REGION,
    LOG_LEVEL: "INFO",
    STATE_DIR: join(home, "state"),
    S3_DATA_DIR: join(home, "s3"),
    SFTP_ENABLED: "0",
    IOT_MTLS_ENABLED: "0",
    WARREN_LOCAL_HOME: home,
    WARREN_LOCAL_PORT: String(options.port ?? 0),
    WARREN_LOCAL_JWKS: options.jwks ?? "",
    WARREN_LOCAL_RESOURCE_MS: String(options.resourceDelayMs ?? 0),
    WARREN_LOCAL_OPERATION_MS: String(options.operationMs ?? 0),
    WARREN_LOCAL_WITHOUT: (options.withoutMends ?? []).join(","),
    WARREN_LAMBDA_ENV_JSON: JSON.stringify(options.lambdaEnvironment ?? {}),
  });
}

/** Resolves with the port once the launcher's self-test has passed and its socket is bound. */
async function startedPort(
  child: ChildProcess,
  logFile: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const announcement = child.stdio[3];
  if (!(announcement instanceof Readable)) throw new Error("the launcher was started without its pipe");
  const limit = AbortSignal.any([AbortSignal.timeout(START_MS), ...(signal ? [signal] : [])]);
  const stop = (): void => void announcement.destroy(new Error("gave up waiting", { cause: limit.reason }));
  limit.addEventListener("abort", stop);
  try {
    const port = Number(await text(announcement));
    if (port === 0) throw new Error("the launcher ended before it was ready");
    return port;
  } catch (cause) {
    signal?.throwIfAborted();
    throw await startFailure(logFile, cause);
  } finally {
    limit.removeEventListener("abort", stop);
  }
}

async function healthy(
  endpoint: string,
  child: ChildProcess,
  logFile: string,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await fetch(`${endpoint}/_ministack/health`).catch((error: unknown) => error);
    if (answer instanceof Response && answer.ok) return;
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      throw await startFailure(logFile, answer);
    }
    await sleep(50);
  }
}

async function startFailure(logFile: string, cause: unknown): Promise<Error> {
  const log = await readFile(logFile, "utf8");
  if (/Address already in use/.test(log)) {
    const problem = { message: "the port is taken", hint: "Choose another --port, or leave it out." };
    return new UserError("port-taken", problem, { cause });
  }
  const lines = log.trimEnd().split("\n").slice(-30);
  return new Error(`the local AWS did not start; the end of its log:\n${lines.join("\n")}`, { cause });
}

async function reset(endpoint: string): Promise<void> {
  const answer = await fetch(`${endpoint}/_ministack/reset`, { method: "POST" });
  if (!answer.ok) throw new Error(`the local AWS did not reset: ${answer.status} ${await answer.text()}`);
}

async function endInstance(child: ChildProcess, home: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.ref();
    const ended = once(child, "exit");
    child.stdin?.end();
    const inTime = await Promise.race([ended.then(() => true), sleep(END_MS, false, { ref: false })]);
    if (!inTime) {
      process.kill(-child.pid!, "SIGKILL");
      await ended;
    }
  }
  await rm(home, { recursive: true, force: true, maxRetries: 3 });
}
