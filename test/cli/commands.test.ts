/** The commands that need no AWS: what they print where, and what they end with. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { CLI, type Repository, SMALLEST, cleanEnvironment, repository } from "../support/command-line.ts";
import { repositoryRoot } from "../support/shipped.ts";

function jsonOf(stdout: string): unknown {
  return JSON.parse(stdout);
}

test("check says that all is right, and which generated files are not", async () => {
  using small = repository(SMALLEST);
  expect(await small.warren(["check"])).toMatchInlineSnapshot(`
    {
      "code": 0,
      "stderr": "warning: config/pipeline.schema.json is not up to date: run \`warren generate\`
    warning: functions/warren-env.d.ts is not up to date: run \`warren generate\`
    cfn-lint and cfn-guard not on the PATH: templates are not held against CloudFormation's own schemas (\`pip install cfn-lint\`), rules about encryption, access and logs, and your own in config/rules (\`cargo install cfn-guard\`)
    all right: 2 components, 1 arrow, 2 stages, 11 resources a stack
    ",
      "stdout": "",
    }
  `);
  expect((await small.warren(["generate"])).stderr).toMatchInlineSnapshot(`
    "wrote config/pipeline.schema.json
    wrote functions/warren-env.d.ts
    "
  `);
  const { code, stdout } = await small.warren(["check", "--json"]);
  expect(code).toBe(0);
  expect(jsonOf(stdout)).toEqual({
    version: 1,
    kind: "checked",
    components: 2,
    arrows: 1,
    stages: 2,
    resources: 11,
    stale: [],
    warnings: [],
    grants: [],
    policy: { ran: [], absent: ["cfn-lint", "cfn-guard"], findings: [] },
  });
});

test("graph draws the pipeline", async () => {
  using small = repository(SMALLEST);
  const { code, stdout, stderr } = await small.warren(["graph"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatchInlineSnapshot(`
    "flowchart LR
        c1@{ shape: h-cyl, label: "inbox<br><small>queue</small>" }
        c2@{ shape: rect, label: "worker<br><small>function</small>" }
        c1 --> c2
    "
  `);
  const json = await small.warren(["graph", "--json"]);
  expect(jsonOf(json.stdout)).toEqual({ version: 1, kind: "drawn", mermaid: stdout });
});

test("build tells each function's zip and calls", async () => {
  using small = repository(SMALLEST);
  const { code, stdout, stderr } = await small.warren(["build"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toMatch(
    /^worker {2}1 kB {2}functions\/[0-9a-f]{64}\.zip\n {2}no AWS calls\n {2}loads in \d+ ms\n$/,
  );
  const json = await small.warren(["build", "--json"]);
  expect(jsonOf(json.stdout)).toMatchObject({
    kind: "built",
    artifacts: [{ component: "worker", handler: "index.handler", calls: { kind: "exact", actions: [] } }],
  });
});

test("render prints the template alone, the same bytes each time", async () => {
  using small = repository(SMALLEST);
  const [one, two] = await Promise.all([
    small.warren(["render", "--stage", "prod"]),
    small.warren(["render", "--stage", "prod"]),
  ]);
  expect({ ...one, stdout: "" }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(two).toEqual(one);
  const template = jsonOf(one.stdout);
  expect(template).toMatchObject({
    Resources: { InboxQueue: {}, WorkerFunction: {}, InboxToWorkerMapping: {} },
  });
  const json = await small.warren(["render", "--stage", "preview", "--branch", "feature/x", "--json"]);
  expect(jsonOf(json.stdout)).toMatchObject({ kind: "rendered", stackName: "small-feature-x-217d2b" });
  const unbuilt = await small.warren(["render", "--stage", "prod", "--no-build"]);
  expect(unbuilt.stdout).toContain("functions/not-built.zip");
});

test("-C works from anywhere", async () => {
  using small = repository(SMALLEST);
  using elsewhere = repository({});
  const { code, stdout } = await elsewhere.warren(["-C", small.root, "graph"]);
  expect(code).toBe(0);
  expect(stdout).toContain("inbox");
});

test("the repository's own pipeline is right, and its generated files are fresh", async () => {
  using elsewhere = repository({});
  const { code, stdout } = await elsewhere.warren(["-C", repositoryRoot, "check", "--json"]);
  expect(code).toBe(0);
  expect(jsonOf(stdout)).toMatchObject({ stale: [], warnings: [] });
});

test("a reader that goes away is no mistake", async () => {
  using small = repository(SMALLEST);
  const child = spawn(process.execPath, [CLI, "render", "--stage", "prod"], {
    cwd: small.root,
    env: cleanEnvironment(small.root),
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

/** Python has a terminal in its standard library, Node has none. */
const IN_TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";

async function inTerminal(small: Repository, environment: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn("python3", ["-c", IN_TERMINAL, process.execPath, CLI, "render", "--stage", "prd"], {
    cwd: small.root,
    env: { ...cleanEnvironment(small.root), TERM: "xterm", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return await text(child.stdout);
}

test("colours are for terminals", async () => {
  using small = repository(SMALLEST);
  const red = "\u001B[31merror:";
  expect(await inTerminal(small, {})).toContain(red);
  expect(await inTerminal(small, { NO_COLOR: "1" })).not.toContain("\u001B[31m");
  expect((await small.warren(["render", "--stage", "prd"])).stderr).toMatch(/^error: there is no stage/);
});

test("exit codes are the documented ones", async () => {
  using small = repository(SMALLEST);
  const { stdout } = await small.warren(["--help"]);
  expect(stdout).toContain(
    "Exit codes: 0 done, 1 something to mend (it is printed where and how), 2 wrong words",
  );
  const codes = await Promise.all(
    [["graph"], ["render", "--stage", "prd"], ["grahp"]].map(
      async (words) => (await small.warren(words)).code,
    ),
  );
  expect(codes).toEqual([0, 1, 2]);
});
