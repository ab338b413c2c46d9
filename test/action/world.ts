/** One repository's life with the Action: its checkout, GitHub's API, an AWS account, and the events that start a run. */
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { bootstrap } from "../../action/bootstrap.ts";
import type { InputKey } from "../../action/core/inputs.ts";
import { localEnvironment, silent } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import type { Permissions } from "../../action/local/github/permissions.ts";
import { type GitHub, type GitHubOptions, startGitHub } from "../../action/local/github/server.ts";
import { type OidcIssuer, type Wrong, startOidc } from "../../action/local/oidc.ts";
import { readProject } from "../../action/project.ts";
import { systemPorts } from "../../action/system.ts";
import { tally } from "../support/counts.ts";
import { type Checkout, type Step, checkOut, refuseLeaks, runStep } from "./step.ts";
import { type Bundle, buildBundle } from "../support/bundle.ts";

export const PIPELINE = `name: burrow
stages:
  prod: { branch: main, environment: production, protected: true }
  preview: { pull-requests: true, ttl: 7 days }
components:
  jobs: { kind: queue }
  worker: { kind: function, source: functions/worker.ts }
flow:
  - jobs -> worker
`;
export const WORKER = "export async function handler(): Promise<void> {}\n";
/** As the workflow file grants them, but for `id-token`. */
const PERMISSIONS: Permissions = {
  actions: "read",
  contents: "read",
  "pull-requests": "write",
  deployments: "write",
  issues: "write",
  statuses: "write",
};

export interface Given {
  readonly permissions?: Permissions;
  readonly inputs?: Readonly<Partial<Record<InputKey, string>>>;
  readonly sha?: string;
  readonly attempt?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** The job's `environment:`, for its OIDC token. */
  readonly jobEnvironment?: string;
  readonly wrong?: Wrong;
  readonly signal?: AbortSignal;
  /** Another one than the world's own. */
  readonly checkout?: Checkout;
}

export interface Run extends Step {
  /** What was asked of GitHub, line by line. */
  readonly routes: readonly string[];
  /** Log and exit code. */
  readonly told: string;
}

export interface World extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly github: GitHub;
  readonly oidc: OidcIssuer;
  readonly checkout: Checkout;
  act(event: string, payload: object, given?: Given): Promise<Run>;
  push(branch: string, given?: Given & { readonly after?: string }): Promise<Run>;
  pullRequest(action: string, number: number, given?: Given): Promise<Run>;
  head(branch: string): string;
  /** The same text in every run. */
  steady(text: string): string;
  comments(number: number): string[];
  /** The last state of each of the stack's deployments, oldest first. */
  deployments(stack: string): (string | undefined)[];
  stackNames(): Promise<string[]>;
}

/** `keys`: another step has put the account's own into the environment; `oidc`: the roles that bootstrap makes. */
export async function openWorld(credentials: "keys" | "oidc", hub: GitHubOptions = {}): Promise<World> {
  const oidc = await startOidc();
  const [aws, github, bundle, checkout] = await Promise.all([
    startLocalAws({ jwks: oidc.jwksUrl }),
    startGitHub(hub),
    buildBundle(),
    checkOut({ "config/pipeline.yaml": PIPELINE, "functions/worker.ts": WORKER }),
  ]);
  const role = await setUp({ aws, github, checkout }, credentials);
  const keys = credentials === "keys" ? await sessionKeys(aws) : {};
  const parts: Parts = { aws, github, oidc, bundle, checkout, role, keys };
  return {
    aws,
    github,
    oidc,
    checkout,
    act: (event, payload, given = {}) => act(event, payload, given, parts),
    push(branch, given = {}) {
      const { after = headOf(github, branch) } = given;
      return act(
        "push",
        { ref: `refs/heads/${branch}`, after, deleted: false },
        { sha: after, jobEnvironment: "production", ...given },
        parts,
      );
    },
    pullRequest: (action, number, given = {}) =>
      act("pull_request", { action, number, pull_request: github.pullRequestBody(number) }, given, parts),
    head: (branch) => headOf(github, branch),
    steady: (text) => steady(text, parts),
    comments: (number) => github.comments(number).map(({ body }) => body),
    deployments: (stack) =>
      [...github.state.deployments.values()]
        .filter(({ task }) => task === `warren:${stack}`)
        .map(({ statuses }) => statuses.at(-1)?.state),
    stackNames: () => stackNames(aws),
    async [Symbol.asyncDispose]() {
      await Promise.all([aws, github, oidc, checkout].map((part) => part[Symbol.asyncDispose]()));
    },
  };
}

interface Parts {
  readonly aws: LocalAws;
  readonly github: GitHub;
  readonly oidc: OidcIssuer;
  readonly bundle: Bundle;
  readonly checkout: Checkout;
  /** Empty without one. */
  readonly role: string;
  /** Variables of a session, as another step puts them into the environment. */
  readonly keys: Readonly<Record<string, string>>;
}

/** The account's root has words for keys, which nobody could look for in an output. */
async function sessionKeys(aws: LocalAws): Promise<Record<string, string>> {
  const [iam, sts] = [new IAMClient(aws.clientConfig()), new STSClient(aws.clientConfig())];
  const statement = (more: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...more }] });
  const root = { Principal: { AWS: `arn:aws:iam::${aws.account}:root` }, Action: "sts:AssumeRole" };
  const RoleName = "another-step";
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: statement(root) }));
  const all = statement({ Action: "*", Resource: "*" });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument: all }));
  const RoleArn = `arn:aws:iam::${aws.account}:role/${RoleName}`;
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "job" }));
  iam.destroy();
  sts.destroy();
  return {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? "",
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? "",
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? "",
  };
}

/** `warren bootstrap`. Resolves with the ARN of a role, if there are any. */
async function setUp(
  { aws, github, checkout }: Pick<Parts, "aws" | "github" | "checkout">,
  credentials: "keys" | "oidc",
): Promise<string> {
  const ports = systemPorts({ root: checkout.folder, console: silent, environment: localEnvironment(aws) });
  const { repository: name, repositoryId, ownerId } = github.state;
  const repository = { name, id: String(repositoryId), ownerId: String(ownerId) };
  const { pipeline } = await readProject(ports);
  const setup = { repository, provider: "", stackPolicies: [] };
  const account = { ...ports, ...ports.aws(undefined) };
  const { outputs } = await bootstrap(account, credentials === "oidc" ? { setup, pipeline } : undefined);
  return outputs["DeployRole"] ?? "";
}

async function act(event: string, payload: object, given: Given, parts: Parts): Promise<Run> {
  const { aws, github, bundle, checkout, role, keys } = parts;
  const { permissions = PERMISSIONS, attempt = 1, sha = headOf(github, github.state.defaultBranch) } = given;
  github.takeRoutes();
  const step = await runStep(bundle, {
    event,
    payload: { repository: github.repositoryBody(), ...payload },
    checkout: given.checkout ?? checkout,
    inputs: {
      "github-token": github.issueToken(permissions),
      audience: "sts.amazonaws.com",
      "role-to-assume": role,
      ...given.inputs,
    },
    environment: {
      ...(role === "" ? { ...localEnvironment(aws), ...keys } : jobToken(event, sha, given, parts)),
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: github.webUrl,
      GITHUB_REPOSITORY: github.repository,
      GITHUB_REPOSITORY_ID: String(github.state.repositoryId),
      GITHUB_REPOSITORY_OWNER_ID: String(github.state.ownerId),
      GITHUB_SHA: sha,
      GITHUB_ACTOR: "alice",
      GITHUB_RUN_ID: "4711",
      GITHUB_RUN_ATTEMPT: String(attempt),
      ...given.environment,
    },
    ...(given.signal && { signal: given.signal }),
  });
  refuseLeaks(published(github), step.secrets);
  tally("runs searched for secrets", 1);
  const told = `${step.stdout}${step.stderr === "" ? "" : `--- stderr\n${step.stderr}`}--- exit ${step.code}\n`;
  return {
    ...step,
    told: steady(told, parts),
    routes: github.takeRoutes().map((route) => steady(route, parts)),
  };
}

/** All that GitHub shows to whoever may read the repository. */
function published({ state }: GitHub): Record<string, string> {
  const { comments, issues, deployments, commitStatuses } = state;
  return Object.fromEntries(
    Object.entries({ comments, issues, deployments, commitStatuses }).map(([name, all]) => [
      `GitHub's ${name}`,
      JSON.stringify([...all.values()]),
    ]),
  );
}

/** Where AWS is, and how to get an OIDC token for it: no key of any kind. */
function jobToken(
  eventName: string,
  sha: string,
  { jobEnvironment = "preview", wrong }: Given,
  { aws, github, oidc }: Parts,
): Record<string, string> {
  const { repository, repositoryId, ownerId } = github.state;
  const ref = `refs/heads/${github.state.defaultBranch}`;
  const subject = github.state.oidcSubject.immutable ? ("immutable" as const) : ("classic" as const);
  const job = {
    repository,
    repositoryId,
    ownerId,
    eventName,
    ref,
    sha,
    subject,
    environment: jobEnvironment,
  };
  const { requestUrl, requestToken } = oidc.mint(job, wrong);
  return {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    ACTIONS_ID_TOKEN_REQUEST_URL: requestUrl,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
  };
}

function headOf(github: GitHub, branch: string): string {
  const sha = github.state.branches.get(branch);
  if (sha === undefined) throw new Error(`there is no branch ${branch}`);
  return sha;
}

/** Everything that is different in every run, by what it is. */
function steady(text: string, { aws, github, oidc }: Parts): string {
  const commits = [...github.state.commits.keys()];
  const commitOf = (start: string): string => {
    const index = commits.findIndex((sha) => sha.startsWith(start));
    return index < 0 ? start : `<commit ${index}>`;
  };
  return (
    text
      .replaceAll(/(?<=```mermaid\ngantt\n {4}title )(\S+): [^]*?(?=\n```)/g, "$1: <timeline>")
      .replaceAll(/\b(?:[0-9a-f]{40}|[0-9a-f]{7})\b/g, commitOf)
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>")
      .replaceAll(/\bplan [0-9a-f]{12}\b/g, "plan <digest>")
      // Of the plan; keyed by the stack's salt, as far as values are hidden.
      .replaceAll(/(?<="digest":")[0-9a-f]{64}(?=")|(?<="seal":")[^"]+/g, "<digest>")
      .replaceAll(/(?<=":"(?:added|changed|removed|replaced) )[0-9a-f]{10}(?=")/g, "<hash>")
      .replaceAll(/ghs_[0-9a-f]+/g, "<token>")
      .replaceAll(/(?<=::add-mask::)(?!<token>).*/g, "<secret>")
      .replaceAll(/ +\d+\.\d s$/gm, "  <seconds>")
      .replaceAll(/-[0-9A-Z]{13}\b/g, "-<random>")
      .replaceAll(aws.endpoint, "<aws>")
      .replaceAll(oidc.url, "<oidc>")
  );
}

async function stackNames(aws: LocalAws): Promise<string[]> {
  const client = new CloudFormationClient(aws.clientConfig());
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
  client.destroy();
  return Stacks.flatMap(({ StackName = "" }) => (StackName.startsWith("burrow-") ? [StackName] : []));
}
