/** The command line as a child process, in a repository and an environment of the test's own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { type Bundle, buildBundle } from "./bundle.ts";
import { readOutcome } from "./documents.ts";
import { PATH_WITHOUT_JUDGES } from "./judges.ts";
import { repositoryRoot } from "./shipped.ts";

export const CLI = join(repositoryRoot, "action/cli.ts");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Repository extends Disposable {
  readonly root: string;
  write(path: string, content: string): void;
  /** Runs `warren <words>` in the root. */
  warren(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ran>;
}

let published: Promise<Bundle> | undefined;

/** Runs the command line as it is published, which also starts in half the time of its sources. */
export function repository(files: Readonly<Record<string, string>>, cli?: string): Repository {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "warren-repository-")));
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  return {
    root,
    write,
    warren: async (words, environment = {}) =>
      runCli(cli ?? (await (published ??= buildBundle())).cli, words, root, environment),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

/** Nothing of the developer's own: no AWS_*, no profile, no Git configuration, no colour settings. */
export function cleanEnvironment(home: string): Record<string, string> {
  return {
    PATH: PATH_WITHOUT_JUDGES,
    HOME: home,
    // Without credentials the SDK would ask the machine's own address for them, and wait.
    AWS_EC2_METADATA_DISABLED: "true",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CEILING_DIRECTORIES: tmpdir(),
    // For esbuild's program, which a user's repository has or npm gives.
    NODE_PATH: join(repositoryRoot, "node_modules"),
    // Half the time of a short command is Node reading the sources of the command line: once is enough for all tests.
    NODE_COMPILE_CACHE: join(repositoryRoot, "node_modules/.cache/node"),
  };
}

async function runCli(
  cli: string,
  words: readonly string[],
  root: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ran> {
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: root,
    env: { ...cleanEnvironment(root), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null];
  // Whatever the test is about.
  if (words.includes("--json") && stdout !== "") readOutcome(stdout);
  return { code, stdout, stderr };
}

/** The smallest pipeline that has something to build. */
export const SMALLEST: Readonly<Record<string, string>> = {
  "config/pipeline.yaml": `name: small
stages:
  prod: { branch: main }
  preview: { pull-requests: true }
components:
  inbox: { kind: queue }
  worker: { kind: function, source: functions/worker.ts }
flow:
  - inbox -> worker
`,
  "functions/worker.ts": "export async function handler(): Promise<void> {}\n",
};
