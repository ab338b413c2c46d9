import { setTimeout as sleep } from "node:timers/promises";

const BASE_MS = 100;
const CAP_MS = 2_000;

/**
 * Waits before repeat number `repeat` (1, 2, ...): a random time up to a limit that doubles ("full jitter").
 * With a fixed wait all functions that one throttled service turned away would come back at once.
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function backoffMs(repeat: number): number {
  return Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** repeat);
}

/** Rejects with an AbortError as soon as `signal` aborts. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal ? { signal } : {});
}
