/** The local AWS for these tests. WITHOUT_MENDS=bucket_not_empty,... shows which tests each mend is for. */
import { startLocalAws, type LocalAws, type LocalAwsOptions } from "../../action/local/aws.ts";

const withoutMends = (process.env["WITHOUT_MENDS"] ?? "").split(",").filter((name) => name !== "");

export async function startInstance(options: LocalAwsOptions = {}): Promise<LocalAws> {
  return await startLocalAws({ withoutMends, ...options });
}

const POLL_MS = 50;
const LIMIT_MS = 20_000;

/** The first value that is not undefined; fails with what was waited for. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + LIMIT_MS;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`waited ${LIMIT_MS / 1000} s in vain for ${what}`);
}
