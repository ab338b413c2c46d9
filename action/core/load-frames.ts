/** Places in the stacks that loading tells. */
import type { LoadReport } from "./load-report.ts";
import type { LoadRequest } from "./passport.ts";
import type { Place } from "./problem.ts";

/** What the process came to besides its report, if it made one. */
export interface LoadTrial {
  readonly report: LoadReport | undefined;
  /** 128 + n if it died of signal n; undefined if it was ended for being late. */
  readonly code: number | undefined;
  /** The end of what it has written. */
  readonly output: string;
  /** Where the artifact lay for the process. */
  readonly folder: string;
  readonly limitSeconds: number;
  readonly isEmulated: boolean;
}

export interface Frame extends Place {
  /** Of the function's own source, told by the source map, and not of a package. */
  readonly isOwn: boolean;
}

export function isOwn(frame: Frame): boolean {
  return frame.isOwn;
}

/** Those in the artifact, innermost first. What is mapped is not itself a file of the artifact. */
export function framesOf(stack: string, { files }: LoadRequest, { folder }: LoadTrial): readonly Frame[] {
  const paths = new Set(files.map(({ path }) => path));
  return stack.split("\n").flatMap((line) => {
    const [, path = "", row, column] = /^\s+at .*?(?:file:\/\/)?(\/[^():]*):(\d+):(\d+)\)?$/.exec(line) ?? [];
    if (!path.startsWith(`${folder}/`)) return [];
    const file = path.slice(folder.length + 1);
    const own = !paths.has(file) && !file.includes("node_modules/");
    return [{ file, line: Number(row), column: Number(column), isOwn: own }];
  });
}

export function placeOf(frame: Frame | undefined): Place | undefined {
  return frame && { file: frame.file, line: frame.line, column: frame.column };
}

export function placeText(frame: Frame | undefined): string {
  return frame === undefined ? "" : `${frame.file}:${frame.line}:${frame.column}`;
}

/** Where it is in a package that lies beside the bundle; in the bundle, lines tell nothing. */
export function inside(frame: Frame | undefined): string {
  return frame?.file.includes("node_modules/") !== true ? "" : ` in \`${frame.file}:${frame.line}\``;
}
