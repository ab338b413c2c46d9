/** Artifacts that earlier runs have built and loaded, kept on disk: taken again only if all that they were made of is as it was. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  type Artifact,
  type ArtifactFile,
  artifactKey,
  artifactManifest,
  type BuildRequest,
} from "../core/artifact.ts";
import type { Question } from "../core/build-inputs.ts";
import { type KeptBuild, type KeptFile, keptName, keptText, readKept } from "../core/kept-build.ts";
import { LOCK_FILES } from "../core/lockfile.ts";
import type { Passport } from "../core/passport.ts";
import { createAnswers, installQuestions } from "./answers.ts";
import type { Environment } from "./cache.ts";
import type { Packages } from "./packages.ts";
import { zipFiles } from "./zip.ts";

export interface BuildCacheSettings {
  readonly folder: string;
  /** Real path of the repository's folder. */
  readonly root: string;
  readonly environment: Environment;
  readonly packages: Packages;
  /** The version of esbuild. */
  readonly esbuild: string;
}

export interface Finished {
  readonly handler: string;
  readonly calls: Artifact["calls"];
  readonly passport: Passport;
  readonly files: readonly ArtifactFile[];
  /** What it was made of. */
  readonly questions: readonly Question[];
}

export interface BuildCache {
  find(request: BuildRequest): Promise<Artifact | undefined>;
  keep(request: BuildRequest, build: Finished): Promise<void>;
  /** Once all is built. Forgets what was not used for long, too. */
  save(): Promise<void>;
}

const DAY_MS = 86_400_000;
const KEPT_DAYS = 30;

export function createBuildCache({
  folder,
  root,
  environment,
  packages,
  esbuild,
}: BuildCacheSettings): BuildCache {
  // Clocks count milliseconds. Nothing is read within the first.
  const started = Date.now() + 1;
  const answers = createAnswers(root, packages);
  const installed = installQuestions(root, LOCK_FILES);
  // NODE_PATH is where esbuild looks for packages, too.
  const { NODE_PATH = "" } = environment;
  const program = [
    (programHash ??= hashOfProgram()),
    esbuild,
    process.platform,
    process.arch,
    NODE_PATH,
  ].join(" ");
  const zips = new Map<string, Promise<Uint8Array>>();
  const fresh: { readonly request: BuildRequest; readonly build: Omit<KeptBuild, "answers"> }[] = [];

  const entryOf = (request: BuildRequest): string =>
    join(folder, `${keptName(request, program, sha256)}.json`);
  const contentOf = ({ sha256: name }: KeptFile): string => join(folder, name);

  async function readContent(file: KeptFile): Promise<Uint8Array | undefined> {
    const content = await ifThere(() => readFile(contentOf(file)));
    return content !== undefined && sha256(content) === file.sha256 ? content : undefined;
  }

  async function isWhole(files: readonly KeptFile[]): Promise<boolean> {
    for (const file of files) if ((await readContent(file)) === undefined) return false;
    return true;
  }

  async function zip(files: readonly KeptFile[]): Promise<Uint8Array> {
    return zipFiles(
      await Promise.all(
        files.map(async (file) => {
          const content = await readContent(file);
          if (content !== undefined) return { path: file.path, mode: file.mode, content };
          throw new Error(`${contentOf(file)} was changed while it was in use`);
        }),
      ),
    );
  }

  async function use(path: string): Promise<void> {
    const now = Date.now();
    if (now - (await stat(path)).mtimeMs > DAY_MS) await utimes(path, now / 1000, now / 1000);
  }

  return {
    async find(request) {
      const entry = entryOf(request);
      const text = await ifThere(() => readFile(entry, "utf8"));
      const kept = text === undefined ? undefined : readKept(text, request.place, sha256);
      if (kept === undefined || answers.all([...installed, ...kept.questions]) !== kept.answers)
        return undefined;
      if (!(await isWhole(kept.files))) return undefined;
      for (const path of [entry, ...kept.files.map(contentOf)]) await use(path);
      const { files, handler, calls, passport } = kept;
      const key = artifactKey(sha256(artifactManifest(files)));
      return {
        component: request.component,
        key,
        handler,
        zip: () => {
          const zipped = zips.get(key) ?? zip(files);
          zips.set(key, zipped);
          return zipped;
        },
        unzippedBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
        calls,
        passport,
      };
    },

    async keep(request, { questions, files, handler, calls, passport }) {
      // What was not loaded here might be the next time.
      if (passport.load.kind !== "loaded") return;
      await mkdir(folder, { recursive: true });
      const named = files.map(({ path, mode, content }) => ({
        content,
        file: { path, mode, sha256: sha256(content), bytes: content.byteLength },
      }));
      for (const { file, content } of named) {
        if ((await readContent(file)) === undefined) await replace(contentOf(file), content);
      }
      const build = { questions, files: named.map(({ file }) => file), handler, calls, passport };
      fresh.push({ request, build });
    },

    async save() {
      if (fresh.length === 0) return;
      // Asked anew, now that all is read: what was changed meanwhile may have been read before or after.
      const now = createAnswers(root, packages);
      for (const { request, build } of fresh) {
        const answered = now.all([...installed, ...build.questions], started);
        if (answered === undefined) continue;
        await replace(entryOf(request), keptText({ ...build, answers: answered }, request.place, sha256));
      }
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const found = await ifThere(() => stat(path));
        if (found !== undefined && Date.now() - found.mtimeMs > KEPT_DAYS * DAY_MS)
          await rm(path, { force: true });
      }
    },
  };
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Whole or not at all, as another run may write the same. */
async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, content);
  await rename(fresh, path);
}

async function ifThere<Result>(look: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Of what has been loaded: nobody edits it while it runs but we. */
let programHash: string | undefined;

/** Of this program: another one may build something else. In dist/ it is one file and the loader beside it. */
function hashOfProgram(): string {
  const here = import.meta.dirname;
  const isBundled = existsSync(join(here, "load/main.mjs"));
  const files = isBundled
    ? [import.meta.filename, join(here, "load/main.mjs")]
    : [".", "../core", "../load", "../../templates"].flatMap((folder) => {
        const at = join(here, folder);
        return readdirSync(at, { recursive: true, encoding: "utf8" })
          .toSorted()
          .map((name) => join(at, name));
      });
  const all = createHash("sha256");
  for (const file of files)
    if (statSync(file).isFile()) all.update(file.slice(here.length)).update(readFileSync(file));
  return all.digest("hex");
}
