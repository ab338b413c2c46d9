import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { builderOf, project, requestOf } from "./project.ts";

/** `import` statements of a source that is otherwise right, and what the user is told. */
const IMPORTS = [
  {
    what: "a package that is not installed",
    line: 'import { v4 } from "uuid-not-here";',
    told: "functions/a.ts:1:20: the package `uuid-not-here` is not installed\n    Run `npm install uuid-not-here`.",
  },
  {
    what: "a path of a package that is not installed",
    line: 'import { v4 } from "@burrow/uuid/v4";',
    told:
      "functions/a.ts:1:20: `@burrow/uuid/v4` is in no installed package\n" +
      "    Run `npm install @burrow/uuid`, or mend what follows the package's name.",
  },
  {
    what: "a path that a package does not export",
    line: 'import { v4 } from "yaml/secret";',
    told:
      "functions/a.ts:1:20: the package `yaml` has no `yaml/secret`\n" +
      "    Its package.json lists under `exports` what may be imported.",
  },
  {
    what: "a file that is not there",
    line: 'import { v4 } from "./x";',
    told: "functions/a.ts:1:20: there is no file `./x`",
  },
  {
    what: "a file of no known kind, after letters of several bytes",
    line: '/* größer */ import v4 from "./data.csv";',
    told:
      "functions/a.ts:1:29: `functions/data.csv` cannot be imported: it is neither code nor JSON nor .txt\n" +
      "    Keep the data in a .json or .txt file.",
  },
  {
    what: "a name that a file does not export",
    line: 'import { v4 } from "./other.ts";',
    told: 'functions/a.ts:1:10: No matching export in "functions/other.ts" for import "v4"',
  },
];

test.for(IMPORTS)("import of $what", async ({ line, told }) => {
  using here = project({
    "functions/a.ts": `${line}\nexport const handler = () => v4;\n`,
    "functions/data.csv": "",
    "functions/other.ts": "export const other = 1;\n",
  });
  expect(await here.failure("functions/a.ts")).toBe(told);
});

test("a source that is not there, with the nearest name", async () => {
  using here = project({ "functions/worker.ts": "", "functions/worker.md": "" });
  expect(await here.failure("functions/wroker.ts")).toBe(
    "config/pipeline.yaml:1:3: there is no file `functions/wroker.ts`\n    Did you mean `functions/worker.ts`?",
  );
});

test("a source in a folder that is not there", async () => {
  using here = project({});
  expect(await here.failure("nowhere/worker.ts")).toBe(
    "config/pipeline.yaml:1:3: there is no file `nowhere/worker.ts`\n" +
      "    There are no files in `nowhere/` that can be built.",
  );
});

test("a source that is a folder", async () => {
  using here = project({ "functions/worker.ts/index.ts": "" });
  expect(await here.failure("functions/worker.ts")).toContain("there is no file `functions/worker.ts`");
});

test.for([
  "../outside.ts",
  "/etc/outside.ts",
  "functions/../../outside.ts",
  "C:/outside.ts",
  "functions\\..\\a.ts",
])("the source %s is outside of the repository", async (source) => {
  using here = project({});
  expect(await here.failure(source)).toBe(
    `config/pipeline.yaml:1:3: \`${source}\` leads out of the repository\n` +
      "    Give a path from the repository's root, such as `functions/worker.ts`.",
  );
});

test("a source that is a link out of the repository", async () => {
  using elsewhere = project({ "secret.ts": "export const handler = () => 1;\n" });
  using here = project({});
  symlinkSync(join(elsewhere.root, "secret.ts"), join(here.root, "a.ts"));
  expect(await here.failure("a.ts")).toContain("`a.ts` leads out of the repository");
});

test("code that imports a file outside of the repository", async () => {
  using elsewhere = project({ "credentials.json": '{"key":"AKIA"}' });
  using here = project({});
  const path = join(elsewhere.root, "credentials.json");
  writeFileSync(
    join(here.root, "a.ts"),
    `import secret from ${JSON.stringify(path)};\nexport const handler = () => secret;\n`,
  );
  expect(await here.failure("a.ts")).toMatch(
    // A temporary folder's name may look like a secret, which is hidden.
    /^a\.ts:1:1: the file imports `\.\..*\.json`, which is outside of the repository\n/,
  );
});

test("a source in another language, and Python on Node's runtime", async () => {
  using here = project({ "functions/worker.rb": "", "functions/worker.py": "" });
  expect(await here.failure("functions/worker.rb", "functions/worker.py")).toMatch(
    /:1:3: `functions\/worker\.rb` cannot be built: [^]*:2:3: `functions\/worker\.py` is Python, and/,
  );
});

test("a runtime that is not Node", async () => {
  using here = project({ "a.ts": "export const handler = () => 1;\n" });
  const request = { ...requestOf("a.ts", 0), runtime: "python3.13" };
  await expect(builderOf(here.root).build([request])).rejects.toThrow(
    "config/pipeline.yaml:1:3: `a.ts` cannot be built for runtime `python3.13`: only for nodejs24.x and nodejs22.x",
  );
});

test.for(["export default async function handler() {}\n", "export const run = () => 1;\n", ""])(
  "a source without an export `handler`: %j",
  async (code) => {
    using here = project({ "functions/a.ts": code });
    expect(await here.failure("functions/a.ts")).toBe(
      "functions/a.ts:1:1: the file exports no `handler`, which is what Lambda calls\n" +
        "    Write `export async function handler(event) { … }`.",
    );
  },
);

test("all functions' problems at once, each once, whatever their kind", async () => {
  using here = project({
    "functions/syntax.ts": "export const handler = ;\n",
    "functions/shared.ts": 'import "left-pad-not-here";\n',
    "functions/one.ts": 'import "./shared.ts";\nexport const handler = () => 1;\n',
    "functions/two.ts": 'import "./shared.ts";\nexport const handler = () => 2;\n',
    "functions/bare.ts": "export const run = () => 1;\n",
    "functions/good.ts": "export const handler = () => 1;\n",
  });
  const sources = ["syntax", "one", "two", "bare", "good", "god"].map((name) => `functions/${name}.ts`);
  const places = (await here.failure(...sources)).split("\n").filter((line) => !line.startsWith(" "));
  expect(places).toEqual([
    "config/pipeline.yaml:6:3: there is no file `functions/god.ts`",
    'functions/syntax.ts:1:24: Unexpected ";"',
    "functions/shared.ts:1:8: the package `left-pad-not-here` is not installed",
    "functions/bare.ts:1:1: the file exports no `handler`, which is what Lambda calls",
  ]);
});
