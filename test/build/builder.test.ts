import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { RUNTIME_NAMES } from "../../action/core/runtime.ts";
import { esbuildTarget } from "../../action/core/source.ts";
import { parseSourceMap } from "../../action/core/sourcemap.ts";
import { builderOf, project, requestOf, runIn, unpack } from "./project.ts";

const HANDLER = "export const handler = async () => 'hello';\n";

test("a built function loads and runs in an empty folder", async () => {
  using here = project({
    "functions/a.ts": `
      import { S3Client } from "@aws-sdk/client-s3";
      import { parse } from "yaml";
      const word: string = await Promise.resolve("burrow");
      export async function handler(): Promise<string> {
        return [word, parse("a: 1").a, new S3Client({}).constructor.name].join(" ");
      }`,
  });
  const [artifact] = await here.build("functions/a.ts");
  using unpacked = await unpack(artifact!);
  expect(artifact!.handler).toBe("index.handler");
  expect(readdirSync(unpacked.folder).toSorted()).toEqual(["index.mjs", "index.mjs.map"]);
  expect(artifact!.unzippedBytes).toBe(
    readdirSync(unpacked.folder).reduce(
      (sum, file) => sum + readFileSync(join(unpacked.folder, file)).length,
      0,
    ),
  );
  expect(runIn(unpacked, "console.log(await (await import('./index.mjs')).handler())")).toBe(
    "burrow 1 S3Client\n",
  );
});

test("CommonJS code may require Node's modules, and its handler is found", async () => {
  using here = project({
    "functions/a.cjs":
      "const path = require('path'); exports.handler = async () => path.posix.join('a', 'b');\n",
  });
  const [artifact] = await here.build("functions/a.cjs");
  using unpacked = await unpack(artifact!);
  expect(runIn(unpacked, "console.log(await (await import('./index.mjs')).handler())")).toBe("a/b\n");
});

test("an error's stack names the line in the user's own file, and the map holds no package", async () => {
  using here = project({
    "functions/a.ts": `
      import { parse } from "yaml";
      import { dig } from "./lib/dig.ts";
      export const handler = async () => parse(dig());`,
    "functions/lib/dig.ts": `
      export function dig(): string {
        throw new Error("a stone");
      }`,
  });
  const [artifact] = await here.build("functions/a.ts");
  using unpacked = await unpack(artifact!);
  const map = parseSourceMap(readFileSync(join(unpacked.folder, "index.mjs.map"), "utf8"));
  expect(map.sources.toSorted()).toEqual(["functions/a.ts", "functions/lib/dig.ts"]);
  const stack = runIn(unpacked, "(await import('./index.mjs')).handler().catch((e) => console.log(e.stack))");
  expect(stack).toContain(`at dig (${join(unpacked.folder, "functions/lib/dig.ts")}:3:15)`);
  expect(stack).toContain(`${join(unpacked.folder, "functions/a.ts")}:4:48`);
});

test("artifacts come back in the order of the requests, and equal code has one name", async () => {
  using here = project({
    "a.ts": HANDLER,
    "b.ts": "export const handler = () => 1;\n",
    "c/copy.ts": HANDLER,
  });
  const [first, second, third] = await here.build("b.ts", "a.ts", "a.ts");
  expect([first, second, third].map((artifact) => artifact?.component)).toEqual(["c1", "c2", "c3"]);
  expect(second!.key).toMatch(/^functions\/[0-9a-f]{64}\.zip$/);
  expect(third!.key).toBe(second!.key);
  expect(first!.key).not.toBe(second!.key);
});

test("two functions of one source are each loaded with their own variables", async () => {
  using here = project({
    "functions/a.ts": 'if (!process.env["TABLE"]) throw new Error("no table");\n' + HANDLER,
  });
  const requests = [{ TABLE: "t" }, {}].map((environment, i) => ({
    ...requestOf("functions/a.ts", i),
    environment,
  }));
  await expect(builderOf(here.root).build(requests)).rejects.toThrow("no table");
  expect(await builderOf(here.root).build(requests.slice(0, 1))).toHaveLength(1);
});

test("each function is built for its own runtime", async () => {
  using here = project({
    "a.ts": "export const handler = async (event: { n?: number }) => (event.n ??= 1);\n",
  });
  const requests = RUNTIME_NAMES.flatMap((runtime, i) =>
    esbuildTarget(runtime) === undefined ? [] : { ...requestOf("a.ts", i), runtime },
  );
  const artifacts = await builderOf(here.root).build(requests);
  expect(artifacts.map(({ passport }) => passport.load.kind)).toEqual(requests.map(() => "loaded"));
});

test("a change of the code changes the name", async () => {
  using before = project({ "a.ts": HANDLER });
  using after = project({ "a.ts": HANDLER.replace("hello", "hullo") });
  const [[one], [other]] = await Promise.all([before.build("a.ts"), after.build("a.ts")]);
  expect(one!.key).not.toBe(other!.key);
});

test("nothing to build is no artifact", async () => {
  using here = project({});
  expect(await here.build()).toEqual([]);
});
