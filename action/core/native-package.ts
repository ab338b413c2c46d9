/** What a package's own files say about native code in it, and for which systems a package is meant. */
import type { BuildRequest } from "./artifact.ts";

/** What is read of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  readonly main?: string;
  readonly exports?: unknown;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: string | readonly string[];
  readonly gypfile?: boolean;
  readonly napi?: unknown;
  readonly binary?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const TEXTS = ["name", "version", "type", "main"] as const;
const MAPS = ["scripts", "dependencies", "optionalDependencies", "peerDependencies"] as const;

/** Without the fields that are not what npm knows them as: a package.json was written by anybody. */
export function manifestOf(value: Readonly<Record<string, unknown>>): Manifest {
  const meta = value["peerDependenciesMeta"];
  return {
    ...value,
    ...Object.fromEntries(
      TEXTS.map((name) => [name, typeof value[name] === "string" ? value[name] : undefined]),
    ),
    ...Object.fromEntries(MAPS.map((name) => [name, textsOf(value[name])])),
    peerDependenciesMeta: isMap(meta)
      ? Object.fromEntries(Object.entries(meta).filter(([, one]) => isMap(one)))
      : {},
    ...Object.fromEntries(["os", "cpu", "libc"].map((name) => [name, listOf(value[name])])),
  } as Manifest;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const fields = isMap(value) ? Object.entries(value) : [];
  return Object.fromEntries(fields.flatMap(([name, one]) => (typeof one === "string" ? [[name, one]] : [])));
}

function listOf(value: unknown): readonly string[] | undefined {
  return value === undefined ? undefined : [value].flat().filter((one) => typeof one === "string");
}

/** Where an artifact's packages are to run: npm's names. */
export interface Target {
  readonly cpu: "arm64" | "x64";
}

export function targetOf({ architecture }: Pick<BuildRequest, "architecture">): Target {
  return { cpu: architecture === "x86_64" ? "x64" : "arm64" };
}

/** Packages that find, build or load an addon for the one that depends on them. */
const LOADERS = new Set([
  "@mapbox/node-pre-gyp",
  "@neon-rs/load",
  "bindings",
  "cmake-js",
  "nan",
  "node-addon-api",
  "node-gyp",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "node-pre-gyp",
  "pkg-prebuilds",
  "prebuild-install",
  "require-addon",
]);

const BUILDS = /\b(?:node-gyp|node-pre-gyp|node-gyp-build|prebuild-install|prebuild|cmake-js|napi|neon)\b/;

/**
 * Why the package has native code, as the end of a sentence; undefined if nothing but its files could tell.
 * `entries`: the names in its folder. `optional`: its installed optional dependencies.
 */
export function nativeMark(
  manifest: Manifest,
  entries: readonly string[],
  optional: readonly Manifest[],
): string | undefined {
  if (entries.includes("binding.gyp") || manifest.gypfile === true) return "it has a binding.gyp";
  if (entries.includes("prebuilds")) return "it has prebuilds";
  if (isFilled(manifest.napi)) return "its package.json has `napi`";
  if (isFilled(manifest.binary)) return "its package.json has `binary`";
  const script = ["preinstall", "install", "postinstall"].find((name) =>
    BUILDS.test(manifest.scripts?.[name] ?? ""),
  );
  if (script !== undefined) return `its script \`${script}\` builds or gets a binary`;
  const named = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const loader = Object.keys(named).find((name) => LOADERS.has(name));
  if (loader !== undefined) return `it depends on ${loader}`;
  const variant = variantNamed(manifest) ?? optional.find(({ cpu }) => cpu !== undefined)?.name;
  return variant === undefined ? undefined : `it has a variant for each system, such as ${variant}`;
}

/** A package that it names as its binaries for one system: what only helps to build addons has none. */
export function variantNamed({ optionalDependencies = {} }: Manifest): string | undefined {
  return Object.keys(optionalDependencies).find((name) => platformOf(name)?.cpu !== undefined);
}

function isFilled(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** Whether the package may be installed on the target, by npm's rules for `os`, `cpu` and `libc`. */
export function fitsTarget({ name = "", os, cpu, libc }: Manifest, target: Target): boolean {
  const listed = admits(os, "linux") && admits(cpu, target.cpu) && admits(libc, "glibc");
  // Packages for musl often do not say so but in their names.
  return listed && (libc !== undefined || platformOf(name)?.libc !== "musl");
}

function admits(list: string | readonly string[] | undefined, value: string): boolean {
  const all = list === undefined ? [] : [list].flat();
  if (all.includes(`!${value}`)) return false;
  const wanted = all.filter((one) => !one.startsWith("!"));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes("any");
}

/** Whether the package says that it does without another one that is not there or does not work. */
export function doesWithout(
  { optionalDependencies, peerDependenciesMeta }: Manifest,
  other: string,
): boolean {
  return (
    peerDependenciesMeta?.[other]?.optional === true ||
    (optionalDependencies !== undefined && Object.hasOwn(optionalDependencies, other))
  );
}

export interface Platform {
  readonly os: string;
  readonly cpu?: string;
  readonly libc?: "glibc" | "musl";
}

const SYSTEMS =
  /(?:^|[-_./@])(linux|darwin|macos|win32|windows|android|freebsd|netbsd|openbsd|sunos|aix|openharmony)(?=$|[-_./]|(?:musl|gnu|x64|arm64))/;
const CPUS: readonly (readonly [string, RegExp])[] = [
  ["arm64", /(?:^|[-_./])(?:linux)?(?:arm64|aarch64)(?=$|[-_./])/],
  ["x64", /(?:^|[-_./])(?:linux)?(?:x64|x86[-_]64|amd64)(?=$|[-_./])/],
  [
    "other",
    /(?:^|[-_./])(?:ia32|x86|arm|armv[5-8]\w*|armhf|riscv64\w*|s390x?|ppc64\w*|loong64|loongarch64|mips\w*|wasm32|universal)(?=$|[-_./])/,
  ],
];

/** The system in a package's name, such as `@img/sharp-linuxmusl-arm64` or `@esbuild/linux-x64`. */
export function platformOf(name: string): Platform | undefined {
  const os = SYSTEMS.exec(name)?.[1];
  if (os === undefined) return undefined;
  const cpu = CPUS.find(([, pattern]) => pattern.test(name))?.[0];
  const libc = /musl/.test(name) ? "musl" : /[-_.]gnu$|glibc/.test(name) ? "glibc" : undefined;
  return { os, ...(cpu === undefined ? {} : { cpu }), ...(libc === undefined ? {} : { libc }) };
}

/** Whether a package that is not installed is the target's variant, by its name: nothing else is known of it. */
export function isNamedFor(name: string, target: Target): boolean {
  const platform = platformOf(name);
  return platform?.os === "linux" && platform.cpu === target.cpu && platform.libc !== "musl";
}

/** `@scope/name` or `name` at the beginning of an import; undefined for paths and `#imports`. */
export function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[^/\\]+\/[^/\\]+|[^./@#\\][^/\\]*)/.exec(specifier)?.[0];
}
