/**
 * Takes out of an artifact's packages what the function cannot use: binaries for other systems, by their content and
 * never by their names, and documentation, by its extension. Outside of `node_modules` nothing is taken away: those
 * files are the user's own, and verify.ts tells of them.
 */
import type { ArtifactFile, BuildRequest } from "./artifact.ts";
import { sniffBinary } from "./binary.ts";
import { inspect } from "./inspect.ts";
import { packageFolder } from "./package-path.ts";

export interface Pruned {
  /** In the order of the files. */
  readonly kept: readonly ArtifactFile[];
  readonly removed: readonly Removed[];
}

export type Removed = {
  /** Path in the zip. */
  readonly path: string;
  readonly bytes: number;
} & (
  | { readonly reason: "foreign"; readonly builtFor: string }
  /** A linker's or debugger's input. */
  | { readonly reason: "build" }
  | { readonly reason: "docs" }
);

/** What nothing reads at run time: documentation, types, source maps, sources of what is compiled already. */
const DOCS = /(\.(?:md|markdown|map|d\.[cm]?ts|c|cc|cpp|cxx|h|hh|hpp|gyp|gypi|tsbuildinfo))$/;

const CODE = /\.[cm]?js$/;

const LICENCE = /^(?:un)?(?:licen[cs]e|copying|copyright|notice|patents|authors)/i;

/**
 * Pure and deterministic. Binaries of the target, and licences whatever they are called, stay. It must see all files of
 * a package at once; those that `foreignBinary` names may be left out.
 */
export function prune(files: readonly ArtifactFile[], target: Pick<BuildRequest, "architecture">): Pruned {
  const kept: ArtifactFile[] = [];
  const removed: Removed[] = [];
  const packages = Map.groupBy(files, ({ path }) => packageFolder(path));
  const readers = new Map([...packages].map(([folder, own]) => [folder, readExtensions(own)]));
  for (const file of files) {
    const folder = packageFolder(file.path);
    const reader = readers.get(folder);
    const useless =
      foreignBinary(file, target) ??
      (folder !== undefined && reader !== undefined && isDocument(file, reader)
        ? { path: file.path, bytes: file.content.byteLength, reason: "docs" as const }
        : undefined);
    if (useless === undefined) kept.push(file);
    else removed.push(useless);
  }
  return { kept, removed };
}

/** Of a file alone: packages hold hundreds of megabytes for other systems, which need not be in memory together. */
export function foreignBinary(
  { path, content }: ArtifactFile,
  { architecture }: Pick<BuildRequest, "architecture">,
): Removed | undefined {
  if (packageFolder(path) === undefined) return undefined;
  const inspected = inspect(content, architecture);
  const bytes = content.byteLength;
  switch (inspected.kind) {
    case "foreign":
      return { path, bytes, reason: "foreign", builtFor: inspected.builtFor };
    case "build":
      return { path, bytes, reason: "build" };
    case "none":
    case "target":
    case "broken":
    case "wasm":
      return undefined;
  }
}

function isDocument({ path, content }: ArtifactFile, isRead: (extension: string) => boolean): boolean {
  const extension = DOCS.exec(path)?.[1];
  const isLicence = LICENCE.test(path.slice(path.lastIndexOf("/") + 1));
  return extension !== undefined && !isLicence && sniffBinary(content) === undefined && !isRead(extension);
}

/**
 * Whether a package's code has a text that ends in the extension: TypeScript's compiler reads its `lib.*.d.ts`. A text
 * that means something else costs a few files only. Decoded at the first question, as most packages need none.
 */
function readExtensions(files: readonly ArtifactFile[]): (extension: string) => boolean {
  const decoder = new TextDecoder("latin1");
  let code: readonly string[] | undefined;
  const answers = new Map<string, boolean>();
  return (extension) => {
    code ??= files.filter(({ path }) => CODE.test(path)).map(({ content }) => decoder.decode(content));
    const known =
      answers.get(extension) ??
      code.some((text) => ['"', "'", "`"].some((quote) => text.includes(`${extension}${quote}`)));
    answers.set(extension, known);
    return known;
  };
}
