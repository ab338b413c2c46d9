/**
 * `npm run bench:build`: builds N functions with Warren, with nothing but esbuild (the limit), and with SAM, CDK and osls, in
 * turns, and prints CPU seconds and their ratios. Seconds depend on the machine; ratios of runs that take turns hardly do.
 *
 *     npm run bench:build -- --n 2,10 --rounds 3
 *     npm run bench:build -- --no-peers --work sdk
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";

import { build } from "esbuild";

import { writeFunctions, type Work, WORKS } from "./functions.ts";
import { type Command, measure, median, type Taken } from "./meter.ts";
import { peerCommands } from "./peers.ts";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

export interface Case {
  readonly name: string;
  /** Before each round. */
  readonly prepare?: () => Promise<void>;
  readonly command: Omit<Command, "log">;
}

/** Each case's runs, one a round. */
export async function rounds(
  cases: readonly Case[],
  count: number,
  log: string,
): Promise<ReadonlyMap<string, readonly Taken[]>> {
  const taken = new Map<string, Taken[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const { name, prepare, command } of cases) {
      await prepare?.();
      taken.get(name)?.push(await measure({ ...command, log }));
    }
  }
  return taken;
}

/** The program as it is published: one file, as reading TypeScript would be measured, too. */
export async function bundledProgram(folder: string): Promise<string> {
  await run(process.execPath, ["scripts/bundle.ts", folder], { cwd: root });
  const program = join(folder, "program.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/bench/program.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    external: ["esbuild"],
    banner: {
      js: 'import { createRequire as own } from "node:module"; const require = own(import.meta.url);',
    },
    logLevel: "warning",
  });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return program;
}

/** `project`: a folder with the functions, in which packages are found. */
export function ownCases(
  program: string,
  project: string,
  sources: readonly string[],
  cache: string,
): readonly Case[] {
  const own = (name: string, what: string, kept = ""): Case => ({
    name,
    command: { command: [process.execPath, program, what, project, kept, ...sources], cwd: project },
  });
  const empty = async (): Promise<void> => rm(cache, { recursive: true, force: true });
  return [
    own(LIMIT, "limit"),
    own(LIMIT_WITH_MAPS, "limit-maps"),
    own(NOT_LOADED, "warren-unloaded"),
    { ...own(COLD, "warren", cache), prepare: empty },
    // Right after the cold one, which has filled the cache.
    own(UNCHANGED, "warren-warm", cache),
  ];
}

/** Names of cases. */
export const LIMIT = "limit: esbuild alone";
export const LIMIT_WITH_MAPS = "limit, with source maps";
export const NOT_LOADED = "warren, not loaded";
export const COLD = "warren, cold";
export const UNCHANGED = "warren, nothing changed";

function table(count: number, taken: ReadonlyMap<string, readonly Taken[]>): string {
  const of = (name: string, field: keyof Taken): number =>
    median((taken.get(name) ?? []).map((one) => one[field]));
  const limit = taken.get(LIMIT) ?? [];
  const rows = [...taken].map(([name, runs]) => {
    const ratio = median(runs.map(({ cpuSeconds }, i) => cpuSeconds / (limit[i]?.cpuSeconds ?? NaN)));
    const cells = [
      name,
      of(name, "cpuSeconds").toFixed(2),
      of(name, "wallSeconds").toFixed(1),
      ratio.toFixed(2),
      of(name, "peakMb").toFixed(0),
    ];
    return `| ${count} | ${cells.join(" | ")} |`;
  });
  return rows.join("\n");
}

async function bench(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      n: { type: "string", default: "2,10,50,200" },
      rounds: { type: "string", default: "3" },
      peers: { type: "boolean", default: true },
      work: { type: "string", default: Object.keys(WORKS).join(",") },
    },
  });
  const scratch = await mkdtemp(join(tmpdir(), "warren-bench-"));
  try {
    const program = await bundledProgram(join(scratch, "program"));
    for (const work of values.work.split(",").filter(isWork)) {
      console.log(`\n### ${work}\n\n| N | what | CPU s | wall s | CPU / limit | peak MB |`);
      console.log("| - | ---- | ----- | ------ | ----------- | ------- |");
      for (const count of values.n.split(",").map(Number)) {
        const project = join(scratch, `${work}${count}`);
        await mkdir(project);
        await writeFile(
          join(project, "package.json"),
          '{ "name": "bench", "private": true, "type": "module" }',
        );
        await symlink(join(root, "node_modules"), join(project, "node_modules"));
        const sources = writeFunctions(project, count, work);
        const peers = values.peers ? await peerCommands(sources, work) : [];
        const cases = [...ownCases(program, project, sources, join(scratch, "cache")), ...peers];
        console.log(table(count, await rounds(cases, Number(values.rounds), join(scratch, "log"))));
      }
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function isWork(name: string): name is Work {
  return Object.hasOwn(WORKS, name);
}

if (import.meta.main) await bench();
