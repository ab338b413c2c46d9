/** docs/guarantees.md names a test for each promise: it is there, under that name. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../support/shipped.ts";

const read = (file: string): string => readFileSync(join(repositoryRoot, file), "utf8");

const rows = [...read("docs/guarantees.md").matchAll(/^\|[^|]*\| `(test\/\S+\.test\.ts)`: (.+?) +\|/gm)].map(
  ([, file = "", title = ""]): [string, string] => [file, title],
);

test("there are promises", () => {
  expect(rows.length).toBeGreaterThan(30);
});

test.each(rows)("%s: %s", (file, title) => {
  const source = read(file);
  expect(['"', "`"].some((mark) => source.includes(`${mark}${title}`))).toBe(true);
});

test("every file of faults holds a promise", () => {
  const files = readdirSync(join(repositoryRoot, "test/faults")).filter((name) => name.endsWith(".test.ts"));
  const promised = new Set(rows.map(([file]) => file));
  expect(files.filter((name) => !promised.has(`test/faults/${name}`))).toEqual([]);
});
