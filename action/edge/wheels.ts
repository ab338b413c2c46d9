/** The packages of a requirements.txt as files for an artifact. */
import { lstat, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inOrder, type ArtifactFile } from "../core/artifact.ts";
import { eachAtOnce } from "../core/parallel.ts";
import { uvInstall, type UvResult } from "./uv.ts";

/** How many files are read at once: enough to keep the disk busy, and below any limit of open files. */
const AT_ONCE = 64;

/** The installer's notes about itself: they differ from machine to machine and nothing reads them at run time. */
const NOTES = new Set(["INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"]);

export interface Package {
  /** As it writes itself. */
  readonly name: string;
  readonly version: string;
  /** Paths of its files, from its RECORD. */
  readonly paths: readonly string[];
}

export type Wheels =
  | {
      readonly kind: "unpacked";
      readonly files: readonly ArtifactFile[];
      readonly packages: readonly Package[];
    }
  | Exclude<UvResult, { readonly kind: "installed" }>;

/** Installs into a folder of its own, reads it and deletes it. */
export async function unpackWheels(
  options: Omit<Parameters<typeof uvInstall>[0], "target">,
): Promise<Wheels> {
  const target = await mkdtemp(join(tmpdir(), "warren-wheels-"));
  try {
    const result = await uvInstall({ ...options, target });
    if (result.kind !== "installed") return result;
    const packages = await packagesIn(target);
    const paths = (await readdir(target, { recursive: true })).filter((path) => isForTarget(path));
    const files: ArtifactFile[] = [];
    await eachAtOnce(AT_ONCE, paths, async (path) => {
      const { mode, isFile } = await modeOf(join(target, path));
      if (!isFile) return;
      const content = await readFile(join(target, path));
      files.push({ path, mode, content: path.endsWith(".dist-info/RECORD") ? trimRecord(content) : content });
    });
    return { kind: "unpacked", files: inOrder(files), packages };
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** Scripts begin with the path of the Python that installed them, and nothing can call them in a function. */
function isForTarget(path: string): boolean {
  const [top = "", ...below] = path.split("/");
  if (top === "bin" || top === ".lock" || path.includes("__pycache__")) return false;
  return !(top.endsWith(".dist-info") && below.length === 1 && NOTES.has(below[0] ?? ""));
}

/** importlib.metadata reads it, and the load check: which file is whose. Without the lines of what is left out. */
function trimRecord(content: Buffer): Buffer {
  const lines = content.toString("utf8").split(/\r?\n/);
  const kept = lines.filter((line) => line !== "" && !line.startsWith("..") && isForTarget(pathOf(line)));
  return Buffer.from(`${kept.toSorted().join("\n")}\n`);
}

/** RECORD is CSV: paths with commas or quotes are quoted. */
function pathOf(line: string): string {
  const [, quoted, plain] = /^(?:"((?:[^"]|"")*)"|([^,]*)),/.exec(line) ?? [];
  return quoted?.replaceAll('""', '"') ?? plain ?? "";
}

/** Only whether it can be run: the rest is this machine's umask. */
async function modeOf(path: string): Promise<{ readonly mode: number; readonly isFile: boolean }> {
  const stats = await lstat(path);
  return { mode: (stats.mode & 0o100) === 0 ? 0o644 : 0o755, isFile: stats.isFile() };
}

async function packagesIn(target: string): Promise<readonly Package[]> {
  const notes = (await readdir(target)).filter((name) => name.endsWith(".dist-info")).toSorted();
  return Promise.all(
    notes.map(async (folder) => {
      const [metadata, record] = await Promise.all(
        ["METADATA", "RECORD"].map((file) => readFile(join(target, folder, file), "utf8")),
      );
      return {
        name: /^Name: *(.+?)\s*$/m.exec(metadata ?? "")?.[1] ?? folder,
        version: /^Version: *(.+?)\s*$/m.exec(metadata ?? "")?.[1] ?? "",
        paths: (record ?? "").split(/\r?\n/).map(pathOf),
      };
    }),
  );
}
