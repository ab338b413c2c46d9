/** Which npm package a file of an artifact belongs to. */

const PACKAGE = /^(.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** `node_modules/a/node_modules/@b/c` for a file in it; undefined outside of packages. */
export function packageFolder(path: string): string | undefined {
  // The first part of the expression is greedy: it is the innermost package.
  return PACKAGE.exec(path)?.[0].slice(0, -1);
}

/** `@b/c`. */
export function packageName(path: string): string | undefined {
  return PACKAGE.exec(path)?.[2];
}
