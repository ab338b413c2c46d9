/** What a binary's fault says to the user: the package and file, what it was built for, what is there, how to mend it. */
import type { BuildRequest } from "./artifact.ts";
import type { Doubt, Fault } from "./binary-fault.ts";
import type { Problem } from "./problem.ts";
import { findRuntime, RUNTIME_NAMES, runtimeNames, type Runtime, type VersionPrefix } from "./runtime.ts";
import { compareVersions } from "./version.ts";

export interface Target {
  readonly runtime: Runtime;
  readonly architecture: BuildRequest["architecture"];
}

export interface Faulty {
  /** Its package; absent for files that are in none. */
  readonly owner?: string;
  /** Path in the zip of the file that stands for all. */
  readonly path: string;
  /** How many other files of the package have the same fault. */
  readonly others: number;
}

/** A runtime on its system: `nodejs24.x on arm64`. */
export function targetName({ runtime, architecture }: Target): string {
  return `${runtime.name} on ${architecture}`;
}

/** Why a fault does not refuse the artifact; `none`: it does. */
export type Mercy = "none" | "doubt" | "allowed" | "not-loaded" | "variant";

const AFTERWORDS: Readonly<Record<Mercy, string>> = {
  none: "",
  doubt: "",
  allowed: "; it is allowed by `allow-newer-libstdcxx`",
  "not-loaded": "; it was not loaded with the function, so this matters only if it is later",
  variant: "; the package has another variant of it that fits",
};

export function faultProblem(fault: Fault | Doubt, file: Faulty, target: Target, mercy: Mercy): Problem {
  const { message, hint } = words(fault, file, target);
  const owner = file.owner === undefined ? "" : `\`${file.owner}\`: `;
  const others =
    file.others === 0 ? "" : ` (and ${file.others} more ${file.others === 1 ? "file" : "files"})`;
  const isMendable = mercy !== "allowed" && mercy !== "variant";
  return {
    message: `${owner}\`${file.path}\`${others} ${message}${AFTERWORDS[mercy]}`,
    ...(isMendable && { hint }),
  };
}

interface Words {
  /** What comes after the file's name. */
  readonly message: string;
  readonly hint: string;
}

function words(fault: Fault | Doubt, file: Faulty, target: Target): Words {
  const { runtime, architecture } = target;
  const { system } = runtime;
  const place = `${system.name} (${runtime.name})`;
  const what = file.owner === undefined ? "it" : `\`${file.owner}\``;
  switch (fault.kind) {
    case "foreign":
      return {
        message: `is built for ${fault.builtFor}, and the function runs on Linux with glibc on ${architecture}`,
        hint:
          runtime.language === "node"
            ? "Import it from an npm package, which is got for the function's system, or build it for that system."
            : "Leave it to requirements.txt, whose wheels are chosen for the function, or build it for that system.",
      };
    case "damaged":
      return {
        message: `is no binary that can be loaded: ${fault.why}`,
        hint: `Install ${what} again, without the package manager's cache; a file in Git LFS comes with \`lfs: true\` of actions/checkout.`,
      };
    case "library":
      return {
        message: `needs \`${fault.library}\`, which is neither in the artifact nor in ${place}`,
        hint: `What is installed on the machine that builds does not go along: take a version of ${what}, or another package, that brings its libraries with it.`,
      };
    case "likely-library":
      return {
        message: `needs \`${fault.library}\`, which ${place} very probably has, and nothing promises`,
        hint: "Try the function out once before you rely on it.",
      };
    case "glibc":
      return {
        message: `needs glibc ${fault.version}, and ${place} has ${system.newest.GLIBC}`,
        hint: `It was compiled on a newer Linux than the function's: take a version of ${what} with a prebuilt binary for an older glibc, or compile it in ${image(runtime)}.${newerRuntime("GLIBC", fault.version, target)}`,
      };
    case "libstdcxx":
      return {
        message: `needs ${fault.prefix}_${fault.version} of ${fault.prefix === "GCC" ? "libgcc" : "libstdc++"}, and ${place} came with ${system.newest[fault.prefix]}`,
        hint: `Take an older version of ${what}, or compile it in ${image(runtime)}. AWS has newer ones in some places: if you have seen it load there, allow it with \`allow-newer-libstdcxx: true\`.${newerRuntime(fault.prefix, fault.version, target)}`,
      };
    case "modules":
      return {
        message: `is built for ${fault.versions.map(moduleName).join(" and ")}, and ${runtime.name} has ${modulesOf(runtime)}`,
        hint: `Run \`npm rebuild${file.owner === undefined ? "" : ` ${file.owner}`}\` with the function's version of Node, or take a version of ${what} that uses Node-API, which fits all.${otherNode(fault.versions)}`,
      };
    case "unknown-modules":
      return {
        message: "fits one version of Node only, and which one shows only when it is loaded",
        hint: `Take a version of ${what} that uses Node-API, or try the function out before you rely on it.`,
      };
    case "tag":
      return {
        message: `is built for \`${fault.tag}\`, which ${targetName(target)} does not look for`,
        hint: "Leave packages with binaries to requirements.txt: their wheels are chosen for the function.",
      };
  }
}

/** AWS's image of the runtime with compilers. */
function image({ name }: Runtime): string {
  return `AWS's image \`public.ecr.aws/sam/build-${name}\``;
}

function newerRuntime(prefix: VersionPrefix, version: string, { runtime }: Target): string {
  const fitting = RUNTIME_NAMES.flatMap((name) => findRuntime(name) ?? []).filter(
    ({ language, system }) =>
      language === runtime.language && compareVersions(version, system.newest[prefix]) <= 0,
  );
  const oldest = fitting.at(-1);
  return oldest === undefined ? "" : ` Or take \`runtime: ${oldest.name}\`, which has it.`;
}

function otherNode(versions: readonly number[]): string {
  const fitting = runtimeNames("node").find((name) => {
    const runtime = findRuntime(name);
    return runtime !== undefined && versions.includes(modulesOf(runtime));
  });
  return fitting === undefined ? "" : ` Or take \`runtime: ${fitting}\`, which it is for.`;
}

function modulesOf(runtime: Runtime): number {
  return runtime.language === "node" ? runtime.modules : 0;
}

/** `Node's ABI 127 (nodejs22.x)`. */
function moduleName(version: number): string {
  const known = RUNTIME_NAMES.flatMap((name) => findRuntime(name) ?? []).find(
    (runtime) => modulesOf(runtime) === version,
  );
  return `Node's ABI ${version}${known === undefined ? "" : ` (${known.name})`}`;
}
