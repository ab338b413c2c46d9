/**
 * Runs a program that is not trusted. Linux namespaces take the network, the other processes and all files away from it but
 * the system's programs and what is bound in; where this machine permits none, only its environment is clean.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Sandbox {
  /**
   * `user`: a user namespace. `sudo`: Ubuntu 24.04 refuses those, and its runners at GitHub let sudo do the same.
   * `none`: `why` says what is in the way.
   */
  readonly kind: "user" | "sudo" | "none";
  readonly why: string;
}

/** A file or a folder of this machine, and where the program sees it, read-only. */
export interface Bind {
  readonly from: string;
  readonly to: string;
}

export interface Run {
  /** Program and arguments; paths are those inside, see `inside`. */
  readonly command: readonly string[];
  readonly binds: readonly Bind[];
  /** All that the program sees of an environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** It is ended when it writes no line to file descriptor 3 for so long. */
  readonly limitSeconds: number;
  /** Called for each line on file descriptor 3. */
  readonly onReport: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Ended {
  /** 128 + n if it died of signal n; undefined if it was ended for being late. */
  readonly code: number | undefined;
  /** The end of what it has written to stdout and stderr. */
  readonly output: string;
}

/** Of what is loaded, some may write without end. */
const REPORTS_BYTES = 64 * 1024 * 1024;

const GRACE_MS = 2000;

/** For what the pipes still hold when the program is gone. */
const DRAIN_MS = 1000;

const OUTPUT_CHARACTERS = 4000;

/** The sandbox's own tools, wherever the caller's PATH leads to. */
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** The first line on stdout: what comes after is the program's doing. */
const ENTERED = "entered";

/** The machine is in the way, and not the program. */
class SandboxFailure extends Error {}

/**
 * Reports go to file descriptor 3, all other output to stderr: sudo passes no others on. stdin is a lifeline: when this
 * process closes it, or is gone, everything in the group is killed.
 */
const RUN = `
echo ${ENTERED}
ulimit -c 0
exec 4<&0 </dev/null
( while read -r _; do :; done <&4; kill -KILL 0 ) >/dev/null 2>&1 &
keeper=$!
"$@" 3>&1 1>&2 4<&- &
wait $!
code=$?
kill -KILL $keeper
exit $code`;

/**
 * Arguments: an empty folder, user and group id, binds as pairs, \`--\`, the command. What is bound is made read-only by a
 * second mount, which is how the kernel wants it. /proc is read-only, or root could set its kernel.core_pattern.
 */
const ENTER = `set -eu
root=$1 uid=$2 gid=$3
shift 3
readonly_bind() { mount --bind "$1" "$2"; mount -o remount,bind,ro,nosuid,nodev "$2"; }
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
mkdir dev etc proc tmp usr
readonly_bind /usr usr
for name in bin sbin lib lib32 lib64; do
  if [ -L "/$name" ]; then cp -P "/$name" "$name"
  elif [ -d "/$name" ]; then mkdir "$name"; readonly_bind "/$name" "$name"; fi
done
for name in null zero full random urandom; do : > "dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
echo "sandbox:x:$uid:$gid::/tmp:/bin/false" > etc/passwd
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p ".$2"; else mkdir -p ".\${2%/*}"; : > ".$2"; fi
  readonly_bind "$1" ".$2"
  shift 2
done
shift
mount -t proc -o ro,nosuid,nodev,noexec proc proc
mount -t tmpfs -o mode=1777,size=512m,nosuid,nodev tmpfs tmp
mount -o remount,bind,ro .
`;

/** As the last step: from here on there is no way to more rights, nor back to those that made the mounts. */
const DROP = ["chroot", ".", "setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"] as const;

const NAMESPACES = ["--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child"] as const;

/** Where the program sees `from`: at `to`, or without a sandbox where it is. */
export function inside({ kind }: Sandbox, { from, to }: Bind): string {
  return kind === "none" ? from : to;
}

let found: Promise<Sandbox> | undefined;

/** The best that this machine permits; tried once in this process's life. */
export async function findSandbox(): Promise<Sandbox> {
  found ??= probe();
  return await found;
}

async function probe(): Promise<Sandbox> {
  if (process.platform !== "linux") return { kind: "none", why: `${process.platform} has no namespaces` };
  let why = "";
  for (const kind of process.getuid?.() === 0 ? (["user"] as const) : (["user", "sudo"] as const)) {
    const sandbox = { kind, why: "" };
    try {
      const run = { command: ["true"], binds: [], environment: {}, limitSeconds: 10 };
      const { code } = await runInside(sandbox, { ...run, onReport: () => undefined });
      if (code === 0) return sandbox;
      why ||= `true ends with code ${code}`;
    } catch (error) {
      if (!(error instanceof SandboxFailure)) throw error;
      why ||= error.message;
    }
  }
  return { kind: "none", why };
}

/** Resolves when the program and all that it has started are gone. Throws the signal's reason once it is aborted. */
export async function runInside(sandbox: Sandbox, run: Run): Promise<Ended> {
  run.signal?.throwIfAborted();
  const root = await mkdtemp(join(tmpdir(), "warren-root-"));
  try {
    const ended = await start(shellCommand(sandbox, run, root), run);
    run.signal?.throwIfAborted();
    return ended;
  } finally {
    await rm(root, { recursive: true });
  }
}

function shellCommand({ kind }: Sandbox, run: Run, root: string): readonly [string, ...string[]] {
  const variables = Object.entries(run.environment).map(([name, value]) => `${name}=${value}`);
  const command = ["env", "-i", ...variables, ...run.command];
  if (kind === "none") return ["sh", "-c", RUN, "sh", ...command];
  const [uid, gid] = kind === "user" ? [0, 0] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const ids = kind === "user" ? [] : [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const namespaces = kind === "user" ? ["--user", "--map-root-user", ...NAMESPACES] : NAMESPACES;
  const [first, ...rest] = [...(kind === "sudo" ? ["sudo", "-n"] : []), "unshare", ...namespaces];
  const binds = run.binds.flatMap(({ from, to }) => [from, to]);
  const script = [
    `${ENTER}${RUN}`,
    "sh",
    root,
    `${uid}`,
    `${gid}`,
    ...binds,
    "--",
    ...DROP,
    ...ids,
    ...command,
  ];
  return [first ?? "unshare", ...rest, "sh", "-c", ...script];
}

async function start([program, ...args]: readonly [string, ...string[]], run: Run): Promise<Ended> {
  // A group of its own, so that killing it spares this process.
  const child = spawn(program, args, { detached: true, env: { PATH }, stdio: "pipe" });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARACTERS);
  });
  // It is closed when the program is gone already.
  child.stdin.on("error", () => undefined);
  let isLate = false;
  let hasEntered = false;
  let force: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.stdin.end();
    // What is loaded may have killed what listens there.
    force ??= setTimeout(() => killGroup(child.pid), GRACE_MS);
  };
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, run.limitSeconds * 1000);
  let reported = 0;
  child.stdout.on("data", ({ length }: Buffer) => {
    reported += length;
    if (reported > REPORTS_BYTES) child.stdout.destroy();
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    timer.refresh();
    if (hasEntered) run.onReport(line);
    else hasEntered = line === ENTERED;
  });
  run.signal?.addEventListener("abort", end, { once: true });
  child.once("exit", () => {
    killGroup(child.pid);
    // Without a sandbox, what has left the group lives on, and would hold the pipes open.
    setTimeout(() => [child.stdout, child.stderr].map((pipe) => pipe.destroy()), DRAIN_MS).unref();
  });
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (!hasEntered && run.signal?.aborted !== true)
      throw new SandboxFailure(`${program}: ${output.trim().split("\n").at(-1) || "it does not answer"}`);
    return { code: isLate ? undefined : (code ?? 137), output };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new SandboxFailure(`${program} is not on this machine`, { cause: error });
  } finally {
    clearTimeout(timer);
    clearTimeout(force);
    run.signal?.removeEventListener("abort", end);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: none is left. EPERM: sudo's, which the lifeline ends.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
