/** Artifacts made by hand, and the loader with this machine's environment. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { build } from "esbuild";

import type { ArtifactFile } from "../../action/core/artifact.ts";
import type { LoadRequest, LoadResult } from "../../action/core/passport.ts";
import { loadArtifacts, type LoadSettings } from "../../action/edge/load.ts";

export const SOURCE = "functions/worker.ts";

/** A handler that does nothing. */
export const HANDLER = "export async function handler() {}\n";

/** Files of an artifact by their paths. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** `code`: of index.mjs, or all files. */
export function artifact(code: string | Files, other: Partial<LoadRequest> = {}): LoadRequest {
  const files = typeof code === "string" ? { "index.mjs": code } : code;
  return {
    component: "worker",
    source: SOURCE,
    runtime: "nodejs24.x",
    architecture: "arm64",
    handler: "index.handler",
    files: Object.entries(files).map(([path, content]) => fileOf(path, content)),
    native: false,
    place: { file: "config/pipeline.yaml", line: 7, column: 3 },
    ...other,
  };
}

function fileOf(path: string, content: string | Uint8Array): ArtifactFile {
  return { path, mode: 0o644, content: Buffer.from(content) };
}

/** As the builder makes it: one file and its source map. The entry is functions/worker.ts. */
export async function bundled(
  sources: Readonly<Record<string, string>>,
  other: Partial<LoadRequest> = {},
): Promise<LoadRequest> {
  const root = mkdtempSync(join(tmpdir(), "warren-sources-"));
  try {
    for (const [path, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [SOURCE],
      outfile: join(root, "index.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      minify: true,
      sourcemap: "external",
      sourcesContent: false,
      write: false,
    });
    const text = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
    const code = `${text(".mjs")}//# sourceMappingURL=index.mjs.map\n`;
    return artifact({ "index.mjs": code, "index.mjs.map": text(".map") }, other);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Credentials that tests have are no reason not to load without a sandbox. */
export const ENVIRONMENT: LoadSettings["environment"] = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/TOKEN|KEY|SECRET|PASSWORD/.test(name)),
);

export async function load(
  requests: readonly LoadRequest[],
  settings: Partial<LoadSettings> = {},
): Promise<readonly LoadResult[]> {
  return await loadArtifacts(requests, { environment: ENVIRONMENT, ...settings });
}

export async function loadOne(
  request: LoadRequest,
  settings: Partial<LoadSettings> = {},
): Promise<LoadResult> {
  const [result] = await load([request], settings);
  if (result === undefined) throw new Error("no result");
  return result;
}

/** `place: message (hint)` of what does not load; `kind: why` of the others. */
export function textOf(result: LoadResult): string {
  if (result.kind === "loaded") return "loaded";
  if (result.kind !== "failed") return `${result.kind}: ${result.why}`;
  const { place, message, hint } = result.problem;
  return `${place?.file}:${place?.line}:${place?.column}: ${message}\n${hint}`;
}
