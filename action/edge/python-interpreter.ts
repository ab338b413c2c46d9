/** Where this machine keeps a Python of a certain version. */
import { execFile } from "node:child_process";
import { access, constants, glob } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A version manager's `python3.13` may be there and only tell that no such version is chosen. */
const ANSWER_MS = 20_000;

/**
 * Absolute path of a Python that says it is of this version (`3.13`); undefined if there is none. GitHub's runners have
 * several in their tool cache, of which none is on the PATH before actions/setup-python.
 */
export async function findPython(
  version: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const name = `python${version}`;
  for (const folder of (environment["PATH"] ?? "").split(delimiter)) {
    if (folder !== "" && (await isPython(join(folder, name), version))) return join(folder, name);
  }
  const [home, data] = [environment["HOME"] ?? "/root", environment["XDG_DATA_HOME"]];
  const versions = [
    join(environment["RUNNER_TOOL_CACHE"] ?? "/opt/hostedtoolcache", "Python", `${version}.*`, "*"),
    join(environment["PYENV_ROOT"] ?? join(home, ".pyenv"), "versions", `${version}.*`),
    join(
      environment["UV_PYTHON_INSTALL_DIR"] ?? join(data ?? join(home, ".local/share"), "uv/python"),
      `cpython-${version}.*`,
    ),
  ];
  for (const pattern of versions) {
    for await (const path of glob(join(pattern, "bin", name))) if (await isPython(path, version)) return path;
  }
  return undefined;
}

async function isPython(path: string, version: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    const code = "import sys; print('%d.%d' % sys.version_info[:2])";
    const { stdout } = await run(path, ["-I", "-S", "-c", code], { timeout: ANSWER_MS });
    return stdout.trim() === version;
  } catch (error) {
    // Not there, not to be run, not answering, or an answer with an exit code: it is none of ours.
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}
