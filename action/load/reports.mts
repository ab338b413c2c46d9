/** What this process has to tell. */
import fs from "node:fs";
import { inspect } from "node:util";

import type { LoadEnd, LoadReport, Observed, Thrown } from "../core/load-report.ts";

const REPORTS = 3;
const LENGTH_MAX = 4000;
const OBSERVED_MAX = 20;

const observed: Record<"unset" | "network", Observed[]> = { unset: [], network: [] };

/** `below`: the stack begins at the caller of this function. */
export function observe(
  kind: keyof typeof observed,
  what: string,
  below: (...args: never[]) => unknown,
): void {
  const list = observed[kind];
  // A stack takes long, and some names are read with every line that is written.
  if (list.length < OBSERVED_MAX && !list.some((one) => one.what === what))
    list.push({ what, stack: stackOf(below) });
}

export function hasTriedNetwork(): boolean {
  return observed.network.length > 0;
}

/** Synchronous: the process may be gone in the next moment. `task`: its index in the plan. */
export function report(task: number, end: LoadEnd): void {
  const text: LoadReport = { task, end, ...observed };
  fs.writeSync(REPORTS, `${JSON.stringify(text)}\n`);
}

/** Ends the process at once, even if `process.exit` is the function's by now. */
export const leave = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(process, 0);

/** Once all is written that the function has written. */
export async function leaveWithOutput(): Promise<never> {
  const drained = [process.stdout, process.stderr].map(
    async (stream) => await new Promise<void>((done) => stream.write("", () => done())),
  );
  await Promise.all(drained);
  return leave();
}

/** The stack at the caller of `below`. */
export function stackOf(below: (...args: never[]) => unknown): string {
  const holder = { stack: "" };
  Error.captureStackTrace(holder, below);
  return cut(holder.stack);
}

export function thrown(error: unknown): Thrown {
  if (!(error instanceof Error)) {
    const text = typeof error === "string" ? error : inspect(error);
    return { name: "", message: cut(text), code: "", stack: "", causes: [] };
  }
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(cut(cause.message));
  if (error instanceof AggregateError) {
    const inner = error.errors.slice(0, 5) as readonly unknown[];
    causes.push(...inner.map((one) => cut(one instanceof Error ? one.message : String(one))));
  }
  const { name, message, stack = "" } = error;
  const code = "code" in error ? String(error.code) : "";
  return { name, message: cut(message), code, stack: cut(stack), causes };
}

export function cut(text: string): string {
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text;
}
