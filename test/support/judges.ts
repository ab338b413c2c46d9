/** cfn-lint and cfn-guard: where they are on this machine, and a PATH on which they are not. */
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { repositoryRoot } from "./shipped.ts";

export const LINT_FOLDER = join(repositoryRoot, ".venv/bin");

const PATH = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");

/** `cargo install cfn-guard` puts it into the last one. Undefined: it is not here. */
export const GUARD_FOLDER = [
  ...PATH,
  join(process.env["CARGO_HOME"] ?? join(homedir(), ".cargo"), "bin"),
].find((folder) => holds(folder, "cfn-guard"));

/** What a check says must not depend on what a developer has installed. */
export const PATH_WITHOUT_JUDGES = PATH.filter(
  (folder) => !holds(folder, "cfn-lint") && !holds(folder, "cfn-guard"),
).join(delimiter);

function holds(folder: string, program: string): boolean {
  try {
    accessSync(join(folder, program), constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: both mean that it cannot be started.
    return false;
  }
}
