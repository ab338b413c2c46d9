/** What a user can do wrong on the command line and around it: told in his words, never with a stack trace. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Ran, SMALLEST, repository } from "../support/command-line.ts";

const CREDENTIALS = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "example" };
const PIPELINE = SMALLEST["config/pipeline.yaml"] ?? "";

async function ran(
  words: readonly string[],
  {
    files = {},
    environment = {},
  }: { files?: Record<string, string>; environment?: Record<string, string> } = {},
): Promise<Ran> {
  using small = repository({ ...SMALLEST, ...files });
  const result = await small.warren(words, environment);
  return { ...result, stderr: result.stderr.replaceAll(small.root, "<repository>") };
}

test.each([
  ["an unknown command", ["rendr"]],
  ["an unknown option", ["render", "--stage", "prod", "--colour"]],
  ["no stage", ["deploy"]],
  ["a stage option without its name", ["plan", "--stage"]],
  ["a time-out that is no number", ["deploy", "--stage", "prod", "--timeout", "soon"]],
  ["a word too many", ["check", "prod"]],
])("%s: exit code 2", async (_what, words) => {
  const { code, stdout, stderr } = await ran(words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatchSnapshot();
});

test.each<[string, readonly string[], Parameters<typeof ran>[1]]>([
  ["an unknown stage", ["render", "--stage", "prd"], {}],
  ["a preview without a branch, outside of Git", ["render", "--stage", "preview"], {}],
  ["no region", ["plan", "--stage", "prod"], {}],
  [
    "a region that is none",
    ["plan", "--stage", "prod"],
    { environment: { AWS_REGION: "Frankfurt", ...CREDENTIALS } },
  ],
  ["no credentials", ["plan", "--stage", "prod"], { environment: { AWS_REGION: "eu-central-1" } }],
  [
    "an unknown profile",
    ["deploy", "--stage", "prod"],
    { environment: { AWS_REGION: "eu-central-1", AWS_PROFILE: "nobody" } },
  ],
  [
    "an endpoint that is no URL",
    ["destroy", "--stage", "prod"],
    { environment: { AWS_REGION: "eu-central-1", AWS_ENDPOINT_URL: "localhost:4566", ...CREDENTIALS } },
  ],
  ["a folder that is not there", ["-C", "nowhere", "check"], {}],
  ["a folder without a pipeline", ["-C", "functions", "check"], {}],
  ["broken YAML", ["check"], { files: { "config/pipeline.yaml": "name: [" } }],
  [
    "several problems",
    ["check"],
    {
      files: { "config/pipeline.yaml": PIPELINE.replace("queue", "queu").replace("-> worker", "-> wroker") },
    },
  ],
  [
    "a function that is not there",
    ["build"],
    { files: { "config/pipeline.yaml": PIPELINE.replace("worker.ts", "wroker.ts") } },
  ],
  [
    "a function that cannot be built",
    ["deploy", "--stage", "prod"],
    { files: { "functions/worker.ts": "import 'nope';\nexport const x = 1;" } },
  ],
  [
    "items outside of the repository",
    ["check"],
    {
      files: {
        "config/pipeline.yaml": PIPELINE.replace(
          "flow:",
          "  orders: { kind: table, key: id, items: ../../orders.yaml }\nflow:",
        ),
      },
    },
  ],
  [
    "a template of one's own that is wrong",
    ["check"],
    { files: { "templates/components/mailbox.yaml": "Resources: {}\n" } },
  ],
])("%s: exit code 1", async (_what, words, setting) => {
  const { code, stdout, stderr } = await ran(words, setting);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).toMatchSnapshot();
});

test("no pipeline at all, and one that is a folder", async () => {
  using empty = repository({});
  expect(await empty.warren(["check"])).toMatchInlineSnapshot(`
    {
      "code": 1,
      "stderr": "error: there is no config/pipeline.yaml
        Run this in the root of a repository that has one, or start from Warren's own.
    warren explain config-missing
    ",
      "stdout": "",
    }
  `);
  mkdirSync(join(empty.root, "config/pipeline.yaml"), { recursive: true });
  expect(await empty.warren(["check"])).toMatchInlineSnapshot(`
    {
      "code": 1,
      "stderr": "error: config/pipeline.yaml is a folder, not a file
    warren explain file-unreadable
    ",
      "stdout": "",
    }
  `);
});

test("a reason is explained; a slip in it is a mistake like any other", async () => {
  const { code, stdout, stderr } = await ran(["explain", "throttled"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("Exit code 75");
  expect(await ran(["explain", "throtled"])).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "error: there is no reason `throtled`\n    Did you mean `throttled`? `warren explain` lists all.\nwarren explain reason-unknown\n",
  });
});

test("what may pass by itself has an exit code of its own", async () => {
  // Nothing listens there, and the SDK does not wait long for a machine that refuses.
  const environment = { AWS_REGION: "eu-central-1", AWS_ENDPOINT_URL: "http://127.0.0.1:1", ...CREDENTIALS };
  const { code, stderr } = await ran(["destroy", "--stage", "preview", "--branch", "x"], { environment });
  expect(code).toBe(75);
  expect(stderr).toMatch(/^error: AWS cannot be reached: [^]*\nwarren explain aws-unreachable\n$/);
});

test("--json tells the same problems on standard output", async () => {
  const files = { "config/pipeline.yaml": PIPELINE.replace("{ kind: queue }", "{ kind: queue, dely: 5 }") };
  const { code, stdout, stderr } = await ran(["check", "--json"], { files });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    kind: "failed",
    reason: "config-invalid",
    problems: [
      {
        place: { file: "config/pipeline.yaml", line: 6, column: 25 },
        message: "`components.inbox`: unknown key `dely`",
        hint: "Did you mean `delay`?",
      },
    ],
  });
  expect(stderr).toContain("config/pipeline.yaml:6:25: ");
});
