/** Ending a process with all that it has started. */
import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * Asks by SIGINT first, then kills. A descendant may have left the process group, as each step of act does, so they
 * are looked up while their parents still live.
 */
export async function endTree(child: ChildProcess, graceMs: number): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const descendants = await descendantsOf(pid);
  kill(pid, "SIGINT");
  await Promise.race([ended, sleep(graceMs, undefined, { ref: false })]);
  const late = child.exitCode === null && child.signalCode === null ? await descendantsOf(pid) : [];
  for (const each of [pid, ...descendants, ...late]) kill(each, "SIGKILL");
  await ended;
}

async function descendantsOf(root: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const pairs = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found)
    for (const [pid, of] of pairs) if (of === parent && pid !== undefined) found.push(pid);
  return found.slice(1);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
