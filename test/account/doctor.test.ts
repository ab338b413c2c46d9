import { describe, expect, test } from "vitest";
import { diagnose } from "../../action/core/doctor.ts";
import type { DoctorFacts, GitHubFacts, GuardedEnvironment } from "../../action/core/doctor-facts.ts";
import { findingLine } from "../../action/core/finding.ts";
import type { Stage } from "../../action/core/stage.ts";
import { warrenJobs } from "../../action/core/workflow-jobs.ts";

const place = { file: "config/pipeline.yaml", line: 3, column: 3 };
const prod: Stage = {
  name: "prod",
  trigger: { kind: "branch", branch: "main" },
  protected: true,
  timers: "on",
  environment: "production",
  region: undefined,
  role: undefined,
  place,
};
const preview: Stage = {
  ...prod,
  name: "preview",
  trigger: { kind: "pull-requests", ttlMinutes: undefined },
  protected: false,
  environment: undefined,
};
const config = { kind: "pipeline", name: "rabbit-hole", stages: [prod, preview], names: [] } as const;

const WORKFLOW = `
on:
  push: { branches: [main] }
  pull_request:
  delete:
  schedule: [{ cron: "23 3 * * *" }]
jobs:
  warren:
    environment: \${{ github.event_name == 'push' && 'production' || 'preview' }}
    permissions: { contents: read, id-token: write, pull-requests: write, deployments: write, issues: write, statuses: write }
    steps: [{ uses: actions/checkout@v7 }, { uses: rabbits/warren@v1 }]
`;

function workflows(from = "", to = ""): DoctorFacts["workflows"] {
  expect(WORKFLOW).toContain(from);
  return warrenJobs(".github/workflows/warren.yml", WORKFLOW.replace(from, to));
}

const ROLE = "arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy";
const run = { repository: "rabbits/rabbit-hole", repositoryId: "4711", ownerId: "42" };
const outputs = {
  Pipeline: "rabbit-hole",
  Repository: "rabbits/rabbit-hole",
  RepositoryId: "4711",
  OwnerId: "42",
  DeployRole: ROLE,
  ArtifactBucket: "warren-artifacts-111122223333-us-east-1",
};
const account = { stack: "warren-account", outputs, current: true, stagesCurrent: true };

function seen<T>(value: T): { kind: "seen"; value: T } {
  return { kind: "seen", value };
}

function github(changes: Partial<GitHubFacts> = {}): GitHubFacts {
  return {
    environments: {
      production: { reviewers: 1, branches: ["main"] },
      preview: { reviewers: 0, branches: "all" },
    },
    protectedBranches: [],
    subjectClaims: undefined,
    defaultPermissions: "read",
    ...changes,
  };
}

/** The same, with one environment otherwise. */
function guarded(name: string, environment: GuardedEnvironment | undefined): DoctorFacts["github"] {
  return seen(github({ environments: { ...github().environments, [name]: environment } }));
}

const healthy: DoctorFacts = {
  config,
  workflows: workflows(),
  region: "us-east-1",
  role: ROLE,
  run,
  place: seen({ account: "111122223333", region: "us-east-1" }),
  account: seen(account),
  bucket: seen(true),
  stacks: seen(12),
  stackMax: seen(2_000),
  code: seen({ bytes: 2 ** 30, bytesMax: 75 * 2 ** 30, atOnceMax: 1_000 }),
  github: seen(github()),
};
const hidden = { kind: "hidden", why: "AWS refuses" } as const;

test("nothing is found where all is well", () => {
  expect(diagnose(healthy).map(findingLine).join("\n")).toMatchInlineSnapshot(`
    "ok      config/pipeline.yaml: pipeline \`rabbit-hole\`, stages \`prod\`, \`preview\`
    ok      workflow: events, permissions and environments are there
    ok      GitHub guards the environments, and tokens have its own subjects
    ok      region: us-east-1
    ok      warren-account: OIDC provider, subjects and roles are for rabbits/rabbit-hole
    ok      role: arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy
    ok      the artifact bucket is there
    ok      12 of 2000 stacks
    ok      1 of 75 GiB of code"
  `);
});

const BOOTSTRAP =
  "Run `warren bootstrap --repository rabbits/rabbit-hole --repository-id 4711 --owner-id 42`.";

describe("the doctor finds", () => {
  test.each<[string, Partial<DoctorFacts>, string, string]>([
    [
      "every problem of pipeline.yaml",
      {
        config: {
          kind: "broken",
          problems: [{ place, message: "unknown kind", hint: "Did you mean queue?" }],
        },
      },
      "PROBLEM config/pipeline.yaml:3:3: unknown kind",
      "Did you mean queue?",
    ],
    [
      "a protected stage that anybody's job may deploy to",
      {
        config: { ...config, stages: [{ ...prod, environment: undefined }] },
        workflows: workflows("'production'", "'prod'"),
      },
      "warning config/pipeline.yaml:3:3: protected stage `prod` names no environment",
      "Add `environment: prod`",
    ],
    [
      "a physical name that the roles may not make",
      { config: { ...config, names: [{ name: "fang", place }] } },
      "PROBLEM config/pipeline.yaml:3:3: the name `fang` does not begin with `rabbit-hole-`",
      "Call it `rabbit-hole-fang`",
    ],
    [
      "that no workflow runs Warren",
      { workflows: [] },
      "PROBLEM no workflow",
      "Copy .github/workflows/warren.yml",
    ],
    [
      "a job without the right to a token",
      { workflows: workflows("id-token: write, ", "") },
      "PROBLEM .github/workflows/warren.yml:8:3: the job lacks `id-token: write`",
      "Add `id-token: write` to the job's `permissions`",
    ],
    [
      "a job that only reads",
      {
        workflows: workflows(
          "permissions: { contents: read, id-token: write, pull-requests: write, deployments: write, issues: write, statuses: write }",
          "permissions: read-all",
        ),
      },
      "warning .github/workflows/warren.yml:8:3: the job lacks `pull-requests: write`",
      "the comment",
    ],
    [
      "a job with the repository's own permissions",
      {
        workflows: workflows(
          "permissions: { contents: read, id-token: write, pull-requests: write, deployments: write, issues: write, statuses: write }",
        ),
      },
      "PROBLEM .github/workflows/warren.yml:8:3: the job lacks `contents: read`",
      "check out the commit",
    ],
    [
      "a job that may do everything",
      {
        workflows: workflows(
          "permissions: { contents: read, id-token: write, pull-requests: write, deployments: write, issues: write, statuses: write }",
          "permissions: write-all",
        ),
      },
      "warning .github/workflows/warren.yml:8:3: the job may write everything",
      "id-token: write",
    ],
    [
      "an event that is not listened to",
      { workflows: workflows("  delete:\n") },
      "is started by `delete`",
      "`closed` alone never comes for a pull request that conflicts.",
    ],
    [
      "code of strangers with a token",
      { workflows: workflows("pull_request:", "pull_request_target:") },
      "PROBLEM .github/workflows/warren.yml:8:3: the workflow runs on `pull_request_target`",
      "Use `pull_request`",
    ],
    [
      "a stage whose environment no job has",
      { workflows: workflows("'production'", "'prod'") },
      "no job that runs Warren has the environment `production`",
      "Give the job `environment: production`",
    ],
    ["that there is no region", { region: undefined }, "PROBLEM no AWS region is known", "AWS_REGION"],
    [
      "a role of another region",
      { region: "eu-central-1" },
      "is not one for eu-central-1",
      "Use the role of eu-central-1",
    ],
    [
      "an account that is not set up",
      { account: seen(undefined) },
      "PROBLEM this account and region are not set up",
      BOOTSTRAP,
    ],
    [
      "an account without roles",
      { account: seen({ ...account, outputs: {} }) },
      "warning warren-account holds no roles",
      BOOTSTRAP,
    ],
    [
      "the roles of another pipeline",
      { account: seen({ ...account, outputs: { ...outputs, Pipeline: "fox-hole" } }) },
      "PROBLEM warren-account holds the roles of pipeline `fox-hole`, and none are for `rabbit-hole`",
      BOOTSTRAP,
    ],
    [
      "the trust of another repository",
      { account: seen({ ...account, outputs: { ...outputs, RepositoryId: "9" } }) },
      "PROBLEM warren-account trusts rabbits/rabbit-hole (9), not rabbits/rabbit-hole (4711)",
      BOOTSTRAP,
    ],
    [
      "a repository that was renamed",
      { account: seen({ ...account, outputs: { ...outputs, Repository: "rabbits/burrow" } }) },
      "PROBLEM warren-account trusts the repository by its former name rabbits/burrow",
      BOOTSTRAP,
    ],
    [
      "an older set-up",
      { account: seen({ ...account, current: false }) },
      "another version of Warren",
      BOOTSTRAP,
    ],
    [
      "stages that the roles do not know",
      { account: seen({ ...account, stagesCurrent: false }) },
      "PROBLEM warren-account does not know the stages",
      BOOTSTRAP,
    ],
    [
      "an account that it may not see",
      { account: hidden },
      "warning the account's set-up cannot be seen: AWS refuses",
      "credentials that may look",
    ],
    ["a job without a role", { role: "" }, "warning no role is named", `role-to-assume: ${ROLE}`],
    ["something that is no role", { role: "deploy" }, "PROBLEM `deploy` is not the ARN of a role", ROLE],
    [
      "somebody else's role",
      { role: "arn:aws:iam::111122223333:role/admin" },
      "warning arn:aws:iam::111122223333:role/admin was not made by",
      ROLE,
    ],
    [
      "another pipeline's role",
      { role: ROLE.replace("rabbit", "fox") },
      "is the role of another pipeline or region",
      ROLE,
    ],
    [
      "a role of another account",
      { role: ROLE.replace("111122223333", "444455556666") },
      "PROBLEM the role is of account 444455556666, and the credentials are of 111122223333",
      ROLE,
    ],
    [
      "a bucket that was deleted",
      { bucket: seen(false) },
      "PROBLEM there is no artifact bucket",
      "aws s3api create-bucket --bucket warren-artifacts-111122223333-us-east-1",
    ],
    [
      "a bucket that was never made",
      { bucket: seen(false), account: seen(undefined) },
      "PROBLEM there is no artifact bucket",
      "Run `warren bootstrap`",
    ],
    [
      "a bucket that it may not see",
      { bucket: hidden, account: hidden },
      "warning the artifact bucket cannot be seen",
      "credentials that may look",
    ],
    ["that stacks run out", { stacks: seen(1_900) }, "warning 1900 of 2000 stacks are used", "`Stack count`"],
    [
      "that the room for code runs out",
      { code: seen({ bytes: 68 * 2 ** 30, bytesMax: 75 * 2 ** 30, atOnceMax: 1_000 }) },
      "warning 68 of 75 GiB of code are used",
      "`Function and layer storage`",
    ],
    [
      "an account that is new",
      { code: seen({ bytes: 0, bytesMax: 75 * 2 ** 30, atOnceMax: 10 }) },
      "warning only 10 functions of the account may run at the same time",
      "`Concurrent executions`",
    ],
    [
      "an environment that nobody has made",
      { github: guarded("production", undefined) },
      "warning config/pipeline.yaml:3:3: GitHub has no environment `production`",
      "`gh api -X PUT repos/rabbits/rabbit-hole/environments/production -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'`, then `gh api -X POST repos/rabbits/rabbit-hole/environments/production/deployment-branch-policies -f 'name=main'`.",
    ],
    [
      "a production that every branch may deploy to",
      { github: guarded("production", { reviewers: 0, branches: "all" }) },
      "warning config/pipeline.yaml:3:3: a job of any branch may deploy to `production`",
      "environments/production/deployment-branch-policies -f 'name=main'",
    ],
    [
      "another environment by which every branch gets production's role",
      {
        config: {
          ...config,
          stages: [prod, { ...prod, name: "staging", protected: false, environment: "staging" }],
        },
        github: guarded("staging", { reviewers: 0, branches: "all" }),
      },
      "warning config/pipeline.yaml:3:3: a job of any branch may deploy to `staging`, and with its role to every protected stage",
      "environments/staging/deployment-branch-policies -f 'name=main'",
    ],
    [
      "a production that does not take its own branch",
      { github: guarded("production", { reviewers: 1, branches: ["release/*"] }) },
      "PROBLEM config/pipeline.yaml:3:3: the environment `production` does not take branch `main`",
      "Run `gh api -X POST repos/rabbits/rabbit-hole/environments/production/deployment-branch-policies -f 'name=main'`.",
    ],
    [
      "a production for protected branches, of which its own is none",
      { github: guarded("production", { reviewers: 0, branches: "protected" }) },
      "PROBLEM config/pipeline.yaml:3:3: the environment `production` does not take branch `main`",
      "Protect the branch",
    ],
    [
      "a preview environment that no pull request gets",
      { github: guarded("preview", { reviewers: 0, branches: ["main", "*"] }) },
      "PROBLEM the environment `preview` does not take pull requests",
      "environments/preview -F deployment_branch_policy=null",
    ],
    [
      "previews that wait for a reviewer",
      { github: guarded("preview", { reviewers: 1, branches: "all" }) },
      "warning every preview, and every night's sweep, waits for a reviewer of `preview`",
      "Take the reviewers off",
    ],
    [
      "subjects that somebody has made otherwise",
      { github: seen(github({ subjectClaims: ["repo", "job_workflow_ref"] })) },
      "PROBLEM the subjects of the repository's OIDC tokens are made of `repo`, `job_workflow_ref`",
      "actions/oidc/customization/sub -F use_default=true",
    ],
    [
      "workflows that may write everything",
      { github: seen(github({ defaultPermissions: "write" })) },
      "warning a workflow without `permissions:` may write everything",
      "actions/permissions/workflow -f default_workflow_permissions=read",
    ],
    [
      "settings that its token may not see",
      { github: { kind: "hidden", why: "the job may not read an environment", fix: "Add `actions: read`." } },
      "warning GitHub's settings cannot be seen: the job may not read an environment",
      "Add `actions: read`.",
    ],
  ])("%s, and says how to mend it", (_what, changes, what, fix) => {
    const lines = diagnose({ ...healthy, ...changes }).map(findingLine);
    const found = lines.find((line) => line.includes(what)) ?? `not in:\n${lines.join("\n")}`;
    expect(found).toContain(fix);
    expect(found).not.toContain("not in:");
  });

  test.each<[string, DoctorFacts["github"]]>([
    ["a branch rule alone", guarded("production", { reviewers: 0, branches: ["main"] })],
    ["reviewers alone", guarded("production", { reviewers: 2, branches: "all" })],
    ["a pattern", guarded("production", { reviewers: 0, branches: ["ma*"] })],
    ["no preview environment, which guards nothing", guarded("preview", undefined)],
    [
      "a preview environment for pull requests",
      guarded("preview", { reviewers: 0, branches: ["refs/pull/*/merge"] }),
    ],
    [
      "a branch that is protected",
      seen(
        github({
          environments: { production: { reviewers: 0, branches: "protected" } },
          protectedBranches: ["main"],
        }),
      ),
    ],
    ["a token that may not see the default permissions", seen(github({ defaultPermissions: undefined }))],
    ["claims that are GitHub's own", seen(github({ subjectClaims: ["repo", "context"] }))],
    ["nobody to ask", undefined],
  ])("nothing wrong with %s", (_what, seenThere) => {
    const kinds = diagnose({ ...healthy, github: seenThere }).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["ok"]));
  });

  test("nothing wrong with a bucket that it may not see but that the account's stack names", () => {
    const kinds = diagnose({
      ...healthy,
      bucket: hidden,
      stacks: hidden,
      stackMax: hidden,
      code: hidden,
    }).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["ok"]));
  });
});

describe("a workflow's job", () => {
  test.each([
    ["steps: [{ uses: ./ }]", 1],
    ["uses: rabbits/warren/.github/workflows/pipeline.yml@v1", 1],
    ["uses: ./.github/workflows/warren.yml", 1],
    ["steps: [{ uses: rabbits/burrow@v1 }, { run: warren deploy }]", 0],
    ["steps: 3", 0],
  ])("`%s` runs Warren %i times", (job, times) => {
    expect(warrenJobs("w.yml", `on: [push]\njobs:\n  a:\n    ${job}\n`)).toHaveLength(times);
  });

  test.each(["", "]", "- a", "jobs: 1", "jobs: { a: 1 }"])("is none in %j", (text) => {
    expect(warrenJobs("w.yml", text)).toEqual([]);
  });

  test("that is only called has its caller's permissions, and its caller the environments that it is told", () => {
    const called = "on: { workflow_call: }\njobs: { a: { environment: x, steps: [{ uses: ./.warren }] } }\n";
    const calling = (told: string): string =>
      `${WORKFLOW.split("jobs:")[0]}jobs:
  a:
    permissions: { contents: read, id-token: write, pull-requests: write, deployments: write, issues: write, statuses: write }
    uses: rabbits/warren/.github/workflows/pipeline.yml@v1
    with: { ${told} }
`;
    const lines = (told: string): string[] =>
      diagnose({
        ...healthy,
        workflows: [...warrenJobs("a.yml", calling(told)), ...warrenJobs("b.yml", called)],
      })
        .filter(({ kind }) => kind !== "ok")
        .map(findingLine);
    expect(lines("command: plan")).toEqual([]);
    expect(lines("environment: live").join()).toContain(
      "no job that runs Warren has the environment `production`",
    );
  });

  test("has the workflow's permissions if it has none of its own", () => {
    const text =
      "on: push\npermissions: { contents: read }\njobs: { a: { environment: { name: x }, steps: [{ uses: ./ }] } }\n";
    expect(warrenJobs("w.yml", text)).toMatchObject([
      { events: ["push"], permissions: { contents: "read" }, environment: "x" },
    ]);
  });
});
