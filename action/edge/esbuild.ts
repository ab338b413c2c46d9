/** The Builder: esbuild bundles, zip.ts packs. */
import { createHash } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";

import { build, type BuildFailure, type BuildOptions, type BuildResult, type Plugin } from "esbuild";

import {
  artifactKey,
  artifactManifest,
  UNZIPPED_BYTES_MAX,
  type Artifact,
  type ArtifactFile,
  type BuildRequest,
} from "../core/artifact.ts";
import {
  buildProblem,
  ENTRY,
  entryCode,
  foreignFileProblems,
  isMissingHandler,
} from "../core/buildproblem.ts";
import { bundleCalls } from "../core/calls.ts";
import { formatProblem, UserError, type Problem } from "../core/problem.ts";
import { esbuildTarget, isInside, missingProblem, outsideProblem, requestProblem } from "../core/source.ts";
import { keepSources, parseSourceMap } from "../core/sourcemap.ts";
import type { Builder } from "../ports.ts";
import { isPython, packPython } from "./python.ts";
import { zipFiles } from "./zip.ts";

/**
 * Entries of one esbuild call, which keeps all its outputs in memory: 25 functions with an AWS client each take
 * 600 MB, 10 take 300 MB and a twentieth more CPU.
 */
const CHUNK = 10;

/** CommonJS packages call `require` for Node's own modules, and an ES module has none. */
const BANNER =
  'import{createRequire as __warren_createRequire}from"node:module";' +
  "const require=__warren_createRequire(import.meta.url);";

/** What a build has no need of. esbuild's process is started with what is left. */
const CREDENTIAL = /^(AWS|ACTIONS|INPUT)_|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;

/** A request that is one with all others of the same source and target. */
interface Job {
  readonly target: string;
  readonly requests: readonly [BuildRequest, ...BuildRequest[]];
}

type Outcome =
  | { readonly kind: "built"; readonly artifacts: readonly Artifact[] }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] };

/** `root`: the repository's folder. */
export function esbuildBuilder({ root }: { readonly root: string }): Builder {
  return {
    async build(requests) {
      const home = await realpath(root);
      const bundled = requests.filter((request) => !isPython(request));
      const refused = (await Promise.all(bundled.map((request) => refusal(request, home)))).flat();
      const refusedRequests = new Set(refused.map(({ request }) => request));
      const problems = refused.map(({ problem }) => problem);
      const artifacts = new Map<string, Artifact>();
      for (const request of requests.filter(isPython)) {
        const packed = await packPython(request, { root: home });
        const outcome = packed.kind === "failed" ? packed : await finish(packed, [request]);
        if (outcome.kind === "failed") problems.push(...outcome.problems);
        else for (const artifact of outcome.artifacts) artifacts.set(artifact.component, artifact);
      }
      for (const chunk of chunks(jobs(bundled.filter((request) => !refusedRequests.has(request))))) {
        const outcome = await buildChunk(chunk, home);
        if (outcome.kind === "failed") problems.push(...outcome.problems);
        else for (const artifact of outcome.artifacts) artifacts.set(artifact.component, artifact);
      }
      if (problems.length > 0) throw new UserError("build-failed", distinct(problems));
      return requests.flatMap(({ component }) => artifacts.get(component) ?? []);
    },
  };
}

async function refusal(
  request: BuildRequest,
  root: string,
): Promise<readonly { readonly request: BuildRequest; readonly problem: Problem }[]> {
  const problem = requestProblem(request) ?? (await fileProblem(request, root));
  return problem === undefined ? [] : [{ request, problem }];
}

async function fileProblem(request: BuildRequest, root: string): Promise<Problem | undefined> {
  const path = resolve(root, request.source);
  if (!(await isFile(path))) return missingProblem(request, await filesIn(dirname(path)));
  return isInside(relative(root, await realpath(path))) ? undefined : outsideProblem(request);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(absent))?.isFile() ?? false;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}

function jobs(requests: readonly BuildRequest[]): readonly Job[] {
  const found = new Map<string, Job>();
  for (const request of requests) {
    const target = esbuildTarget(request.runtime) ?? request.runtime;
    const key = `${target} ${request.source}`;
    const others = found.get(key)?.requests;
    found.set(key, { target, requests: others === undefined ? [request] : [...others, request] });
  }
  return [...found.values()];
}

/** Jobs of one target each. */
function chunks(all: readonly Job[]): readonly (readonly Job[])[] {
  const byTarget = Map.groupBy(all, (job) => job.target);
  return [...byTarget.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / CHUNK) }, (_, i) =>
      group.slice(i * CHUNK, (i + 1) * CHUNK),
    ),
  );
}

async function buildChunk(chunk: readonly Job[], root: string): Promise<Outcome> {
  const [first] = chunk;
  if (first === undefined) return { kind: "built", artifacts: [] };
  let result: Bundles;
  try {
    result = await withoutCredentials(() => build(options(chunk, first.target, root)));
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    if (chunk.length === 1) {
      return {
        kind: "failed",
        problems: error.errors.map((message) => buildProblem(message, first.requests[0])),
      };
    }
    // esbuild stops before it looks at exports when a file cannot be read, and does not say whose the file is.
    const outcomes = [];
    for (const job of chunk) outcomes.push(await buildChunk([job], root));
    return {
      kind: "failed",
      problems: outcomes.flatMap((one) => (one.kind === "failed" ? one.problems : [])),
    };
  }
  const outcomes = await Promise.all(chunk.map((job, i) => pack(job, i, result, root)));
  const problems = outcomes.flatMap((one) => (one.kind === "failed" ? one.problems : []));
  if (problems.length > 0) return { kind: "failed", problems };
  return { kind: "built", artifacts: outcomes.flatMap((one) => (one.kind === "built" ? one.artifacts : [])) };
}

type Bundles = BuildResult<{ metafile: true; write: false }>;

function options(chunk: readonly Job[], target: string, root: string) {
  return {
    // Paths in the output are from here, so a checkout's own folder does not show.
    absWorkingDir: root,
    entryPoints: chunk.map(({ requests: [{ source }] }, i) => ({
      in: `${ENTRY}:${source}`,
      out: `${i}/index`,
    })),
    outdir: ".",
    outExtension: { ".js": ".mjs" },
    write: false,
    metafile: true,
    bundle: true,
    platform: "node",
    format: "esm",
    target,
    // Tree shaking needs the ES modules of packages that have both: a third less code.
    mainFields: ["module", "main"],
    minify: true,
    // Loggers and error handling read the names of classes and functions.
    keepNames: true,
    legalComments: "none",
    sourcemap: "external",
    sourcesContent: false,
    banner: { js: BANNER },
    logLevel: "silent",
    logLimit: 0,
    plugins: [entries(root), sideEffectFree],
  } satisfies BuildOptions;
}

function entries(root: string): Plugin {
  return {
    name: "entries",
    setup(setup) {
      setup.onResolve({ filter: new RegExp(`^${ENTRY}:`) }, ({ path }) => ({
        namespace: ENTRY,
        path: path.slice(ENTRY.length + 1),
      }));
      setup.onLoad({ filter: /.*/, namespace: ENTRY }, ({ path }) => ({
        contents: entryCode(path),
        resolveDir: root,
        loader: "js",
      }));
    },
  };
}

/**
 * lib-dynamodb is not marked as free of side effects (3.1162), so every bundle of it would hold its paginators,
 * and with them QueryCommand and ScanCommand, whether they are used or not.
 */
const sideEffectFree: Plugin = {
  name: "side-effect-free",
  setup(setup) {
    setup.onResolve({ filter: /^@aws-sdk\/lib-dynamodb$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === "asked") return undefined;
      const { kind, importer, resolveDir } = from;
      const found = await setup.resolve(path, { kind, importer, resolveDir, pluginData: "asked" });
      return found.errors.length > 0 ? undefined : { path: found.path, sideEffects: false };
    });
  },
};

async function pack({ requests }: Job, index: number, result: Bundles, root: string): Promise<Outcome> {
  const [request] = requests;
  const output = `${index}/index.mjs`;
  const problems = [
    ...result.warnings
      .filter(
        (message) => isMissingHandler(message) && message.location?.file === `${ENTRY}:${request.source}`,
      )
      .map((message) => buildProblem(message, request)),
    ...foreignFileProblems(result.metafile, output, request),
  ];
  if (problems.length > 0) return { kind: "failed", problems };
  const files = artifactFiles(textOf(result, root, output), textOf(result, root, `${output}.map`));
  const calls = bundleCalls(result.metafile, output);
  return await finish({ files, handler: "index.handler", calls }, requests);
}

/** Checks the size, names and zips. */
async function finish(
  {
    files,
    handler,
    calls,
  }: Pick<Artifact, "handler" | "calls"> & { readonly files: readonly ArtifactFile[] },
  requests: Job["requests"],
): Promise<Outcome> {
  const [request] = requests;
  const unzippedBytes = files.reduce((sum, { content }) => sum + content.byteLength, 0);
  if (unzippedBytes > UNZIPPED_BYTES_MAX) {
    const message = `\`${request.source}\` is ${unzippedBytes} bytes when built, and Lambda takes ${UNZIPPED_BYTES_MAX}`;
    return { kind: "failed", problems: [{ place: request.place, message }] };
  }
  const manifest = artifactManifest(
    files.map(({ path, mode, content }) => ({ path, mode, sha256: sha256(content) })),
  );
  const content = {
    key: artifactKey(sha256(manifest)),
    handler,
    zip: await zipFiles(files),
    unzippedBytes,
    calls,
  };
  return { kind: "built", artifacts: requests.map(({ component }) => ({ component, ...content })) };
}

function artifactFiles(code: string, map: string): readonly ArtifactFile[] {
  const own = keepSources(parseSourceMap(map), isUserSource);
  const files = {
    "index.mjs": `${code}//# sourceMappingURL=index.mjs.map\n`,
    // The map lies in /var/task, so `functions/a.ts` is shown as `/var/task/functions/a.ts`.
    "index.mjs.map": JSON.stringify({
      ...own,
      sources: own.sources.map((source) => source.replace("../", "")),
    }),
  };
  return Object.entries(files).map(([path, text]) => ({ path, mode: 0o644, content: Buffer.from(text) }));
}

function isUserSource(source: string): boolean {
  return !source.includes("node_modules/") && !source.includes(`${ENTRY}:`);
}

function textOf(result: Bundles, root: string, output: string): string {
  const file = result.outputFiles.find(({ path }) => path === resolve(root, output));
  if (file === undefined) throw new Error(`esbuild made no ${output}`);
  return file.text;
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** esbuild starts its one process within the first call of build(), before that returns. */
function withoutCredentials<Result>(start: () => Result): Result {
  const hidden = Object.entries(process.env).filter(([name]) => CREDENTIAL.test(name));
  for (const [name] of hidden) delete process.env[name];
  try {
    return start();
  } finally {
    Object.assign(process.env, Object.fromEntries(hidden));
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && "warnings" in error;
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
