/** A table's file of items -> items, or all of the file's problems. */
import { type SourceText, parseDocument } from "./document.ts";
import { type Problem, atMost } from "./problem.ts";
import { type Value, canonicalJson, isValueList, isValueMap, ownValue } from "./value.ts";

export type Item = Readonly<Record<string, unknown>>;

export type ItemsResult =
  | { readonly kind: "items"; readonly items: readonly Item[] }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** One of the attributes that make up a table's key. */
export interface KeyAttribute {
  readonly name: string;
  /** DynamoDB's letter: S text, N number, B binary. */
  readonly type: string;
}

/** Every item has the key's attributes, each of its type, and no two items share them. */
export function parseItems(source: SourceText, keys: readonly KeyAttribute[]): ItemsResult {
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
    const wrong = keys.flatMap((key) => keyProblem(key, ownValue(item, key.name)) ?? []);
    problems.push(...wrong.map((problem) => ({ place, ...problem })));
    const address = canonicalJson(keys.map(({ name }) => ownValue(item, name) ?? null));
    const earlier = lines.get(address);
    if (earlier !== undefined && wrong.length === 0) {
      problems.push({
        place,
        message: "an item with the same key stands here again",
        hint: `The first is in line ${earlier}.`,
      });
    }
    lines.set(address, earlier ?? place.line);
  }
  return problems.length > 0
    ? { kind: "problems", problems: atMost(problems) }
    : { kind: "items", items: value.filter(isValueMap) };
}

/** DynamoDB would find it out too, but only when the stack is there already. */
export function keyProblem(
  { name, type }: KeyAttribute,
  value: Value | undefined,
): Omit<Problem, "place"> | undefined {
  const key = `key attribute \`${name}\``;
  if (type === "B") {
    return {
      message: `the ${key} is binary, which a file of items cannot hold`,
      hint: "Load such items in code.",
    };
  }
  const wanted = type === "N" ? "number" : "string";
  if (typeof value === wanted && value !== "") return undefined;
  const what = value === undefined ? "has no" : "has no usable value for its";
  const bare = typeof value === "number" || typeof value === "boolean";
  const quotes = bare ? `: put quotes around it, "${value}"` : "";
  const hint = wanted === "number" ? "It must be a number." : `It must be a text that is not empty${quotes}.`;
  return { message: `this item ${what} ${key}`, hint };
}
