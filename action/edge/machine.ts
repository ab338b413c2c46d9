/** What this machine can run a runtime's Node on: itself, or an emulator of the other processor. */
import { access, constants, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";

import type { LoadRequest } from "../core/passport.ts";
import type { NodeRuntime } from "../core/runtime.ts";
import { nodeFromNpm } from "./node-runtime.ts";

export interface Machine {
  readonly kind: "ready";
  /** Absolute path of Node. */
  readonly node: string;
  /** Absolute path of qemu, if Node is for another processor. */
  readonly emulator: { readonly program: string; readonly systemRoot: string } | undefined;
}

export interface AbsentMachine {
  readonly kind: "absent";
  /** Without a full stop. */
  readonly why: string;
}

export interface MachineOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

const PROCESSOR = { arm64: "arm64", x86_64: "x64" } as const;

/** Where Debian's and Ubuntu's packages put them, and what Node itself needs of them. */
const QEMU = {
  arm64: {
    programs: ["qemu-aarch64-static", "qemu-aarch64"],
    systemRoot: "/usr/aarch64-linux-gnu",
    packages: "qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross",
    runner: "ubuntu-24.04-arm",
  },
} as const;
const LIBRARIES = ["libc.so.6", "libstdc++.so.6", "libgcc_s.so.1"];

/** `any`: for code that is the same on every processor. Throws UserError `node-missing`. */
export async function findMachine(
  runtime: NodeRuntime,
  architecture: LoadRequest["architecture"] | "any",
  options: MachineOptions,
): Promise<Machine | AbsentMachine> {
  const isHere = process.version.startsWith(`v${runtime.npm.split(".")[0]}.`);
  const isSame = architecture === "any" || PROCESSOR[architecture] === process.arch;
  if (process.platform !== "linux") {
    if (architecture === "any" && isHere)
      return { kind: "ready", node: process.execPath, emulator: undefined };
    return { kind: "absent", why: `this machine runs ${process.platform}, and Lambda runs Linux` };
  }
  if (architecture !== "any" && isSame && !hasGlibc())
    return { kind: "absent", why: "this machine's system has another C library than Lambda's glibc" };
  if (isSame && isHere) return { kind: "ready", node: process.execPath, emulator: undefined };
  if (isSame) {
    if (process.arch !== "x64" && process.arch !== "arm64")
      return { kind: "absent", why: `there is no Node for this machine's ${process.arch} on npm` };
    return { kind: "ready", node: await nodeFromNpm(runtime, process.arch, options), emulator: undefined };
  }
  if (architecture !== "arm64")
    return { kind: "absent", why: `binaries for ${architecture} need an ${architecture} runner` };
  const { programs, systemRoot, packages, runner } = QEMU[architecture];
  const program = await findProgram(programs, options.environment["PATH"] ?? "");
  const libraries = program === undefined ? [] : await readdir(join(systemRoot, "lib")).catch(() => []);
  if (program === undefined || !LIBRARIES.every((name) => libraries.includes(name))) {
    const why = `this is no arm64 machine and has no qemu: on GitHub use \`runs-on: ${runner}\`, or run \`sudo apt-get install ${packages}\` before Warren`;
    return { kind: "absent", why };
  }
  const node = await nodeFromNpm(runtime, PROCESSOR[architecture], options);
  return { kind: "ready", node, emulator: { program, systemRoot } };
}

async function findProgram(names: readonly string[], path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    for (const name of names) {
      const program = join(folder, name);
      if (folder !== "" && (await isExecutable(program))) return program;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Alpine has musl. */
function hasGlibc(): boolean {
  // Else the report looks up the names of the machine's addresses. @types/node 24.19 does not know it.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as unknown as {
    readonly header: Readonly<Record<string, unknown>>;
  };
  return "glibcVersionRuntime" in header;
}
