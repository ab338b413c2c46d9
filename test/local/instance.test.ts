import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

import { CreateQueueCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, test, vi } from "vitest";

import { startLocalAws } from "../../action/local/aws.ts";
import { eventually, startInstance } from "./instance.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const LAUNCHER = join(ROOT, "action", "local", "launcher");

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

async function gone(path: string): Promise<boolean> {
  return await stat(path).then(
    () => false,
    () => true,
  );
}

async function canConnect(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: 2000 });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** What orphaned-parent.ts prints. */
function orphans(line: string): { pid: number; worker: number; logFile: string } {
  const printed: unknown = JSON.parse(line);
  if (
    typeof printed === "object" &&
    printed !== null &&
    "pid" in printed &&
    "worker" in printed &&
    "logFile" in printed
  ) {
    return { pid: Number(printed.pid), worker: Number(printed.worker), logFile: String(printed.logFile) };
  }
  throw new Error(`orphaned-parent.ts printed ${line}`);
}

describe("an instance", () => {
  test("answers as the account's root, whatever AWS settings the caller has", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    await using aws = await startInstance();
    vi.unstubAllEnvs();

    const identity = await new STSClient(aws.clientConfig()).send(new GetCallerIdentityCommand({}));

    expect(identity.Arn).toBe(`arn:aws:iam::${aws.account}:root`);
    expect(aws.endpoint).toBe(`http://127.0.0.1:${aws.port}`);
  });

  test("listens on 127.0.0.1 and on no other address", async () => {
    await using aws = await startInstance();
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter((address) => !address.internal && address.family === "IPv4");

    expect(await canConnect("127.0.0.1", aws.port)).toBe(true);
    const addresses = [...others.map((each) => each.address), "127.0.0.2"];
    expect(await Promise.all(addresses.map(async (address) => await canConnect(address, aws.port)))).toEqual(
      addresses.map(() => false),
    );
  });

  test("shares nothing with another one, and forgets everything on reset", async () => {
    await using first = await startInstance();
    await using second = await startInstance();
    const client = new SQSClient(first.clientConfig());
    await client.send(new CreateQueueCommand({ QueueName: "mine" }));

    expect(
      (await new SQSClient(second.clientConfig()).send(new ListQueuesCommand({}))).QueueUrls ?? [],
    ).toEqual([]);
    expect((await client.send(new ListQueuesCommand({}))).QueueUrls).toHaveLength(1);

    await first.reset();
    expect((await client.send(new ListQueuesCommand({}))).QueueUrls ?? []).toEqual([]);
  });

  test("leaves neither process nor file when it is disposed", async () => {
    const aws = await startInstance();
    await aws[Symbol.asyncDispose]();

    expect(alive(aws.pid)).toBe(false);
    expect(await gone(dirname(aws.logFile))).toBe(true);
  });

  test("ends with its Lambda workers and its files when its parent is killed", async () => {
    const parent = spawn(process.execPath, [join(import.meta.dirname, "orphaned-parent.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(parent.stdout, "data");
    const { pid, worker, logFile } = orphans(String(line));
    expect([alive(pid), alive(worker)]).toEqual([true, true]);

    parent.kill("SIGKILL");

    await eventually("the end of everything", async () =>
      !alive(pid) && !alive(worker) && (await gone(dirname(logFile))) ? true : undefined,
    );
  });

  test("outlives Ctrl-C, which reaches every process of a terminal", async () => {
    await using aws = await startInstance();
    process.kill(aws.pid, "SIGINT");

    const answer = await fetch(`${aws.endpoint}/_ministack/health`);
    expect(answer.status).toBe(200);
  });
});

describe("a start that fails", () => {
  test("shows the end of the log", async () => {
    const start = startInstance({ operationMs: Number.NaN });
    await expect(start).rejects.toThrow(/the end of its log:[^]*NaN/);
  });

  test("names a port that is taken", async () => {
    await using server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;

    await expect(startInstance({ port })).rejects.toThrow("the port is taken");
  });

  test("says how to set up when the Python environment is missing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "warren-no-venv-"));
    for (const part of ["action", "templates"])
      await cp(join(ROOT, part), join(folder, part), { recursive: true });
    const copy: { startLocalAws: typeof startLocalAws } = await import(
      pathToFileURL(join(folder, "action/local/aws.ts")).href
    );

    await expect(copy.startLocalAws()).rejects.toMatchObject({
      name: "UserError",
      reason: "not-set-up",
      message: expect.stringContaining("npm run setup"),
    });
    await rm(folder, { recursive: true });
  });

  test("ends at once when it is aborted", async () => {
    await expect(startLocalAws({ signal: AbortSignal.abort(new Error("changed my mind")) })).rejects.toThrow(
      "changed my mind",
    );
  });
});

/** Runs the script after `import self_test, mends`. */
async function selfTest(script: string): Promise<{ code: number | null; stderr: string }> {
  const source = `import sys; sys.path.insert(0, ${JSON.stringify(LAUNCHER)}); import self_test, mends\n${script}`;
  const child = spawn(join(ROOT, ".venv", "bin", "python"), ["-B", "-c", source], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stderr = await text(child.stderr);
  if (child.exitCode === null) await once(child, "exit");
  return { code: child.exitCode, stderr };
}

describe("the launcher's self-test", () => {
  test("passes on the pinned MiniStack", async () => {
    expect(await selfTest("self_test.check_version(); self_test.check_leans(mends.ALL)")).toMatchObject({
      code: 0,
    });
  });

  test("fails on another version", async () => {
    const failed = await selfTest(
      'import importlib.metadata as m; m.version = lambda name: "1.5.34"; self_test.check_version()',
    );
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("MiniStack 1.5.34 is installed");
  });

  test("names the mend whose ground has moved", async () => {
    const failed = await selfTest(`
from ministack.services import sts
from ministack.services.cloudformation import provisioners
del sts._error
provisioners._s3_delete = lambda physical_id: None
self_test.check_leans(mends.ALL)`);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("mend web_identity: ministack.services.sts:_error is missing");
    expect(failed.stderr).toContain(
      "mend bucket_not_empty: ministack.services.cloudformation.provisioners:_s3_delete is (physical_id), " +
        "expected (physical_id, props)",
    );
  });
});
