import { execFile } from "node:child_process";
import { cpSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { artifactManifest } from "../../action/core/artifact.ts";
import { zipFiles } from "../../action/edge/zip.ts";
import type { Report } from "./child.ts";
import { project, unpack } from "./project.ts";

const FUNCTIONS = {
  "functions/a.ts": `
    import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
    import { shared } from "./lib/shared.ts";
    export const handler = async () => new SQSClient({}).send(new SendMessageCommand(shared));`,
  "functions/lib/shared.ts": "export const shared = { QueueUrl: import.meta.url, MessageBody: 'ä' };",
  "functions/b.cjs": "exports.handler = async () => require('ajv');",
};
const SOURCES = ["functions/a.ts", "functions/b.cjs"];

async function buildElsewhere(
  root: string,
  env: Readonly<Record<string, string>>,
  sources = SOURCES,
): Promise<Report> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "child.ts"), root, ...sources],
    {
      cwd: root,
      env: { ...process.env, ...env },
    },
  );
  const report: Report = JSON.parse(stdout);
  return report;
}

test("two checkouts in different folders, of different age, in different time zones: the same bytes", async () => {
  using first = project(FUNCTIONS);
  using second = project({});
  const deeper = join(second.root, "a much/deeper folder");
  cpSync(first.root, deeper, { recursive: true, verbatimSymlinks: true });
  for (const path of readdirSync(deeper, { recursive: true, encoding: "utf8" })) {
    if (!path.startsWith("node_modules")) utimesSync(join(deeper, path), 1e9, 1e9);
  }
  const [one, other, third] = await Promise.all([
    buildElsewhere(first.root, { TZ: "Pacific/Kiritimati", LANG: "de_DE.UTF-8" }),
    buildElsewhere(deeper, { TZ: "America/Adak", LANG: "C" }),
    buildElsewhere(deeper, { TZ: "Asia/Kathmandu" }, SOURCES.toReversed()),
  ]);
  expect(one.artifacts).toHaveLength(2);
  expect(other.artifacts).toEqual(one.artifacts);
  expect(third.artifacts.toReversed()).toEqual(one.artifacts);
});

test("60 functions take one esbuild process, which is started without secrets", async () => {
  const names = Array.from({ length: 60 }, (_, i) => `functions/f${i}.ts`);
  using here = project({
    "functions/shared.ts": "export const shared = 'one';",
    ...Object.fromEntries(
      names.map((name, i) => [
        name,
        `import { shared } from "./shared.ts"; export const handler = () => shared + ${i};`,
      ]),
    ),
  });
  const secrets = {
    AWS_SECRET_ACCESS_KEY: "x",
    AWS_PROFILE: "x",
    ACTIONS_ID_TOKEN_REQUEST_URL: "x",
    GITHUB_TOKEN: "x",
  };
  const report = await buildElsewhere(here.root, secrets, names);
  expect(new Set(report.artifacts.map(({ key }) => key)).size).toBe(60);
  expect(report.processes).toHaveLength(1);
  expect(report.processes[0]).toContain("PATH");
  expect(report.processes[0]?.filter((name) => name in secrets)).toEqual([]);
  expect(report.environment).toEqual(expect.arrayContaining(Object.keys(secrets)));
});

test("a function has the same bytes alone and among others", async () => {
  using here = project(FUNCTIONS);
  const [alone] = await here.build("functions/b.cjs");
  const [, among] = await here.build(...SOURCES);
  expect(among?.key).toBe(alone?.key);
  expect(await among?.zip()).toEqual(await alone?.zip());
});

test("a zip's entries are sorted files with fixed dates and modes, and nothing else", async () => {
  const content = Buffer.from("x".repeat(10_000));
  const paths = ["ö.mjs", "b/a.mjs", "a.mjs", "Z.mjs"];
  const zip = await zipFiles(paths.map((path) => ({ path, mode: 0o644, content })));
  using unpacked = await unpack({ zip: async () => zip });
  expect(unpacked.entries).toEqual(
    ["Z.mjs", "a.mjs", "b/a.mjs", "ö.mjs"].map((path) => ({
      path,
      date: [1980, 1, 1, 12, 0, 0],
      mode: "0o100644",
      extra: "",
      size: 10_000,
    })),
  );
  expect(zip.length).toBeLessThan(1_000);
});

test("an artifact's name depends on paths, modes and content, not on the order of files", () => {
  const [a, b] = [
    { path: "a", mode: 0o644, sha256: "1" },
    { path: "b", mode: 0o644, sha256: "2" },
  ];
  const name = artifactManifest([a, b]);
  expect(artifactManifest([b, a])).toBe(name);
  const others = [[a], [a, { ...b, path: "c" }], [a, { ...b, mode: 0o755 }], [a, { ...b, sha256: "3" }]];
  expect(new Set(others.map(artifactManifest)).add(name).size).toBe(5);
});
