/** What a plan does to each component and arrow, for the picture: the worst of what happens to its resources. */
import type { Mark } from "./fold.ts";
import type { ResourceWords } from "./plan-words.ts";

/** A component comes, goes or is replaced as its own resource does; whatever happens around it changes it. */
export function marksOf(words: readonly ResourceWords[]): ReadonlyMap<string, Mark> {
  const groups = Map.groupBy(words, ({ component }) => component);
  return new Map([...groups].map(([component, group]) => [component, markOf(group)]));
}

function markOf(group: readonly ResourceWords[]): Mark {
  const effects = group.map(({ effect }) => effect);
  const own = group.filter(({ main }) => main).map(({ effect }) => effect);
  if (own.some((effect) => effect === "replaced" || effect === "may-be-replaced")) return "replaced";
  if (own.includes("removed") || effects.every((effect) => effect === "removed")) return "removed";
  if (own.includes("added") || effects.every((effect) => effect === "added" || effect === "imported"))
    return "added";
  return "changed";
}
