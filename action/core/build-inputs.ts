/**
 * What decides how a bundle comes out, as questions about the disk: if all of them have the answers that they had, esbuild
 * would make the same of it. It reads more than the files it names: which file an import means depends on the names
 * beside it, on package.json and tsconfig.json above, and on what is installed.
 */
import type { Metafile } from "esbuild";

import { isPackagePath, reached } from "./bundle.ts";

/** Paths are from the repository's root, with forward slashes; they may lead out of it. */
export type Question =
  /** The file's content, or that there is none. */
  | { readonly kind: "file"; readonly path: string }
  /** The names in the path's folder that an import of the path could mean. */
  | { readonly kind: "names"; readonly path: string }
  /** The package.json and tsconfig.json that hold for a folder. */
  | { readonly kind: "settings"; readonly path: string }
  /** Which folder an import of a package's name leads to. */
  | { readonly kind: "package"; readonly path: string; readonly name: string }
  /** All files in a folder. */
  | { readonly kind: "tree"; readonly path: string }
  /** The names of the modules in a folder, for Python. */
  | { readonly kind: "modules"; readonly path: string };

type Inputs = Metafile["inputs"];

/**
 * Of the bundle `output` of the module `entry`. Undefined if they cannot be told: an import with a pattern
 * (`./plugs/${name}.ts`) depends on files that are not there yet.
 */
export function bundleQuestions(
  { inputs, outputs }: Metafile,
  output: string,
  entry: string,
): readonly Question[] | undefined {
  const paths = [...reached(inputs, [entry, ...Object.keys(outputs[output]?.inputs ?? {})])];
  const own = paths.filter((path) => !isPackagePath(path));
  if (own.some((path) => inputs[path]?.imports.some(isPattern))) return undefined;
  const questions = [
    ...paths.flatMap(fileQuestions),
    ...own.filter((path) => path !== entry).flatMap((path) => ownQuestions(path, inputs)),
  ];
  return distinct(questions);
}

export function distinct(questions: readonly Question[]): readonly Question[] {
  return [...new Map(questions.map((one) => [JSON.stringify(one), one])).values()];
}

function isPattern({ path, external }: { readonly path: string; readonly external?: boolean }): boolean {
  return external === true && path.includes("*");
}

/** What a plugin makes is called `<namespace>:<path>`. */
function fileQuestions(path: string): readonly Question[] {
  const file = path.replace(/^[\w-]+:/, "");
  const [manifest] = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+\//.exec(file) ?? [];
  return [
    { kind: "file", path: file },
    ...(manifest === undefined ? [] : [{ kind: "file", path: `${manifest}package.json` } as const]),
  ];
}

function ownQuestions(importer: string, inputs: Inputs): readonly Question[] {
  const folder = folderOf(importer);
  return [
    { kind: "settings", path: folder },
    ...(inputs[importer]?.imports ?? []).flatMap(({ path, original = path }): readonly Question[] => {
      if (original.startsWith(".")) {
        // `./lib` may mean lib.ts, lib.js, or lib/index.ts.
        return [original, path].map((to) => ({
          kind: "names",
          path: to === path ? path : joined(folder, to),
        }));
      }
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(original)?.[0];
      const asked: Question[] = name === undefined ? [] : [{ kind: "package", path: folder, name }];
      return isPackagePath(path) ? asked : [...asked, { kind: "names", path }];
    }),
  ];
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
}

function joined(folder: string, path: string): string {
  const parts = folder === "." ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/") || ".";
}
