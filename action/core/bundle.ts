/** What a bundle has left outside of itself, and what in it reads files that it does not hold. */
import type { Metafile } from "esbuild";

import type { Problem } from "./problem.ts";

/** An import that the bundler was told to leave as it is. */
export interface Outside {
  /** The file that imports, as the metafile calls it. */
  readonly importer: string;
  readonly specifier: string;
}

/** Those of `all` that are still in the bundle `output` after tree shaking. */
export function usedBy<Import extends Outside>(
  { outputs }: Metafile,
  output: string,
  all: readonly Import[],
): readonly Import[] {
  const { inputs = {}, imports = [] } = outputs[output] ?? {};
  const left = new Set(imports.filter(({ external }) => external).map(({ path }) => path));
  return all.filter(({ importer, specifier }) => Object.hasOwn(inputs, importer) && left.has(specifier));
}

/** Files of packages whose code is in the bundle. */
export function packageFiles({ outputs }: Metafile, output: string): readonly string[] {
  return Object.entries(outputs[output]?.inputs ?? {})
    .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && isPackagePath(path))
    .map(([path]) => path);
}

/** Files of the user's own whose code is in the bundle. */
export function ownFiles({ outputs }: Metafile, output: string): readonly string[] {
  return Object.entries(outputs[output]?.inputs ?? {})
    .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && !isPackagePath(path) && !isMade(path))
    .map(([path]) => path);
}

/** Also what is shaken off: a change could make it stay. */
export function reached(inputs: Metafile["inputs"], from: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...from];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const one of inputs[path]?.imports ?? []) if (one.external !== true) open.push(one.path);
  }
  return seen;
}

/** What a plugin makes is called `<namespace>:<path>`. */
export function isMade(path: string): boolean {
  return /^[\w-]+:/.test(path);
}

export function isPackagePath(path: string): boolean {
  return /(?:^|\/)node_modules\//.test(path);
}

/** How code finds files beside itself, which a bundle leaves behind. */
const OWN_PLACE =
  /\b__(?:dirname|filename)\b|\bimport\.meta\.(?:url|dirname|filename)\b|\brequire\.resolve\(/;

export function mayReadOwnFiles(code: string): boolean {
  return OWN_PLACE.test(code);
}

/** What AWS calls its signatures. Whoever makes one has to write its name into the request. */
export const SIGNATURES = ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"] as const;

export function signsRequests(code: string): boolean {
  return SIGNATURES.some((name) => code.includes(name));
}

/**
 * An import of what no bundler can see: a name that is made while the code runs, or a `require` of its own making. Lambda has the AWS
 * SDK beside the function, so that it is found though the bundle has none of it. Not esbuild's own patterns, which begin with `./`.
 */
const UNSEEN_IMPORT =
  /\bcreateRequire\b|(?<![.\w$])(?:import|require)\s*\((?!\s*(?:["'`]\.{1,2}\/|(["'`])[^"'`$]*\1\s*[,)]|\)))/;

export function importsUnseen(code: string): boolean {
  return UNSEEN_IMPORT.test(code);
}

const FILE_URL = /\bnew URL\(\s*["'`](\.{1,2}\/[^"'`]+)["'`]\s*,\s*import\.meta\.url/;
const FOLDER = /\b__dirname\b|\b__filename\b|\bimport\.meta\.(?:dirname|filename)\b/;

/** `file`: one of the user's own, from the repository's root. Nothing about lines that are comments. */
export function ownFileWarnings(file: string, code: string): readonly Problem[] {
  return code.split("\n").flatMap((text, index): readonly Problem[] => {
    if (/^\s*(?:\/\/|\*|\/\*)/.test(text)) return [];
    const read = FILE_URL.exec(text) ?? FOLDER.exec(text);
    if (read === null) return [];
    const [what, path] = read;
    return [
      {
        place: { file, line: index + 1, column: read.index + 1 },
        message:
          path === undefined
            ? `the code looks for files by \`${what}\`, and the function has only what is imported`
            : `the code reads \`${path}\`, and the function has only what is imported`,
        hint: "Import .json and .txt files, so that they are in the bundle.",
      },
    ];
  });
}
