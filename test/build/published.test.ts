/** The built command line in a repository that has no packages, as the published action runs. */
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import { ESBUILD_PROGRAMS, ESBUILD_VERSION, isUsableEsbuild } from "../../action/core/esbuild-release.ts";
import { type Project, project } from "./project.ts";

const SYSTEM = `${process.platform}-${process.arch}`;
const REPOSITORY = join(import.meta.dirname, "../..");
const PROGRAM = join(REPOSITORY, "node_modules/@esbuild", SYSTEM);

const FILES = {
  "node_modules/.keep": "",
  "config/pipeline.yaml": `
name: burrow
stages: { prod: { branch: main } }
components:
  worker: { kind: function, source: functions/worker.ts }
flow: []
`,
  "functions/worker.ts": "export const handler = async (): Promise<string> => 'hello';\n",
};

let built: Project;

beforeAll(() => {
  built = project({ "node_modules/.keep": "" });
  execFileSync(process.execPath, ["scripts/bundle.ts", join(built.root, "dist")], {
    cwd: REPOSITORY,
    stdio: ["ignore", "ignore", "pipe"],
  });
}, 120_000);

afterAll(() => built[Symbol.dispose]());

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

async function warren(here: Project, environment: Readonly<Record<string, string>>): Promise<Ended> {
  const home = { PATH: process.env["PATH"], HOME: here.root, RUNNER_TOOL_CACHE: join(here.root, "tools") };
  const started = promisify(execFile)(process.execPath, [join(built.root, "dist/cli.cjs"), "build"], {
    cwd: here.root,
    env: { ...home, npm_config_fetch_retries: "0", ...environment },
  });
  return started.then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error: { code: number; stderr: string }) => ({ code: error.code, stderr: error.stderr }),
  );
}

/** As an earlier run has left it. */
function keepProgram(here: Project): string {
  const folder = join(
    here.root,
    `tools/warren/esbuild/${ESBUILD_VERSION}-${SYSTEM}/node_modules/@esbuild/${SYSTEM}`,
  );
  mkdirSync(folder, { recursive: true });
  cpSync(PROGRAM, folder, { recursive: true });
  return join(folder, "bin/esbuild");
}

const OFFLINE = { npm_config_registry: "http://127.0.0.1:9/" };

test("esbuild's program comes from npm once, and is kept", async () => {
  using here = project(FILES);
  // What npm has got already when Warren itself was installed need not be got again.
  const npmCache = execFileSync("npm", ["config", "get", "cache"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  const first = await warren(here, { npm_config_cache: npmCache });
  expect(first.stderr).toMatch(/^worker {2}1 kB {2}functions\/[0-9a-f]{64}\.zip\n/);
  const again = await warren(here, OFFLINE);
  expect(again.stderr.split("\n")[0]).toBe(first.stderr.split("\n")[0]);
});

test("offline and with nothing kept", async () => {
  using here = project(FILES);
  const { code, stderr } = await warren(here, OFFLINE);
  expect({ code, stderr: stderr.replaceAll(SYSTEM, "<system>") }).toMatchInlineSnapshot(`
    {
      "code": 1,
      "stderr": "error: functions are bundled with esbuild 0.28.2; this repository has none, and npm, which gets it, failed: FetchError: request to http://127.0.0.1:9/@esbuild%2f<system> failed, reason: connect ECONNREFUSED 127.0.0.1:9
        Run it again; if it stays so, look at the registry and the proxy that npm is told to use. Or add esbuild to the repository: \`npm install --save-dev esbuild@0.28.2\`.
    warren explain esbuild-missing
    ",
    }
  `);
  expect(existsSync(join(here.root, `tools/warren/esbuild/${ESBUILD_VERSION}-${SYSTEM}`))).toBe(false);
});

test("a program that was changed after it was kept is not started", async () => {
  using here = project(FILES);
  const program = keepProgram(here);
  expect((await warren(here, OFFLINE)).code).toBe(0);
  appendFileSync(program, "x");
  expect((await warren(here, OFFLINE)).stderr).toMatch(
    /bin\/esbuild is not the esbuild [\d.]+ that npm has published: it was changed after it was got\n/,
  );
});

test("the repository's own esbuild goes first, if it is near enough", async () => {
  const esbuild = (version: string) => ({
    "node_modules/esbuild/package.json": JSON.stringify({ name: "esbuild", version, main: "main.js" }),
    "node_modules/esbuild/main.js": "throw new Error('the own one');",
    [`node_modules/@esbuild/${SYSTEM}/package.json`]: "{}",
  });
  using near = project({ ...FILES, ...esbuild("0.28.99") });
  expect((await warren(near, OFFLINE)).stderr).toContain("the own one");

  // Nothing but the program is taken, where that is the published one.
  using same = project({ ...FILES, ...esbuild(ESBUILD_VERSION) });
  cpSync(PROGRAM, join(same.root, "node_modules/@esbuild", SYSTEM), { recursive: true });
  expect((await warren(same, OFFLINE)).code).toBe(0);
  appendFileSync(join(same.root, "node_modules/@esbuild", SYSTEM, "bin/esbuild"), "x");
  expect((await warren(same, OFFLINE)).stderr).toContain("the own one");

  using old = project({ ...FILES, ...esbuild("0.21.5") });
  expect((await warren(old, OFFLINE)).stderr).toContain(
    "; this repository has 0.21.5, and npm, which gets it, failed",
  );
});

test("only patches of the minor version are near enough", () => {
  const versions = ["0.28.0", ESBUILD_VERSION, "0.28.99", "0.27.9", "0.29.0", "1.28.2", "0.28.2-beta"];
  expect(versions.filter(isUsableEsbuild)).toEqual(["0.28.0", ESBUILD_VERSION, "0.28.99"]);
});

test("what is pinned is what package-lock.json has, and what is installed", () => {
  const lock = JSON.parse(readFileSync(join(REPOSITORY, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string; integrity: string }>;
  };
  for (const [system, { integrity }] of Object.entries(ESBUILD_PROGRAMS)) {
    expect(lock.packages[`node_modules/@esbuild/${system}`]).toMatchObject({
      version: ESBUILD_VERSION,
      integrity,
    });
  }
  const sha256 = createHash("sha256")
    .update(readFileSync(join(PROGRAM, "bin/esbuild")))
    .digest("hex");
  expect(ESBUILD_PROGRAMS[SYSTEM]?.sha256).toBe(sha256);
});
