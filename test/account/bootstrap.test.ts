import {
  CreateOpenIDConnectProviderCommand,
  GetRoleCommand,
  IAMClient,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { DeleteBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { resourcesOf } from "../../action/core/access.ts";
import type { Finding } from "../../action/core/finding.ts";
import { type Setup, accountParameters } from "../../action/core/setup.ts";
import { localEnvironment, silent } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import { startGitHub } from "../../action/local/github/server.ts";
import type { Ports } from "../../action/ports.ts";
import { run } from "../../action/run.ts";
import { systemPorts } from "../../action/system.ts";
import { policiesOf } from "./policies.ts";
import { hasty } from "./world.ts";

const root = `${import.meta.dirname}/../..`;
const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const setup: Setup = {
  repository: { name: "rabbits/rabbit-hole", id: "4711", ownerId: "42" },
  provider: "",
  stackPolicies: [],
};

let aws: LocalAws;
let iam: IAMClient;
beforeAll(async () => {
  aws = await startLocalAws();
  iam = new IAMClient(aws.clientConfig());
});
beforeEach(() => aws.reset());
afterAll(async () => await aws?.[Symbol.asyncDispose]());

/** The repository's own files, with a change in config/pipeline.yaml. */
function portsOf(from = "", to = ""): Ports {
  const ports = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
  const { workspace } = ports;
  const read: Ports["workspace"]["read"] = async (path) => {
    const text = await workspace.read(path);
    return path === "config/pipeline.yaml" ? text?.replace(from, to) : text;
  };
  return { ...ports, clock: hasty, workspace: { ...workspace, read } };
}

async function bootstrap(more: Partial<Setup> | undefined, ports = portsOf()): Promise<unknown> {
  const outcome = await run({ command: "bootstrap", ...(more && { setup: { ...setup, ...more } }) }, ports);
  return outcome.kind === "deployed" ? { result: outcome.deploy.kind, stack: outcome.deploy.stack } : outcome;
}

async function trustOf(role: string): Promise<unknown> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: role }));
  const { Statement } = JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")) as {
    Statement: { Condition: unknown }[];
  };
  return Statement[0]?.Condition;
}

describe("bootstrap", () => {
  test("without a repository makes what one's own credentials need, and no role", async () => {
    expect(await bootstrap(undefined)).toMatchObject({
      result: "created",
      stack: { outputs: { ArtifactBucket: "warren-artifacts-111122223333-us-east-1" } },
    });
    expect((await iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
    expect(await bootstrap(undefined)).toMatchObject({ result: "unchanged" });
  });

  test("with a repository makes roles that trust each environment in both forms", async () => {
    await bootstrap(undefined);
    expect(await bootstrap({})).toMatchObject({
      result: "updated",
      stack: {
        name: "warren-account",
        outputs: {
          OidcProvider: PROVIDER,
          DeployRole: "arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy",
        },
      },
    });
    expect(await trustOf("rabbit-hole-us-east-1-deploy")).toEqual({
      StringEquals: {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:repository_id": "4711",
        "token.actions.githubusercontent.com:sub": [
          "repo:rabbits/rabbit-hole:environment:production",
          "repo:rabbits@42/rabbit-hole@4711:environment:production",
        ],
      },
    });
    expect(await bootstrap({})).toMatchObject({ result: "unchanged" });
  });

  test("would not take a repository's roles away by being run without it", async () => {
    await bootstrap({});
    await expect(bootstrap(undefined)).rejects.toMatchObject({
      reason: "account-in-use",
      message: expect.stringContaining("--repository rabbits/rabbit-hole --repository-id 4711 --owner-id 42"),
    });
  });

  test("would not give a pipeline's roles to another repository", async () => {
    await bootstrap({});
    const foxes = { name: "foxes/rabbit-hole", id: "9", ownerId: "8" };
    await expect(bootstrap({ repository: foxes })).rejects.toMatchObject({ reason: "account-in-use" });
  });

  test("gives a second pipeline roles beside the first one's", async () => {
    await bootstrap({});
    const foxes = { name: "foxes/fox-hole", id: "9", ownerId: "8" };
    const ports = portsOf("name: rabbit-hole", "name: fox-hole");
    expect(await bootstrap({ repository: foxes }, ports)).toMatchObject({
      result: "created",
      stack: { name: "warren-account-fox-hole", outputs: { OidcProvider: PROVIDER } },
    });
    expect(await trustOf("rabbit-hole-us-east-1-plan")).toMatchObject({
      StringEquals: { "token.actions.githubusercontent.com:repository_id": "4711" },
    });
  });

  test("says how to go on in an account that has a provider for GitHub", async () => {
    const Url = "https://token.actions.githubusercontent.com";
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ["sts.amazonaws.com"] }));
    await expect(bootstrap({})).rejects.toMatchObject({
      reason: "provider-exists",
      message: expect.stringContaining(`--provider ${PROVIDER}`),
    });
    expect(await bootstrap({ provider: PROVIDER })).toMatchObject({ result: "created" });
  });

  test("keeps within IAM's sizes", async () => {
    await bootstrap({});
    const project = { pipeline: { name: "rabbit-hole" } };
    const sizes = (await policiesOf(iam, { aws, project } as never)).map(({ label, statements }) => [
      label,
      JSON.stringify({ Version: "2012-10-17", Statement: statements }).length,
    ]);
    // 6,144 characters a managed policy, 10,240 all inline policies of a role.
    for (const [, size] of sizes) expect(size).toBeLessThan(6_144);
  });

  test("keeps previews from every resource that CloudFormation may make", async () => {
    await bootstrap({});
    const project = { pipeline: { name: "rabbit-hole" } };
    const stacks = (await policiesOf(iam, { aws, project } as never)).at(-1);
    const may = stacks?.statements.flatMap(({ Resource }) => Resource).filter((arn) => arn !== "*") ?? [];
    const denied = resourcesOf("aws", "rabbit-hole", "prod");
    const shape = (arn: string): string => {
      const [, , service, , , ...resource] = arn.split(":");
      return `${service} ${resource.join(":").replace(/rabbit-hole-(prod-)?\*$/, "")}`;
    };
    const guarded = new Set(denied.map(shape));
    expect(may.map(shape).filter((one) => !guarded.has(one))).toEqual([
      // The code that is to run is read, not made.
      "s3 warren-artifacts-111122223333-us-east-1/functions/*",
      "s3 warren-artifacts-111122223333-us-east-1/previews/*",
    ]);
  });
});

describe("the values of a setup", () => {
  const facts = { pipeline: "rabbit-hole", stages: [], region: "us-east-1", shared: true };

  test.each<[string, Partial<Setup>, string]>([
    ["no repository", { repository: { ...setup.repository, name: "rabbit-hole" } }, "is no repository"],
    ["no numbers", { repository: { ...setup.repository, id: "" } }, "gh api repos/rabbits/rabbit-hole"],
    [
      "another provider",
      { provider: "token.actions.githubusercontent.com" },
      "is not the ARN of GitHub's OIDC provider",
    ],
    [
      "a policy that is none",
      { stackPolicies: ["AdministratorAccess"] },
      "is not the ARN of a managed policy",
    ],
  ])("with %s are refused in words", (_what, wrong, words) => {
    expect(() => accountParameters({ ...setup, ...wrong }, facts)).toThrow(words);
  });

  test("name the partition of the region", () => {
    const prod = { name: "prod", protected: true, trigger: { kind: "manual" } } as never;
    const values = accountParameters(setup, { ...facts, stages: [prod], region: "cn-north-1" });
    expect(values["ProtectedStacks"]).toBe("arn:aws-cn:cloudformation:*:*:stack/rabbit-hole-prod/*");
  });
});

describe("the doctor in an account", () => {
  async function doctor(ports = portsOf()): Promise<readonly Finding[]> {
    const outcome = await run({ command: "doctor", region: "us-east-1" }, ports);
    return outcome.kind === "diagnosed" ? outcome.findings : [];
  }
  const bad = (findings: readonly Finding[]): readonly string[] =>
    findings.filter(({ kind }) => kind !== "ok").map(({ what }) => what);

  test("finds that nothing is set up, then nothing at all", async () => {
    expect(bad(await doctor())).toEqual([
      "this account and region are not set up",
      "there is no artifact bucket in this account and region",
    ]);
    await bootstrap({});
    expect(bad(await doctor())).toEqual([]);
  });

  test("finds stages that have come since, and an older template", async () => {
    await bootstrap({});
    const more = portsOf(
      "stages:\n",
      "stages:\n  live: { branch: live, environment: production, protected: true }\n",
    );
    expect(bad(await doctor(more))).toEqual([
      "warren-account does not know the stages and environments as they are in config/pipeline.yaml now",
    ]);
    const newer = portsOf();
    const shipped = {
      ...newer.shipped,
      read: async (path: string) =>
        (await newer.shipped.read(path))?.replace("Warren in this", "A newer Warren in this"),
    };
    expect(bad(await doctor({ ...newer, shipped }))).toEqual([
      "warren-account is of another version of Warren",
    ]);
  });

  test("finds a bucket that was deleted by hand", async () => {
    await bootstrap({});
    const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
    await s3.send(new DeleteBucketCommand({ Bucket: "warren-artifacts-111122223333-us-east-1" }));
    expect(bad(await doctor())).toEqual(["there is no artifact bucket in this account and region"]);
  });

  test("looks at GitHub, too, where it has a token", async () => {
    await bootstrap({});
    await using github = await startGitHub();
    github.protectEnvironment("production", { branches: ["release"] });
    const environment = {
      ...localEnvironment(aws),
      GITHUB_TOKEN: github.issueToken({ actions: "read", contents: "read" }),
      GITHUB_API_URL: github.url,
    };
    const { settings } = systemPorts({ root, console: silent, environment });
    const ports = portsOf();
    const commit: Ports["workspace"]["commit"] = async () => ({
      ...(await ports.workspace.commit()),
      repository: github.repository,
    });
    const workspace = { ...ports.workspace, commit };
    expect(settings).toBeDefined();
    expect(bad(await doctor({ ...ports, workspace, ...(settings && { settings }) }))).toEqual([
      "the environment `production` does not take branch `main`, from which its stage is deployed",
    ]);
  });

  test("finds a pipeline.yaml that cannot be read, and goes on", async () => {
    const findings = await doctor(portsOf("name: rabbit-hole", "name: Rabbit"));
    expect(findings[0]).toMatchObject({ kind: "problem", place: { file: "config/pipeline.yaml" } });
    expect(bad(findings)).toContain("this account and region are not set up");
  });
});
