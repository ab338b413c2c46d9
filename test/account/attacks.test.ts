import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, CreateUserCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rendered } from "../../action/core/rendered.ts";
import { deploy } from "../../action/deploy.ts";
import { destroy } from "../../action/destroy.ts";
import { serviceRoleOf } from "../../action/core/access.ts";
import { systemClock } from "../../action/edge/clock.ts";
import { renewing } from "../../action/edge/identity.ts";
import type { Job, Wrong } from "../../action/local/oidc.ts";
import { type Policy, policiesOf } from "./policies.ts";
import { type World, assume, connect, jobFor, openSession, openWorld, roleArn, stackOf } from "./world.ts";

const PROD = "rabbit-hole-prod";
const BOUNDARY = "arn:aws:iam::111122223333:policy/warren-boundary-us-east-1";

const deployJob = jobFor("deploy");
const { environment: _none, ...bareJob } = deployJob;

let world: World;
let prod: Rendered;

beforeAll(async () => {
  world = await openWorld();
  prod = await stackOf(world, { stage: "prod" });
  using session = openSession(world, { use: "deploy", stacks: [PROD] });
  await deploy({ rendered: prod, artifacts: world.artifacts }, { ...world.ports, ...session });
});
afterAll(async () => await world?.[Symbol.asyncDispose]());

/** A stack of a preview with nothing but these resources. */
async function previewWith(resources: Readonly<Record<string, unknown>>, branch: string): Promise<Rendered> {
  const rendered = await stackOf(world, { stage: "preview", branch });
  const body = JSON.stringify({ Resources: resources });
  return {
    ...rendered,
    body,
    digest: branch,
    tags: { ...rendered.tags, "warren:digest": branch },
    items: [],
  };
}

async function deployPreview(rendered: Rendered): Promise<unknown> {
  using session = openSession(world, { use: "preview", stacks: [rendered.stackName] });
  return await deploy({ rendered, artifacts: [] }, { ...world.ports, ...session });
}

function roleWith(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const trusted = {
    Effect: "Allow",
    Principal: { AWS: "arn:aws:iam::111122223333:root" },
    Action: "sts:AssumeRole",
  };
  const everything = { Effect: "Allow", Action: "*", Resource: "*" };
  const document = (statement: unknown): unknown => ({ Version: "2012-10-17", Statement: [statement] });
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: document(trusted),
      Policies: [{ PolicyName: "everything", PolicyDocument: document(everything) }],
      ...properties,
    },
  };
}

describe("a token", () => {
  test.each<[string, { wrong?: Wrong; job?: Job }, RegExp]>([
    [
      "for another audience",
      { wrong: { kind: "audience", audience: "https://github.com/rabbits" } },
      /claim `aud` is `https:\/\/github.com\/rabbits`/,
    ],
    [
      "of another repository",
      { job: { ...deployJob, repository: "foxes/den", repositoryId: "9", ownerId: "8" } },
      /claim `repository` is `foxes\/den`/,
    ],
    [
      "of a repository of the same name",
      { job: { ...deployJob, repositoryId: "9" } },
      /claim `repository_id` is `9`/,
    ],
    [
      "of another environment",
      { job: { ...deployJob, environment: "preview" } },
      /The job has `environment: preview`/,
    ],
    ["of a pull request", { job: { ...bareJob, eventName: "pull_request" } }, /This is a pull request's job/],
    ["of a job without environment", { job: bareJob }, /names no environment/],
    ["that has expired", { wrong: { kind: "expired" } }, /the token has expired/],
    ["that somebody else has signed", { wrong: { kind: "forged" } }, /signature could not be verified/],
  ])("%s is refused, with the reason and never with the token", async (_which, { wrong, job }, reason) => {
    const secrets: string[] = [];
    const options = {
      use: "deploy",
      stacks: [PROD],
      secrets,
      ...(wrong && { wrong }),
      ...(job && { job }),
    } as const;
    const refused = assume(world, options);
    await expect(refused).rejects.toMatchObject({
      reason: "assume-role-refused",
      message: expect.stringMatching(reason),
    });
    const [token = ""] = secrets;
    await expect(refused).rejects.not.toThrow(token);
    await expect(refused).rejects.not.toThrow(token.split(".")[1]);
  });

  test("of a pull request sweeps no artifacts, although its environment is the sweep's", async () => {
    const job = { ...jobFor("preview"), environment: "preview" };
    const refused = assume(world, { use: "sweep", stacks: ["*"], job });
    await expect(refused).rejects.toMatchObject({
      reason: "assume-role-refused",
      message: expect.stringContaining(
        "claim `ref` is `refs/pull/7/merge`, and the role trusts `refs/heads/main`",
      ),
    });
    await expect(assume(world, { use: "sweep", stacks: ["*"] })).resolves.toBeDefined();
  });

  test.each(["classic", "immutable"] as const)("with a %s subject is taken", async (subject) => {
    const job = { ...jobFor("deploy"), subject };
    await expect(assume(world, { use: "deploy", stacks: [PROD], job })).resolves.toBeDefined();
  });

  test("of a role that is not there leads to the account", async () => {
    const role = "arn:aws:iam::111122223333:role/warren/rabbit-hole-eu-west-1-deploy";
    await expect(assume(world, { use: "deploy", stacks: [PROD], role })).rejects.toThrow(
      "so this role is another or an older one",
    );
  });
});

describe("a session", () => {
  test("is named after repository, run and commit, and all its secrets are masked", async () => {
    const secrets: string[] = [];
    const credentials = await assume(world, { use: "plan", stacks: [PROD], secrets });
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    expect(secrets).toEqual(expect.arrayContaining([accessKeyId, secretAccessKey, sessionToken]));
    const sts = new STSClient({ ...world.aws.clientConfig(), credentials });
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    expect(Arn).toBe(
      "arn:aws:sts::111122223333:assumed-role/rabbit-hole-us-east-1-plan/rabbits+rabbit-hole@4711@0123456789ab",
    );
  });

  test("is shared by all who ask, and renewed before it expires", async () => {
    let now = 0;
    let asked = 0;
    const next = renewing(
      async () => ({
        accessKeyId: `key-${++asked}`,
        secretAccessKey: "",
        sessionToken: "",
        expiration: new Date(now + 3_600_000),
      }),
      { now: () => now },
    );
    const [one, other] = await Promise.all([next(), next()]);
    expect([one.accessKeyId, other.accessKeyId]).toEqual(["key-1", "key-1"]);
    now = 3_600_000 - 7 * 60_000;
    expect((await next()).accessKeyId).toBe("key-1");
    // The SDK asks when five minutes are left.
    now = 3_600_000 - 5 * 60_000;
    expect((await next()).accessKeyId).toBe("key-2");
  });

  test("that was refused is asked for again", async () => {
    let asked = 0;
    const credentials = {
      accessKeyId: "",
      secretAccessKey: "",
      sessionToken: "",
      expiration: new Date(1e12),
    };
    const next = renewing(
      () => (++asked === 1 ? Promise.reject(new Error("refused")) : Promise.resolve(credentials)),
      { now: () => 0 },
    );
    await expect(next()).rejects.toThrow("refused");
    await expect(next()).resolves.toBe(credentials);
  });

  test("that ends in the middle of a deploy is followed by the next, again and again", async () => {
    const rendered = await previewWith({ Queue: { Type: "AWS::SQS::Queue" } }, "long");
    const stacks = [rendered.stackName];
    const keys = new Set<string>();
    const ending = renewing(async () => {
      const given = await assume(world, { use: "preview", stacks });
      keys.add(given.accessKeyId);
      // For the SDK it ends within five minutes, so that each call asks for another one.
      return { ...given, expiration: new Date(Date.now() + 60_000) };
    }, systemClock);
    using session = connect(world, ending, serviceRoleOf(roleArn(world, "preview")));
    await deploy({ rendered, artifacts: [] }, { ...world.ports, ...session });
    expect(keys.size).toBeGreaterThan(3);
    await destroy({ stackName: rendered.stackName, protected: false }, { ...world.ports, ...session });
  });

  test("for one preview cannot touch another", async () => {
    const other = await previewWith({ Queue: { Type: "AWS::SQS::Queue" } }, "other");
    await deployPreview(other);
    using session = openSession(world, { use: "preview", stacks: ["rabbit-hole-mine"] });
    const ports = { ...world.ports, ...session };
    await expect(destroy({ stackName: other.stackName, protected: false }, ports)).rejects.toThrow(
      "not authorized",
    );
  });
});

describe("a pull request", () => {
  test("with the role for plans executes nothing", async () => {
    using session = openSession(world, { use: "plan", stacks: [PROD] });
    const order = { stackName: PROD, changeSetId: "x", token: "x" };
    await expect(session.stacks.executeChangeSet(order)).rejects.toThrow("cloudformation:ExecuteChangeSet");
  });

  test("cannot touch a protected stage's stack, nor what is in it", async () => {
    using session = openSession(world, { use: "preview", stacks: [PROD] });
    await expect(session.stacks.setTerminationProtection(PROD, false)).rejects.toThrow("not authorized");
    await expect(session.stacks.delete({ stackId: PROD, token: "x" })).rejects.toThrow("not authorized");
    const stack = await world.ports.aws(undefined).stacks.find(PROD);
    const table = stack?.outputs["FangName"] ?? "";
    await expect(session.items.load(table, [{ name: "Mad Hatter" }])).rejects.toThrow("not authorized");
  });

  test("cannot plant code where a protected stage would take it for its own", async () => {
    const body = new TextEncoder().encode("evil");
    using session = openSession(world, { use: "preview", stacks: ["rabbit-hole-planted"] });
    const { artifacts } = session;
    const bucket = await artifacts.bucket();
    for (const key of world.artifacts.map((artifact) => artifact.key)) {
      await expect(artifacts.put(bucket, key, body, "application/zip")).rejects.toThrow("s3:PutObject");
    }
    await artifacts.put(bucket, "previews/planted.zip", body, "application/zip");
  });

  test("cannot write what a protected stage is taken back to, nor delete what it runs or is taken back to", async () => {
    using session = openSession(world, { use: "preview", stacks: ["rabbit-hole-planted"] });
    const { artifacts } = session;
    const bucket = await artifacts.bucket();
    const [release] = await artifacts.list(bucket, `releases/${PROD}/`);
    const key = release?.key ?? "";
    expect(key).not.toBe("");
    await expect(artifacts.put(bucket, key, "{}", "application/json")).rejects.toThrow("s3:PutObject");
    const [zip = ""] = world.artifacts.map((artifact) => artifact.key);
    for (const one of [key, zip]) {
      await expect(artifacts.remove(bucket, [one])).rejects.toThrow(/s3:DeleteObject|Access Denied/);
    }
  });

  test("of a sweep writes nothing that anybody would run", async () => {
    using session = openSession(world, { use: "sweep", stacks: ["*"] });
    const { artifacts } = session;
    const bucket = await artifacts.bucket();
    for (const key of [...world.artifacts.map((artifact) => artifact.key), `releases/${PROD}/x.json`]) {
      await expect(artifacts.put(bucket, key, "evil", "text/plain")).rejects.toThrow("s3:PutObject");
    }
  });

  test("cannot reach into a protected stage by its template", async () => {
    const resources = await world.ports.aws(undefined).stacks.resources(PROD);
    const queue = resources.find(({ logicalId }) => logicalId === "ProducerQueue")?.physicalId;
    const open = { Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" };
    const policy = {
      Type: "AWS::SQS::QueuePolicy",
      Properties: { Queues: [queue], PolicyDocument: { Version: "2012-10-17", Statement: [open] } },
    };
    const rendered = await previewWith({ Policy: policy }, "reaching");
    await expect(deployPreview(rendered)).rejects.toThrow("sqs:SetQueueAttributes");
  });

  test.each([
    ["without the boundary", {}],
    ["with a boundary of its own", { PermissionsBoundary: "arn:aws:iam::aws:policy/AdministratorAccess" }],
  ])("makes no role %s", async (_which, properties) => {
    const rendered = await previewWith(
      { Role: roleWith(properties) },
      `role-${Object.keys(properties).length}`,
    );
    await expect(deployPreview(rendered)).rejects.toThrow("iam:CreateRole");
  });

  test("makes no role that can do more than the boundary, whatever its policies say", async () => {
    const rendered = await previewWith({ Role: roleWith({ PermissionsBoundary: BOUNDARY }) }, "bounded");
    await deployPreview(rendered);
    const [role] = await world.ports.aws(undefined).stacks.resources(rendered.stackName);
    const config = await actingAs(role?.physicalId ?? "");
    await expect(new SQSClient(config).send(new ListQueuesCommand({}))).resolves.toBeDefined();
    await expect(new IAMClient(config).send(new CreateUserCommand({ UserName: "x" }))).rejects.toThrow(
      "iam:CreateUser",
    );
    // What the pull request may not touch, its code may not either.
    await expect(itemsOfProd(config)).rejects.toThrow("dynamodb:Scan");
  });

  test("makes no role that has a protected stage's name, whose code may read that stage's data", async () => {
    const named = roleWith({ PermissionsBoundary: BOUNDARY, RoleName: `${PROD}-Fake` });
    const rendered = await previewWith({ Role: named }, "named");
    await expect(deployPreview({ ...rendered, namesRoles: true })).rejects.toThrow("iam:CreateRole");
    const { AssumeRolePolicyDocument, Policies } = named["Properties"] as {
      AssumeRolePolicyDocument: unknown;
      Policies: readonly [{ PolicyDocument: unknown }];
    };
    const own = { RoleName: `${PROD}-Own`, PermissionsBoundary: BOUNDARY };
    const iam = new IAMClient(world.aws.clientConfig());
    await iam.send(
      new CreateRoleCommand({ ...own, AssumeRolePolicyDocument: JSON.stringify(AssumeRolePolicyDocument) }),
    );
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: own.RoleName,
        PolicyName: "everything",
        PolicyDocument: JSON.stringify(Policies[0].PolicyDocument),
      }),
    );
    await expect(itemsOfProd(await actingAs(own.RoleName))).resolves.toBeGreaterThan(0);
  });
});

type Config = ReturnType<World["aws"]["clientConfig"]>;

async function actingAs(role: string): Promise<Config> {
  const { Credentials } = await new STSClient(world.aws.clientConfig()).send(
    new AssumeRoleCommand({ RoleArn: `arn:aws:iam::111122223333:role/${role}`, RoleSessionName: "attack" }),
  );
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  };
  return { ...world.aws.clientConfig(), credentials };
}

async function itemsOfProd(config: Config): Promise<number> {
  const stack = await world.ports.aws(undefined).stacks.find(PROD);
  const { Count = 0 } = await new DynamoDBClient(config).send(
    new ScanCommand({ TableName: stack?.outputs["FangName"] }),
  );
  return Count;
}

describe("the statements that deny", () => {
  let preview: Policy;
  beforeAll(async () => {
    const policies = await policiesOf(new IAMClient(world.aws.clientConfig()), world);
    preview = policies.find(({ label }) => label === "preview")!;
  });

  /** What the preview's role can do without the statement. */
  async function without<T>(sid: string, work: () => Promise<T>): Promise<T> {
    await preview.put(preview.statements.filter(({ Sid }) => Sid !== sid));
    try {
      return await work();
    } finally {
      await preview.put(preview.statements);
    }
  }

  test("keep previews from a protected stage's stack: without them there is only termination protection", async () => {
    using session = openSession(world, { use: "preview", stacks: [PROD] });
    await without("ProtectedStacks", async () => {
      await expect(session.stacks.delete({ stackId: PROD, token: "x" })).rejects.toThrow(
        "TerminationProtection",
      );
    });
  });

  test("keep previews from a protected stage's table", async () => {
    using session = openSession(world, { use: "preview", stacks: [PROD] });
    const stack = await world.ports.aws(undefined).stacks.find(PROD);
    const table = stack?.outputs["FangName"] ?? "";
    await without("ProtectedResources", () => session.items.load(table, [{ name: "Mad Hatter" }]));
    await expect(session.items.load(table, [{ name: "Hatter" }])).rejects.toThrow("not authorized");
  });

  test("keep previews from switching off what feeds a protected stage's functions", async () => {
    using session = openSession(world, { use: "preview", stacks: [PROD] });
    const resources = await world.ports.aws(undefined).stacks.resources(PROD);
    const mapping =
      resources.find(({ type }) => type === "AWS::Lambda::EventSourceMapping")?.physicalId ?? "";
    const off = (): Promise<void> => session.quiet.disableMapping(mapping);
    await expect(off()).rejects.toThrow("lambda:UpdateEventSourceMapping");
    await without("ProtectedMappings", off);
    await expect(off()).rejects.toThrow("lambda:UpdateEventSourceMapping");
  });
});
