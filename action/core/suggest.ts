/** "did you mean": the nearest of the names that would have been right. */
import { distance } from "fastest-levenshtein";

/** Shorter ones begin too many names. */
const BEGINNING_LETTERS = 5;

/**
 * The nearest candidate if it is near enough to be a slip of the finger: a third of the letters, at least 2 (two
 * letters swapped), but less than half of a short name, or everything would be near to it. Or if it begins like that.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(Math.max(2, Math.floor(name.length / 3)), Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    const [written, right] = [name.toLowerCase(), candidate.toLowerCase()];
    const whole = distance(written, right);
    const begun =
      written.length < BEGINNING_LETTERS ? whole : distance(written, right.slice(0, written.length)) + 1;
    const steps = Math.min(whole, begun);
    if (steps < bestDistance) {
      best = candidate;
      bestDistance = steps;
    }
  }
  return best;
}

/** One sentence for a problem's hint: the nearest name, else all of them (cut to a dozen). */
export function suggestion(name: string, candidates: Iterable<string>, what: string): string {
  const names = [...new Set(candidates)].toSorted((a, b) => (a < b ? -1 : 1));
  const near = nearest(name, names);
  if (near !== undefined) return `Did you mean \`${near}\`?`;
  if (names.length === 0) return `There are no ${what}.`;
  const shown = names.slice(0, 12).map((item) => `\`${item}\``);
  return `The ${what} are ${shown.join(", ")}${names.length > 12 ? ", …" : ""}.`;
}
