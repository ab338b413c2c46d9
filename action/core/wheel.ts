/** Wheels for Lambda: which of them fit, and what uv says when none does. */
import type { BuildRequest } from "./artifact.ts";
import type { Place, Problem } from "./problem.ts";
import { normalName, type Requirement } from "./requirements.ts";

/** What Warren is tested with. */
export const UV_VERSION = "0.13.9";

/** The versions of glibc that uv knows as platforms (`uv pip install --help`, 0.13). */
const GLIBC_MINORS = [17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40];

const MACHINE = { arm64: "aarch64", x86_64: "x86_64" } as const;

/**
 * uv's name of the platform, for example `aarch64-manylinux_2_34`. Not `manylinux2014`, for which uv takes older
 * releases of packages that have given it up, without a word. `glibc`: the runtime's, for example `2.34`.
 */
export function wheelPlatform(architecture: BuildRequest["architecture"], glibc: string): string {
  const minor = Number(glibc.split(".")[1]);
  const known = GLIBC_MINORS.findLast((one) => one <= minor);
  if (known === undefined) throw new Error(`uv knows no platform with glibc ${glibc}`);
  return `${MACHINE[architecture]}-manylinux_2_${known}`;
}

/** Everything that an install leaves behind, in its own words. */
export interface UvFailure {
  readonly stderr: string;
  readonly named: readonly Requirement[];
  /** Path of the requirements.txt from the repository's root. */
  readonly file: string;
  readonly version: string;
  readonly architecture: BuildRequest["architecture"];
  readonly glibc: string;
}

/** uv's reason in Warren's words; uv's own where it is none of those that were foreseen. */
export function uvProblem({ stderr, named, file, ...target }: UvFailure): Problem {
  const placeOf = (name: string): Place => {
    const line = named.find((one) => one.name === normalName(name))?.line ?? 1;
    return { file, line, column: 1 };
  };
  const on = `Python ${target.version} on ${target.architecture} Linux with glibc ${target.glibc}`;

  const noWheel =
    /(?:all versions of )?([\w.-]+?)((?:[=<>!~]=?|===)[^\s]+)? ha(?:s|ve) no (?:usable )?wheels/.exec(
      stderr,
    ) ?? /attempted to build `([\w.-]+)(==[^`]+)?`/.exec(stderr);
  if (noWheel?.[1] !== undefined) {
    const [, name, versions = ""] = noWheel;
    return {
      place: placeOf(name),
      message: `\`${name}${versions}\` has no wheel for ${on}`,
      hint: `${offered(stderr)}Take a version that has one, or another package; or build the wheel for that system yourself, put it into the repository, and write its path in place of the name.`,
    };
  }
  const unknown = /([\w.-]+) was not found in the package registry/.exec(stderr)?.[1];
  if (unknown !== undefined) {
    return {
      place: placeOf(unknown),
      message: `there is no package \`${unknown}\` in the index`,
      hint: "Mend its name; an index of your own is set by `--index-url` in requirements.txt or by UV_DEFAULT_INDEX.",
    };
  }
  const absent = /there is no version of ([\w.-]+?)([=<>!~]=?[^\s]+)/.exec(stderr);
  if (absent?.[1] !== undefined) {
    return { place: placeOf(absent[1]), message: `\`${absent[1]}\` has no version ${absent[2]}` };
  }
  const changed = /Hash mismatch for `([\w.-]+?)==/.exec(stderr)?.[1];
  if (changed !== undefined) {
    return {
      place: placeOf(changed),
      message: `what was downloaded for \`${changed}\` is not what its hash in ${file} says`,
      hint: "Do not go on before you know why: the index gave another file than the one that was locked.",
    };
  }
  const unhashed = /(?:but found|provided for): `?([A-Za-z0-9._-]+)/.exec(stderr)?.[1];
  if (unhashed !== undefined) {
    return {
      place: placeOf(unhashed),
      message: `\`${unhashed}\` has no hash, and other packages in ${file} have`,
      hint: "Lock all of them: `uv pip compile --universal --generate-hashes requirements.in -o requirements.txt`.",
    };
  }
  if (stderr.includes("--python-platform")) {
    return { message: `this uv is too old to install for ${on}`, hint: `Install uv ${UV_VERSION} or newer.` };
  }
  // Before the error, uv tells of what it has found, and of Pythons that do not work.
  const words = stderr.slice(Math.max(0, stderr.search(/^error: /m))).replace(/^error: /, "");
  return {
    place: { file, line: 1, column: 1 },
    message: `uv cannot install ${file} for ${on}: ${words.trim().replaceAll(/\s*\n\s*/g, " ")}`,
  };
}

/** uv's sentence about the wheels that there are, for other systems. */
function offered(stderr: string): string {
  const found = /hint: (?:You require[^\n]*?, but we only found w|W)heels [^\n]*/.exec(stderr)?.[0];
  if (found === undefined || found.includes("building from source")) return "";
  return `${found.replace(/^hint: /, "")}. `;
}

/** What can be imported from the root of an artifact with these files: `numpy`, `six`, `_cffi_backend`. */
export function topModules(paths: readonly string[]): ReadonlySet<string> {
  return new Set(
    paths.flatMap((path) => {
      const [top = "", next] = path.split("/");
      if (next === undefined) return /\.(?:py|so)$/.test(top) ? [top.split(".")[0] ?? ""] : [];
      return /^\w+$/.test(top) ? [top] : [];
    }),
  );
}

/** A compiled module that Python finds only under the name of its own version and system. */
const TAGGED = /^(.+?)\.cpython-[^./]+\.so$/;

/** Whether a module's name says another Python, system or processor: whatever is in it, Python does not look. */
export function isForOtherPython(
  path: string,
  version: string,
  architecture: BuildRequest["architecture"],
): boolean {
  const module = TAGGED.exec(path)?.[1];
  return module !== undefined && path !== `${module}.${tagOf(version, architecture)}.so`;
}

function tagOf(version: string, architecture: BuildRequest["architecture"]): string {
  return `cpython-${version.replace(".", "")}-${MACHINE[architecture]}-linux-gnu`;
}

/**
 * The modules whose only binaries are for another Python. Their import says "No module named …", as if nothing was
 * there. `paths`: all files of the artifact.
 */
export function wrongTags(
  paths: readonly string[],
  version: string,
  architecture: BuildRequest["architecture"],
): readonly { readonly path: string; readonly tag: string }[] {
  const wanted = tagOf(version, architecture);
  const there = new Set(paths);
  return paths.flatMap((path) => {
    const module = TAGGED.exec(path)?.[1];
    if (module === undefined) return [];
    const tag = path.slice(module.length + 1, path.lastIndexOf("."));
    const answers = [`${module}.${wanted}.so`, `${module}.abi3.so`, `${module}.so`, `${module}.py`];
    return answers.some((one) => there.has(one)) ? [] : [{ path, tag }];
  });
}
