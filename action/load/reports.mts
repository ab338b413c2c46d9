/** What this process has to tell. */
import fs from "node:fs";

import type { LoadEnd, LoadReport, Observed, Thrown } from "../core/load-report.ts";

const REPORTS = 3;
const LENGTH_MAX = 4000;
const OBSERVED_MAX = 20;

const observed: Record<"unset" | "network", Observed[]> = { unset: [], network: [] };

export function observe(kind: keyof typeof observed, what: string, stack: string): void {
  if (observed[kind].length < OBSERVED_MAX) observed[kind].push({ what, stack });
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

/** The stack at the caller of `below`. */
export function stackOf(below: (...args: never[]) => unknown): string {
  const holder = { stack: "" };
  Error.captureStackTrace(holder, below);
  return cut(holder.stack);
}

export function thrown(error: unknown): Thrown {
  if (!(error instanceof Error)) {
    const text = typeof error === "object" ? JSON.stringify(error) : String(error);
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
