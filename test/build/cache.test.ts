/** What was built before is taken again, and only if all that it was made of is as it was. */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import type { Artifact } from "../../action/core/artifact.ts";
import { ESBUILD_VERSION } from "../../action/core/esbuild-release.ts";
import { buildsFolder } from "../../action/core/kept-build.ts";
import { createBuildCache } from "../../action/edge/build-cache.ts";
import { installedPackages } from "../../action/edge/packages.ts";
import { somePython } from "../python/interpreter.ts";
import { builderOf, project, type Project, requestOf } from "./project.ts";

const FILES = {
  "tsconfig.json": "{}",
  "package.json": '{ "type": "module" }',
  "package-lock.json": '{ "lockfileVersion": 3, "packages": {} }',
  "functions/a.ts":
    'import { a } from "./lib"; import { parse } from "yaml"; export const handler = async () => parse(a);\n',
  "functions/lib/index.ts": 'export const a = "a";\n',
  "functions/b.ts": 'import word from "./word.json"; export const handler = async () => word;\n',
  "functions/word.json": '{ "word": "hole" }\n',
};
const SOURCES = ["functions/a.ts", "functions/b.ts"];

function write(here: Project, file: string, text: string): void {
  mkdirSync(dirname(join(here.root, file)), { recursive: true });
  writeFileSync(join(here.root, file), text);
}

function cacheOf({ root }: Project): string {
  return join(root, ".cache");
}

async function build(here: Project, sources = SOURCES): Promise<readonly Artifact[]> {
  return builderOf(here.root, cacheOf(here)).build(sources.map(requestOf));
}

/** Source -> the file in which it is kept, which a build replaces. */
function kept(here: Project): ReadonlyMap<string, number> {
  const entries = readdirSync(cacheOf(here)).filter((name) => name.endsWith(".json"));
  return new Map(
    entries.flatMap((name) => {
      const file = join(cacheOf(here), name);
      const source = /"path":"(functions\/\w+\.ts)"/.exec(readFileSync(file, "utf8"))?.[1];
      return source === undefined ? [] : [[source, statSync(file).ino] as const];
    }),
  );
}

/** The sources that the next build does not take from what is kept. */
async function rebuilt(here: Project, sources = SOURCES): Promise<readonly string[]> {
  const before = kept(here);
  await build(here, sources);
  const after = kept(here);
  return sources.filter((source) => !after.has(source) || after.get(source) !== before.get(source));
}

test("an unchanged function is not built again, and its artifact is the same", async () => {
  using here = project(FILES);
  const before = await build(here);
  const after = await build(here);
  expect(after.map(({ zip: _zip, ...rest }) => rest)).toEqual(before.map(({ zip: _zip, ...rest }) => rest));
  for (const [i, one] of after.entries()) expect(await one.zip()).toEqual(await before[i]?.zip());
});

test.each<[string, (here: Project) => void, readonly string[]]>([
  ["nothing", () => undefined, []],
  ["a file that both have nothing of", (here) => write(here, "functions/c.ts", "export {};"), []],
  ["a module", (here) => write(here, "functions/lib/index.ts", 'export const a = "b";'), ["functions/a.ts"]],
  ["data", (here) => write(here, "functions/word.json", "{}"), ["functions/b.ts"]],
  [
    "a file that goes before a folder",
    (here) => write(here, "functions/lib.ts", 'export const a = "c";'),
    ["functions/a.ts"],
  ],
  [
    "a folder that goes before a package",
    (here) => writePackage(here, "functions/node_modules/yaml"),
    ["functions/a.ts"],
  ],
  [
    "compiler options",
    (here) => write(here, "tsconfig.json", '{ "compilerOptions": { "target": "es2020" } }'),
    SOURCES,
  ],
  ["package.json", (here) => write(here, "functions/package.json", "{}"), SOURCES],
  ["another registry", (here) => write(here, ".npmrc", "registry=https://example.org"), SOURCES],
  ["the lock file", (here) => appendFileSync(join(here.root, "package-lock.json"), "\n"), SOURCES],
])("built anew after a change of: %s", async (_what, change, expected) => {
  using here = project(FILES);
  await build(here);
  change(here);
  expect(await rebuilt(here)).toEqual(expected);
});

function writePackage(here: Project, folder: string): void {
  write(here, `${folder}/package.json`, '{ "name": "yaml", "version": "1.0.0" }');
  write(here, `${folder}/index.js`, "exports.parse = () => 'other';");
}

test("paths of a tsconfig.json that stands on another: any new file may be what is meant", async () => {
  using here = project({
    ...FILES,
    "tsconfig.json": '{ "extends": "./base.json" }',
    "base.json": '{ "compilerOptions": { "paths": { "#lib/*": ["./new/*", "./functions/*"] } } }',
    "functions/a.ts": 'import { a } from "#lib/lib"; export const handler = async () => a;\n',
  });
  const before = await build(here);
  expect(await rebuilt(here)).toEqual([]);
  write(here, "new/lib.ts", 'export const a = "new";\n');
  const after = await build(here);
  expect(after[0]?.key).not.toBe(before[0]?.key);
});

test("files of a package that lies beside the bundle count, though no import names them", async () => {
  const reader =
    'const fs = require("fs"); exports.word = () => fs.readFileSync(__dirname + "/word.txt", "utf8");';
  using here = project({
    "functions/a.ts": 'import { word } from "reader"; export const handler = async () => word();',
    "functions/node_modules/reader/package.json": '{ "name": "reader", "version": "1.0.0" }',
    "functions/node_modules/reader/index.js": reader,
    "functions/node_modules/reader/word.txt": "one",
  });
  const [before] = await build(here, ["functions/a.ts"]);
  expect(await rebuilt(here, ["functions/a.ts"])).toEqual([]);
  write(here, "functions/node_modules/reader/word.txt", "two");
  const [after] = await build(here, ["functions/a.ts"]);
  expect(after?.key).not.toBe(before?.key);
  rmSync(join(here.root, "functions/node_modules"), { recursive: true });
  write(here, "functions/a.ts", "export const handler = async () => 1;");
  expect(await build(here, ["functions/a.ts"])).toHaveLength(1);
});

test("what a tsconfig.json of a workspace's package says counts where another one stands on it", async () => {
  using here = project({
    "functions/tsconfig.json": '{ "extends": "@acme/settings/base" }',
    "functions/node_modules/@acme/settings/package.json": "{}",
    "functions/node_modules/@acme/settings/base.json": "{}",
    "functions/a.ts": "class A { b; } export const handler = async () => Object.keys(new A());",
  });
  const [before] = await build(here, ["functions/a.ts"]);
  expect(await rebuilt(here, ["functions/a.ts"])).toEqual([]);
  write(
    here,
    "functions/node_modules/@acme/settings/base.json",
    '{ "compilerOptions": { "useDefineForClassFields": false } }',
  );
  const [after] = await build(here, ["functions/a.ts"]);
  expect(after?.key).not.toBe(before?.key);
});

const python = await somePython(["3.13", "3.14"]);

test.skipIf(python === undefined)(
  "a Python function is built anew for a module beside it, and for no other",
  async () => {
    using here = project({
      "functions/a.py": "import dig, kit\n\ndef handler(event, context):\n    return dig.WORD\n",
      "functions/dig.py": "WORD = 'one'\n",
      "functions/kit/__init__.py": "",
      "other.py": "",
    });
    const request = { ...requestOf("functions/a.py", 0), runtime: `python${python?.version}` };
    const once = async (): Promise<string> => {
      const [artifact] = await builderOf(here.root, cacheOf(here)).build([request]);
      return artifact?.key ?? "";
    };
    const before = await once();
    const [entry = ""] = readdirSync(cacheOf(here)).filter((name) => name.endsWith(".json"));
    const file = (): number => statSync(join(cacheOf(here), entry)).ino;
    const first = file();
    write(here, "other.py", "WORD = 'x'\n");
    expect(await once()).toBe(before);
    expect(file()).toBe(first);
    write(here, "functions/dig.py", "WORD = 'two'\n");
    const changed = await once();
    expect(changed).not.toBe(before);
    write(here, "functions/kit/words.csv", "three");
    expect(await once()).not.toBe(changed);
    expect(file()).not.toBe(first);
  },
);

test("an import with a pattern is looked up each time", async () => {
  using here = project({
    "functions/a.ts": "export const handler = async (e: string) => import(`./plug-${e}.ts`);",
    "functions/plug-a.ts": "export {};",
  });
  const [before] = await build(here, ["functions/a.ts"]);
  write(here, "functions/plug-b.ts", "export const b = 1;");
  const [after] = await build(here, ["functions/a.ts"]);
  expect(after?.key).not.toBe(before?.key);
});

test("a warning stands at the line where the function now is", async () => {
  const lazy = 'try { require("not-there"); } catch {} module.exports = {};';
  using here = project({
    "functions/a.ts": 'import lazy from "lazy"; export const handler = async () => lazy;',
    "functions/node_modules/lazy/package.json": '{ "name": "lazy", "version": "1.0.0" }',
    "functions/node_modules/lazy/index.js": lazy,
  });
  const [before] = await build(here, ["functions/a.ts"]);
  const moved = {
    ...requestOf("functions/a.ts", 0),
    place: { file: "config/pipeline.yaml", line: 40, column: 3 },
  };
  const entries = kept(here);
  const [after] = await builderOf(here.root, cacheOf(here)).build([moved]);
  expect(kept(here)).toEqual(entries);
  expect(after?.passport.warnings.map(({ place }) => place)).toEqual(
    before?.passport.warnings.map(({ place }) => ({ ...place, line: 40 })),
  );
});

const DAMAGES: Readonly<Record<string, (text: string) => string>> = {
  "cut off": (text) => text.slice(0, text.length / 2),
  empty: () => "",
  manipulated: (text) => text.replaceAll("hole", "mole").replaceAll('"exact"', '"exec"').replaceAll("a", "e"),
};

test.each(Object.entries(DAMAGES))(
  "what is %s in the cache is built anew, and mended",
  async (_how, damage) => {
    using here = project(FILES);
    const before = await build(here);
    for (const kind of [/\.json$/, /^[0-9a-f]{64}$/]) {
      for (const name of readdirSync(cacheOf(here)).filter((one) => kind.test(one))) {
        const file = join(cacheOf(here), name);
        writeFileSync(file, damage(readFileSync(file, "utf8")));
      }
      expect(await rebuilt(here)).toEqual(SOURCES);
      const after = await build(here);
      expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
      for (const [i, one] of after.entries()) expect(await one.zip()).toEqual(await before[i]?.zip());
    }
  },
);

test("what fails is not kept, and the rest is", async () => {
  using here = project({ ...FILES, "functions/b.ts": "export const handler = ;" });
  await expect(build(here)).rejects.toThrow("functions/b.ts");
  await expect(build(here)).rejects.toThrow("functions/b.ts");
  expect(readdirSync(cacheOf(here)).filter((name) => name.endsWith(".json"))).toHaveLength(1);
});

test("what another version of esbuild has built is not taken", async () => {
  using here = project(FILES);
  await build(here);
  const { root } = here;
  const settings = { folder: cacheOf(here), root, environment: process.env, packages: installedPackages() };
  const isKept = async (esbuild: string): Promise<boolean> =>
    (await createBuildCache({ ...settings, esbuild }).find(requestOf("functions/a.ts", 0))) !== undefined;
  expect(await isKept(ESBUILD_VERSION)).toBe(true);
  expect(await isKept("0.0.1")).toBe(false);
});

const RUNNER = { GITHUB_ACTIONS: "true", RUNNER_ENVIRONMENT: "github-hosted" };
test.each<[Readonly<Record<string, string>>, string | undefined]>([
  [{}, "/usual/builds"],
  [{ WARREN_CACHE: "off" }, undefined],
  [{ WARREN_CACHE: "/mine" }, "/mine/builds"],
  [{ ...RUNNER, GITHUB_EVENT_NAME: "push" }, "/usual/builds"],
  [{ ...RUNNER, GITHUB_EVENT_NAME: "pull_request" }, "/usual/builds"],
  [{ ...RUNNER, GITHUB_EVENT_NAME: "pull_request_target" }, undefined],
  [{ ...RUNNER, GITHUB_EVENT_NAME: "workflow_run", WARREN_CACHE: "/mine" }, undefined],
  [{ ...RUNNER, GITHUB_EVENT_NAME: "push", RUNNER_ENVIRONMENT: "self-hosted" }, undefined],
  [
    { ...RUNNER, GITHUB_EVENT_NAME: "push", RUNNER_ENVIRONMENT: "self-hosted", WARREN_CACHE: "/mine" },
    "/mine/builds",
  ],
])("with %j builds are kept in %s", (environment, folder) => {
  expect(buildsFolder(environment, "/usual")).toBe(folder);
});
