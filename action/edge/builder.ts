/** The Builder: bundle or pack, then verify, load, measure and name. */
import { createHash } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";

import { artifactKey, artifactManifest, type Artifact, type BuildRequest } from "../core/artifact.ts";
import { packingProblem } from "../core/packing.ts";
import type { Load, LoadResult, Passport } from "../core/passport.ts";
import { formatProblem, UserError, type Problem } from "../core/problem.ts";
import { runtimeOf } from "../core/runtime.ts";
import { esbuildTarget, isInside, missingProblem, outsideProblem, requestProblem } from "../core/source.ts";
import { type Verdict, verifyFiles } from "../core/verify.ts";
import type { Builder } from "../ports.ts";
import { type BuildCache, createBuildCache } from "./build-cache.ts";
import { type Bundled, createBundler, type Job } from "./bundles.ts";
import type { Environment } from "./cache.ts";
import { draftBundle, draftPython, type Draft, type Drafted } from "./drafts.ts";
import { type Esbuild, findEsbuild } from "./esbuild-program.ts";
import { loadArtifacts } from "./load.ts";
import { installedPackages, type Packages } from "./packages.ts";
import { isPython } from "./python.ts";
import { createSpool, type Spool } from "./spool.ts";
import { createVendor } from "./vendor.ts";
import { zipFiles } from "./zip.ts";

/**
 * Entries of one esbuild call, which keeps all its outputs in memory, and reads what they have in common once. Ten
 * functions of which half bundle an AWS client come to 6 MB of output and take 300 MB, 25 of them 600 MB: so the
 * calls after the first have as many entries as come to that, and thirty functions of 100 kB are one call.
 */
const ENTRIES = { first: 10, most: 30 } as const;
const CALL_BYTES = 12_000_000;

/** Drafts are loaded together, many to a process, once they come to so much. */
const BATCH_BYTES = 24_000_000;

export interface BuilderSettings {
  /** The repository's folder. */
  readonly root: string;
  readonly environment: Environment;
  /** Where builds are kept for later runs; without it, nowhere. */
  readonly cache?: string | undefined;
  /** How artifacts are loaded, if not as Lambda would. */
  readonly load?: typeof loadArtifacts;
}

export function createBuilder(settings: BuilderSettings): Builder {
  return {
    async build(requests) {
      const home = await realpath(settings.root);
      const problems: Problem[] = [];
      const artifacts = new Map<string, Artifact>();
      const good: BuildRequest[] = [];
      for (const request of requests) {
        const problem = isPython(request)
          ? undefined
          : (requestProblem(request) ?? (await fileProblem(request, home)));
        if (problem === undefined) good.push(request);
        else problems.push(problem);
      }
      if (good.length === 0) return concluded(requests, artifacts, problems);
      const environment = settings.environment;
      const packages = installedPackages();
      const esbuild = good.every(isPython) ? undefined : await findEsbuild(home, environment);
      const version = esbuild?.version ?? "";
      const cache =
        settings.cache === undefined
          ? undefined
          : createBuildCache({ folder: settings.cache, root: home, environment, packages, esbuild: version });
      const open: BuildRequest[] = [];
      for (const request of good) {
        const kept = await cache?.find(request);
        if (kept === undefined) open.push(request);
        else artifacts.set(request.component, kept);
      }
      const spool = createSpool();
      const tools = { root: home, environment, packages, esbuild, isKept: cache !== undefined };
      for await (const batch of batches(drafts(open, tools))) {
        const drafted: Draft[] = [];
        for (const one of batch) {
          if (one.kind === "failed") problems.push(...one.problems);
          else drafted.push(one.draft);
        }
        const results = await finish(drafted, spool, settings);
        for (const result of results) {
          if (result.kind === "failed") problems.push(...result.problems);
          else {
            for (const artifact of result.artifacts) artifacts.set(artifact.component, artifact);
            await keep(result, cache);
          }
        }
      }
      await cache?.save();
      return concluded(requests, artifacts, problems);
    },
  };
}

/** Throws UserError `build-failed`. */
function concluded(
  requests: readonly BuildRequest[],
  artifacts: ReadonlyMap<string, Artifact>,
  problems: readonly Problem[],
): readonly Artifact[] {
  if (problems.length > 0) throw new UserError("build-failed", distinct(problems));
  return requests.flatMap(({ component }) => artifacts.get(component) ?? []);
}

async function keep(
  { draft, artifacts }: Extract<Finished, { readonly kind: "finished" }>,
  cache: BuildCache | undefined,
): Promise<void> {
  const [artifact] = artifacts;
  const { requests, files, questions } = draft;
  if (cache === undefined || questions === undefined || artifact === undefined) return;
  const { handler, calls, passport } = artifact;
  for (const request of requests) {
    await cache.keep(request, { handler, calls, passport, files, questions });
  }
}

async function fileProblem(request: BuildRequest, root: string): Promise<Problem | undefined> {
  const path = resolve(root, request.source);
  if (!((await stat(path).catch(absent))?.isFile() ?? false)) {
    return missingProblem(request, (await readdir(dirname(path)).catch(absent)) ?? []);
  }
  return isInside(relative(root, await realpath(path))) ? undefined : outsideProblem(request);
}

function absent(error: NodeJS.ErrnoException): undefined {
  // Nor is there a file where a link leads to itself, or where no disk takes the name.
  if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(error.code ?? "")) return undefined;
  throw error;
}

interface Tools {
  /** Real path of the repository's folder. */
  readonly root: string;
  readonly environment: Environment;
  readonly packages: Packages;
  /** Undefined if there is nothing to bundle. */
  readonly esbuild: Esbuild | undefined;
  /** What is built is kept for later runs. */
  readonly isKept: boolean;
}

/** As they come, so that not all of them are in memory at once. */
async function* drafts(requests: readonly BuildRequest[], tools: Tools): AsyncGenerator<Drafted> {
  const { root, packages, environment, esbuild, isKept } = tools;
  const all = jobs(requests.filter((request) => !isPython(request)));
  if (all.length > 0 && esbuild !== undefined) {
    const vendor = createVendor({ root, environment, packages });
    const bundler = createBundler({ root, packages, esbuild });
    for (const { target, format, jobs: group } of groups(all)) {
      let size: number = ENTRIES.first;
      for (let start = 0, end = 0; start < group.length; start = end) {
        end = start + size;
        const chunk = group.slice(start, end);
        const bundles = await bundler.bundle(chunk, { target, format });
        size = entriesFor(bundles);
        for (const bundled of bundles) yield* await draftBundle(bundled, { root, packages, vendor, isKept });
      }
    }
  }
  for (const request of requests.filter(isPython)) yield draftPython(request, root);
}

interface Kind {
  readonly target: string;
  readonly format: "esm" | "cjs";
}

function jobs(requests: readonly BuildRequest[]): readonly (Job & Kind)[] {
  const found = new Map<string, Job & Kind>();
  for (const request of requests) {
    const { runtime, source, format = "esm" } = request;
    const target = esbuildTarget(runtime) ?? runtime;
    const key = `${target} ${format} ${source}`;
    const others = found.get(key)?.requests;
    found.set(key, { target, format, source, requests: others ? [...others, request] : [request] });
  }
  return [...found.values()];
}

function groups(all: readonly (Job & Kind)[]): readonly (Kind & { readonly jobs: readonly Job[] })[] {
  return [...Map.groupBy(all, ({ target, format }) => `${target} ${format}`).values()].flatMap((group) => {
    const [first] = group;
    return first ? { target: first.target, format: first.format, jobs: group } : [];
  });
}

/** How many more of their kind one call may have. */
function entriesFor(bundles: readonly Bundled[]): number {
  const bytes = bundles.reduce(
    (sum, one) => sum + (one.kind === "bundled" ? one.bundle.code.length + one.bundle.map.length : 0),
    0,
  );
  const fitting = bytes === 0 ? ENTRIES.first : Math.floor((bundles.length * CALL_BYTES) / bytes);
  return Math.min(Math.max(fitting, ENTRIES.first), ENTRIES.most);
}

async function* batches(all: AsyncIterable<Drafted>): AsyncGenerator<readonly Drafted[]> {
  let batch: Drafted[] = [];
  let bytes = 0;
  for await (const one of all) {
    batch.push(one);
    bytes += one.kind === "drafted" ? bytesOf(one.draft) : 0;
    if (bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function bytesOf({ files }: Draft): number {
  return files.reduce((sum, { content }) => sum + content.byteLength, 0);
}

type Finished =
  | { readonly kind: "finished"; readonly draft: Draft; readonly artifacts: readonly Artifact[] }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] };

async function finish(
  batch: readonly Draft[],
  spool: Spool,
  { environment, load: loadAll = loadArtifacts }: BuilderSettings,
): Promise<readonly Finished[]> {
  const fitting = batch.map((draft) => ({ draft, problem: packingProblem(draft.requests[0], draft.files) }));
  const small = fitting.flatMap(({ draft, problem }) => (problem === undefined ? draft : []));
  const verdicts = small.map((draft) => verify(draft));
  const loads = await loadAll(
    small.map(({ requests: [request], handler, files }, i) => {
      return { ...request, handler, files, native: (verdicts[i]?.binaries.length ?? 0) > 0 };
    }),
    { environment },
  );
  return [
    ...fitting.flatMap(({ problem }): readonly Finished[] =>
      problem === undefined ? [] : [{ kind: "failed", problems: [problem] }],
    ),
    ...small.map((draft, i) => {
      const [load, verdict] = [loads[i], verdicts[i]];
      if (load === undefined || verdict === undefined) throw new Error("a draft without a verdict");
      return conclude(draft, verdict, load, spool);
    }),
  ];
}

function verify(draft: Draft, loaded?: readonly string[]): Verdict {
  const { requests, files, removed, roots } = draft;
  return verifyFiles({ ...requests[0], files, removed, roots, ...(loaded && { loaded }) });
}

function conclude(draft: Draft, before: Verdict, load: LoadResult, spool: Spool): Finished {
  if (load.kind === "failed") {
    // Most likely it fails for what was found in the files: that says how to mend it.
    const { hint: _hint, ...follows } = load.problem;
    const isExplained = before.problems.length > 0;
    return { kind: "failed", problems: [...before.problems, isExplained ? follows : load.problem] };
  }
  // A fault in a binary that is not loaded harms nobody.
  const verdict =
    load.kind === "loaded" && before.binaries.length > 0 ? verify(draft, load.binaries) : before;
  if (verdict.problems.length > 0) return { kind: "failed", problems: verdict.problems };
  return { kind: "finished", draft, artifacts: artifactsOf(draft, verdict, load, spool) };
}

function artifactsOf(draft: Draft, verdict: Verdict, load: Load, spool: Spool): readonly Artifact[] {
  const { requests, files, handler, calls, warnings, native } = draft;
  const spooled = files.map(({ path, mode, content }) => ({ path, mode, ...spool.put(content) }));
  const passport: Passport = {
    native: native(verdict.binaries),
    ...(verdict.glibc === undefined ? {} : { glibc: verdict.glibc, glibcLimit: glibcOf(requests[0]) }),
    load,
    warnings: [...warnings, ...verdict.warnings],
  };
  let zipped: Promise<Uint8Array> | undefined;
  const zip = (): Promise<Uint8Array> =>
    (zipped ??= zipFiles(spooled.map(({ path, mode, read }) => ({ path, mode, content: read() }))));
  const key = artifactKey(createHash("sha256").update(artifactManifest(spooled)).digest("hex"));
  return requests.map(({ component }) => ({
    component,
    key,
    handler,
    zip,
    unzippedBytes: bytesOf(draft),
    calls,
    passport,
  }));
}

function glibcOf({ runtime }: BuildRequest): string {
  return runtimeOf(runtime).system.newest.GLIBC;
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
