/**
 * Loads in a process of its own, so that its environment and its end are the test's: `child.ts <requests.json>
 * <sandbox>`. Prints the results. The loader is told of nothing but the PATH.
 */
import { readFileSync } from "node:fs";

import type { LoadRequest } from "../../action/core/passport.ts";
import { loadArtifacts } from "../../action/edge/load.ts";

const [file = "", sandbox] = process.argv.slice(2);
const requests = (JSON.parse(readFileSync(file, "utf8")) as readonly Packed[]).map(
  ({ code, ...request }) => ({
    ...request,
    files: [{ path: "index.mjs", mode: 0o644, content: Buffer.from(code) }],
  }),
);
const results = await loadArtifacts(requests, {
  environment: { PATH: process.env["PATH"] },
  ...(sandbox === "none" && { sandbox: { kind: "none", why: "for the test" } }),
});
console.log(JSON.stringify(results));

/** `code`: of its only file. */
export type Packed = Omit<LoadRequest, "files"> & { readonly code: string };
