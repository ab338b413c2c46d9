/** What a command and all that it starts take of this machine. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Taken {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Of all its processes at one time. */
  readonly peakMb: number;
}

export interface Command {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute path of the file for its output. */
  readonly log: string;
}

/** Throws when it fails, with the end of its output. */
export async function measure({ command, cwd, env = {}, log }: Command): Promise<Taken> {
  const { stdout } = await promisify(execFile)(
    "python3",
    [join(import.meta.dirname, "meter.py"), log, ...command],
    { cwd, env: { ...process.env, ...env } },
  );
  const { code, ...taken } = JSON.parse(stdout) as Taken & { readonly code: number };
  if (code === 0) return taken;
  const output = await readFile(log, "utf8");
  throw new Error(`${command.join(" ")} ended with ${code}:\n${output.slice(-4000)}`);
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
