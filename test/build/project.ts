/** A user's repository for one test: files of its own, and the packages that are installed here unless it has some. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Artifact, BuildRequest } from "../../action/core/artifact.ts";
import { UserError } from "../../action/core/problem.ts";
import { createBuilder } from "../../action/edge/builder.ts";
import type { Builder } from "../../action/ports.ts";

export interface Project extends Disposable {
  readonly root: string;
  build(...sources: readonly string[]): Promise<readonly Artifact[]>;
  /** The text that the user sees when the build fails. */
  failure(...sources: readonly string[]): Promise<string>;
}

export type Files = Readonly<Record<string, string | Uint8Array>>;

export function project(files: Files): Project {
  const root = temporaryFolder();
  if (!Object.keys(files).some((path) => path.startsWith("node_modules/"))) {
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(root, "node_modules"));
  }
  writeFiles(root, files);
  const build = (...sources: readonly string[]) => builderOf(root).build(sources.map(requestOf));
  return {
    root,
    build,
    async failure(...sources) {
      const failed = await build(...sources).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failed instanceof UserError) return failed.message;
      throw new Error("the build did not fail with a UserError", { cause: failed });
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

export function writeFiles(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** `cache`: the folder in which builds are kept. */
export function builderOf(root: string, cache?: string): Builder {
  return createBuilder({ root, environment: process.env, cache });
}

/** The request on line n of pipeline.yaml, for component cn. */
export function requestOf(source: string, index: number): BuildRequest {
  return {
    component: `c${index + 1}`,
    source,
    runtime: "nodejs24.x",
    architecture: "arm64",
    place: { file: "config/pipeline.yaml", line: index + 1, column: 3 },
  };
}

export interface Unpacked extends Disposable {
  readonly folder: string;
  /** The zip's own list, in its order. `date` is year to second, `extra` in hex. */
  readonly entries: unknown;
}

/** Another program than ours: unpacks into an empty folder, and prints the list. */
const UNPACK = `
import json, sys, zipfile
zip = zipfile.ZipFile(sys.argv[1])
zip.extractall(sys.argv[2])
print(json.dumps([{"path": i.filename, "date": i.date_time, "mode": oct(i.external_attr >> 16), "extra": i.extra.hex(),
                   "size": i.file_size} for i in zip.infolist()]))
`;

export async function unpack({ zip }: Pick<Artifact, "zip">): Promise<Unpacked> {
  const outer = temporaryFolder();
  const folder = join(outer, "task");
  writeFileSync(join(outer, "artifact.zip"), await zip());
  const list = execFileSync("python3", ["-c", UNPACK, join(outer, "artifact.zip"), folder], {
    encoding: "utf8",
  });
  return { folder, entries: JSON.parse(list), [Symbol.dispose]: () => rmSync(outer, { recursive: true }) };
}

/** Runs code as Lambda does: in the artifact's folder, with nothing of our environment. */
export function runIn({ folder }: Unpacked, code: string): string {
  const node = [process.execPath, "--enable-source-maps", "--input-type=module", "--eval", code];
  return execFileSync("env", ["-i", "AWS_REGION=eu-west-1", ...node], { cwd: folder, encoding: "utf8" });
}

export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "warren-build-")));
}
