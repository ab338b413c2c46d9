/** One call of esbuild: sources in, bundles out, and what they leave outside. */
import { relative, sep } from "node:path";

import type { BuildFailure, BuildOptions, BuildResult, Message, Metafile } from "esbuild";

import { usedBy } from "../core/bundle.ts";
import { ENTRY } from "../core/buildproblem.ts";
import type { Esbuild } from "./esbuild-program.ts";
import {
  entries,
  externals,
  type ExternalSettings,
  ownBinaries,
  type OutsideImport,
  type OwnBinary,
  type Seen,
  sideEffectFree,
} from "./esbuild-plugins.ts";

/** CommonJS packages call `require` for Node's own modules, and an ES module has none. */
const ESM_BANNER =
  'import{createRequire as __warren_createRequire}from"node:module";' +
  "const require=__warren_createRequire(import.meta.url);";

/** CommonJS has no import.meta. */
const CJS_BANNER = 'const __warren_url=require("node:url").pathToFileURL(__filename).href;';
const CJS_META = {
  "import.meta.url": "__warren_url",
  "import.meta.filename": "__filename",
  "import.meta.dirname": "__dirname",
};

/** What a build has no need of. esbuild's process is started with what is left. */
const CREDENTIAL = /^(AWS|ACTIONS|INPUT)_|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;

export interface BundleSettings extends ExternalSettings {
  readonly esbuild: Esbuild;
  /** esbuild's name of the runtime, for example `node24`. */
  readonly target: string;
  /** No package is left outside: nothing is asked about any. */
  readonly isAllInside?: true;
}

export interface Bundle {
  readonly code: string;
  /** A source map whose paths are from the output's folder, which is one below the root. */
  readonly map: string;
  readonly metafile: Metafile;
  /** The metafile's name of it. */
  readonly output: string;
  readonly warnings: readonly Message[];
  /** Imports that are left to be found at run time. */
  readonly imports: readonly OutsideImport[];
  /** `.node` files of the user's own. */
  readonly binaries: readonly OwnBinary[];
}

export type Bundles =
  | { readonly kind: "bundled"; readonly metafile: Metafile; readonly bundles: readonly Bundle[] }
  | { readonly kind: "failed"; readonly errors: readonly Message[] };

export const EXTENSION = { esm: "mjs", cjs: "cjs" } as const;

/** One bundle for each source, which are paths from the root. A failure does not say whose it is. */
export async function bundle(sources: readonly string[], settings: BundleSettings): Promise<Bundles> {
  const { root, esbuild, format } = settings;
  const seen: Seen = { imports: [], binaries: new Map() };
  let result: BuildResult<{ metafile: true; write: false }>;
  try {
    result = await withoutCredentials(() => esbuild.build(options(sources, settings, seen)));
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return { kind: "failed", errors: error.errors };
  }
  const { metafile, warnings, outputFiles } = result;
  const texts = new Map(outputFiles.map((file) => [relative(root, file.path).replaceAll(sep, "/"), file]));
  const textOf = (output: string): string => {
    const file = texts.get(output);
    if (file === undefined) throw new Error(`esbuild made no ${output}`);
    return file.text;
  };
  const bundles = sources.map((source, index): Bundle => {
    const output = `${index}/index.${EXTENSION[format]}`;
    const inputs = metafile.outputs[output]?.inputs ?? {};
    return {
      code: textOf(output),
      map: textOf(`${output}.map`),
      metafile,
      output,
      warnings: warnings.filter(
        ({ location }) =>
          location !== null && (location.file === `${ENTRY}:${source}` || location.file in inputs),
      ),
      imports: usedBy(metafile, output, seen.imports),
      binaries: [...seen.binaries].flatMap(([input, binary]) => (input in inputs ? [binary] : [])),
    };
  });
  return { kind: "bundled", metafile, bundles };
}

function options(sources: readonly string[], settings: BundleSettings, seen: Seen) {
  const { root, target, format } = settings;
  return {
    // Paths in the output are from here, so a checkout's own folder does not show.
    absWorkingDir: root,
    entryPoints: sources.map((source, i) => ({ in: `${ENTRY}:${source}`, out: `${i}/index` })),
    outdir: ".",
    outExtension: { ".js": `.${EXTENSION[format]}` },
    write: false,
    metafile: true,
    bundle: true,
    platform: "node",
    format,
    target,
    // Tree shaking needs the ES modules of packages that have both: a third less code.
    mainFields: ["module", "main"],
    minify: true,
    // Loggers and error handling read the names of classes and functions.
    keepNames: true,
    legalComments: "none",
    sourcemap: "external",
    sourcesContent: false,
    banner: { js: format === "esm" ? ESM_BANNER : CJS_BANNER },
    define: format === "esm" ? {} : CJS_META,
    logLevel: "silent",
    logLimit: 0,
    plugins: [
      entries(root),
      ownBinaries(root, seen),
      ...(settings.isAllInside ? [] : [externals(settings, seen)]),
      sideEffectFree,
    ],
  } satisfies BuildOptions;
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

/** The code without its comments; undefined if it is none that esbuild can read. */
export async function withoutComments(esbuild: Esbuild, code: string): Promise<string | undefined> {
  try {
    const shorter = {
      minifyWhitespace: true,
      legalComments: "none",
      loader: "jsx",
      logLevel: "silent",
    } as const;
    return (await esbuild.transform(code, shorter)).code;
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return undefined;
  }
}
