/** A repository with Python functions for one test, and wheels made by hand: no index is asked. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { ArtifactFile, BuildRequest } from "../../action/core/artifact.ts";
import { formatProblem } from "../../action/core/problem.ts";
import { packPython, type PythonOutcome } from "../../action/edge/python.ts";
import { zipFiles } from "../../action/edge/zip.ts";

export type Packed = PythonOutcome & { readonly kind: "packed" };

export interface PythonProject extends Disposable {
  readonly root: string;
  pack(source: string, changes?: Partial<BuildRequest>): Promise<Packed>;
  /** What the user sees. */
  failure(source: string, changes?: Partial<BuildRequest>): Promise<string>;
}

export const HANDLER = "def handler(event, context):\n    return event\n";

/** Requirements that are answered by the wheels in `functions/wheels` alone. */
export const OWN_WHEELS = "--no-index\n--find-links wheels\n";

export function pythonProject(files: Readonly<Record<string, string | Uint8Array>>): PythonProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "warren-python-")));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const outcome = (source: string, changes: Partial<BuildRequest> = {}): Promise<PythonOutcome> =>
    packPython({ ...pythonRequest(source), ...changes }, { root });
  return {
    root,
    async pack(source, changes) {
      const packed = await outcome(source, changes);
      if (packed.kind === "packed") return packed;
      throw new Error(packed.problems.map(formatProblem).join("\n"));
    },
    async failure(source, changes) {
      const failed = await outcome(source, changes);
      if (failed.kind === "failed") return failed.problems.map(formatProblem).join("\n");
      throw new Error("it was packed");
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

export function pythonRequest(source: string): BuildRequest {
  return {
    component: "worker",
    source,
    runtime: "python3.13",
    architecture: "arm64",
    place: { file: "config/pipeline.yaml", line: 9, column: 5 },
  };
}

/** `tag`: for example `py3-none-any`; the wheel's files and what it must have of its own. */
export async function wheel(
  name: string,
  tag: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const notes = `${name}-1.0.dist-info`;
  const all: Record<string, string | Uint8Array> = {
    ...files,
    [`${notes}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    [`${notes}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: ${tag}\n`,
  };
  all[`${notes}/RECORD`] = [...Object.keys(all), `${notes}/RECORD`].map((path) => `${path},,\n`).join("");
  const entries = Object.entries(all).map(([path, content]): ArtifactFile => ({
    path,
    mode: 0o644,
    content: Buffer.from(content),
  }));
  return { [`functions/wheels/${name}-1.0-${tag}.whl`]: await zipFiles(entries) };
}

/** The first bytes of every Linux binary: enough where nobody reads on. */
export const ELF = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);

export function paths({ files }: Packed): readonly string[] {
  return files.map(({ path }) => path);
}
