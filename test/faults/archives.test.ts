/**
 * Packages that are made to get out: whatever npm and uv do with them, nothing is written beside the folders that they are
 * unpacked into, and no artifact holds what a link led to, or a name that leads out of where it is unpacked.
 */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { LoadResult } from "../../action/core/passport.ts";
import { UserError } from "../../action/core/problem.ts";
import { createBuilder } from "../../action/edge/builder.ts";
import { BURROW, BURROW_MAC, DEPTH, FUNCTION, burrowFor, installed } from "../build/burrow.ts";
import { project, requestOf, unpack } from "../build/project.ts";
import { registry } from "../build/registry.ts";
import { HANDLER, OWN_WHEELS, pythonProject, pythonRequest } from "../python/project.ts";
import { tally } from "../support/counts.ts";
import { ALL } from "../support/extent.ts";

interface Entry {
  readonly name: string;
  readonly type: "file" | "symlink" | "hardlink" | "device";
  readonly text?: string;
  readonly zeros?: number;
  readonly link?: string;
}

const SECRET = "secret of this machine";
const EVIL = "planted";

/** `canary`: a folder of this machine with a file `secret`; names are from the package's root. */
type Hostile = (canary: string) => readonly Entry[];
const file = (name: string): Entry => ({ name, type: "file", text: EVIL });
const symlink = (name: string, link: string): Entry => ({ name, type: "symlink", link });

const HOSTILE: Readonly<Record<string, Hostile>> = {
  "a link out of the package, and a file through it": (canary) => [symlink("out", canary), file("out/evil")],
  "names that climb out": () => [file("../evil"), file("../../evil"), file("a/../../../../evil")],
  "an absolute name": (canary) => [file(`${canary}/evil`)],
  "links to a secret": (canary) => [
    symlink("leak.txt", `${canary}/secret`),
    symlink("up.txt", "../../../../canary/secret"),
    symlink("again", "leak.txt"),
  ],
  "a link in the place of what is read": (canary) => [symlink("README.md", `${canary}/secret`)],
  "hard links": (canary) => [
    { name: "hard.txt", type: "hardlink", link: `${canary}/secret` },
    { name: "up.txt", type: "hardlink", link: "../../../../canary/secret" },
  ],
  "a device": () => [{ name: "device", type: "device" }],
  "names with a NUL": () => [file("a\0b.txt"), file("../evil\0.txt")],
  "names with backslashes": () => [
    file("..\\..\\evil"),
    file("a\\..\\..\\evil"),
    file("C:\\evil"),
    file("\\evil"),
  ],
  "names of control characters": () => [file("a\nb.txt"), file("::error::x"), file("\u001b[31m.txt")],
  "one name twice, first a link": (canary) => [symlink("twice", canary), file("twice"), file("twice/evil")],
  "a bomb": () => [{ name: "zeros.bin", type: "file", zeros: 300_000_000 }],
};
const CASES = Object.entries(HOSTILE);
/** In `npm test` one of each: each is worth a start of npm or uv. */
const OF_NPM = CASES.filter(([what]) => ALL || what === "a link out of the package, and a file through it");
const OF_UV = CASES.filter(([what]) => ALL || what === "names with backslashes");

interface Machine extends Disposable {
  readonly root: string;
  readonly canary: string;
  /** Of all that is not the package's business. */
  outside(): string;
}

/** Folders of the packages themselves, wherever they lie. */
const INSIDE = /[/]node_modules[/]@burrow[/]linux-x64-gnu[/]|[/]tool[/]/;

/** Everything of a run lies in it, so that what gets out by some steps is still seen. */
function machine(): Machine {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "warren-archives-")));
  const canary = join(root, "canary");
  mkdirSync(canary);
  mkdirSync(join(root, "tmp"));
  writeFileSync(join(canary, "secret"), SECRET);
  vi.stubEnv("TMPDIR", join(root, "tmp"));
  return {
    root,
    canary,
    outside: () =>
      JSON.stringify([
        readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
          (path) => /(?:^|[/])evil/.test(path) && !INSIDE.test(path),
        ),
        readdirSync(canary).map((name) => readFileSync(join(canary, name), "utf8")),
      ]),
    [Symbol.dispose]() {
      vi.unstubAllEnvs();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function archive(kind: "tgz" | "whl", target: string, entries: readonly Entry[]): Uint8Array {
  const script = join(import.meta.dirname, "hostile-archive.py");
  execFileSync("python3", [script, kind, target], { input: JSON.stringify(entries) });
  return readFileSync(target);
}

/** Loading is for other tests. */
async function unloaded(requests: readonly unknown[]): Promise<readonly LoadResult[]> {
  return requests.map(() => ({ kind: "not-loaded", why: "it is another test's" }));
}

/** What is told, or the paths in the artifact. */
async function outcomeOf(work: () => Promise<readonly string[]>): Promise<string> {
  try {
    return `built: ${(await work()).toSorted().join(" ")}`;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function pathsIn(folder: string): readonly string[] {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const one of paths) {
    expect(one.isDirectory() || one.isFile()).toBe(true);
    const isLeak = one.isFile() && readFileSync(join(one.parentPath, one.name)).includes(SECRET);
    expect(isLeak).toBe(false);
  }
  return paths.map(({ name }) => name);
}

test.each(OF_NPM)("npm unpacks %s", { timeout: 60_000 }, async (_what, hostile) => {
  using here = machine();
  const before = here.outside();
  const entries = (files: Readonly<Record<string, string | Uint8Array>>): readonly Entry[] => [
    ...Object.entries(files).map(([name, content]): Entry => ({
      name: `package/${name}`,
      type: "file",
      text: Buffer.from(content).toString("latin1"),
    })),
    ...hostile(here.canary).map((one) => ({
      ...one,
      name: one.name.startsWith("/") ? one.name : `package/${one.name}`,
    })),
  ];
  await using npm = await registry([burrowFor("x64")], (files) =>
    archive("tgz", join(here.root, "package.tgz"), entries(files)),
  );
  const name = "@burrow/linux-x64-gnu";
  const integrity = npm.integrity[`${name}@1.0.0`];
  using repository = project({
    ...FUNCTION,
    ...installed({
      "node_modules/burrow": BURROW,
      "node_modules/burrow-depth": DEPTH,
      "node_modules/@burrow/darwin-arm64": BURROW_MAC,
    }),
    "package-lock.json": JSON.stringify({
      lockfileVersion: 3,
      packages: { [`node_modules/${name}`]: { version: "1.0.0", integrity } },
    }),
  });
  const environment = {
    PATH: process.env["PATH"],
    HOME: here.root,
    RUNNER_TOOL_CACHE: join(here.root, "tools"),
    npm_config_cache: join(here.root, "npm"),
    npm_config_registry: npm.url,
    npm_config_fetch_retries: "0",
  };
  const outcome = await outcomeOf(async () => {
    const builder = createBuilder({ root: repository.root, environment, load: unloaded });
    const [built] = await builder.build([{ ...requestOf("functions/a.ts", 0), architecture: "x86_64" }]);
    if (!built) throw new Error("nothing was built");
    using unpacked = await unpack(built);
    return pathsIn(unpacked.folder);
  });
  // What is not built is told with its package.
  expect(outcome).toMatch(/^built: |linux-x64-gnu/);
  expect(here.outside()).toBe(before);
  tally("archives of npm that are made to get out", 1);
});

test.each(OF_UV)("uv unpacks %s", { timeout: 60_000 }, async (_what, hostile) => {
  using here = machine();
  vi.stubEnv("UV_CACHE_DIR", join(here.root, "uv"));
  const before = here.outside();
  const notes = "tool-1.0.dist-info";
  const own = [
    ["tool/__init__.py", ""],
    [`${notes}/METADATA`, "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n"],
    [`${notes}/WHEEL`, "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"],
  ].map(([name = "", text = ""]): Entry => ({ name, type: "file", text }));
  const inside = hostile(here.canary).map((one) => ({
    ...one,
    name: /^[/.\\C]/.test(one.name) ? one.name : `tool/${one.name}`,
  }));
  const record = [...own, ...inside, { name: `${notes}/RECORD` }].map(({ name }) => `${name},,\n`).join("");
  const entries: Entry[] = [...own, ...inside, { name: `${notes}/RECORD`, type: "file", text: record }];
  using repository = pythonProject({
    "functions/worker.py": `import tool\n${HANDLER}`,
    "functions/requirements.txt": `${OWN_WHEELS}tool==1.0\n`,
    "functions/wheels/tool-1.0-py3-none-any.whl": archive("whl", join(here.root, "tool.whl"), entries),
  });
  const outcome = await outcomeOf(async () => {
    const builder = createBuilder({ root: repository.root, environment: process.env, load: unloaded });
    const [built] = await builder.build([pythonRequest("functions/worker.py")]);
    if (!built) throw new Error("nothing was built");
    using unpacked = await unpack(built);
    return pathsIn(unpacked.folder);
  });
  expect(outcome).toMatch(/^built: |tool/);
  expect(here.outside()).toBe(before);
  tally("wheels that are made to get out", 1);
});
