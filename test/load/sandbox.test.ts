/** What code that is loaded can get hold of. Each theft is tried without a sandbox, too: there it succeeds. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

import type { LoadResult } from "../../action/core/passport.ts";
import { findSandbox, type Sandbox } from "../../action/edge/sandbox.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";
import { artifact, HANDLER, load, loadOne, textOf } from "./artifact.ts";
import type { Packed } from "./child.ts";

const NONE: Sandbox = { kind: "none", why: "for the test" };

const { kind, why } = await findSandbox();
const unless = kind === "none" ? ` (skipped, there is no sandbox here: ${why})` : "";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "warren-theft-")));
const secret = randomUUID();
const file = join(folder, "credentials");
writeFileSync(file, secret);

afterAll(() => rmSync(folder, { recursive: true }));

/** Throws where it has found the secret; the secret itself is in its code in halves. */
const THIEF = `
import fs from "node:fs";
const secret = ["${secret.slice(0, 18)}", "${secret.slice(18)}"].join("");
const found = [];
const look = (place, read) => { try { if (String(read()).includes(secret)) found.push(place); } catch {} };
look("its environment", () => JSON.stringify(process.env));
for (const id of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name))) {
  look("a process's environment", () => fs.readFileSync("/proc/" + id + "/environ"));
  look("a process's arguments", () => fs.readFileSync("/proc/" + id + "/cmdline"));
  look("a process's files", () => fs.readFileSync("/proc/" + id + "/root${file}"));
}
look("a file", () => fs.readFileSync("${file}"));
if (found.length > 0) throw new Error("found in " + [...new Set(found)].join(", "));
${HANDLER}`;

/** In a process that has the secret in its environment. `user`: who runs it, as a number. */
async function steal(sandbox: "none" | "best", user?: number): Promise<string> {
  const { files: _files, ...request } = artifact("");
  const packed: Packed = { ...request, code: THIEF };
  const requests = join(folder, `${sandbox}.json`);
  writeFileSync(requests, JSON.stringify([packed]));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "child.ts"), requests, sandbox],
    {
      env: { ...process.env, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret, TMPDIR: folder },
      ...(user !== undefined && { uid: user, gid: user }),
    },
  );
  return (JSON.parse(stdout) as LoadResult[]).map(textOf).join();
}

test.skipIf(kind === "none")(
  `neither environments nor files of this machine are in reach${unless}`,
  async () => {
    expect(await steal("best")).toBe("loaded");
  },
);

const asRoot = process.getuid?.() === 0;
test.skipIf(!asRoot || kind === "none")(
  `nor are they for who is not root, as on GitHub's runners${asRoot ? unless : " (skipped: so is who runs this)"}`,
  async () => {
    chmodSync(folder, 0o777);
    expect(await steal("best", 65_534)).toBe("loaded");
  },
);

test("without a sandbox they are", async () => {
  const found = /found in ([^;\n]*)/
    .exec(await steal("none"))?.[1]
    ?.split(", ")
    .toSorted();
  expect(found).toEqual(["a file", "a process's environment", "a process's files"]);
});

test("so nothing is loaded without a sandbox where there are credentials, and none is told", async () => {
  const result = await loadOne(artifact(HANDLER), {
    environment: { PATH: "/usr/bin", ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret },
    sandbox: NONE,
  });
  expect(textOf(result)).toBe(
    "not-loaded: what is loaded could read ACTIONS_ID_TOKEN_REQUEST_TOKEN of this job, as there is no sandbox here (for the test)",
  );
});

/** Connects as a program of its own, where Node's refusals do not count. Resolves with how often it was reached. */
async function connect(sandbox?: Sandbox): Promise<number> {
  let connections = 0;
  const server = createServer();
  server.on("connection", (socket) => {
    connections += 1;
    socket.destroy();
  });
  const { port } = new URL(await listenLocally(server));
  const code = `import { spawnSync } from "node:child_process"; spawnSync("/bin/bash", ["-c", "exec 5<>/dev/tcp/127.0.0.1/${port}"]);${HANDLER}`;
  await loadOne(artifact(code), sandbox && { sandbox });
  await closeLocally(server);
  return connections;
}

test.skipIf(kind === "none")(`there is no network, for programs in C neither${unless}`, async () => {
  expect(await connect()).toBe(0);
});

test("without a sandbox, only what runs in Node has none", async () => {
  expect(await connect(NONE)).toBe(1);
  const code = `import net from "node:net"; await new Promise((done, fail) => net.connect(9, "127.0.0.1").on("connect", done).on("error", fail));${HANDLER}`;
  expect(textOf(await loadOne(artifact(code), { sandbox: NONE }))).toBe(
    "inconclusive: the import opens a connection (127.0.0.1:9), and there is no network while a function is loaded",
  );
});

test.skipIf(kind === "none")(
  `files are read-only but for a /tmp of its own, as on Lambda${unless}`,
  async () => {
    const name = `warren-left-${secret}`;
    const write = (path: string) =>
      artifact(`import fs from "node:fs"; fs.writeFileSync("${path}", "x");${HANDLER}`);
    const results = await load([write("/var/task/x"), write("/usr/x"), write("/x"), write(`/tmp/${name}`)]);
    const readOnly = (path: string) =>
      `functions/worker.ts:1:1: \`functions/worker.ts\` does not load on nodejs24.x: Error: EROFS: read-only file system, open '${path}'\nLambda's files are read-only but for /tmp: write there.`;
    expect(results.map(textOf)).toEqual([
      readOnly("/var/task/x"),
      readOnly("/usr/x"),
      readOnly("/x"),
      "loaded",
    ]);
    expect(existsSync(`/tmp/${name}`)).toBe(false);
  },
);

test.skipIf(kind === "none")(`it has no rights and gets none${unless}`, async () => {
  const code = `import fs from "node:fs"; import { spawnSync } from "node:child_process";
    const status = fs.readFileSync("/proc/self/status", "utf8");
    const [, bounding] = /CapBnd:\\s*(\\w+)/.exec(status), [, fresh] = /NoNewPrivs:\\s*(\\d)/.exec(status);
    const { status: code } = spawnSync("unshare", ["--user", "--map-root-user", "true"]);
    if (/[^0]/.test(bounding) || fresh !== "1" || code === 0) throw new Error([bounding, fresh, code].join());
    ${HANDLER}`;
  expect(textOf(await loadOne(artifact(code)))).toBe("loaded");
});

test("nothing is left in the folder for temporary files", async () => {
  const before = readdirSync(folder);
  const temporary = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    await load([artifact(HANDLER), artifact("throw 1;")]);
  } finally {
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
  }
  expect(readdirSync(folder)).toEqual(before);
});
