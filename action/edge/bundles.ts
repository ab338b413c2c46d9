/** Many sources at once to one bundle each, and what is wrong with each of them. */
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, resolve } from "node:path";

import type { Message, Metafile } from "esbuild";

import type { BuildRequest } from "../core/artifact.ts";
import { isMade, mayReadOwnFiles, packageFiles, reached, signsRequests } from "../core/bundle.ts";
import {
  buildProblem,
  ENTRY,
  foreignFileProblems,
  isMissingHandler,
  type Leave,
  leaveOf,
} from "../core/buildproblem.ts";
import { packageNameOf } from "../core/native-package.ts";
import type { Problem } from "../core/problem.ts";
import { type Bundle, bundle, type BundleSettings, withoutComments } from "./esbuild.ts";
import { hasPlugAndPlay, outsideKey } from "./esbuild-plugins.ts";
import type { Package } from "./packages.ts";

/** A request that is one with all others of the same source, target and format. */
export interface Job {
  readonly source: string;
  readonly requests: readonly [BuildRequest, ...BuildRequest[]];
}

export type Bundled =
  | {
      readonly kind: "bundled";
      readonly job: Job;
      readonly bundle: Bundle;
      /** Names of packages in it that sign requests to AWS. */
      readonly signing: readonly string[];
    }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] };

export interface Bundler {
  /** Of one target and format. Each job's bundle is the same alone and among others. */
  bundle(jobs: readonly Job[], how: How): Promise<readonly Bundled[]>;
}

type How = Pick<BundleSettings, "target" | "format">;
type Common = Pick<BundleSettings, "esbuild" | "root" | "packages">;
type Left = Pick<BundleSettings, "outside" | "absent">;

/** What a package's file may do that a bundle does not show. */
interface Traits {
  readonly readsFiles: boolean;
  readonly signs: boolean;
}

/** An import of a native package's file that was bundled. */
interface Stuck {
  readonly found: Package;
  readonly importer: string;
  readonly specifier: string;
  /** The package that imports; undefined for the user's own code. */
  readonly by: Package | undefined;
}

/** One for each build: what is known of a package's file is kept. */
export function createBundler(common: Common): Bundler {
  const { root, packages, esbuild } = common;
  const traits = new Map<string, Traits>();

  /**
   * esbuild asks its plugins over a pipe, which takes longer than to bundle the AWS SDK: so first without the one that
   * leaves packages outside, and with it only what it would have made a difference to.
   */
  async function swiftly(jobs: readonly Job[], how: How): Promise<readonly Bundled[]> {
    const nothing: Left = { outside: new Set(), absent: new Set() };
    const result = hasPlugAndPlay(root)
      ? undefined
      : await bundle(sourcesOf(jobs), { ...common, ...how, ...nothing, isAllInside: true });
    if (result === undefined || result.kind === "failed") return attempt(jobs, how, nothing);
    const leaving = importersOfNative(result.metafile);
    const [inside, others]: [(readonly [Job, Bundle])[], Job[]] = [[], []];
    for (const [index, one] of result.bundles.entries()) {
      const job = jobOf(jobs, index);
      if (
        leaving.size > 0 &&
        [...reached(one.metafile.inputs, [`${ENTRY}:${job.source}`])].some((path) => leaving.has(path))
      ) {
        others.push(job);
      } else inside.push([job, one]);
    }
    const outcomes = await settle(inside, how, nothing);
    return others.length === 0 ? outcomes : [...outcomes, ...(await attempt(others, how, nothing))];
  }

  /** Files that import a package which would be left outside. */
  function importersOfNative({ inputs }: Metafile): ReadonlySet<string> {
    const known = new Map<string, boolean>();
    const isNative = (name: string, folder: string): boolean => {
      const found = packages.find(name, folder);
      return found !== undefined && packages.native(found) !== undefined;
    };
    const importers = new Set<string>();
    for (const [importer, { imports }] of Object.entries(inputs)) {
      if (isMade(importer)) continue;
      const folder = dirname(resolve(root, importer));
      for (const { path, original = path } of imports) {
        const name = packageNameOf(original);
        if (name === undefined || isBuiltin(original)) continue;
        const key = `${folder}\0${name}`;
        const leaves = known.get(key) ?? isNative(name, folder);
        known.set(key, leaves);
        if (leaves) importers.add(importer);
      }
    }
    return importers;
  }

  async function attempt(jobs: readonly Job[], how: How, left: Left): Promise<readonly Bundled[]> {
    const result = await bundle(sourcesOf(jobs), { ...common, ...how, ...left });
    if (result.kind === "failed") {
      const leaves = result.errors.map(leaveOf);
      const more = leftWith(left, leaves);
      // Which package stays outside must not depend on what other functions do with it.
      const isForAll = jobs.length === 1 || leaves.every((leave) => leave?.kind === "import");
      if (isForAll && leaves.every((leave) => leave !== undefined) && more !== undefined) {
        return attempt(jobs, how, more);
      }
      const [job] = jobs;
      if (jobs.length === 1 && job !== undefined) return [failure(result.errors, job)];
      // esbuild stops before it looks at exports when a file cannot be read, and does not say whose the file is.
      const outcomes: Bundled[] = [];
      for (const one of jobs) outcomes.push(...(await attempt([one], how, left)));
      return outcomes;
    }
    return settle(
      result.bundles.map((one, index) => [jobOf(jobs, index), one]),
      how,
      left,
    );
  }

  /** Packages that look for files beside their own code stay outside, too. */
  async function settle(
    bundles: readonly (readonly [Job, Bundle])[],
    how: How,
    left: Left,
  ): Promise<readonly Bundled[]> {
    const outcomes: Bundled[] = [];
    const again = new Map<string, { readonly jobs: Job[]; readonly outside: ReadonlySet<string> }>();
    for (const [job, one] of bundles) {
      // One that is imported by its path, and not by its name, cannot be left outside.
      const stuck = nativeInside(one);
      const readers = [...(await having("readsFiles", one)), ...stuck.flatMap(({ by }) => by ?? [])];
      const folders = [...new Set(readers.map((reader) => reader.folder))].filter(
        (folder) => !left.outside.has(folder),
      );
      if (folders.length === 0) outcomes.push(judge(job, one, stuck, await having("signs", one)));
      else {
        const key = folders.toSorted().join("\0");
        const group = again.get(key) ?? { jobs: [], outside: new Set([...left.outside, ...folders]) };
        again.set(key, group);
        group.jobs.push(job);
      }
    }
    for (const group of again.values()) {
      outcomes.push(...(await attempt(group.jobs, how, { ...left, outside: group.outside })));
    }
    return outcomes;
  }

  /** With what the errors are about left as it is; undefined if that is nothing new. */
  function leftWith({ outside, absent }: Left, leaves: readonly (Leave | undefined)[]): Left | undefined {
    const imports = leaves.flatMap((leave) =>
      leave?.kind === "import" ? outsideKey(leave.importer, leave.specifier) : [],
    );
    const folders = leaves.flatMap((leave) =>
      leave?.kind === "package" ? (packages.owner(resolve(root, leave.file))?.folder ?? []) : [],
    );
    const more = { outside: new Set([...outside, ...folders]), absent: new Set([...absent, ...imports]) };
    return more.outside.size + more.absent.size > outside.size + absent.size ? more : undefined;
  }

  /** Native packages that are in the bundle all the same: they were imported by another name than their own. */
  function nativeInside({ metafile, output }: Bundle): readonly Stuck[] {
    const inside = new Map<string, Package>();
    for (const path of packageFiles(metafile, output)) {
      const owner = packages.owner(resolve(root, path));
      if (owner !== undefined && packages.native(owner) !== undefined) inside.set(owner.folder, owner);
    }
    if (inside.size === 0) return [];
    return Object.entries(metafile.inputs).flatMap(([importer, { imports }]) => {
      const by = packages.owner(resolve(root, importer));
      return imports.flatMap(({ path, original = path }): readonly Stuck[] => {
        const found = inside.get(packages.owner(resolve(root, path))?.folder ?? "");
        return found === undefined || by?.folder === found.folder
          ? []
          : [{ found, importer, specifier: original, by }];
      });
    });
  }

  /** The packages in the bundle that have a trait. */
  async function having(trait: keyof Traits, { metafile, output }: Bundle): Promise<readonly Package[]> {
    const found = new Map<string, Package>();
    for (const path of packageFiles(metafile, output)) {
      const known = traits.get(path) ?? (await traitsOf(resolve(root, path)));
      traits.set(path, known);
      const owner = known[trait] ? packages.owner(resolve(root, path)) : undefined;
      if (owner !== undefined) found.set(owner.folder, owner);
    }
    return [...found.values()];
  }

  async function traitsOf(file: string): Promise<Traits> {
    const code = await readFile(file, "utf8");
    const readsFiles =
      mayReadOwnFiles(code) && mayReadOwnFiles((await withoutComments(esbuild, code)) ?? code);
    return { readsFiles, signs: signsRequests(code) };
  }

  return { bundle: swiftly };
}

function sourcesOf(jobs: readonly Job[]): readonly string[] {
  return jobs.map(({ source }) => source);
}

function jobOf(jobs: readonly Job[], index: number): Job {
  const job = jobs[index];
  if (job === undefined) throw new Error(`no job ${index}`);
  return job;
}

function failure(errors: readonly Message[], { requests: [request] }: Job): Bundled {
  // What packages ask for in vain would be left as it is, if the rest could be built.
  const own = errors.filter((error) => leaveOf(error) === undefined);
  return {
    kind: "failed",
    problems: (own.length > 0 ? own : errors).map((message) => buildProblem(message, request)),
  };
}

function judge(job: Job, one: Bundle, stuck: readonly Stuck[], signing: readonly Package[]): Bundled {
  const { requests, source } = job;
  const [request] = requests;
  const problems = [
    ...one.warnings
      .filter((message) => isMissingHandler(message) && message.location?.file === `${ENTRY}:${source}`)
      .map((message) => buildProblem(message, request)),
    ...foreignFileProblems(one.metafile, one.output, request),
    ...stuck.map(stuckProblem),
  ];
  if (problems.length > 0) return { kind: "failed", problems };
  return { kind: "bundled", job, bundle: one, signing: signing.map(({ name }) => name) };
}

function stuckProblem({ found, importer, specifier, by }: Stuck): Problem {
  return {
    place: { file: importer, line: 1, column: 1 },
    message: `\`${specifier}\` leads into \`${found.name}\`, a package with native code, which cannot be bundled and can only lie beside the function under its own name`,
    hint:
      by === undefined
        ? `Import it by its name: \`${found.name}\`.`
        : `Import \`${by.name}\` by its name, so that it lies beside the function, too.`,
  };
}
