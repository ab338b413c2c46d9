/** The faults of an artifact's binaries, package by package. */
import type { Doubt, Fault } from "./binary-fault.ts";
import { faultProblem, type Mercy, type Target } from "./fault-words.ts";
import { packageName } from "./package-path.ts";
import type { Problem } from "./problem.ts";
import { compareVersions } from "./version.ts";

export interface Finding {
  /** In the zip. */
  readonly path: string;
  readonly fault: Fault | Doubt;
}

export interface Judged extends Finding {
  readonly mercy: Mercy;
}

/** One problem for all files of a package with the same fault: 65 files of one wrong wheel are one mistake. */
export function grouped(found: readonly Judged[], target: Target): readonly Problem[] {
  const groups = Map.groupBy(
    found,
    ({ path, fault, mercy }) => `${ownerOf(path, target)} ${mercy} ${sameness(fault)}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [worst] = group.toSorted((a, b) => compareVersions(versionOf(b.fault), versionOf(a.fault)));
    if (worst === undefined) return [];
    const owner = ownerOf(worst.path, target);
    const file = { path: worst.path, others: group.length - 1, ...(owner !== undefined && { owner }) };
    return faultProblem(together(worst.fault, group), file, target, worst.mercy);
  });
}

/** Of addons for several Nodes, none of which is the function's, all are told. */
function together(fault: Fault | Doubt, group: readonly Finding[]): Fault | Doubt {
  if (fault.kind !== "modules") return fault;
  const versions = group.flatMap((one) => (one.fault.kind === "modules" ? one.fault.versions : []));
  return { kind: "modules", versions: [...new Set(versions)].toSorted((a, b) => a - b) };
}

/** Newer versions stand for older ones: what mends those mends these. */
function versionOf(fault: Fault | Doubt): string {
  return fault.kind === "glibc" || fault.kind === "libstdcxx" ? fault.version : "0";
}

function sameness(fault: Fault | Doubt): string {
  return fault.kind === "modules" || versionOf(fault) !== "0" ? fault.kind : JSON.stringify(fault);
}

/** The package that a file is of. Wheels are unpacked into the root: `numpy.libs/libgfortran.so` is of `numpy`. */
export function ownerOf(path: string, { runtime }: Target): string | undefined {
  if (runtime.language === "node") return packageName(path);
  const [top = "", below] = path.split("/");
  return below === undefined ? undefined : top.replace(/\.libs$/, "");
}
