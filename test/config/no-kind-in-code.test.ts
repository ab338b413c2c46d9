/** What differs between kinds stands in templates/: no kind's name decides anything in action/. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CASES, caseNames, renderCase } from "../render/case.ts";
import { repositoryRoot, shippedCatalog } from "../support/shipped.ts";

const catalog = await shippedCatalog();
const kinds = [...catalog.components.keys()];

/** Comments first: a quote in one begins no text. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g;

function literals(code: string): string[] {
  return [...code.matchAll(TOKEN)].flatMap(([, double, single, back]) => double ?? single ?? back ?? []);
}

/** Whole texts, and the alternatives of a list or pattern in one text; not AWS's words in an ARN or in prose. */
function namesKind(literal: string): boolean {
  return literal.split(/[|,()^$]/).some((word) => kinds.includes(word));
}

/** Same word, other meaning. */
const ALLOWED: Readonly<Record<string, string>> = {
  "doctor.ts: bucket": "the account's artifact bucket, a key of what the doctor looks at",
};

test("no text in the code is a kind's name", () => {
  const files = readdirSync(join(repositoryRoot, "action"), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts") && !file.startsWith("local/"));
  expect(sources.length).toBeGreaterThan(30);
  const found = sources.flatMap((file) =>
    literals(readFileSync(join(repositoryRoot, "action", file), "utf8"))
      .filter(namesKind)
      .map((literal) => `${file}: ${literal}`),
  );
  expect(found.filter((one) => !Object.hasOwn(ALLOWED, one))).toEqual([]);
});

test.each([
  ['if (kind === "queue") {', ["queue"]],
  ["switch (kind) { case 'table': }", ["table"]],
  ["kind.match(`^(bucket|topic)$`)", ["^(bucket|topic)$"]],
  ['// kind === "queue"\n/* "queue" */ const text = "a queue \\" of text";', []],
])("the search would see %s", (code, found) => {
  expect(literals(code).filter(namesKind)).toEqual(found);
});

const renamed = (kind: string): string => (kinds.includes(kind) ? `zz-${kind}` : kind);

/** `queue-to-function.yaml` -> `zz-queue-to-zz-function.yaml`; own kinds keep their names. */
function renamedFile(file: string): string {
  const [, base = "", rest = ""] = /^([^.]*)(\..*)$/.exec(file) ?? [];
  return base.split("-to-").map(renamed).join("-to-") + rest;
}

test("the same pipelines with all kinds renamed are rendered to the same bytes", async () => {
  const valid = caseNames().filter((name) => existsSync(join(CASES, name, "stack.json")));
  expect(valid.length).toBeGreaterThan(8);
  for (const name of valid) {
    const before = await renderCase(name);
    const after = await renderCase(name, (files) => ({
      list: async (folder) => (await files.list(folder)).map(renamedFile),
      read: async (path) => {
        const [folder, file] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
        const originals = await files.list(folder);
        const original = originals.find((one) => renamedFile(one) === file) ?? file;
        const text = await files.read(`${folder}/${original}`);
        return text?.replace(/\bkind: ([a-z-]+)/g, (_all, kind: string) => `kind: ${renamed(kind)}`);
      },
    }));
    expect({ name, ...after }).toEqual({ name, ...before });
  }
});
