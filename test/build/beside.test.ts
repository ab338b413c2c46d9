/** Packages that cannot be bundled lie beside the bundle: which those are, and what of them. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { Artifact } from "../../action/core/artifact.ts";
import { UserError } from "../../action/core/problem.ts";
import type { Builder } from "../../action/ports.ts";
import { elfFile, machOFile } from "../support/binaries.ts";
import { BURROW, BURROW_MAC, burrowFor, CALL, DEPTH, FUNCTION, installed } from "./burrow.ts";
import {
  builderOf,
  type Files,
  project,
  requestOf,
  runIn,
  unpack,
  type Unpacked,
  writeFiles,
} from "./project.ts";

const INSTALLED = installed({
  "node_modules/burrow": BURROW,
  "node_modules/burrow-depth": DEPTH,
  "node_modules/@burrow/linux-x64-gnu": burrowFor("x64"),
  "node_modules/@burrow/darwin-arm64": BURROW_MAC,
});

/** For this machine's processor, so that it is loaded without an emulator. */
function requests(...sources: readonly string[]): Parameters<Builder["build"]>[0] {
  return sources.map((source, i) => ({ ...requestOf(source, i), architecture: "x86_64" }));
}

async function built(root: string, ...sources: readonly string[]): Promise<readonly Artifact[]> {
  return builderOf(root).build(requests(...(sources.length === 0 ? ["functions/a.ts"] : sources)));
}

async function refusal(files: Files, change: Partial<ReturnType<typeof requestOf>> = {}): Promise<string> {
  using here = project(files);
  const request = { ...requestOf("functions/a.ts", 0), architecture: "x86_64" as const, ...change };
  try {
    await builderOf(here.root).build([request]);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "it was built";
}

function pathsIn({ folder }: Unpacked): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();
}

test("a native package lies beside the bundle, with what it needs on the target and nothing for others", async () => {
  using here = project({ ...INSTALLED, ...FUNCTION });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(pathsIn(unpacked)).toEqual([
    "index.mjs",
    "index.mjs.map",
    "node_modules/@burrow/linux-x64-gnu/burrow.node",
    "node_modules/@burrow/linux-x64-gnu/package.json",
    "node_modules/burrow-depth/lib/depth.js",
    "node_modules/burrow-depth/package.json",
    "node_modules/burrow/index.js",
    "node_modules/burrow/package.json",
  ]);
  expect(runIn(unpacked, CALL)).toBe("deep ELF\n");
  expect(artifact!.calls).toEqual({ kind: "exact", actions: [] });
  const { native, glibc, load, warnings } = artifact!.passport;
  expect({ native, glibc, warnings }).toEqual({
    native: [
      { name: "burrow", version: "1.0.0", origin: "installed", binaries: 0, bytes: expect.any(Number) },
      {
        name: "@burrow/linux-x64-gnu",
        version: "1.0.0",
        origin: "installed",
        binaries: 1,
        bytes: expect.any(Number),
      },
    ],
    glibc: "2.17",
    warnings: [],
  });
  expect(load.kind).toBe("loaded");
});

test("a package of JavaScript around a native one is bundled", async () => {
  using here = project({
    ...INSTALLED,
    "node_modules/spade/package.json": '{"name":"spade","version":"1.0.0","dependencies":{"burrow":"*"}}',
    "node_modules/spade/index.js": "exports.work = require('burrow').dig;",
    "functions/a.ts": 'import { work } from "spade"; export const handler = async () => work();\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(existsSync(join(unpacked.folder, "node_modules/spade"))).toBe(false);
  expect(runIn(unpacked, CALL)).toBe("deep ELF\n");
});

/** As pnpm installs: each package beside what it depends on, reached by symlinks. */
function installLikePnpm(root: string): void {
  const store = "node_modules/.pnpm";
  writeFiles(
    root,
    installed({
      [`${store}/burrow@1.0.0/node_modules/burrow`]: BURROW,
      [`${store}/burrow-depth@2.0.3/node_modules/burrow-depth`]: DEPTH,
      [`${store}/@burrow+linux-x64-gnu@1.0.0/node_modules/@burrow/linux-x64-gnu`]: burrowFor("x64"),
    }),
  );
  const beside = join(root, store, "burrow@1.0.0/node_modules");
  mkdirSync(join(beside, "@burrow"));
  symlinkSync("../../burrow-depth@2.0.3/node_modules/burrow-depth", join(beside, "burrow-depth"));
  symlinkSync(
    "../../../@burrow+linux-x64-gnu@1.0.0/node_modules/@burrow/linux-x64-gnu",
    join(beside, "@burrow/linux-x64-gnu"),
  );
  symlinkSync(".pnpm/burrow@1.0.0/node_modules/burrow", join(root, "node_modules/burrow"));
}

test("packages that pnpm has installed come to the same bytes as npm's", async () => {
  using npm = project({ ...INSTALLED, ...FUNCTION });
  using pnpm = project({ ...FUNCTION, "node_modules/.modules.yaml": "" });
  installLikePnpm(pnpm.root);
  const [[one], [other]] = [await built(npm.root), await built(pnpm.root)];
  expect(other!.key).toBe(one!.key);
});

test("the same packages in another folder, of another age and with other modes are the same bytes", async () => {
  using first = project({ ...INSTALLED, ...FUNCTION });
  using outer = project({});
  const second = join(outer.root, "a much/deeper folder");
  cpSync(first.root, second, { recursive: true });
  for (const path of readdirSync(second, { recursive: true, encoding: "utf8" })) {
    utimesSync(join(second, path), 1e9, 1e9);
    chmodSync(join(second, path), 0o700);
  }
  const [[one], [other]] = [await built(first.root), await built(second)];
  expect(other!.key).toBe(one!.key);
  expect(await other!.zip()).toEqual(await one!.zip());
});

test("a function has the same bytes alone and among others that use the package", async () => {
  using here = project({
    ...INSTALLED,
    ...FUNCTION,
    "functions/b.ts": "export const handler = async () => 1;\n",
    "functions/c.ts": 'import * as burrow from "burrow"; export const handler = async () => burrow;\n',
  });
  const alone = [...(await built(here.root)), ...(await built(here.root, "functions/b.ts"))];
  const among = await built(here.root, "functions/c.ts", "functions/a.ts", "functions/b.ts");
  expect(among.slice(1).map(({ key }) => key)).toEqual(alone.map(({ key }) => key));
});

const NATIVE: readonly (readonly [string, Files])[] = [
  ["a binding.gyp", { "package.json": "{}", "binding.gyp": "{}" }],
  ["prebuilds", { "package.json": "{}", "prebuilds/linux-x64/a.node": elfFile() }],
  ["a field `napi`", { "package.json": '{"napi":{"binaryName":"a"}}' }],
  ["a field `binary`", { "package.json": '{"binary":{"module_name":"a"}}' }],
  [
    "a script that builds it",
    { "package.json": '{"scripts":{"install":"prebuild-install || node-gyp rebuild"}}' },
  ],
  ["a loader it depends on", { "package.json": '{"dependencies":{"node-gyp-build":"*"}}' }],
  ["variants it names", { "package.json": '{"optionalDependencies":{"@a/b-win32-ia32-msvc":"1.0.0"}}' }],
  ["an ELF file under any name", { "package.json": "{}", "build/engine": elfFile() }],
  ["a Mach-O file under any name", { "package.json": "{}", "lib/engine.bin": machOFile() }],
];

test.for(NATIVE)("a package is native by %s", async ([, files]) => {
  const message = await refusal(
    {
      ...installed({ "node_modules/engine": { "index.js": "exports.x = 1;", ...files } }),
      "functions/a.ts": 'import { x } from "engine"; export const handler = async () => x;\n',
      // The ELF files are for x86_64: so there is none for this one.
    },
    { architecture: "arm64" },
  );
  expect(message).toMatch(
    /^config\/pipeline\.yaml:1:3: `engine` has no binary for Linux with glibc on arm64, where/,
  );
});

test("packages of JavaScript and WebAssembly are bundled, whatever they are called", async () => {
  using here = project({
    "node_modules/sharp-linux-x64-tools/package.json":
      '{"name":"sharp-linux-x64-tools","version":"1.0.0","scripts":{"prepare":"node-gyp"},"devDependencies":{"nan":"*"}}',
    "node_modules/sharp-linux-x64-tools/index.js": "// not of import.meta.url\nexports.x = 1;",
    "node_modules/sharp-linux-x64-tools/engine.wasm": Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    "functions/a.ts": 'import { x } from "sharp-linux-x64-tools"; export const handler = async () => x;\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(pathsIn(unpacked)).toEqual(["index.mjs", "index.mjs.map"]);
});

test.for([
  "require('fs').readFileSync(__dirname + '/words.txt', 'utf8')",
  "require('fs').readFileSync(require.resolve('./words.txt'), 'utf8')",
])("a package that reads its own files is left whole: %s", async (code) => {
  using here = project({
    "node_modules/words/package.json": '{"name":"words","version":"1.0.0"}',
    "node_modules/words/index.js": `exports.text = ${code};`,
    "node_modules/words/words.txt": "warren",
    "functions/a.ts": 'import { text } from "words"; export const handler = async () => text;\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(runIn(unpacked, CALL)).toBe("warren\n");
  expect(artifact!.passport.native).toMatchObject([{ name: "words", binaries: 0 }]);
});

test("what Node does not see in a CommonJS package is imported as from a bundle", async () => {
  using here = project({
    "node_modules/odd/package.json": '{"name":"odd","version":"1.0.0"}',
    // The names are made at run time, and the default is another one than module.exports.
    "node_modules/odd/index.js":
      "for (const name of ['one', 'default']) exports[name] = [name, __filename.length > 0];\n" +
      "Object.defineProperty(exports, '__esModule', { value: true });",
    "functions/a.ts":
      'import standard, { one } from "odd"; export const handler = async () => JSON.stringify([standard, one]);\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(runIn(unpacked, CALL)).toBe('[["default",true],["one",true]]\n');
});

test("an ES module beside the bundle is imported as one", async () => {
  using here = project({
    "node_modules/modern/package.json":
      '{"name":"modern","version":"1.0.0","type":"module","exports":"./main.js"}',
    "node_modules/modern/main.js": "export const here = await Promise.resolve(import.meta.url);",
    "functions/a.ts": 'import { here } from "modern"; export const handler = async () => here.slice(-25);\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(runIn(unpacked, CALL)).toBe("ode_modules/modern/main.js\n".slice(1));
});

test("AWS clients beside the bundle may call anything of their service", async () => {
  using here = project({
    "node_modules/@aws-sdk/client-s3/package.json": '{"name":"@aws-sdk/client-s3","version":"3.0.0"}',
    "node_modules/@aws-sdk/client-s3/index.js": "exports.S3 = class {};",
    "node_modules/reader/package.json":
      '{"name":"reader","version":"1.0.0","dependencies":{"@aws-sdk/client-s3":"*"}}',
    "node_modules/reader/index.js":
      "exports.S3 = require('@aws-sdk/client-s3').S3; exports.place = __dirname;",
    "functions/a.ts": 'import { S3 } from "reader"; export const handler = async () => S3.name;\n',
  });
  const [artifact] = await built(here.root);
  expect(artifact!.calls).toEqual({
    kind: "uncertain",
    actions: [],
    reason: "@aws-sdk/client-s3 lies beside the bundle, where its calls cannot be read",
    prefixes: ["s3"],
  });
});

test("a package beside the bundle that signs requests by itself may call anything", async () => {
  using here = project({
    "node_modules/reader/package.json": '{"name":"reader","version":"1.0.0"}',
    "node_modules/reader/index.js": "exports.place = __dirname; exports.sign = () => 'AWS4-HMAC-SHA256';",
    "functions/a.ts": 'import { place } from "reader"; export const handler = async () => place;\n',
  });
  const [artifact] = await built(here.root);
  expect(artifact!.calls).toMatchObject({ kind: "uncertain", reason: "reader signs requests by itself" });
});

const TWO = installed({
  "node_modules/words": {
    "package.json": '{"name":"words","version":"1.0.0"}',
    "index.js": "exports.x = __dirname;",
  },
  "node_modules/old/node_modules/words": {
    "package.json": '{"name":"words","version":"0.9.0"}',
    "index.js": "exports.x = 'old' + __dirname;",
  },
});

test("a package beside the bundle has its own version of what it depends on", async () => {
  using here = project({
    ...TWO,
    "node_modules/old/package.json": '{"name":"old","version":"1.0.0","dependencies":{"words":"0.9"}}',
    "node_modules/old/index.js": "exports.y = require('words').x; exports.z = __dirname;",
    "functions/a.ts":
      'import { y } from "old"; import { x } from "words"; export const handler = async () => [x, y].map((path) => path.slice(0, 3)).join();\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(runIn(unpacked, CALL)).toBe("/tm,old\n");
});

test("two versions that both have to lie beside the bundle", async () => {
  const message = await refusal({
    ...TWO,
    "node_modules/old/package.json": '{"name":"old","version":"1.0.0"}',
    "node_modules/old/index.js": "exports.y = require('words').x;",
    "functions/a.ts":
      'import { y } from "old"; import { x } from "words"; export const handler = async () => [x, y];\n',
  });
  expect(message).toMatchInlineSnapshot(`
    "config/pipeline.yaml:1:3: \`words\` is imported in two versions, 0.9.0 and 1.0.0; it cannot be bundled, and beside the bundle is room for one
        \`npm ls words\` tells which packages want which; bring them to one version."
  `);
});

test("a native package that the one that imports it does without may have no binary", async () => {
  using here = project({
    "node_modules/speed/package.json": '{"name":"speed","version":"1.0.0","gypfile":true}',
    "node_modules/speed/index.js": "throw new Error('no binary');",
    "node_modules/socket/package.json":
      '{"name":"socket","version":"1.0.0","peerDependencies":{"speed":"*"},"peerDependenciesMeta":{"speed":{"optional":true}}}',
    "node_modules/socket/index.js": "try { require('speed'); } catch { exports.x = 'slow'; }",
    "functions/a.ts": 'import { x } from "socket"; export const handler = async () => x;\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(runIn(unpacked, CALL)).toBe("slow\n");
});

test("a native package that only a package beside the bundle needs must have its binary, too", async () => {
  const message = await refusal({
    "node_modules/speed/package.json": '{"name":"speed","version":"1.0.0"}',
    "node_modules/speed/index.js": "exports.load = () => require('./speed.node');",
    "node_modules/speed/speed.node": machOFile(),
    "node_modules/page/package.json": '{"name":"page","version":"1.0.0","dependencies":{"speed":"1.0.0"}}',
    "node_modules/page/index.js": "exports.place = __dirname; exports.speed = require('speed');",
    "functions/a.ts": 'import { place } from "page"; export const handler = async () => place;\n',
  });
  expect(message).toContain("`speed` has no binary for Linux with glibc on x86_64");
});

test("a native package that is imported by another name than its own", async () => {
  const files = {
    "package.json": '{"imports":{"#speed":"speed"}}',
    "node_modules/speed/package.json": '{"name":"speed","version":"1.0.0","gypfile":true}',
    "node_modules/speed/index.js": "exports.x = 1;",
    "node_modules/speed/speed.node": elfFile({ machine: 62, symbols: ["napi_register_module_v1"] }),
    "functions/a.ts": 'import { x } from "#speed"; export const handler = async () => x;\n',
  };
  expect(await refusal(files)).toMatchInlineSnapshot(`
    "functions/a.ts:1:1: \`#speed\` leads into \`speed\`, a package with native code, which cannot be bundled and can only lie beside the function under its own name
        Import it by its name: \`speed\`."
  `);
  using here = project({
    ...files,
    "node_modules/page/package.json":
      '{"name":"page","version":"1.0.0","dependencies":{"speed":"1.0.0"},"imports":{"#speed":"speed"}}',
    "node_modules/page/index.js": "exports.x = require('#speed').x;",
    "functions/a.ts": 'import { x } from "page"; export const handler = async () => x;\n',
  });
  const [artifact] = await built(here.root);
  expect(artifact?.passport.native.map(({ name }) => name)).toEqual(["page", "speed"]);
});

test("a native package in whose place tsconfig.json puts a file of the user's own", async () => {
  using here = project({
    "tsconfig.json": '{"compilerOptions":{"paths":{"speed":["./functions/slow.ts"]}}}',
    "node_modules/speed/package.json": '{"name":"speed","version":"1.0.0","gypfile":true}',
    "node_modules/speed/index.js": "throw new Error('no binary');",
    "functions/slow.ts": "export const x = 'slow';",
    "functions/a.ts": 'import { x } from "speed"; export const handler = async () => x;\n',
  });
  const [artifact] = await built(here.root);
  expect(artifact?.passport.native).toEqual([]);
});

test("what a package asks for in vain is left to be missing", async () => {
  const files = {
    "node_modules/db/index.js":
      "exports.open = (name) => name === 'a' ? require('driver-a') : require('./driver-b');",
    "functions/a.ts": 'import { open } from "db"; export const handler = async () => typeof open;\n',
  };
  using silent = project({
    ...files,
    "node_modules/db/package.json":
      '{"name":"db","version":"1.0.0","peerDependencies":{"driver-a":"*","./driver-b":"*"},"peerDependenciesMeta":{"driver-a":{"optional":true},"./driver-b":{"optional":true}}}',
  });
  using loud = project({ ...files, "node_modules/db/package.json": '{"name":"db","version":"1.0.0"}' });
  const [[one], [other]] = [await built(silent.root), await built(loud.root)];
  expect(one!.passport.warnings).toEqual([]);
  expect(other!.passport.warnings.map(({ message }) => message)).toEqual([
    "`driver-a`, which `db` asks for, is not installed: the function will be without it",
    "`./driver-b`, which `db` asks for, is not installed: the function will be without it",
  ]);
});

test("a mistake of the user's own is told, and not what packages ask for in vain beside it", async () => {
  const message = await refusal({
    "node_modules/db/package.json": '{"name":"db","version":"1.0.0"}',
    "node_modules/db/index.js": "exports.open = () => require('driver-a');",
    "functions/a.ts": 'import "db"; import "driver-b"; export const handler = async () => 1;\n',
  });
  expect(message).toBe(
    "functions/a.ts:1:21: the package `driver-b` is not installed\n    Run `npm install driver-b`.",
  );
});

test("a native addon of the repository's own lies beside the bundle", async () => {
  using here = project({
    "node_modules/.keep": "",
    "functions/native/dig.node": elfFile({ symbols: ["napi_register_module_v1"] }),
    "functions/a.ts":
      'export const handler = async () => import("./native/dig.node").catch((error: Error) => error.message);\n',
  });
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  const [name] = pathsIn(unpacked).filter((path) => path.endsWith(".node"));
  expect(name).toBe("functions/native/dig.node");
  expect(readFileSync(join(unpacked.folder, name!))).toEqual(
    readFileSync(join(here.root, "functions/native/dig.node")),
  );
  // It has no code, so that this is as far as it comes.
  expect(runIn(unpacked, CALL)).toContain(name);
});

test("a native addon of the repository's own that was built on a Mac", async () => {
  const message = await refusal({
    "node_modules/.keep": "",
    "functions/dig.node": machOFile(),
    "functions/a.ts": 'import dig from "./dig.node"; export const handler = async () => dig;\n',
  });
  expect(message).toMatch(/^config\/pipeline\.yaml:1:3: .*`functions\/dig\.node`.*macOS on arm64/);
});

test("a link in a package leads nowhere outside of it", async () => {
  using elsewhere = project({ "secret.txt": "AKIA" });
  using here = project({ ...INSTALLED, ...FUNCTION });
  symlinkSync(join(elsewhere.root, "secret.txt"), join(here.root, "node_modules/burrow/leak.txt"));
  symlinkSync("index.js", join(here.root, "node_modules/burrow/same.js"));
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  const own = pathsIn(unpacked).filter((path) => path.startsWith("node_modules/burrow/"));
  expect(own.map((path) => path.slice(20))).toEqual(["index.js", "package.json", "same.js"]);
});

test("a native package of the user's own workspace goes along without the files that only its author needs", async () => {
  using here = project({
    "node_modules/other/package.json": "{}",
    "packages/speed/package.json":
      '{"name":"speed","version":"1.0.0","gypfile":true,"peerDependencies":null,"os":5}',
    "packages/speed/index.js": "exports.x = 1;",
    "packages/speed/speed.node": elfFile({ machine: 62, symbols: ["napi_register_module_v1"] }),
    "packages/speed/.env": "KEY=1",
    "functions/a.ts": 'import { x } from "speed"; export const handler = async () => x;\n',
  });
  symlinkSync("../packages/speed", join(here.root, "node_modules/speed"));
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(pathsIn(unpacked).filter((path) => path.startsWith("node_modules/"))).toEqual(
    ["index.js", "package.json", "speed.node"].map((name) => `node_modules/speed/${name}`),
  );
});

test("a package of the user's own workspace is code like any other", async () => {
  using here = project({
    "node_modules/.keep": "",
    "packages/tools/package.json": '{"name":"tools","version":"1.0.0","main":"index.ts"}',
    "packages/tools/index.ts": "export const x: number = 41;\n",
    "packages/tools/test/fixture": elfFile(),
    "functions/a.ts": 'import { x } from "tools"; export const handler = async () => x + 1;\n',
  });
  symlinkSync("../packages/tools", join(here.root, "node_modules/tools"));
  const [artifact] = await built(here.root);
  using unpacked = await unpack(artifact!);
  expect(runIn(unpacked, CALL)).toBe("42\n");
});

test("files that the user's own code looks for beside itself are warned of", async () => {
  using here = project({
    "node_modules/.keep": "",
    "functions/a.ts": `
      // __dirname in a comment
      export const words = new URL("./words.json", import.meta.url);
      export const handler = async () => import.meta.dirname;`,
  });
  const [artifact] = await built(here.root);
  expect(artifact!.passport.warnings.map(({ place, message }) => [place?.line, message])).toEqual([
    [3, "the code reads `./words.json`, and the function has only what is imported"],
    [4, "the code looks for files by `import.meta.dirname`, and the function has only what is imported"],
  ]);
});

test("Yarn's Plug'n'Play", async () => {
  const message = await refusal({
    "node_modules/.keep": "",
    ".pnp.cjs": "",
    "functions/a.ts": 'import { x } from "words"; export const handler = async () => x;\n',
  });
  expect(message).toMatchInlineSnapshot(`
    "functions/a.ts:1:19: \`words\` is not in node_modules, as this repository uses Yarn's Plug'n'Play, out of whose archives a function cannot be packed
        Write \`nodeLinker: node-modules\` into .yarnrc.yml, and run \`yarn install\`."
  `);
});
