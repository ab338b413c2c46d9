/**
 * What AWS's answers must hold of what is used of them. Half an answer must not be taken for "there is nothing": a release
 * that is left out of a list takes its artifacts along, and a bucket that seems empty is not emptied.
 */
import { lacking } from "./aws-error.ts";

/** Throws UserError `aws-unreadable`, as all of these do. The SDK hands on whatever JSON there is, of any type. */
export function listIn<T>(value: readonly T[] | undefined, what: string): readonly T[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== "object" || one === null)) {
    throw lacking(what);
  }
  return value;
}

/** A text of one character at least. */
export function textIn(value: string | undefined, what: string): string {
  if (typeof value !== "string" || value === "") throw lacking(what);
  return value;
}

export function numberIn(value: number | undefined, what: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw lacking(what);
  return value;
}

/** Milliseconds since 1970. */
export function timeIn(value: Date | undefined, what: string): number {
  return numberIn(value?.getTime(), what);
}

interface Listing {
  readonly Name?: string | undefined;
  readonly Prefix?: string | undefined;
  readonly IsTruncated?: boolean | undefined;
  /** Only ListObjectsV2 counts. */
  readonly KeyCount?: number | undefined;
  readonly Contents?: readonly unknown[] | undefined;
}

/** S3 says of each page which bucket's it is and whether it is the last; any other XML makes a page without objects. */
export function checkListing(page: Listing, bucket: string, prefix: string): void {
  const { Name, Prefix = "", IsTruncated, KeyCount, Contents = [] } = page;
  const isWhole = KeyCount === undefined || KeyCount === Contents.length;
  if (Name !== bucket || Prefix !== prefix || IsTruncated === undefined || !isWhole) {
    throw lacking(`the list of bucket ${bucket}`);
  }
}

/** Pages as they come, but none that goes on where another one went on: that would have no end. */
export async function* onward<Page>(
  pages: AsyncIterable<Page>,
  tokenOf: (page: Page) => unknown,
): AsyncGenerator<Page> {
  const isNew = neverTwice();
  for await (const page of pages) {
    yield page;
    isNew(tokenOf(page));
  }
}

/** Throws when it is called with a token that it had before; undefined and empty ones, of a last page, may come again. */
export function neverTwice(): (token: unknown) => void {
  const seen = new Set<string>();
  return (token) => {
    if (token === undefined || token === "") return;
    const text = JSON.stringify(token);
    if (seen.has(text)) throw lacking("the next page: it goes on where a page before it did");
    seen.add(text);
  };
}
