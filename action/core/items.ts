/** A table's file of items -> items, or all of the file's problems. */
import { type SourceText, parseDocument } from "./document.ts";
import type { Problem } from "./problem.ts";
import { canonicalJson, isScalarValue, isValueList, isValueMap } from "./value.ts";

export type Item = Readonly<Record<string, unknown>>;

export type ItemsResult =
  | { readonly kind: "items"; readonly items: readonly Item[] }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** `keys` are the attributes that make up the table's key: every item has them, and no two items share them. */
export function parseItems(source: SourceText, keys: readonly string[]): ItemsResult {
  const document = parseDocument(source);
  if (document.problems.length > 0) return { kind: "problems", problems: document.problems };
  const { value } = document;
  if (!isValueList(value)) {
    const message = "the items must be a list";
    return {
      kind: "problems",
      problems: [{ place: document.placeOf([]), message, hint: "Write `- { name: … }` lines." }],
    };
  }
  const problems: Problem[] = [];
  const lines = new Map<string, number>();
  for (const [index, item] of value.entries()) {
    const place = document.placeOf([index]);
    if (!isValueMap(item)) {
      problems.push({
        place,
        message: "an item must be a map of attributes",
        hint: "Write `- { name: … }`.",
      });
      continue;
    }
    for (const key of keys) {
      const attribute = Object.hasOwn(item, key) ? item[key] : undefined;
      if (isScalarValue(attribute) && attribute !== "") continue;
      const what = attribute === undefined ? "has no" : "has no usable value for its";
      const message = `this item ${what} key attribute \`${key}\``;
      problems.push({ place, message, hint: "It must be a text that is not empty, or a number." });
    }
    const address = canonicalJson(keys.map((key) => item[key] ?? null));
    const earlier = lines.get(address);
    // Items without a key have their problem already.
    if (earlier !== undefined && keys.every((key) => isScalarValue(item[key]))) {
      problems.push({
        place,
        message: "an item with the same key stands here again",
        hint: `The first is in line ${earlier}.`,
      });
    }
    lines.set(address, earlier ?? place.line);
  }
  return problems.length > 0
    ? { kind: "problems", problems }
    : { kind: "items", items: value.filter(isValueMap) };
}
