/** Where esbuild comes from: the repository's own, Warren's own, or npm. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { ESBUILD_PROGRAMS, ESBUILD_VERSION } from "../core/esbuild-release.ts";
import { UserError } from "../core/problem.ts";
import { isValueMap, parsedJson } from "../core/value.ts";
import { cacheFolder, keptFolder, type Environment } from "./cache.ts";
import { installPinned, type NpmFailure } from "./npm.ts";

export type Esbuild = Pick<typeof import("esbuild"), "build" | "transform" | "version">;

const SYSTEM = `${process.platform}-${process.arch}`;

/**
 * The repository's own goes first if it is the published program, as it need not be got. `root`: the repository's folder. No
 * JavaScript of the repository is ever run here: in this process are the job's tokens. Throws UserError `esbuild-missing`.
 */
export async function findEsbuild(root: string, environment: Environment): Promise<Esbuild> {
  const own = installedEsbuild(root);
  if (own !== undefined && isPublished(own.program)) return bundledEsbuild(own.program);
  const program = programBeside(import.meta.dirname) ?? (await programFromNpm(environment, own?.version));
  return bundledEsbuild(program);
}

interface InstalledEsbuild {
  /** As it says itself. */
  readonly version: string | undefined;
  readonly program: string;
}

/** With its program: node_modules may come from another system. */
function installedEsbuild(root: string): InstalledEsbuild | undefined {
  const manifest = resolvePath("esbuild/package.json", root);
  const beside = manifest && resolvePath(`@esbuild/${SYSTEM}/package.json`, manifest);
  if (manifest === undefined || beside === undefined) return undefined;
  return { version: versionOf(manifest), program: join(beside, "../bin/esbuild") };
}

/** Undefined where the file is none of npm's. */
function versionOf(manifest: string): string | undefined {
  const value = parsedJson(readFileSync(manifest, "utf8"));
  const version = isValueMap(value) ? value["version"] : undefined;
  return typeof version === "string" && /^[\w.+-]{1,50}$/.test(version) ? version : undefined;
}

function isPublished(program: string): boolean {
  // A repository may have a link to an endless file in its place.
  if (statSync(program, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const hash = createHash("sha256").update(readFileSync(program)).digest("hex");
  return hash === ESBUILD_PROGRAMS[SYSTEM]?.sha256;
}

/** Of Warren's own node_modules, which the published action has not. */
function programBeside(folder: string): string | undefined {
  const manifest = resolvePath(`@esbuild/${SYSTEM}/package.json`, folder);
  if (manifest === undefined || versionOf(manifest) !== ESBUILD_VERSION) return undefined;
  return join(manifest, "../bin/esbuild");
}

function resolvePath(specifier: string, from: string): string | undefined {
  try {
    return createRequire(join(from, "none.js")).resolve(specifier);
  } catch (error) {
    // Not there, or a package that is made to be no package.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** `other`: the version that the repository has, if it has one. */
async function programFromNpm(environment: Environment, other: string | undefined): Promise<string> {
  const program = ESBUILD_PROGRAMS[SYSTEM];
  const instead = `Or add esbuild to the repository: \`npm install --save-dev esbuild@${ESBUILD_VERSION}\`.`;
  if (program === undefined) {
    throw new UserError("esbuild-missing", {
      message: `functions are bundled with esbuild ${ESBUILD_VERSION}, which Warren gets for Linux and macOS, and this is ${SYSTEM}`,
      hint: instead.slice("Or ".length).replace("add", "Add"),
    });
  }
  const name = `@esbuild/${SYSTEM}`;
  const pinned = { name, version: ESBUILD_VERSION, integrity: program.integrity };
  const folder = join(cacheFolder(environment), "esbuild", `${ESBUILD_VERSION}-${SYSTEM}`);
  await keptFolder(folder, async (fresh) => {
    const result = await installPinned(pinned, fresh, { environment });
    if (result.kind !== "done") throw missing(result, other, instead);
  });
  const path = join(folder, "node_modules", name, "bin/esbuild");
  if (isPublished(path)) return path;
  throw new UserError("esbuild-missing", {
    message: `${path} is not the esbuild ${ESBUILD_VERSION} that npm has published: it was changed after it was got`,
    hint: "Find out who writes into that folder, then delete it.",
  });
}

function missing(result: NpmFailure, other: string | undefined, instead: string): UserError {
  const has = other === undefined ? "this repository has none" : `this repository has ${other}`;
  const what = `functions are bundled with esbuild ${ESBUILD_VERSION}; ${has}, and npm, which gets it,`;
  switch (result.kind) {
    case "absent":
      return new UserError("esbuild-missing", {
        message: `${what} is not on the PATH`,
        hint: `On GitHub add a step \`uses: actions/setup-node\` before Warren's. ${instead}`,
      });
    case "late":
      return new UserError("esbuild-missing", {
        message: `${what} did not end within ${result.seconds} seconds`,
        hint: `Run it again. ${instead}`,
      });
    case "failed":
      return new UserError("esbuild-missing", {
        message: `${what} failed: ${result.text}`,
        hint:
          result.code === "EINTEGRITY"
            ? "The registry that npm uses has another package by that name than npmjs.org: ask who runs it."
            : `Run it again; if it stays so, look at the registry and the proxy that npm is told to use. ${instead}`,
      });
  }
}

/** Read once, when the module is loaded; in the bundled action the module has no program beside it. */
async function bundledEsbuild(program: string): Promise<Esbuild> {
  const before = process.env["ESBUILD_BINARY_PATH"];
  process.env["ESBUILD_BINARY_PATH"] = program;
  try {
    return await import("esbuild");
  } finally {
    if (before === undefined) delete process.env["ESBUILD_BINARY_PATH"];
    else process.env["ESBUILD_BINARY_PATH"] = before;
  }
}
