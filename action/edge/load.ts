/**
 * Loads artifacts as Lambda would: in an empty folder, with the runtime's own Node (or Python), without network and
 * without credentials.
 */
import type { LoadRequest, LoadResult } from "../core/passport.ts";

export interface LoadSettings {
  /**
   * This machine's own: finds npm, qemu and Python on the PATH, gives npm its proxies and its cache. No artifact's
   * process sees any of it.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborting it ends every process that was started; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * One result for each request, in the requests' order. Throws only for what is no fault of an artifact, such as a full
 * disk or npm that cannot get Node (UserError `node-missing`).
 */
export async function loadArtifacts(
  requests: readonly LoadRequest[],
  settings: LoadSettings,
): Promise<readonly LoadResult[]> {
  throw new Error(`not built yet: ${requests.length} ${Object.keys(settings).join()}`);
}
