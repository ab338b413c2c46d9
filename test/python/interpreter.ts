/** A Python of a runtime that this machine can run. */
import { findPython, type Python } from "../../action/edge/python-interpreter.ts";

const VERSIONS = ["3.13", "3.12", "3.14", "3.11"];

/** The first of `versions` that is here. */
export async function somePython(
  versions: readonly string[] = VERSIONS,
): Promise<({ readonly version: string } & Python) | undefined> {
  for (const version of versions) {
    const found = await findPython(version, process.env);
    if (found !== undefined) return { version, ...found };
  }
  return undefined;
}
