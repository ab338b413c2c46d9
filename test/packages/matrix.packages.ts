/**
 * Real packages from npm, for both processors: each loads and works where Lambda would run it, or is refused with the reason.
 * Installing takes 400 MB once, and running arm64 needs qemu (or an arm64 machine): `npm run test:packages`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { installed } from "./installed.ts";
import { LOADS } from "./loads.ts";
import { type Architecture, ARCHITECTURES, outcome, trial, type Verdict } from "./trial.ts";

const CASES = Object.entries(LOADS).flatMap(([name, loads]) =>
  ARCHITECTURES.map((architecture) => ({ name, architecture, ...loads })),
);

test.each(CASES)("$name works on $architecture", async ({ code, result, architecture }) => {
  const verdict = await trial(await installed("all"), { architecture, code });
  expect(outcome(verdict)).toEqual(verdict.kind === "verified" ? "verified" : result);
});

/** What was seen in the files, if anything: how loading it fails depends on this machine, and on one with a newer glibc it does not. */
function told(verdict: Verdict): string {
  if (verdict.kind !== "refused") return verdict.kind;
  const problems = verdict.text.split(/\n(?=\S)/);
  const seen = problems.filter((one) => one.startsWith("config/pipeline.yaml:"));
  return `\n${(seen.length > 0 ? seen : problems).join("\n")}\n`;
}

const OWN = `import addon from "./addon.node"; export const handler = async () => typeof addon;`;

interface Wrong {
  readonly what: string;
  readonly architecture: Architecture;
  readonly code: string;
  /** Path in node_modules of what is copied to functions/addon.node. */
  readonly addon?: string;
}

const ZEROMQ = "zeromq/build/linux/x64/node";

/** A package whose install script has compiled it on the machine that the addon is from. */
const COMPILED = {
  "functions/node_modules/dig/package.json": JSON.stringify({ name: "dig", version: "1.0.0", gypfile: true }),
  "functions/node_modules/dig/index.js": `module.exports = require("./addon.node");`,
};

const WRONG: readonly Wrong[] = [
  {
    what: "an addon for macOS",
    architecture: "arm64",
    code: OWN,
    addon: "@node-rs/argon2-darwin-arm64/argon2.darwin-arm64.node",
  },
  {
    what: "an addon for x64",
    architecture: "arm64",
    code: OWN,
    addon: "bcrypt/prebuilds/linux-x64/bcrypt.glibc.node",
  },
  {
    what: "an addon for arm64",
    architecture: "x86_64",
    code: OWN,
    addon: "bcrypt/prebuilds/linux-arm64/bcrypt.glibc.node",
  },
  {
    what: "an addon for musl",
    architecture: "x86_64",
    code: OWN,
    addon: `${ZEROMQ}/musl-127-Release/addon.node`,
  },
  {
    what: "an addon that needs glibc 2.38",
    architecture: "x86_64",
    code: OWN,
    addon: `${ZEROMQ}/glibc-147-Release/addon.node`,
  },
  {
    what: "a package for musl only",
    architecture: "x86_64",
    code: `import libsql from "@libsql/linux-x64-musl"; export const handler = async () => typeof libsql;`,
  },
  {
    what: "a package for macOS only",
    architecture: "arm64",
    code: `import argon2 from "@node-rs/argon2-darwin-arm64"; export const handler = async () => typeof argon2;`,
  },
  // `prisma generate` writes it, into the package's own folder.
  {
    what: "Prisma's client that was not generated",
    architecture: "arm64",
    code: `import { PrismaClient } from "@prisma/client"; export const handler = async () => new PrismaClient();`,
  },
];

test.each(WRONG)("$what on $architecture is refused", async ({ architecture, code, addon }) => {
  const folder = await installed("all");
  const copies = addon === undefined ? {} : { "addon.node": join(folder, "node_modules", addon) };
  const verdict = await trial(folder, { architecture, code, copies });
  expect(verdict).toMatchObject({ kind: "refused" });
  expect(told(verdict)).toMatchSnapshot();
});

test("a package that was compiled on a Mac is refused, on each processor", async () => {
  const folder = await installed("all");
  const addon = join(folder, "node_modules/@node-rs/argon2-darwin-arm64/argon2.darwin-arm64.node");
  for (const architecture of ARCHITECTURES) {
    const code = `import dig from "dig"; export const handler = async () => dig;`;
    const copies = { "node_modules/dig/addon.node": addon };
    const verdict = await trial(folder, { architecture, code, files: COMPILED, copies });
    expect(told(verdict)).toMatchSnapshot(architecture);
  }
});

test("every package that is installed for the matrix is tried", async () => {
  const { dependencies } = (await import("./all/package.json", { with: { type: "json" } })).default;
  const text = JSON.stringify([LOADS, WRONG]);
  expect(Object.keys(dependencies).filter((name) => !text.includes(name))).toEqual([]);
  expect(readdirSync(join(await installed("all"), "node_modules")).length).toBeGreaterThan(10);
});
