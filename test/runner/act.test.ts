/** Real runs by act, of workflows of the test's own: what a job is given to show for itself, and what comes back. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { type GitHub, startGitHub } from "../../action/local/github/server.ts";
import { type OidcIssuer, startOidc } from "../../action/local/oidc.ts";
import { type DeliveredJob, type Forge, deliver } from "../../action/local/runner/deliver.ts";
import { fork, happened, pullRequest, repository, type SampledEvent } from "./events.ts";

let root: string;
let github: GitHub;
let oidc: OidcIssuer;

beforeAll(async () => {
  [github, oidc] = await Promise.all([startGitHub({ repository: repository.full_name }), startOidc()]);
  return async () => {
    await github[Symbol.asyncDispose]();
    await oidc[Symbol.asyncDispose]();
  };
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "warren-runner-test-"));
  return () => rm(root, { recursive: true });
});

const pushed = happened("push", { ref: "refs/heads/main" });

/** Commits the workflow and delivers the event to it. */
async function run(
  text: string,
  event: SampledEvent = pushed,
  forge: Partial<Forge> = {},
): Promise<readonly DeliveredJob[]> {
  await mkdir(join(root, ".github/workflows"), { recursive: true });
  await writeFile(join(root, ".github/workflows/own.yml"), text);
  const git = (...args: readonly string[]): void => {
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: root });
  };
  git("-c", "init.defaultBranch=main", "init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message=own");
  return deliver({ ...event, root }, { github, oidc, environment: {}, ...forge });
}

function workflow(permissions: string, script: string): string {
  const body = script.replace(/^/gm, " ".repeat(10));
  return `
on: [push, pull_request]
permissions: {}
jobs:
  own:
    runs-on: ubuntu-latest
    environment: preview
    permissions: ${permissions}
    steps:
      - run: |
${body}
`;
}

/** Asks as @actions/core does, and tells what came of it without ever printing a token. */
const ASK = `
test -n "$ACTIONS_ID_TOKEN_REQUEST_URL" || { echo "token=no endpoint" >> $GITHUB_OUTPUT; exit 0; }
curl --silent --header "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts" > answer.json
node -p 'JSON.parse(Buffer.from(JSON.parse(fs.readFileSync("answer.json")).value.split(".")[1], "base64url")).sub' > subject
echo "token=$(cat subject)" >> $GITHUB_OUTPUT
`;

test.each([
  ["id-token: write", pushed, "repo:lost-woods/warren:environment:preview"],
  ["contents: read", pushed, "no endpoint"],
  ["id-token: write", pullRequest("opened"), "repo:lost-woods/warren:environment:preview"],
  ["id-token: write", pullRequest("opened", fork("somebody/warren")), "no endpoint"],
])("%s for a job of case %#: the OIDC token", async (permission, event, expected) => {
  const [job] = await run(workflow(`{ ${permission} }`, ASK), event);
  expect(job).toMatchObject({ code: 0, outputs: { token: expected } });
});

test("the job's token can do what `permissions:` says, and no more", async () => {
  const ask = (method: string, path: string): string =>
    `curl --silent --output /dev/null --write-out '%{http_code}' --request ${method} --data '{"body":"hello"}' \\
  --header "Authorization: Bearer \${{ github.token }}" "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/${path}"`;
  const number = github.createPullRequest({ branch: "main" }).number;
  const comment = `echo "comment=$(${ask("POST", `issues/${number}/comments`)})" >> $GITHUB_OUTPUT`;
  const [reads] = await run(workflow("{ pull-requests: read }", comment));
  const [writes] = await run(workflow("{ pull-requests: write }", `echo >> again\n${comment}`));
  expect([reads?.outputs, writes?.outputs]).toEqual([{ comment: "403" }, { comment: "201" }]);
});

test("outputs, the summaries of all steps and the exit code come back, secrets do not", async () => {
  const told: string[] = [];
  const [job] = await run(
    `${workflow(
      "{}",
      `echo "::add-mask::hunter2"
echo "the password is hunter2, the token \${{ github.token }}"
printf 'stack<<END\\none\\ntwo\\nEND\\n' >> $GITHUB_OUTPUT
echo "# First" >> $GITHUB_STEP_SUMMARY`,
    )}
      - run: echo "# Second" >> $GITHUB_STEP_SUMMARY
      - run: "false"
`,
    pushed,
    { onLine: (line) => told.push(line) },
  );
  expect(job).toMatchObject({ code: 1, outputs: { stack: "one\ntwo" }, summary: "# First\n# Second\n" });
  expect(job?.log).toContain("the password is ***, the token ***");
  for (const text of [job?.log, told.join("\n")]) expect(text).not.toMatch(/hunter2|ghs_/);
});

test("a job sees GitHub's variables and its own, and none of this process's", async () => {
  process.env["WARREN_TEST_LEAK"] = "leaked";
  const script = `echo "seen=$(env | cut -d= -f1 | sort | tr '\\n' ' ')" >> $GITHUB_OUTPUT
for name in GITHUB_API_URL GITHUB_REF GITHUB_REPOSITORY GITHUB_REPOSITORY_ID GITHUB_RUN_ATTEMPT AWS_ENDPOINT_URL; do
  echo "$name=\${!name}" >> $GITHUB_OUTPUT
done`;
  const [job] = await run(workflow("{}", script), pullRequest("opened"), {
    environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:9/?a=$b#c" },
  });
  delete process.env["WARREN_TEST_LEAK"];
  expect(job?.outputs).toMatchObject({
    GITHUB_API_URL: github.url,
    GITHUB_REF: "refs/pull/7/merge",
    GITHUB_REPOSITORY: "lost-woods/warren",
    GITHUB_REPOSITORY_ID: "186853002",
    GITHUB_RUN_ATTEMPT: "1",
    AWS_ENDPOINT_URL: "http://127.0.0.1:9/?a=$b#c",
  });
  expect(job?.outputs["seen"]).not.toMatch(/WARREN_TEST_LEAK|AWS_ACCESS_KEY_ID|AWS_SECRET/);
});

test("what an event does not start is not run, and an action that is not here is not fetched", async () => {
  expect(await run(workflow("{}", "exit 1"), pullRequest("labeled"))).toEqual([]);
  const foreign = workflow("{}", "true").replace("- run: |", "- uses: somebody/else@v1\n      - run: |");
  await expect(run(foreign)).rejects.toThrow("somebody/else@v1");
});

test("the stand-in for setup-node is red for another Node than this one", async () => {
  const wanting = (version: number): string =>
    workflow("{}", "true").replace(
      "- run: |",
      `- uses: actions/setup-node@v7\n        with: { node-version: ${version} }\n      - run: |`,
    );
  const [here] = await run(wanting(Number(process.versions.node.split(".")[0])));
  const [other] = await run(wanting(18));
  expect([here?.code, other?.code]).toEqual([0, 1]);
});

test("the stand-in for upload-artifact is red without the one file that it is to keep", async () => {
  const keeping = (file: string): string =>
    `${workflow("{}", "echo all of it > report.md")}
      - uses: actions/upload-artifact@v7
        with: { path: ${file}, archive: false }
`;
  const [there] = await run(keeping("report.md"));
  const [missing] = await run(keeping("other.md"));
  expect([there?.code, missing?.code]).toEqual([0, 1]);
  expect(there?.log).toContain("artifact report.md: 10 bytes");
});

test("the stand-in for cache is red for what actions/cache would not take", async () => {
  const caching = (path: string): string =>
    `${workflow("{}", "true")}
      - uses: actions/cache@v4
        with: { path: "${path}", key: "warren-\${{ runner.os }}" }
`;
  const [kept] = await run(caching("${{ runner.tool_cache }}/warren"));
  const [relative] = await run(caching("warren"));
  expect([kept?.code, relative?.code]).toEqual([0, 1]);
  expect(kept?.log).toContain("cache warren-Linux: not found");
});

test("a called workflow is run with what it is given, and `$/` is its own repository", async () => {
  await mkdir(join(root, ".github/workflows"), { recursive: true });
  await mkdir(join(root, "own"), { recursive: true });
  await writeFile(
    join(root, "own/action.yml"),
    `name: own\ndescription: own\nruns: { using: composite, steps: [{ run: echo "from=$PWD" >> $GITHUB_OUTPUT, shell: bash, id: a }] }\n`,
  );
  await writeFile(
    join(root, ".github/workflows/called.yml"),
    `on: { workflow_call: { inputs: { what: { type: string } } } }
jobs:
  inner:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v7
      - uses: $/own
      - run: echo "told=\${{ inputs.what }}" >> $GITHUB_OUTPUT
`,
  );
  const calling = `on: push\npermissions: { contents: read }\njobs: { outer: { uses: ./.github/workflows/called.yml, with: { what: rabbits } } }\n`;
  const [job] = await run(calling);
  expect(job).toMatchObject({
    code: 0,
    outputs: { told: "rabbits" },
    routed: { job: "outer", environment: "production", jobWorkflow: ".github/workflows/called.yml" },
  });
  expect(job?.outputs["from"]).toBeDefined();
  // The checkout still says it as it is committed.
  expect(await readFile(join(root, ".github/workflows/called.yml"), "utf8")).toContain("$/own");
});

test("a job that does not end in its time is a failure that shows the end of its log", async () => {
  const endless = run(workflow("{}", "echo waiting; sleep 600"), pushed, { boundSeconds: 1 });
  await expect(endless).rejects.toThrow(/own did not end within 1 s:.*waiting/s);
});

test("aborted: the job throws the reason, and nothing that it started lives on", async () => {
  const controller = new AbortController();
  const pids = join(root, "pids");
  const script = `sleep 600 & echo $! > ${pids}; setsid sleep 600 & echo $! >> ${pids}; echo started; sleep 600`;
  const running = run(workflow("{}", script), pushed, {
    signal: controller.signal,
    onLine: (line) => {
      if (line === "started") controller.abort(new Error("stop"));
    },
  });
  await expect(running).rejects.toThrow("stop");
  const started = (await readFile(pids, "utf8")).trim().split("\n").map(Number);
  expect(started).toHaveLength(2);
  // A zombie is dead; whether its new parent buries it is not ours.
  const living = (): string =>
    spawnSync("ps", ["-o", "stat=", "-p", started.join()], { encoding: "utf8" }).stdout;
  await expect.poll(living).not.toMatch(/^[^Z]/m);
});
