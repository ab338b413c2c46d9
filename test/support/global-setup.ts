/** A folder for what all files of tests share, for as long as they run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    bundles: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "warren-bundles-"));
  project.provide("bundles", folder);
  return () => rmSync(folder, { recursive: true });
}
