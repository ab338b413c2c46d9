/**
 * One build in a process of its own: `program.ts <what> <root> <cache> <source>...`.
 * `limit`: one call of esbuild for all sources, and a zip of each; no tool that bundles with esbuild can be faster.
 * `limit-maps`: the same with source maps, which Warren makes, too.
 */
import { crc32, deflateRawSync } from "node:zlib";

import { build } from "esbuild";

import { eachAtOnce } from "../../action/core/parallel.ts";
import { createBuilder } from "../../action/edge/builder.ts";

const [what = "", root = "", cache = "", ...sources] = process.argv.slice(2);

if (what.startsWith("limit")) await limit();
else await warren();
process.exit();

async function limit(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: sources,
    outdir: "out",
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true,
    sourcemap: what === "limit-maps" && "external",
    sourcesContent: false,
    logLevel: "silent",
  });
  const packed = outputFiles
    .filter(({ path }) => !path.endsWith(".map"))
    .map(({ contents }) => ({ sum: crc32(contents), bytes: deflateRawSync(contents) }));
  if (packed.length !== sources.length) throw new Error("a bundle is missing");
}

async function warren(): Promise<void> {
  const builder = createBuilder({
    root,
    environment: process.env,
    ...(cache === "" ? {} : { cache }),
    ...(what === "warren-unloaded" && {
      load: async (requests) => requests.map(() => ({ kind: "not-loaded", why: "measured without" })),
    }),
  });
  const artifacts = await builder.build(
    sources.map((source, i) => ({
      component: `f${i}`,
      source,
      runtime: "nodejs24.x",
      architecture: "arm64",
      place: { file: "config/pipeline.yaml", line: i + 1, column: 3 },
    })),
  );
  if (artifacts.length !== sources.length) throw new Error("an artifact is missing");
  // Nothing changed: nothing is uploaded, so nothing is packed.
  if (what !== "warren-warm") await eachAtOnce(16, artifacts, async ({ zip }) => void (await zip()));
}
