/**
 * Takes out of an artifact's packages what the function cannot use: binaries for other systems, by their content and
 * never by their names, and documentation, by its extension. Outside of `node_modules` nothing is taken away: those
 * files are the user's own, and verify.ts tells of them.
 */
import type { ArtifactFile, BuildRequest } from "./artifact.ts";
import { inspect } from "./inspect.ts";
import { packageFolder } from "./package-path.ts";

export interface Pruned {
  /** In the order of the files. */
  readonly kept: readonly ArtifactFile[];
  readonly removed: readonly Removed[];
}

export type Removed = Uselessness & {
  /** Path in the zip. */
  readonly path: string;
  readonly bytes: number;
};

export type Uselessness =
  | { readonly reason: "foreign"; readonly builtFor: string }
  /** A linker's or debugger's input. */
  | { readonly reason: "build" }
  | { readonly reason: "docs" };

/** What nothing reads at run time: documentation, types, source maps, sources of what is compiled already. */
const DOCS = /(\.(?:md|markdown|map|d\.[cm]?ts|c|cc|cpp|cxx|h|hh|hpp|gyp|gypi|tsbuildinfo))$/;

const CODE = /\.[cm]?js$/;

const LICENCE = /^(?:un)?(?:licen[cs]e|copying|copyright|notice|patents|authors)/i;

/** Pure and deterministic. Binaries of the target, and licences whatever they are called, stay. */
export function prune(files: readonly ArtifactFile[], target: Pick<BuildRequest, "architecture">): Pruned {
  const kept: ArtifactFile[] = [];
  const removed: Removed[] = [];
  const packages = Map.groupBy(files, ({ path }) => packageFolder(path));
  const read = new Map<string, (extension: string) => boolean>();
  for (const file of files) {
    const folder = packageFolder(file.path);
    if (folder === undefined) {
      kept.push(file);
      continue;
    }
    if (!read.has(folder)) read.set(folder, readExtensions(packages.get(folder) ?? []));
    const reason = uselessness(file, target, read.get(folder));
    if (reason === undefined) kept.push(file);
    else removed.push({ path: file.path, bytes: file.content.byteLength, ...reason });
  }
  return { kept, removed };
}

function uselessness(
  { path, content }: ArtifactFile,
  { architecture }: Pick<BuildRequest, "architecture">,
  isRead: ((extension: string) => boolean) | undefined,
): Uselessness | undefined {
  const inspected = inspect(content, architecture);
  switch (inspected.kind) {
    case "foreign":
      return { reason: "foreign", builtFor: inspected.builtFor };
    case "build":
      return { reason: "build" };
    case "none": {
      const extension = DOCS.exec(path)?.[1];
      const isLicence = LICENCE.test(path.slice(path.lastIndexOf("/") + 1));
      return extension === undefined || isLicence || isRead?.(extension) === true
        ? undefined
        : { reason: "docs" };
    }
    case "target":
    case "broken":
    case "wasm":
      return undefined;
  }
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
