/** The commits of a repository as a graph; no files in them. */

export interface Commit {
  readonly sha: string;
  readonly parents: readonly string[];
  readonly message: string;
}

/** In the order in which they were made, so that parents come first. */
export type Commits = ReadonlyMap<string, Commit>;

/** The commit and all that come before it. */
export function ancestry(commits: Commits, sha: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [sha];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(commits.get(next)?.parents ?? []));
  }
  return seen;
}

/** What `head` has and `base` has not, oldest first. */
export function commitsBetween(commits: Commits, base: string, head: string): readonly Commit[] {
  const known = ancestry(commits, base);
  const wanted = ancestry(commits, head);
  return [...commits.values()].filter(({ sha }) => wanted.has(sha) && !known.has(sha));
}

/** The newest commit that both have; undefined if their histories have nothing in common. */
export function mergeBase(commits: Commits, one: string, other: string): string | undefined {
  const known = ancestry(commits, one);
  return [...ancestry(commits, other)]
    .filter((sha) => known.has(sha))
    .toSorted((a, b) => ancestry(commits, b).size - ancestry(commits, a).size)[0];
}
