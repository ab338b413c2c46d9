/** The built command line in a repository that has no packages, as the published action runs. */
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { beforeAll, expect, test } from "vitest";

import { ESBUILD_PROGRAMS, ESBUILD_VERSION } from "../../action/core/esbuild-release.ts";
import { buildBundle } from "../support/bundle.ts";
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

let cli: string;

beforeAll(async () => {
  ({ cli } = await buildBundle());
}, 120_000);

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

async function warren(here: Project, environment: Readonly<Record<string, string>>): Promise<Ended> {
  const home = { PATH: process.env["PATH"], HOME: here.root, RUNNER_TOOL_CACHE: join(here.root, "tools") };
  const started = promisify(execFile)(process.execPath, [cli, "build"], {
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

test("of the repository's own esbuild nothing but the published program is ever run", async () => {
  const esbuild = (version: string) => ({
    "node_modules/esbuild/package.json": JSON.stringify({ name: "esbuild", version, main: "main.js" }),
    "node_modules/esbuild/main.js": "console.error('the own one'); process.exit(7);",
    [`node_modules/@esbuild/${SYSTEM}/package.json`]: "{}",
    [`node_modules/@esbuild/${SYSTEM}/bin/esbuild`]: "#!/bin/sh\necho the own one >&2; exit 7\n",
  });
  using same = project({ ...FILES, ...esbuild(ESBUILD_VERSION) });
  cpSync(PROGRAM, join(same.root, "node_modules/@esbuild", SYSTEM), { recursive: true });
  expect((await warren(same, OFFLINE)).code).toBe(0);

  appendFileSync(join(same.root, "node_modules/@esbuild", SYSTEM, "bin/esbuild"), "x");
  const changed = await warren(same, OFFLINE);
  expect(changed.stderr).toContain(
    `; this repository has ${ESBUILD_VERSION}, and npm, which gets it, failed`,
  );

  for (const version of ["0.28.99", "0.21.5"]) {
    using other = project({ ...FILES, ...esbuild(version) });
    const { code, stderr } = await warren(other, OFFLINE);
    expect(code).toBe(1);
    expect(stderr).toContain(`; this repository has ${version}, and npm, which gets it, failed`);
    expect(stderr).not.toContain("the own one");
    keepProgram(other);
    expect((await warren(other, OFFLINE)).code).toBe(0);
  }
});

test.each([
  ["no JSON", "{"],
  ["a list", "[]"],
  ["a package that shows nothing of itself", '{"name":"esbuild","exports":{}}'],
  ["a strange version", '{"name":"esbuild","version":"1\\n::error::x"}'],
])("a package esbuild of the repository that is %s is none", async (_what, manifest) => {
  using here = project({ ...FILES, "node_modules/esbuild/package.json": manifest });
  keepProgram(here);
  const { code, stderr } = await warren(here, OFFLINE);
  expect(stderr).not.toContain("::");
  expect(code).toBe(0);
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
