/** Versions of numbers and dots: `2.34`, `3.4.29`. */

/** Below 0 if `a` is older than `b`; `2.9` is older than `2.10`, and `2.4` than `2.4.1`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
