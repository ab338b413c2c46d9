/**
 * A repository as a user's would be: a pipeline, its functions, the Action and the committed workflow files, in Git.
 * What only this project's tests need is left out, above all of package.json, so that the workflow's `npm ci` takes
 * seconds: it is the only thing that is not as it is committed here.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../../..");
const PARTS = [
  ".github/actions",
  ".github/workflows/pipeline.yml",
  ".github/workflows/warren.yml",
  ".gitignore",
  ".npmrc",
  "action.yml",
  "config",
  "functions",
  "package.json",
  "package-lock.json",
  "templates",
];
/** What builds the Action, where it is not built yet. */
const SOURCES = ["action", "scripts/bundle.ts"];

type Edit = (text: string) => string;

/** Disposing it deletes it. */
export class Checkout implements AsyncDisposable {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** The Action built, as a release has it, or its sources, which each job builds, as a branch of Warren's own has them. */
  static async create(form: "release" | "sources"): Promise<Checkout> {
    const checkout = new Checkout(await mkdtemp(join(tmpdir(), "warren-checkout-")));
    try {
      await checkout.#fill(form);
    } catch (error) {
      await checkout[Symbol.asyncDispose]();
      throw error;
    }
    return checkout;
  }

  async #fill(form: "release" | "sources"): Promise<void> {
    for (const part of form === "sources" ? [...PARTS, ...SOURCES] : PARTS) {
      await mkdir(dirname(join(this.root, part)), { recursive: true });
      await cp(join(ROOT, part), join(this.root, part), { recursive: true });
    }
    const kept = await importedByFunctions(join(this.root, "functions"));
    const manifest = JSON.parse(await readFile(join(this.root, "package.json"), "utf8")) as Manifest;
    await writeFile(
      join(this.root, "package.json"),
      `${JSON.stringify(cut(manifest, kept, form), null, 2)}\n`,
    );
    await promisify(execFile)(
      "npm",
      ["install", "--package-lock-only", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"],
      { cwd: this.root },
    );
    if (form === "release") await this.#release();
    await this.#git("init", "--quiet", "--initial-branch=main");
    await this.commit("A pipeline");
  }

  async #release(): Promise<void> {
    await promisify(execFile)(process.execPath, [join(ROOT, "scripts/bundle.ts"), join(this.root, "dist")]);
    // act leaves out what Git ignores, though a release holds it.
    const ignored = await readFile(join(this.root, ".gitignore"), "utf8");
    await writeFile(join(this.root, ".gitignore"), ignored.replace(/^\/?dist\/?$/m, ""));
  }

  /** On the branch that is checked out. Throws Error if an edit changes nothing. Returns the commit. */
  async commit(message: string, edits: Readonly<Record<string, Edit>> = {}): Promise<string> {
    for (const [file, edit] of Object.entries(edits)) {
      const text = await readFile(join(this.root, file), "utf8");
      const edited = edit(text);
      if (edited === text) throw new Error(`the edit of ${file} changes nothing`);
      await writeFile(join(this.root, file), edited);
    }
    await this.#git("add", "--all");
    await this.#git("commit", "--quiet", `--message=${message}`);
    return this.head();
  }

  head(): Promise<string> {
    return this.#git("rev-parse", "HEAD");
  }

  /** Makes the branch from what is checked out if it is not there. */
  async checkOut(branch: string): Promise<void> {
    const known = await this.#git("branch", "--list", branch);
    await this.#git("switch", "--quiet", ...(known === "" ? ["--create"] : []), branch);
  }

  /** By a commit of its own, as GitHub's button does it. Returns that commit. */
  async merge(branch: string): Promise<string> {
    await this.#git("merge", "--quiet", "--no-ff", "--no-edit", branch);
    return this.head();
  }

  async #git(...args: readonly string[]): Promise<string> {
    // Not the configuration of whoever runs this: hooks, signatures, another name of the first branch.
    const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
    const identity = ["-c", "user.name=Alice", "-c", "user.email=alice@example.com"];
    const { stdout } = await promisify(execFile)("git", [...identity, ...args], { cwd: this.root, env });
    return stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Without what only tests need; a release needs no packages but those of the functions, and esbuild or npm to get it. */
function cut(manifest: Manifest, kept: ReadonlySet<string>, form: "release" | "sources"): Manifest {
  const { dependencies = {}, devDependencies = {}, optionalDependencies: _node, ...rest } = manifest;
  const needed = (all: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => kept.has(name) || name === "esbuild"));
  return {
    ...rest,
    dependencies: form === "sources" ? dependencies : needed(dependencies),
    devDependencies: needed(devDependencies),
  };
}

async function importedByFunctions(folder: string): Promise<ReadonlySet<string>> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/from "((?:@[\w-]+\/)?[\w-]+)/g)].map(([, name = ""]) => name)),
  );
}
