/** A Python function's own files: its source and what that imports from the source's folder, and so on. */
import { readFile, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";

import type { Problem } from "../core/problem.ts";
import { pythonImports, type PythonImport } from "../core/python-imports.ts";
import { relativeImportProblem, type OuterImport } from "../core/python-source.ts";
import { isInside } from "../core/source.ts";

export interface OwnFiles {
  /** Path in the artifact -> path from the repository's root. */
  readonly files: ReadonlyMap<string, string>;
  /** Name of each module or package in the artifact's root -> the file that stands for it, from the repository's root. */
  readonly modules: ReadonlyMap<string, string>;
  readonly imports: readonly OuterImport[];
  readonly problems: readonly Problem[];
}

/** Not code that runs, and different on every machine. */
const LEFT_OUT = /^(?:\.|__pycache__$|tests$)|\.py[co]$/;

/**
 * A module is one file; a package is its whole folder, because packages load modules and data in ways that no import
 * statement shows. `source`: from `root`, which is a real path.
 */
export async function ownFiles(source: string, root: string): Promise<OwnFiles> {
  const folder = dirname(source);
  const files = new Map<string, string>();
  const modules = new Map<string, string>();
  const imports: OuterImport[] = [];
  const problems: Problem[] = [];

  const take = async (path: string): Promise<void> => {
    const file = join(folder, path);
    if (files.has(path)) return;
    if (!isInside(relative(root, await realpath(join(root, file))))) {
      problems.push({
        place: { file: source, line: 1, column: 1 },
        message: `\`${file}\`, which the function imports, is a link that leads out of the repository`,
        hint: "Copy the file into the repository.",
      });
      return;
    }
    files.set(path, file);
    if (path.endsWith(".py")) for (const one of await importsOf(join(root, file))) await follow(one, path);
  };
  const follow = async (one: PythonImport, from: string): Promise<void> => {
    const file = join(folder, from);
    if (one.level > 0) {
      if (!from.includes("/")) problems.push(relativeImportProblem({ ...one, file }));
      return;
    }
    const found = await answer(one, join(root, folder), root);
    if (found === undefined) {
      imports.push({ ...one, file });
      return;
    }
    const name = one.module.split(".")[0] ?? "";
    if (!modules.has(name)) modules.set(name, join(folder, found.entry));
    for (const path of found.paths) await take(path);
  };

  modules.set(basename(source, ".py"), source);
  await take(basename(source));
  return { files, modules, imports, problems };
}

async function importsOf(file: string): Promise<readonly PythonImport[]> {
  return pythonImports(await readFile(file, "utf8"));
}

/** What Python would find for an absolute import in the folder, in its order: package, module, folder without `__init__`. */
async function answer(
  { module, names }: PythonImport,
  folder: string,
  root: string,
): Promise<{ readonly entry: string; readonly paths: readonly string[] } | undefined> {
  const [name = "", next] = module.split(".");
  const isThere = async (path: string): Promise<boolean> => (await kindOf(join(folder, path))) !== undefined;
  if (await isThere(`${name}/__init__.py`))
    return { entry: `${name}/__init__.py`, paths: await filesBelow(folder, name, root) };
  if ((await kindOf(join(folder, `${name}.py`))) === "file")
    return { entry: `${name}.py`, paths: [`${name}.py`] };
  for (const inner of next === undefined ? names : [next]) {
    if ((await isThere(`${name}/${inner}.py`)) || (await isThere(`${name}/${inner}/__init__.py`)))
      return { entry: name, paths: await filesBelow(folder, name, root) };
  }
  return undefined;
}

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(code ?? "")) return undefined;
    throw error;
  }
}

/** Paths from `folder` of all files below `name`, sorted. Links are followed, but never in a circle. */
async function filesBelow(
  folder: string,
  name: string,
  root: string,
  above: readonly string[] = [],
): Promise<readonly string[]> {
  const here = await realpath(join(folder, name));
  if (above.includes(here)) return [];
  // Not to be listed, it may be the whole disk; whoever takes it finds what is wrong with it.
  if (!isInside(relative(root, here))) return [name];
  const found: string[] = [];
  for (const entry of (await readdir(here)).toSorted()) {
    if (LEFT_OUT.test(entry)) continue;
    const path = `${name}/${entry}`;
    const kind = await kindOf(join(folder, path));
    if (kind === "folder") found.push(...(await filesBelow(folder, path, root, [...above, here])));
    else if (kind === "file") found.push(path);
  }
  return found;
}
