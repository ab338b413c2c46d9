/** The checkout on disk. Every path is held inside of the root, through symbolic links too. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, readdir, realpath, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../core/problem.ts";
import type { Workspace } from "../ports.ts";

const run = promisify(execFile);

export function diskWorkspace(root: string): Workspace {
  return {
    read: async (path) => ifThere(async () => readText(await inside(root, path), path)),
    write: async (path, text) => {
      const file = await inside(root, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    },
    list: async (folder) => {
      const entries = await ifThere(async () => readdir(await inside(root, folder), { withFileTypes: true }));
      const files = (entries ?? []).filter((entry) => entry.isFile()).map((entry) => entry.name);
      return files.toSorted();
    },
    exists: async (path) => (await ifThere(async () => inside(root, path, "must-exist"))) !== undefined,
    sha256: (data) => createHash("sha256").update(data).digest("hex"),
    commit: () => commitFacts(root),
  };
}

/** The absolute path of `path`, or UserError if it leads out of the root. ENOENT if it must exist and does not. */
async function inside(
  root: string,
  path: string,
  mode: "may-be-new" | "must-exist" = "may-be-new",
): Promise<string> {
  const base = await realpath(root);
  const file = resolve(base, path);
  // What does not exist yet cannot be a link: its nearest parent that exists is checked instead.
  const real = mode === "must-exist" ? await realpath(file) : await nearestReal(file);
  for (const candidate of [file, real]) {
    const way = relative(base, candidate);
    if (isAbsolute(path) || way === ".." || way.startsWith("../") || isAbsolute(way)) {
      throw outsideError(path);
    }
  }
  return file;
}

async function readText(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = { EISDIR: `${path} is a folder, not a file`, EACCES: `${path} may not be read` }[
      code ?? ""
    ];
    if (message === undefined) throw cause;
    throw new UserError("file-unreadable", { message }, { cause });
  }
}

async function nearestReal(file: string): Promise<string> {
  const found = await ifThere(() => realpath(file));
  if (found !== undefined) return found;
  // Writing to a link whose end is not there yet makes its end, wherever that is.
  if ((await ifThere(() => lstat(file)))?.isSymbolicLink() === true) throw outsideError(basename(file));
  return nearestReal(dirname(file));
}

function outsideError(path: string): UserError {
  return new UserError("path-outside", {
    message: `\`${path}\` lies outside of the repository`,
    hint: "Use a path from the repository's root, without `..` and without links that lead out or nowhere.",
  });
}

/** No file can be there: one that is not, a link that leads to itself, a name that no disk takes. */
const NOWHERE: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/** Undefined if the file is not there; all other errors are real. */
async function ifThere<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (NOWHERE.has(code)) return undefined;
    throw error;
  }
}

/** What Git needs, and no credential: a repository's settings may name programs that Git is to start. */
function cleanEnvironment(): Record<string, string | undefined> {
  const passed =
    /^(?:PATH|HOME|LANG|LC_ALL|XDG_CONFIG_HOME|GIT_(?:DIR|WORK_TREE|CEILING_DIRECTORIES|CONFIG_\w+))$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)));
}

/** Empty texts where Git has no answer (no repository, no commit yet, no remote): such a checkout can still deploy. */
async function commitFacts(root: string): Promise<{ sha: string; branch: string; repository: string }> {
  const git = async (...args: string[]): Promise<string> => {
    try {
      return (await run("git", args, { cwd: root, env: cleanEnvironment() })).stdout.trim();
    } catch (error) {
      if ((error as { code?: unknown }).code === undefined) throw error;
      return "";
    }
  };
  const [sha, branch, remote] = await Promise.all([
    git("rev-parse", "--verify", "--quiet", "HEAD"),
    git("symbolic-ref", "--short", "--quiet", "HEAD"),
    git("config", "--get", "remote.origin.url"),
  ]);
  // `git@github.com:owner/name.git` and `https://github.com/owner/name` are both `owner/name`.
  const repository = /([^/:]+\/[^/]+?)(?:\.git)?$/.exec(remote)?.[1] ?? "";
  return { sha, branch, repository };
}

/** Git's own answer; false also outside of a repository, and for commits that a shallow clone lacks. */
export async function isAncestorIn(root: string, ancestor: string, commit: string): Promise<boolean> {
  try {
    await run("git", ["merge-base", "--is-ancestor", ancestor, commit], { cwd: root });
    return true;
  } catch (error) {
    // A number is Git's exit code: 1 for no, 128 for what it does not know. A text: there is no Git.
    const { code } = error as { code?: unknown };
    if (typeof code === "number" || code === "ENOENT") return false;
    throw error;
  }
}
