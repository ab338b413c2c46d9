/** What others build the same functions with. Installed once into a cache folder: none of it is this repository's. */
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { cacheFolder, keptFolder } from "../../action/edge/cache.ts";
import type { Case } from "./build.ts";
import { type Work, writeFunctions } from "./functions.ts";

const run = promisify(execFile);

/** aws-cdk 3.0.0, npm's latest, cannot read what aws-cdk-lib writes. osls is the Serverless Framework that needs no account. */
const PACKAGES = {
  "@aws-sdk/client-sqs": "3.1169.0",
  "aws-cdk": "2.1148.1",
  "aws-cdk-lib": "2.276.0",
  constructs: "10.8.1",
  esbuild: "0.28.2",
  osls: "4.3.1",
  "serverless-esbuild": "1.57.2",
  yaml: "2.9.1",
};
const SAM = "aws-sam-cli==1.170.0";

/** One case each, over the same functions. */
export async function peerCommands(sources: readonly string[], work: Work): Promise<readonly Case[]> {
  const cache = join(cacheFolder(process.env), "bench");
  const packages = await keptFolder(
    join(cache, `npm-${Object.values(PACKAGES).join("-")}`),
    async (fresh) => {
      const manifest = { name: "peers", private: true, dependencies: PACKAGES };
      await writeFile(join(fresh, "package.json"), JSON.stringify(manifest));
      await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: fresh });
    },
  );
  // A virtual environment knows its own path, so it cannot be made elsewhere and moved.
  const python = join(cache, SAM);
  await run("python3", ["-m", "venv", python]);
  await run(join(python, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", SAM]);

  const bin = join(packages, "node_modules/.bin");
  const env = {
    PATH: [bin, join(python, "bin"), process.env["PATH"]].join(delimiter),
    SAM_CLI_TELEMETRY: "0",
    CDK_DISABLE_CLI_TELEMETRY: "true",
    SLS_NOTIFICATIONS_MODE: "off",
    AWS_REGION: "eu-west-1",
  };
  const folder = join(packages, `n${sources.length}`);
  await mkdir(folder, { recursive: true });
  writeFunctions(folder, sources.length, work);
  await writeFile(join(folder, "package.json"), '{ "name": "bench", "private": true, "version": "1.0.0" }');
  await writeFile(
    join(folder, "package-lock.json"),
    await readFile(join(packages, "package-lock.json"), "utf8"),
  );
  await writeFile(join(folder, "cdk.mjs"), cdkApp(sources));
  await writeFile(join(folder, "serverless.yml"), JSON.stringify(serverless(sources)));
  await writeFile(join(folder, "template.yaml"), JSON.stringify(sam(sources)));
  const cold =
    (...names: readonly string[]) =>
    async (): Promise<void> => {
      for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
    };
  return [
    {
      name: "osls package",
      prepare: cold(".serverless", ".esbuild"),
      command: { command: ["osls", "package"], cwd: folder, env },
    },
    {
      name: "cdk synth",
      prepare: cold("cdk.out"),
      command: { command: ["cdk", "synth", "--quiet", "--app", "node cdk.mjs"], cwd: folder, env },
    },
    {
      name: "sam build",
      prepare: cold(".aws-sam"),
      command: { command: ["sam", "build", "--build-in-source", "--parallel"], cwd: folder, env },
    },
  ];
}

function nameOf(source: string): string {
  return source.slice("functions/".length, -".ts".length);
}

function cdkApp(sources: readonly string[]): string {
  return `
import { App, Stack } from "aws-cdk-lib";
import { Runtime } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
const stack = new Stack(new App(), "bench");
const bundling = { format: OutputFormat.ESM, minify: true, keepNames: true, externalModules: [], mainFields: ["module", "main"] };
for (const entry of ${JSON.stringify(sources)})
  new NodejsFunction(stack, entry.replace(/\\W/g, ""), { entry, runtime: Runtime.NODEJS_24_X, bundling, depsLockFilePath: "package-lock.json", projectRoot: "." });
`;
}

function serverless(sources: readonly string[]): object {
  return {
    service: "bench",
    provider: { name: "aws", runtime: "nodejs22.x" },
    plugins: ["serverless-esbuild"],
    package: { individually: true },
    custom: {
      esbuild: { minify: true, keepNames: true, bundle: true, exclude: [], mainFields: ["module", "main"] },
    },
    functions: Object.fromEntries(
      sources.map((source) => [nameOf(source), { handler: `functions/${nameOf(source)}.handler` }]),
    ),
  };
}

function sam(sources: readonly string[]): object {
  const esbuild = { Minify: true, KeepNames: true, MainFields: "module,main", Target: "node22" };
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Transform: "AWS::Serverless-2016-10-31",
    Resources: Object.fromEntries(
      sources.map((source) => [
        nameOf(source),
        {
          Type: "AWS::Serverless::Function",
          Properties: { CodeUri: ".", Handler: `functions/${nameOf(source)}.handler`, Runtime: "nodejs22.x" },
          Metadata: { BuildMethod: "esbuild", BuildProperties: { ...esbuild, EntryPoints: [source] } },
        },
      ]),
    ),
  };
}
