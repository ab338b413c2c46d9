/** uv, which chooses and unpacks wheels for a system that this machine is not. https://docs.astral.sh/uv/ */
import { execFile, type ExecFileException } from "node:child_process";
import { basename, dirname } from "node:path";

/** A cold cache and a slow index: PyTorch's wheels are 2 GB. */
const INSTALL_MS = 600_000;

/** What uv needs, and nothing else: a package's name must not be the way to a credential of AWS or GitHub. */
const PASSED =
  /^(?:PATH|HOME|LANG|LC_ALL|TMPDIR|XDG_\w+|SSL_CERT_\w+|NETRC|UV_(?!PUBLISH)\w+|(?:HTTPS?|ALL|NO)_PROXY)$/i;

export type UvResult =
  | { readonly kind: "installed" }
  /** There is no `uv` on the PATH. */
  | { readonly kind: "absent" }
  | { readonly kind: "late"; readonly seconds: number }
  | { readonly kind: "failed"; readonly stderr: string };

/**
 * Installs wheels, never running a package's code. `requirements`: absolute path of the file; paths in it are from its
 * folder. `version`: `3.13`. `platform`: see `wheelPlatform`.
 */
export async function uvInstall(options: {
  readonly requirements: string;
  readonly target: string;
  readonly version: string;
  readonly platform: string;
  readonly hashed: boolean;
}): Promise<UvResult> {
  const { requirements, target, version, platform, hashed } = options;
  const wanted = ["--python-version", version, "--python-platform", platform, "--only-binary", ":all:"];
  const quiet = ["--no-progress", "--color", "never"];
  const args = ["pip", "install", ...wanted, ...(hashed ? ["--require-hashes"] : []), ...quiet];
  return new Promise((resolve) => {
    execFile(
      "uv",
      [...args, "--target", target, "--requirements", basename(requirements)],
      {
        cwd: dirname(requirements),
        env: Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED.test(name))),
        timeout: INSTALL_MS,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, _stdout, stderr) => resolve(resultOf(error, stderr)),
    );
  });
}

function resultOf(error: ExecFileException | null, stderr: string): UvResult {
  if (error === null) return { kind: "installed" };
  if (error.code === "ENOENT") return { kind: "absent" };
  if (error.killed === true) return { kind: "late", seconds: INSTALL_MS / 1000 };
  return { kind: "failed", stderr: stderr.trim() || error.message };
}
