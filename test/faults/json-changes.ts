/** What may become of a JSON document on its way: something is missing, of another type, moved, endless, or strange. */
import * as fc from "fast-check";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Texts that mean something to JavaScript, a shell, a terminal, a path, Markdown or a template. */
export const STRANGE_TEXTS: readonly string[] = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "../../../etc/passwd",
  "/etc/passwd",
  "$(id)`id`",
  "::error::x\r\n::stop-commands::x",
  "\u0000",
  "\uFEFF",
  "\u2028\u2029",
  "\uD800",
  "🐇".repeat(50),
  "\u202Eabc",
  "<script>|</details>-->@everyone #1",
  "${AWS::AccountId}",
  "NaN",
  "a".repeat(20_000),
];

function strange(): fc.Arbitrary<Json> {
  return fc.oneof(
    fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [null], [[]], [{}]),
    fc.constantFrom(...STRANGE_TEXTS),
    fc.constant(null).map((): Json => JSON.parse('{"__proto__":{"x":1},"constructor":1,"length":3}')),
    fc.constant(null).map((): Json => JSON.parse("[".repeat(500) + "]".repeat(500))),
    fc.constant(null).map((): Json => Array.from({ length: 2_000 }, (_, index) => index)),
    fc.string({ unit: "binary", maxLength: 10 }),
  );
}

/** Of 1; every part as often as another one, which `fc.double` does not do. */
const PART = fc.noBias(fc.nat(999_999)).map((part) => part / 1_000_000);

const change = fc.record({
  kind: fc.constantFrom("remove", "set", "set", "rename", "wrap", "move", "repeat"),
  /** Where, of all places that the document has: as a part of 1. */
  at: PART,
  from: PART,
  value: strange(),
  key: fc.constantFrom(...STRANGE_TEXTS),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

interface Place {
  readonly parent: Json[] | { [key: string]: Json };
  readonly key: string | number;
}

/** Each of the documents with one to four changes. The documents themselves stay as they are. */
export function changedJson<T>(documents: readonly T[]): fc.Arbitrary<T> {
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  return fc.tuple(fc.constantFrom(...documents), changes).map(([original, list]) => {
    const root: { document?: Json } = { document: structuredClone(original) as Json };
    for (const one of list) apply(root as { document: Json }, one);
    return (root.document ?? null) as T;
  });
}

function apply(root: { document: Json }, { kind, at, from, value, key }: Change): void {
  const places = [...placesOf(root)];
  const target = places[Math.floor(at * places.length)];
  const source = places[Math.floor(from * places.length)];
  if (target === undefined || source === undefined) return;
  const old = get(target);
  switch (kind) {
    case "remove":
      return remove(target);
    case "set":
      return set(target, structuredClone(value));
    case "rename":
      remove(target);
      // A list's parts have no names.
      return Array.isArray(target.parent) ? undefined : set({ parent: target.parent, key }, old);
    case "wrap":
      return set(target, [old]);
    case "move":
      return set(target, structuredClone(get(source)));
    case "repeat":
      if (Array.isArray(old)) old.push(...structuredClone(old));
  }
}

function* placesOf(parent: Place["parent"]): Generator<Place> {
  for (const key of Array.isArray(parent) ? parent.keys() : Object.keys(parent)) {
    const place = { parent, key };
    yield place;
    const value = get(place);
    if (typeof value === "object" && value !== null && depthOf(value) < 100) yield* placesOf(value);
  }
}

/** As far as it matters: walking into what was nested on purpose would overflow the test's own stack. */
function depthOf(value: Json): number {
  let depth = 0;
  for (let inner: Json | undefined = value; Array.isArray(inner) && depth < 100; inner = inner[0]) depth += 1;
  return depth;
}

function get({ parent, key }: Place): Json {
  return (parent as { [key: string]: Json })[key] ?? null;
}

function set({ parent, key }: Place, value: Json): void {
  // Not by assignment: `__proto__` is to be a key as JSON.parse makes it one.
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}
