/** Whatever path a repository writes down, and wherever its links lead: nothing outside of it is read or written. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { UserError } from "../../action/core/problem.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import { builderOf, requestOf } from "../build/project.ts";
import { hold } from "./held.ts";

const SECRET = "of another repository";
const parent = realpathSync(mkdtempSync(join(tmpdir(), "warren-paths-")));
const root = join(parent, "here");
const outside = join(parent, "outside");
mkdirSync(join(root, "functions/inner"), { recursive: true });
mkdirSync(outside);
for (const name of ["a.ts", "a.py", "requirements.txt", "a.yaml"])
  writeFileSync(join(outside, name), `# ${SECRET}\n`);
writeFileSync(join(root, "functions/a.ts"), "export const handler = () => 1;\n");
writeFileSync(join(root, "functions/a.py"), "def handler(event, context): pass\n");
const LINKS: Readonly<Record<string, string>> = {
  out: outside,
  up: "..",
  "functions/out": "../../outside",
  "functions/file.ts": join(outside, "a.ts"),
  "functions/file.py": join(outside, "a.py"),
  "functions/loop": "loop",
  "functions/loop.ts": "loop.ts",
  "functions/nowhere": join(outside, "new"),
  "functions/self": ".",
};
for (const [name, target] of Object.entries(LINKS)) symlinkSync(target, join(root, name));
afterAll(() => rmSync(parent, { recursive: true }));

const PARTS = [
  ..."a.ts a.py a.yaml file.ts file.py loop.ts requirements.txt functions inner out up self loop nowhere new".split(
    " ",
  ),
  ..."here outside etc passwd proc environ ~ C: .. .. .. . \\..\\ ..\\ %2e%2e \u2024\u2024 \uFF0E\uFF0E 🐇 -r --help $(id)".split(
    " ",
  ),
  "",
  "a".repeat(300),
];
const path = fc
  .tuple(
    fc.constantFrom("", "", "", "/", "//", "./", "file://", parent),
    fc.array(fc.constantFrom(...PARTS), { maxLength: 7 }),
  )
  .map(([start, parts]) => start + parts.join("/"));

/** Of everything that is not the repository's. */
function outsideNow(): string {
  const files = readdirSync(outside, { recursive: true, encoding: "utf8" }).toSorted();
  return JSON.stringify([
    readdirSync(parent),
    files.map((name) => [name, readFileSync(join(outside, name), "utf8")]),
  ]);
}

async function refusedOr<T>(work: Promise<T>): Promise<T | "refused"> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UserError) return "refused";
    throw error;
  }
}

/** Warren writes to names of its own only, so what the disk says of others is no error that anybody must read. */
function unwritable(error: unknown): void {
  if (error instanceof Error && "code" in error) return;
  throw error;
}

test("the workspace reads and writes nothing outside", { timeout: 600_000 }, async () => {
  const before = outsideNow();
  const workspace = diskWorkspace(root);
  const seen = new Set<string>();
  await hold("paths", path, { sample: 250, all: 20_000 }, async (one) => {
    const text = await refusedOr(workspace.read(one));
    if (text?.includes(SECRET) === true) throw new Error("it was read");
    const names = await refusedOr(workspace.list(one));
    if (names !== "refused" && names.some((name) => name === "a.yaml" || name === "passwd"))
      throw new Error("it was listed");
    await refusedOr(workspace.exists(one));
    seen.add(text === "refused" ? "refused" : "read");
    // Not over what the next case reads.
    if (!/\.(?:ts|py)$/.test(one)) await refusedOr(workspace.write(`${one}/w/x`, "x").catch(unwritable));
    if (one.endsWith("/nowhere")) await refusedOr(workspace.write(one, "x").catch(unwritable));
    if (outsideNow() !== before) throw new Error("something outside was changed");
    for (const made of ["w", "functions/w", "functions/requirements.txt"])
      rmSync(join(root, made), { recursive: true, force: true });
  });
  expect([...seen].toSorted()).toEqual(["read", "refused"]);
});

test("a function's source is never outside", { timeout: 600_000 }, async () => {
  const good = fc.constantFrom(
    "functions/a.ts",
    "./functions/a.ts",
    "functions/./inner/../a.ts",
    "functions/self/a.ts",
  );
  const bad = path.map((one) => (/\.(?:ts|py)$/.test(one) ? one : `${one}/file.ts`));
  const source = fc.oneof({ weight: 4, arbitrary: bad }, { weight: 1, arbitrary: good });
  const seen = new Set<string>();
  await hold("sources of functions", source, { sample: 60, all: 2_000 }, async (one) => {
    const runtime = one.endsWith(".py") ? { runtime: "python3.13" } : {};
    const built = await refusedOr(builderOf(root).build([{ ...requestOf(one, 0), ...runtime }]));
    if (built !== "refused" && JSON.stringify(built).includes(SECRET)) throw new Error("it was built");
    seen.add(built === "refused" ? built : "built");
  });
  expect([...seen].toSorted()).toEqual(["built", "refused"]);
});

test("requirements that are a folder are none", async () => {
  mkdirSync(join(root, "functions/requirements.txt"));
  const request = { ...requestOf("functions/a.py", 0), runtime: "python3.13" };
  expect(await refusedOr(builderOf(root).build([request]))).not.toBe("refused");
  rmSync(join(root, "functions/requirements.txt"), { recursive: true });
});

test("requirements that are a link out of the repository", async () => {
  symlinkSync(join(outside, "requirements.txt"), join(root, "functions/requirements.txt"));
  const request = { ...requestOf("functions/a.py", 0), runtime: "python3.13" };
  expect(await refusedOr(builderOf(root).build([request]))).toBe("refused");
  rmSync(join(root, "functions/requirements.txt"));
});
