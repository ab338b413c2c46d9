/** Packages for the function's system that are not installed on this one come from npm, as they were locked. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import type { Artifact } from "../../action/core/artifact.ts";
import { UserError } from "../../action/core/problem.ts";
import { createBuilder } from "../../action/edge/builder.ts";
import { BURROW, BURROW_MAC, burrowFor, CALL, DEPTH, FUNCTION, installed } from "./burrow.ts";
import { type Files, type Project, project, requestOf, runIn, unpack } from "./project.ts";
import { type Registry, registry } from "./registry.ts";

/** As it is on a Mac. */
const MAC = {
  ...FUNCTION,
  ...installed({
    "node_modules/burrow": BURROW,
    "node_modules/burrow-depth": DEPTH,
    "node_modules/@burrow/darwin-arm64": BURROW_MAC,
  }),
};

const X64 = "@burrow/linux-x64-gnu";

function npmLock(integrity: string | undefined): string {
  const packages = { [`node_modules/${X64}`]: { version: "1.0.0", integrity } };
  return JSON.stringify({ lockfileVersion: 3, packages });
}

interface Machine extends Disposable {
  readonly cache: string;
  build(here: Project): Promise<Artifact>;
  /** The text that the user sees. */
  refusal(here: Project): Promise<string>;
}

/** One that has never built anything. */
function machine(
  { url }: Pick<Registry, "url">,
  environment: Readonly<Record<string, string>> = {},
): Machine {
  const home = project({});
  const cache = join(home.root, "tools");
  const build = async (here: Project): Promise<Artifact> => {
    const settings = {
      PATH: process.env["PATH"],
      HOME: home.root,
      RUNNER_TOOL_CACHE: cache,
      npm_config_cache: join(home.root, "npm"),
      npm_config_registry: url,
      npm_config_fetch_retries: "0",
      ...environment,
    };
    const request = { ...requestOf("functions/a.ts", 0), architecture: "x86_64" as const };
    const [artifact] = await createBuilder({ root: here.root, environment: settings }).build([request]);
    if (artifact === undefined) throw new Error("nothing was built");
    return artifact;
  };
  return {
    cache: join(cache, "warren/packages"),
    build,
    async refusal(here) {
      try {
        await build(here);
      } catch (error) {
        if (error instanceof UserError) return error.message.replaceAll(/127\.0\.0\.1:\d+/g, "<registry>");
        throw error;
      }
      return "it was built";
    },
    [Symbol.dispose]: () => home[Symbol.dispose](),
  };
}

test("what is absent is got at the locked version, compared, and kept for later builds", async () => {
  await using npm = await registry([burrowFor("x64"), burrowFor("arm64")]);
  using here = project({ ...MAC, "package-lock.json": npmLock(npm.integrity[`${X64}@1.0.0`]) });
  using runner = machine(npm);
  const artifact = await runner.build(here);
  using unpacked = await unpack(artifact);
  expect(runIn(unpacked, CALL)).toBe("deep ELF\n");
  expect(artifact.passport).toMatchObject({
    native: [
      { name: "burrow", origin: "installed" },
      { name: X64, version: "1.0.0", origin: "fetched", binaries: 1 },
    ],
    warnings: [],
  });
  expect(existsSync(join(here.root, "node_modules", X64))).toBe(false);

  await npm.close();
  expect((await runner.build(here)).key).toBe(artifact.key);
});

test("it is the same as if it had been installed here", async () => {
  await using npm = await registry([burrowFor("x64")]);
  using mac = project({ ...MAC, "package-lock.json": npmLock(npm.integrity[`${X64}@1.0.0`]) });
  using linux = project({ ...MAC, ...installed({ [`node_modules/${X64}`]: burrowFor("x64") }) });
  using runner = machine(npm);
  expect((await runner.build(mac)).key).toBe((await runner.build(linux)).key);
});

test("what the registry gives is not what was locked: nothing is built, and nothing kept", async () => {
  await using npm = await registry([burrowFor("x64")]);
  using here = project({ ...MAC, "package-lock.json": npmLock(`sha512-${"A".repeat(86)}==`) });
  using runner = machine(npm);
  expect(await runner.refusal(here)).toMatchInlineSnapshot(`
    "config/pipeline.yaml:1:3: what npm got for \`@burrow/linux-x64-gnu@1.0.0\` is not what package-lock.json has locked
        Do not go on before you know why: the registry gave another file than the one that was locked."
  `);
  expect(readdirSync(runner.cache)).toEqual([]);
});

const UNKNOWN: readonly (readonly [string, Files, string])[] = [
  ["no lock file", {}, "there is no lock file"],
  ["a lock file without it", { "package-lock.json": npmLock("") }, "package-lock.json has no hash of it"],
  [
    "yarn's from 2 on, which has other hashes",
    {
      "yarn.lock": `__metadata:\n  version: 8\n\n"${X64}@npm:1.0.0":\n  version: 1.0.0\n  resolution: "${X64}@npm:1.0.0"\n  checksum: 10/abc\n`,
    },
    "yarn.lock has no hash of it",
  ],
];

test.for(UNKNOWN)("%s: it is told that nothing was compared", async ([, files, why]) => {
  await using npm = await registry([burrowFor("x64")]);
  using here = project({ ...MAC, ...files });
  using runner = machine(npm);
  const { passport } = await runner.build(here);
  expect(passport.warnings.map(({ message }) => message)).toEqual([
    `\`${X64}@1.0.0\` could not be compared with what was locked: ${why}`,
  ]);
});

test("a registry that does not have it, though npm is content", async () => {
  await using npm = await registry([burrowFor("arm64")]);
  using here = project({ ...MAC, "package-lock.json": npmLock(undefined) });
  using runner = machine(npm);
  expect(await runner.refusal(here)).toMatchInlineSnapshot(`
    "config/pipeline.yaml:1:3: the function needs \`@burrow/linux-x64-gnu@1.0.0\`, which is not installed here, and npm cannot get it: 404 Not Found - GET http://<registry>/@burrow%2flinux-x64-gnu
        The registry that npm uses does not have it: look at \`registry\` in .npmrc, or take another version of the package."
  `);
});

test("a registry that cannot be reached", async () => {
  const npm = await registry([]);
  await npm.close();
  using here = project({ ...MAC, "package-lock.json": npmLock(undefined) });
  using runner = machine(npm);
  expect(await runner.refusal(here)).toMatchInlineSnapshot(`
    "config/pipeline.yaml:1:3: the function needs \`@burrow/linux-x64-gnu@1.0.0\`, which is not installed here, and npm cannot get it: FetchError: request to http://<registry>/@burrow%2flinux-x64-gnu failed, reason: connect ECONNREFUSED <registry>
        Run it again; if it stays so, look at the registry and the proxy that npm is told to use."
  `);
});

test("no npm", async () => {
  await using npm = await registry([]);
  using here = project({ ...MAC, "package-lock.json": npmLock(undefined) });
  using runner = machine(npm, { PATH: here.root });
  expect(await runner.refusal(here)).toMatchInlineSnapshot(`
    "config/pipeline.yaml:1:3: the function needs \`@burrow/linux-x64-gnu@1.0.0\`, which is not installed here, and npm, which gets packages for another system, is not on the PATH
        On GitHub add a step \`uses: actions/setup-node\` before Warren's; elsewhere install Node with npm."
  `);
});

test("the repository's .npmrc tells the registry and its token, and is no way to other secrets", async () => {
  await using npm = await registry([burrowFor("x64")]);
  const host = npm.url.slice("http:".length);
  const rc = (name: string): Files => ({
    "package-lock.json": npmLock(npm.integrity[`${X64}@1.0.0`]),
    ".npmrc": `@burrow:registry=${npm.url}\n${host}:_authToken=\${${name}}\n`,
  });
  const secrets = {
    NPM_TOKEN: "npm-secret",
    AWS_SECRET_ACCESS_KEY: "aws-secret",
    GITHUB_TOKEN: "github-secret",
  };
  for (const name of Object.keys(secrets)) {
    using here = project({ ...MAC, ...rc(name) });
    // Another registry by default: this one does not answer.
    using runner = machine({ url: "http://127.0.0.1:9/" }, secrets);
    await runner.refusal(here);
  }
  expect(npm.authorizations).toContain("Bearer npm-secret");
  expect(npm.authorizations.filter((text) => /aws-secret|github-secret/.test(text))).toEqual([]);
});

test("a lock file that cannot be read", async () => {
  await using npm = await registry([]);
  using here = project({ ...MAC, "package-lock.json": "<<<<<<< HEAD\n" });
  using runner = machine(npm);
  expect(await runner.refusal(here)).toMatch(
    /^config\/pipeline\.yaml:1:3: package-lock\.json cannot be read: /,
  );
});

test("a version that is not locked", async () => {
  await using npm = await registry([burrowFor("x64")]);
  const loose = JSON.parse(String(BURROW["package.json"])) as {
    optionalDependencies: Record<string, string>;
  };
  loose.optionalDependencies[X64] = "^1.0.0";
  using here = project({ ...MAC, "node_modules/burrow/package.json": JSON.stringify(loose) });
  using runner = machine(npm);
  expect(await runner.refusal(here)).toMatchInlineSnapshot(`
    "config/pipeline.yaml:1:3: \`burrow\` needs \`@burrow/linux-x64-gnu\` (^1.0.0) on Lambda, and there is no lock file that says which version
        Make the lock file anew, so that it has the packages of all systems."
  `);
});
