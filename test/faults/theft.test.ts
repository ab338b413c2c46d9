/** A repository whose every file tries to run, or to get hold of the job's credentials, in a job that has them. */
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSandbox } from "../../action/edge/sandbox.ts";
import { type Checkout, type Step, checkOut, runStep } from "../action/step.ts";
import { type Bundle, buildBundle } from "../support/bundle.ts";
import { PATH_WITHOUT_JUDGES } from "../support/judges.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";

const SYSTEM = `${process.platform}-${process.arch}`;
const secret = `job-${randomUUID()}`;
const home = realpathSync(mkdtempSync(join(tmpdir(), "warren-theft-")));
const { kind } = await findSandbox();

let asked = 0;
const metadata = createServer((_request, response) => {
  asked += 1;
  response.end(secret);
});
let address: string;
let bundle: Bundle;

beforeAll(async () => {
  address = await listenLocally(metadata);
  bundle = await buildBundle();
});
afterAll(async () => {
  rmSync(home, { recursive: true });
  await closeLocally(metadata);
});

/** Wherever it is run, it says so. */
const evil = (name: string): string =>
  `require("fs").writeFileSync(${JSON.stringify(join(home, `ran-${name}`))}, JSON.stringify(process.env));`;

/** Throws where it has found the secret, which is in it in halves only. */
function thief(): string {
  return `
import fs from "node:fs";
const secret = ["${secret.slice(0, 12)}", "${secret.slice(12)}"].join("");
const found: string[] = [];
const look = (place: string, read: () => unknown) => { try { if (String(read()).includes(secret)) found.push(place); } catch {} };
const memory = (id: string) => {
  const file = fs.openSync("/proc/" + id + "/mem", "r");
  for (const line of fs.readFileSync("/proc/" + id + "/maps", "utf8").split("\\n")) {
    const [, from = "", to = ""] = /^(\\w+)-(\\w+) r.*(?:heap|stack)/.exec(line) ?? [];
    if (from === "") continue;
    const part = Buffer.alloc(Math.min(parseInt(to, 16) - parseInt(from, 16), 1 << 24));
    fs.readSync(file, part, 0, part.length, parseInt(from, 16));
    if (part.includes(secret)) return secret;
  }
};
look("its environment", () => JSON.stringify(process.env));
look("the credentials file", () => fs.readFileSync("${home}/.aws/credentials"));
const own = String(process.pid);
for (const id of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name))) {
  look("an environment", () => fs.readFileSync("/proc/" + id + "/environ"));
  look("arguments", () => fs.readFileSync("/proc/" + id + "/cmdline"));
  if (id !== own) look("a memory", () => memory(id));
  look("an open file", () => fs.readdirSync("/proc/" + id + "/fd").map((fd) => {
    const link = "/proc/" + id + "/fd/" + fd;
    return fs.statSync(link).isFile() ? fs.readFileSync(link) : fs.readlinkSync(link);
  }).join());
}
for (const url of ["${address}/latest/meta-data", "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/"]) {
  try { if ((await (await fetch(url, { signal: AbortSignal.timeout(300) })).text()).includes(secret)) found.push("the network"); } catch {}
}
if (found.length > 0) throw new Error("found in " + [...new Set(found)].join(", "));
export const handler = async (): Promise<string> => "";
`;
}

const PIPELINE = `name: burrow
stages: { prod: { branch: main } }
components:
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts }
flow: [jobs -> worker]
`;

function run(checkout: Checkout): Promise<Step> {
  return runStep(bundle, {
    event: "merge_group",
    payload: { repository: { default_branch: "main" } },
    checkout,
    inputs: { "github-token": secret },
    environment: {
      PATH: PATH_WITHOUT_JUDGES,
      HOME: home,
      AWS_ACCESS_KEY_ID: "ASIAEXAMPLEKEYEXAMPL",
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: secret,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${address}/token`,
      GITHUB_REPOSITORY: "octo/burrow",
      GITHUB_REPOSITORY_ID: "1",
      GITHUB_REPOSITORY_OWNER_ID: "2",
      GITHUB_SHA: "a".repeat(40),
      GITHUB_ACTOR: "alice",
      GITHUB_RUN_ID: "1",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_SERVER_URL: "https://github.com",
    },
  });
}

test.skipIf(kind === "none")(
  "a function finds nothing while it is loaded",
  { timeout: 120_000 },
  async () => {
    await using checkout = await checkOut({
      "config/pipeline.yaml": PIPELINE,
      "functions/worker.ts": thief(),
    });
    const { stdout, code } = await run(checkout);
    expect(stdout).not.toMatch(/found in|not loaded/);
    expect({ code, asked }).toEqual({ code: 0, asked: 0 });
  },
);

test.skipIf(kind === "none")("and it was loaded: what it throws is told", { timeout: 120_000 }, async () => {
  const worker =
    'throw new Error("found in this test");\nexport const handler = async (): Promise<void> => {};\n';
  await using checkout = await checkOut({ "config/pipeline.yaml": PIPELINE, "functions/worker.ts": worker });
  const { stdout, code } = await run(checkout);
  expect(stdout).toMatch(/found in this test/);
  expect(code).toBe(1);
});

test("nothing of a repository is run while it is built", { timeout: 120_000 }, async () => {
  const script = `node -e '${evil("script").replaceAll("'", "")}'`;
  await using checkout = await checkOut({
    "config/pipeline.yaml": PIPELINE,
    "functions/worker.ts": 'import "evil";\nexport const handler = async (): Promise<string> => "";\n',
    "package.json": JSON.stringify({
      scripts: { preinstall: script, install: script, prepare: script, build: script },
      esbuild: { plugins: ["./evil.cjs"] },
      dependencies: { evil: "1.0.0" },
    }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: { plugins: [{ name: "./evil.cjs", transform: "./evil.cjs" }] },
    }),
    "evil.cjs": evil("plugin"),
    "esbuild.config.js": evil("settings"),
    ".npmrc": `git=${home}/git\nscript-shell=${home}/git\nnode-options=--require ./evil.cjs\n`,
    ".pnpmfile.cjs": evil("pnpmfile"),
    "node_modules/evil/package.json": JSON.stringify({
      name: "evil",
      version: "1.0.0",
      scripts: { postinstall: script },
    }),
    "node_modules/evil/index.js": "export {};",
    "node_modules/esbuild/package.json": JSON.stringify({
      name: "esbuild",
      version: "0.28.1",
      main: "main.js",
    }),
    "node_modules/esbuild/main.js": evil("esbuild"),
    [`node_modules/@esbuild/${SYSTEM}/package.json`]: JSON.stringify({ version: "0.28.1" }),
    [`node_modules/@esbuild/${SYSTEM}/bin/esbuild`]: `#!/bin/sh\necho ran >${home}/ran-program\n`,
  });
  chmodSync(join(checkout.folder, `node_modules/@esbuild/${SYSTEM}/bin/esbuild`), 0o755);
  writeFileSync(join(home, "git"), `#!/bin/sh\necho ran >${home}/ran-git\n`, { mode: 0o755 });
  const { stdout, stderr, code } = await run(checkout);
  const names = ["script", "plugin", "settings", "pnpmfile", "esbuild", "program", "git"];
  expect(names.filter((name) => existsSync(join(home, `ran-${name}`)))).toEqual([]);
  expect({ code, told: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, told: "" });
});
