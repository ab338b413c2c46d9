/** An account set up by `warren bootstrap` for a repository, and jobs of its workflow that assume the roles. */
import type { Artifact } from "../../action/core/artifact.ts";
import { type Use, roleFor, roleName, serviceRoleOf } from "../../action/core/access.ts";
import type { Rendered } from "../../action/core/rendered.ts";
import { sessionName, sessionPolicy } from "../../action/core/session-policy.ts";
import { concreteStage } from "../../action/core/stage.ts";
import { environmentsOf, refsOf } from "../../action/core/trust.ts";
import { type Credentials, createClients } from "../../action/edge/clients.ts";
import { createArtifacts } from "../../action/edge/artifacts.ts";
import { systemClock } from "../../action/edge/clock.ts";
import { createDrift } from "../../action/edge/drift.ts";
import { createIdentity, renewing } from "../../action/edge/identity.ts";
import { createItems } from "../../action/edge/items.ts";
import { createProbe } from "../../action/edge/probe.ts";
import { createQuiet } from "../../action/edge/quiet.ts";
import { createQuotas } from "../../action/edge/quotas.ts";
import { createStacks } from "../../action/edge/stacks.ts";
import { createTemplates } from "../../action/edge/templates.ts";
import { localEnvironment, silent } from "../../action/local/account.ts";
import type { LocalAws } from "../../action/local/aws.ts";
import { type Job, type OidcIssuer, type Wrong, startOidc } from "../../action/local/oidc.ts";
import { startWikipedia } from "../../action/local/wikipedia.ts";
import type { AssumedCredentials, AwsPorts } from "../../action/aws-ports.ts";
import type { Clock, Ports } from "../../action/ports.ts";
import { type Project, buildProject, prepareStack, readProject } from "../../action/project.ts";
import { run } from "../../action/run.ts";
import { systemPorts } from "../../action/system.ts";
import { startInstance } from "../local/instance.ts";

export const repository = { name: "rabbits/rabbit-hole", id: "4711", ownerId: "42" };
const root = `${import.meta.dirname}/../..`;
const REGION = "us-east-1";

/** Waits a tenth: the local AWS is done in less time than what a poll of AWS is spaced for. */
export const hasty: Clock = {
  now: () => systemClock.now(),
  sleep: (milliseconds) => systemClock.sleep(milliseconds / 10),
};

export interface World extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly oidc: OidcIssuer;
  readonly project: Project;
  readonly artifacts: readonly Artifact[];
  /** Whose `aws` acts as root. */
  readonly ports: Ports;
}

/** The reference pipeline, with a stage more that is neither protected nor a preview. */
export async function openWorld(): Promise<World> {
  const oidc = await startOidc();
  const wikipedia = await startWikipedia();
  const aws = await startInstance({
    jwks: oidc.jwksUrl,
    lambdaEnvironment: { WIKIPEDIA_URL: wikipedia.url },
  });
  const system = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
  const ports: Ports = { ...system, clock: hasty, workspace: withStaging(system.workspace) };
  await run({ command: "bootstrap", setup: { repository, provider: "", stackPolicies: [] } }, ports);
  const project = await readProject(ports);
  return {
    aws,
    oidc,
    ports,
    project,
    artifacts: await buildProject(project, ports),
    async [Symbol.asyncDispose]() {
      await aws[Symbol.asyncDispose]();
      await oidc[Symbol.asyncDispose]();
      await wikipedia[Symbol.asyncDispose]();
    },
  };
}

function withStaging(workspace: Ports["workspace"]): Ports["workspace"] {
  return {
    ...workspace,
    async read(path) {
      const text = await workspace.read(path);
      return path === "config/pipeline.yaml"
        ? text?.replace("stages:\n", "stages:\n  staging: { branch: develop }\n")
        : text;
    },
  };
}

export function roleArn({ aws, project }: World, use: Use): string {
  const name = roleName(project.pipeline.name, REGION, use);
  return roleFor(`arn:aws:iam::${aws.account}:role/warren/${name}`, use);
}

/** What the workflow's job for this use is, as GitHub tells it. */
export function jobFor(use: Use): Job {
  const environments = { plan: "preview", preview: "preview", deploy: "production", sweep: "preview" };
  const events = { plan: "pull_request", preview: "pull_request", deploy: "push", sweep: "schedule" };
  return {
    repository: repository.name,
    repositoryId: repository.id,
    ownerId: repository.ownerId,
    eventName: events[use],
    ref: events[use] === "pull_request" ? "refs/pull/7/merge" : "refs/heads/main",
    sha: "0123456789abcdef0123456789abcdef01234567",
    environment: environments[use],
    subject: "immutable",
  };
}

export interface JobOptions {
  readonly use: Use;
  /** Names of the stacks that the session is for. */
  readonly stacks: readonly string[];
  readonly job?: Job;
  readonly wrong?: Wrong;
  /** Another role than the use's own. */
  readonly role?: string;
  readonly secrets?: string[];
}

/** As the Action does it: the job's token, the role, a session for these stacks. */
export function assume(world: World, options: JobOptions): Promise<AssumedCredentials> {
  const { use, stacks, job = jobFor(use), wrong, role = roleArn(world, use), secrets = [] } = options;
  const { project, oidc, aws } = world;
  const endpoint = oidc.mint(job, wrong);
  const identity = createIdentity({
    getIdToken: (audience) => idToken(endpoint, audience),
    setSecret: (secret) => void secrets.push(secret),
    clock: systemClock,
    audience: "sts.amazonaws.com",
    fork: false,
    endpoint: aws.endpoint,
  });
  const { name: pipeline, stages } = project.pipeline;
  const refs = refsOf(use, stages);
  return identity.assume({
    role,
    region: REGION,
    sessionName: sessionName({ repository: repository.name, runId: "4711", sha: job.sha }),
    policy: sessionPolicy({ role, pipeline, stacks, serviceRole: serviceRoleOf(role) }),
    trust: { use, repository, environments: environmentsOf(use, stages), ...(refs && { refs }) },
  });
}

/** @actions/core's getIDToken reads process.env, which tests that run at once share. */
async function idToken(
  { requestUrl, requestToken }: { readonly requestUrl: string; readonly requestToken: string },
  audience: string,
): Promise<string> {
  const answer = await fetch(`${requestUrl}&audience=${encodeURIComponent(audience)}`, {
    headers: { authorization: `Bearer ${requestToken}` },
  });
  const { value } = (await answer.json()) as { value: string };
  return value;
}

export interface Session extends Disposable, AwsPorts {}

/** The ports of one job, with the service role that goes with its role. */
export function openSession(world: World, options: JobOptions): Session {
  const role = options.role ?? roleArn(world, options.use);
  const credentials = renewing(() => assume(world, options), systemClock);
  return connect(world, credentials, serviceRoleOf(role));
}

export function connect(
  { aws }: World,
  credentials: () => Promise<Credentials>,
  serviceRole: string | undefined,
): Session {
  const clients = createClients({ region: REGION, endpoint: aws.endpoint, credentials });
  const stacks = createStacks(clients, hasty);
  const acting = serviceRole === undefined ? {} : { serviceRole };
  return {
    stacks: {
      ...stacks,
      createChangeSet: (input) => stacks.createChangeSet({ ...acting, ...input }),
      delete: (input) => stacks.delete({ ...acting, ...input }),
    },
    drift: createDrift(clients, hasty),
    templates: createTemplates(clients),
    artifacts: createArtifacts(clients),
    items: createItems(clients, hasty),
    quiet: createQuiet(clients),
    probe: createProbe(clients),
    quotas: createQuotas(clients),
    [Symbol.dispose]: () => clients[Symbol.dispose](),
  };
}

/** What a deploy of the stage needs; a stage of pull requests is one of the given branch. */
export async function stackOf(
  { project, artifacts, ports }: World,
  { stage, branch = "" }: { readonly stage: string; readonly branch?: string },
  code = artifacts,
): Promise<Rendered> {
  const { stages } = project.pipeline;
  const concrete = concreteStage(stages, { stage, branch, sha256: ports.workspace.sha256 });
  const { rendered } = await prepareStack(project, concrete, code, ports);
  return rendered;
}
