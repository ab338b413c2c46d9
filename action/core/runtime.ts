/**
 * What Lambda's runtimes are made of: templates/runtimes.json. A new runtime is a new entry there and a new value of the
 * option in the template.
 *
 * Sources: glibc and libstdc++ are those of the systems' releases (Amazon Linux keeps glibc for a release's life,
 * https://github.com/amazonlinux/container-images/issues/131), `modules` and `napi` those of Node's `process.versions`.
 * `likely`: libraries that the images have and nothing promises.
 */
import data from "../../templates/runtimes.json" with { type: "json" };

export type Runtime = NodeRuntime | PythonRuntime;

export interface NodeRuntime extends RuntimeBase {
  readonly language: "node";
  /** NODE_MODULE_VERSION, for example 137: addons that use V8 directly fit one only. */
  readonly modules: number;
  /** The newest version of Node-API. */
  readonly napi: number;
  /** esbuild's name of it, for example `node24`. */
  readonly esbuild: string;
  /** The version of npm's `node-linux-<arch>` that artifacts are loaded with, for example `24.21.0`. */
  readonly npm: string;
  /** By npm's name of the processor. */
  readonly integrity: Readonly<Record<"x64" | "arm64", string>>;
  /** What Lambda starts Node with: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html */
  readonly flags: readonly string[];
  /** Handlers may take a callback; from Node 24 on Lambda refuses those with three parameters. */
  readonly callbacks: boolean;
}

export interface PythonRuntime extends RuntimeBase {
  readonly language: "python";
  /** For example `3.13`. */
  readonly version: string;
}

interface RuntimeBase {
  /** Lambda's name, for example `nodejs24.x`. */
  readonly name: string;
  readonly system: System;
}

/** What the runtime's processes run on. */
export interface System {
  /** For example `Amazon Linux 2023`. */
  readonly name: string;
  /** Prefix of symbol versions -> the newest one, for example `GLIBC` -> `2.34`. */
  readonly newest: Readonly<Record<VersionPrefix, string>>;
  /** Names of shared libraries as binaries ask for them, for example `libc.so.6`. */
  readonly libraries: ReadonlySet<string>;
  /** Those that are very probably there: nobody promises them. */
  readonly likely: ReadonlySet<string>;
}

export type VersionPrefix = "GLIBC" | "GLIBCXX" | "CXXABI" | "GCC";

const RUNTIMES: ReadonlyMap<string, Runtime> = new Map(
  Object.entries(data.runtimes).map(([name, entry]) => {
    const { newest, libraries, likely } = data.systems[entry.system as keyof typeof data.systems];
    const system = { name: entry.system, newest, libraries: new Set(libraries), likely: new Set(likely) };
    return [name, { ...entry, name, system } as Runtime];
  }),
);

/** Lambda's names, newest of a language first. */
export const RUNTIME_NAMES: readonly string[] = [...RUNTIMES.keys()];

/** Undefined: Warren does not know it. `name`: for example `nodejs24.x`. */
export function findRuntime(name: string): Runtime | undefined {
  return RUNTIMES.get(name);
}

/** Of a runtime that was found before: an unknown one is a bug here. */
export function runtimeOf(name: string): Runtime {
  const runtime = findRuntime(name);
  if (runtime === undefined)
    throw new Error(`unknown runtime ${name}; known are ${RUNTIME_NAMES.join(", ")}`);
  return runtime;
}

export function runtimeNames(language: Runtime["language"]): readonly string[] {
  return RUNTIME_NAMES.filter((name) => findRuntime(name)?.language === language);
}
