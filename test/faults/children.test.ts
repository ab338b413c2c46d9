/** What the programs that Warren starts get to know: no credential, neither in their environment nor in their arguments. */
import {
  chmodSync,
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
import { afterAll, expect, test, vi } from "vitest";
import { createJudges } from "../../action/edge/judges.ts";
import { npm } from "../../action/edge/npm.ts";
import { findPython } from "../../action/edge/python-interpreter.ts";
import { uvInstall } from "../../action/edge/uv.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import { leaksIn } from "../action/scan.ts";
import { checkOut, runStep } from "../action/step.ts";
import { buildBundle } from "../support/bundle.ts";
import { PATH_WITHOUT_JUDGES } from "../support/judges.ts";
import { count } from "./held.ts";

const SECRETS = {
  AWS_ACCESS_KEY_ID: "ASIAEXAMPLEKEYEXAMPL",
  AWS_SECRET_ACCESS_KEY: "secret-access-key-of-the-job",
  AWS_SESSION_TOKEN: "session-token-of-the-job",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token-of-the-job",
  ACTIONS_RUNTIME_TOKEN: "runtime-token-of-the-job",
  GITHUB_TOKEN: "github-token-of-the-job",
  "INPUT_GITHUB-TOKEN": "token-that-is-an-input",
  MY_DATABASE_PASSWORD: "password-of-another-step",
};

const folder = realpathSync(mkdtempSync(join(tmpdir(), "warren-children-")));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes down what it gets, and fails. */
function recorder(name: string): void {
  const text = `#!/bin/sh\n{ cat /proc/$$/environ; tr '\\0' ' ' </proc/$$/cmdline; } >'${folder}/seen.${name}'\nexit 1\n`;
  writeFileSync(join(folder, "bin", name), text);
  chmodSync(join(folder, "bin", name), 0o755);
}

test("git, npm, uv, Python, cfn-lint and cfn-guard are started without any", async () => {
  const programs = ["git", "npm", "uv", "python3.13", "cfn-lint", "cfn-guard"];
  mkdirSync(join(folder, "bin"));
  for (const name of programs) recorder(name);
  const PATH = `${folder}/bin:/usr/bin:/bin`;
  for (const [name, value] of Object.entries({ ...SECRETS, PATH })) vi.stubEnv(name, value);
  await diskWorkspace(folder).commit();
  await npm(["ci"], folder, { environment: process.env });
  const requirements = join(folder, "requirements.txt");
  await uvInstall({ requirements, target: folder, version: "3.13", platform: "linux", hashed: false });
  await findPython("3.13", { PATH: join(folder, "bin"), HOME: folder, RUNNER_TOOL_CACHE: folder });
  const judges = createJudges(PATH);
  await judges.lint({ templates: { "a.json": "{}" }, regions: [], ignored: [], included: [] });
  await judges.guard({ templates: { "a.json": "{}" }, rules: { "a.guard": "" } });
  vi.unstubAllEnvs();
  const seen = programs.map((name): [string, string] => [
    name,
    readFileSync(join(folder, `seen.${name}`), "latin1"),
  ]);
  // Or nothing was looked at.
  for (const [name, text] of seen) expect(text).toContain(`${folder}/bin/${name}`);
  expect(leaksIn(Object.fromEntries(seen), SECRETS)).toEqual([]);
  count("programs started by hand", seen.length);
});

interface Child {
  readonly program: string;
  /** Environment and arguments. */
  readonly seen: string;
}

/** Of all processes below this one, by their ids. */
function descendants(): ReadonlyMap<string, Child> {
  const parents = new Map<string, string>();
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = /^PPid:\s*(\d+)$/m.exec(read(`/proc/${id}/status`))?.[1];
    if (parent !== undefined) parents.set(id, parent);
  }
  const isBelow = (id: string | undefined): boolean =>
    id !== undefined && (parents.get(id) === String(process.pid) || isBelow(parents.get(id)));
  return new Map(
    [...parents.keys()].filter(isBelow).map((id) => {
      const program = read(`/proc/${id}/cmdline`).replaceAll("\0", " ");
      return [id, { program, seen: `${read(`/proc/${id}/environ`)} ${program}` }];
    }),
  );
}

/** Empty for a process that is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // It may end at any moment, and then any of several errors comes.
    return "";
  }
}

const FILES = {
  "config/pipeline.yaml": `name: burrow
stages: { prod: { branch: main } }
components:
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts }
flow: [jobs -> worker]
`,
  // It takes a while to load, so that it is seen.
  "functions/worker.ts":
    "const end = Date.now() + 1500;\nwhile (Date.now() < end);\nexport const handler = async (): Promise<string> => '';\n",
};

test("esbuild, the sandbox and the functions in it run without any", { timeout: 120_000 }, async () => {
  const bundle = await buildBundle();
  await using checkout = await checkOut(FILES);
  const found = new Map<string, Child>();
  const look = setInterval(() => {
    for (const [id, child] of descendants())
      if (child.program !== "") found.set(`${id} ${child.program}`, child);
  }, 50);
  const { code, told } = await runStep(bundle, {
    event: "merge_group",
    payload: { repository: { default_branch: "main" } },
    checkout,
    environment: {
      ...SECRETS,
      PATH: PATH_WITHOUT_JUDGES,
      GITHUB_REPOSITORY: "octo/burrow",
      GITHUB_REPOSITORY_ID: "1",
      GITHUB_REPOSITORY_OWNER_ID: "2",
      GITHUB_SHA: "a".repeat(40),
      GITHUB_ACTOR: "alice",
      GITHUB_RUN_ID: "1",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_SERVER_URL: "https://github.com",
    },
  }).then((step) => ({ code: step.code, told: step.stdout }));
  clearInterval(look);
  expect(told).toContain("functions/");
  expect(code).toBe(0);
  const own: string[] = [];
  const children: [string, string][] = [];
  for (const [id, { program, seen }] of found) {
    // Before it has started, a child is a copy of its parent.
    if (program.includes(bundle.main)) own.push(seen);
    else if (!program.includes("vitest")) children.push([id, seen]);
  }
  // Warren's own process has them: they would be seen.
  expect(leaksIn({ own: own.join("") }, SECRETS)).toContain("AWS_SESSION_TOKEN stands in own");
  const names = children.map(([id]) => id).join("\n");
  expect(names).toMatch(/\/bin\/esbuild --service/);
  expect(names).toMatch(/--max-old-space-size/);
  expect(leaksIn(Object.fromEntries(children), SECRETS)).toEqual([]);
  count("children of a run", children.length);
});
