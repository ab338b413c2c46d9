/** examples/python, deployed as `warren deploy` does: pandas from the index, run by the local AWS. */
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { localEnvironment, setUpAccount, silent } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { Pipeline } from "../../action/local/reference-pipeline.ts";
import { type Wikipedia, startWikipedia } from "../../action/local/wikipedia.ts";
import { run } from "../../action/run.ts";
import { systemPorts } from "../../action/system.ts";
import { somePython } from "./interpreter.ts";

/** What its requirements are locked for, and its code is written for. */
const python = await somePython(["3.13", "3.12", "3.14"]);
const canRun = python !== undefined && process.arch === "x64";
const skipped = canRun ? "" : " (skipped: it needs an x64 machine with Python 3.12 to 3.14)";

let root: string;
let aws: LocalAws | undefined;
let wikipedia: Wikipedia | undefined;

beforeAll(async () => {
  if (!canRun) return;
  root = await realpath(await mkdtemp(join(tmpdir(), "warren-example-")));
  await cp(join(import.meta.dirname, "../../examples/python"), root, { recursive: true });
  const config = join(root, "config/pipeline.yaml");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replaceAll("python3.13", `python${python.version}`));
  vi.stubEnv("PATH", [dirname(python.program), process.env["PATH"]].join(delimiter));
  wikipedia = await startWikipedia();
  aws = await startLocalAws({ lambdaEnvironment: { WIKIPEDIA_URL: wikipedia.url } });
  await setUpAccount(aws);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws?.[Symbol.asyncDispose]();
  await wikipedia?.[Symbol.asyncDispose]();
  if (canRun) await rm(root, { recursive: true });
});

test.skipIf(!canRun)(
  `every name of the table comes to the bucket with its sentiment, by way of pandas${skipped}`,
  async () => {
    if (aws === undefined || wikipedia === undefined) throw new Error("nothing was started");
    const ports = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
    await run({ command: "deploy", target: { stage: "prod" } }, ports);
    using pipeline = await Pipeline.find(aws, "rabbit-hole-python-prod");
    const names = await pipeline.names();
    expect(names).toHaveLength(5);
    const stop = new AbortController().signal;
    const started = await pipeline.invoke();
    await pipeline.watch(started, { names, wikipedia, screen: silent, stop, boundSeconds: 240 });
    const sentiments = await pipeline.sentiments();
    expect(sentiments.map(({ name }) => name).toSorted()).toEqual(names);
    expect(sentiments).toMatchObject(
      names.map(() => ({ version: 1, status: "scored", scores: { positive: expect.any(Number) } })),
    );
  },
  // 120 MB are installed, zipped, uploaded and unpacked: half a minute, and several on a busy machine.
  600_000,
);
