import { expect, test } from "vitest";

import { builderOf, project, requestOf, runIn, unpack } from "./project.ts";

const CJS = { ...requestOf("functions/a.ts", 0), format: "cjs" } as const;

test("CommonJS on wish, in which an ES module's own address is known, too", async () => {
  using here = project({
    "functions/a.ts": `
      import { parse } from "yaml";
      export const handler = async (): Promise<string> =>
        [parse("a: 1").a, import.meta.url.slice(-9), import.meta.filename.slice(-9), import.meta.dirname === __dirname].join(" ");`,
  });
  const [artifact] = await builderOf(here.root).build([CJS]);
  using unpacked = await unpack(artifact!);
  expect(artifact!.handler).toBe("index.handler");
  expect(artifact!.passport.load.kind).toBe("loaded");
  expect(runIn(unpacked, "console.log(await (await import('./index.cjs')).handler())")).toBe(
    "1 index.cjs index.cjs true\n",
  );
});

test("both formats of one source are two artifacts", async () => {
  using here = project({ "functions/a.ts": "export const handler = async () => 1;\n" });
  const artifacts = await builderOf(here.root).build([CJS, requestOf("functions/a.ts", 1)]);
  expect(new Set(artifacts.map(({ key }) => key)).size).toBe(2);
});

test("top-level await in CommonJS", async () => {
  using here = project({ "functions/a.ts": "await 1;\nexport const handler = async () => 1;\n" });
  await expect(builderOf(here.root).build([CJS])).rejects.toThrow(
    "functions/a.ts:1:1: CommonJS has no `await` outside of functions\n    Write `format: esm`.",
  );
});
