/** Python functions: the source, what it imports beside it, and the wheels of its requirements.txt for the target. */
import { readFile, readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { inOrder, type ArtifactFile, type BuildRequest, type Calls } from "../core/artifact.ts";
import type { NativePackage } from "../core/passport.ts";
import type { Problem } from "../core/problem.ts";
import {
  hidingProblem,
  importProblems,
  moduleName,
  pythonHandler,
  pythonRequestProblem,
  pythonVersion,
} from "../core/python-source.ts";
import { normalName, parseRequirements, type Requirements } from "../core/requirements.ts";
import { runtimeOf } from "../core/runtime.ts";
import { isInside, missingProblem, outsideProblem } from "../core/source.ts";
import { topModules, uvProblem, UV_VERSION, wheelPlatform, wrongTags } from "../core/wheel.ts";
import { ownFiles } from "./python-files.ts";
import { unpackWheels, type Package } from "./wheels.ts";

export type PythonOutcome =
  | {
      readonly kind: "packed";
      /** Sorted; without bytecode and installer's records, so that equal inputs are equal bytes. */
      readonly files: readonly ArtifactFile[];
      /** Lambda's handler, for example `producerai.handler`. */
      readonly handler: string;
      /** Packages that hold binaries; those of pure Python are not listed. */
      readonly native: readonly NativePackage[];
      readonly calls: Calls;
      readonly warnings: readonly Problem[];
      /** Files of the repository that were read, from its root, sorted. */
      readonly inputs: readonly string[];
      /** Every package is settled by `inputs`: without it the same inputs may be other files tomorrow. */
      readonly pinned: boolean;
    }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] };

const CALLS: Calls = {
  kind: "uncertain",
  actions: [],
  reason: "which calls Python code makes cannot be read from it",
};

/** Whether a source is Python's: what the builder sends here. */
export function isPython({ source }: Pick<BuildRequest, "source">): boolean {
  return source.endsWith(".py");
}

/**
 * The files of one function, not yet verified, zipped or loaded. Needs `uv` on the PATH when there is a requirements.txt
 * beside the source. `root`: real path of the repository's folder.
 */
export async function packPython(
  request: BuildRequest,
  { root }: { readonly root: string },
): Promise<PythonOutcome> {
  const refused = pythonRequestProblem(request) ?? (await sourceProblem(request, root));
  const version = pythonVersion(request.runtime);
  if (refused !== undefined || version === undefined) return failed(refused);

  const { source } = request;
  const handler = pythonHandler(source, await readFile(join(root, source), "utf8"));
  const own = await ownFiles(source, root);
  const listed = await readRequirements(join(dirname(source), "requirements.txt"), root);
  const problems = [...("name" in handler ? [] : [handler]), ...own.problems, ...listed.problems];
  if (!("name" in handler) || problems.length > 0) return failed(...problems);

  const installed = await install(listed, request, version, root);
  if (installed.kind === "failed") return installed;

  const modules = topModules(installed.files.map(({ path }) => path));
  const hiding = [...own.modules].flatMap(
    ([module, file]) => hidingProblem({ file, module }, modules, version) ?? [],
  );
  const { requirements, present } = listed;
  const imports = importProblems(own.imports, { modules, requirements, present }, version);
  if (hiding.length + imports.problems.length > 0) return failed(...hiding, ...imports.problems);

  const files = inOrder([...(await readOwn(own.files, root)), ...installed.files]);
  const tags = wrongTags(
    files.map(({ path }) => path),
    version,
    request.architecture,
  );
  // uv has chosen the wheels: a wrong one among their files is their author's slip, and perhaps never imported.
  const [ours, theirs] = [true, false].map((isOwn) =>
    tags
      .filter(({ path }) => own.files.has(path) === isOwn)
      .map(({ path, tag }) => tagProblem(path, tag, request)),
  );
  if (ours !== undefined && ours.length > 0) return failed(...ours);

  const loose = unpinned(installed.packages, listed);
  return {
    kind: "packed",
    files,
    handler: `${moduleName(source)}.${handler.name}`,
    native: nativePackages(installed.packages, installed.files),
    calls: CALLS,
    warnings: [
      ...imports.warnings,
      ...(theirs ?? []),
      ...(loose.length === 0 ? [] : [looseProblem(loose, requirements)]),
    ],
    inputs: [...new Set([...own.files.values(), ...listed.inputs])].toSorted(),
    pinned: loose.length === 0 && !listed.movable,
  };
}

function failed(...problems: readonly (Problem | undefined)[]): PythonOutcome & { readonly kind: "failed" } {
  return { kind: "failed", problems: problems.filter((problem) => problem !== undefined) };
}

async function sourceProblem(request: BuildRequest, root: string): Promise<Problem | undefined> {
  const path = join(root, request.source);
  if (!((await ifThere(() => stat(path)))?.isFile() ?? false))
    return missingProblem(request, (await ifThere(() => readdir(dirname(path)))) ?? []);
  return isInside(relative(root, await realpath(path))) ? undefined : outsideProblem(request);
}

async function ifThere<Result>(look: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG"].includes(code ?? "")) return undefined;
    throw error;
  }
}

const NONE: Requirements = {
  named: [],
  hashed: false,
  movable: false,
  includes: [],
  problems: [],
  empty: true,
};

interface Listed extends Requirements {
  /** Path of the outermost file from the repository's root. */
  readonly requirements: string;
  readonly present: boolean;
  /** It, and all files that it includes. */
  readonly inputs: readonly string[];
}

/** With what the file includes by `-r` and `-c`, which uv reads by itself: here only for the pins and what is refused. */
async function readRequirements(requirements: string, root: string): Promise<Listed> {
  const inputs: string[] = [];
  const read = async (file: string): Promise<Requirements | undefined> => {
    const real = await ifThere(() => realpath(join(root, file)));
    if (real !== undefined && !isInside(relative(root, real))) {
      const place = { file, line: 1, column: 1 };
      const message = `\`${file}\` is a link that leads out of the repository`;
      return { ...NONE, problems: [{ place, message, hint: "Copy the file into the repository." }] };
    }
    const text = real === undefined ? undefined : await ifThere(() => readFile(real, "utf8"));
    if (text === undefined || inputs.includes(file)) return undefined;
    inputs.push(file);
    const outer = parseRequirements(file, text);
    const all = [outer];
    for (const { path, line } of outer.includes) {
      const included = join(dirname(file), path);
      const place = { file, line, column: 1 };
      const inner = isInside(included) && !path.startsWith("/") ? await read(included) : undefined;
      if (inner !== undefined) all.push(inner);
      else if (!inputs.includes(included)) {
        const message = `there is no file \`${included}\` in the repository`;
        all.push({ ...NONE, problems: [{ place, message }] });
      }
    }
    return {
      named: all.flatMap(({ named }) => named),
      hashed: all.some(({ hashed }) => hashed),
      movable: all.some(({ movable }) => movable),
      includes: [],
      problems: all.flatMap(({ problems }) => problems),
      empty: outer.empty,
    };
  };
  const found = await read(requirements);
  return { ...(found ?? NONE), requirements, present: found !== undefined, inputs };
}

interface Installed {
  readonly kind: "installed";
  readonly files: readonly ArtifactFile[];
  readonly packages: readonly Package[];
}

async function install(
  { named, hashed, empty, requirements }: Listed,
  { architecture, runtime }: BuildRequest,
  version: string,
  root: string,
): Promise<Installed | (PythonOutcome & { readonly kind: "failed" })> {
  if (empty) return { kind: "installed", files: [], packages: [] };
  const glibc = runtimeOf(runtime).system.newest.GLIBC;
  const place = { file: requirements, line: 1, column: 1 };
  const wheels = await unpackWheels({
    requirements: join(root, requirements),
    version,
    platform: wheelPlatform(architecture, glibc),
    hashed,
  });
  switch (wheels.kind) {
    case "unpacked":
      return { kind: "installed", files: wheels.files, packages: wheels.packages };
    case "absent":
      return failed({
        place,
        message: "uv, which installs Python packages for another system than this one, is not on the PATH",
        hint: `In a workflow add \`uses: astral-sh/setup-uv\` before Warren's step, or give its reusable workflow \`install: pipx install uv==${UV_VERSION}\`; elsewhere run \`pip install uv==${UV_VERSION}\`.`,
      });
    case "late":
      return failed({
        place,
        message: `uv did not install ${requirements} within ${wheels.seconds} seconds`,
        hint: "Run the job again; if it stays so, look for what is slow: the index, or the packages' size.",
      });
    case "failed": {
      const problem = uvProblem({ ...wheels, named, file: requirements, version, architecture, glibc });
      return failed({ place, ...problem });
    }
  }
}

async function readOwn(files: ReadonlyMap<string, string>, root: string): Promise<readonly ArtifactFile[]> {
  return Promise.all(
    [...files].map(async ([path, file]) => ({
      path,
      mode: 0o644,
      content: await readFile(join(root, file)),
    })),
  );
}

function tagProblem(
  path: string,
  tag: string,
  { source, runtime, architecture, place }: BuildRequest,
): Problem {
  return {
    place,
    message: `\`${path}\` of \`${source}\` is built for \`${tag}\`, which ${runtime} on ${architecture} does not look for`,
    hint: "Leave packages with binaries to requirements.txt: their wheels are chosen for the function.",
  };
}

function looseProblem(names: readonly string[], file: string): Problem {
  const shown = names.slice(0, 6).map((name) => `\`${name}\``);
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : "";
  return {
    place: { file, line: 1, column: 1 },
    message: `${file} does not pin ${shown.join(", ")}${more}: another deploy of the same commit may get other versions`,
    hint: "Name the packages in a requirements.in, and run `uv pip compile --universal --generate-hashes requirements.in -o requirements.txt`.",
  };
}

function unpinned(packages: readonly Package[], { named }: Requirements): readonly string[] {
  const pins = new Set(named.filter(({ pinned }) => pinned).map(({ name }) => name));
  return packages.map(({ name }) => normalName(name)).filter((name) => !pins.has(name));
}

function nativePackages(
  packages: readonly Package[],
  files: readonly ArtifactFile[],
): readonly NativePackage[] {
  const contents = new Map(files.map(({ path, content }) => [path, content]));
  return packages.flatMap(({ name, version, paths }) => {
    const own = paths.flatMap((path) => contents.get(path) ?? []);
    const binaries = own.filter(isElf).length;
    const bytes = own.reduce((sum, content) => sum + content.byteLength, 0);
    return binaries === 0 ? [] : [{ name, version, origin: "fetched", binaries, bytes }];
  });
}

function isElf(content: Uint8Array): boolean {
  return content[0] === 0x7f && content[1] === 0x45 && content[2] === 0x4c && content[3] === 0x46;
}
