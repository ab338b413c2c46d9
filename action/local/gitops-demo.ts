/**
 * The second half of `npm run demo`: the life of a change, by the committed workflow file, run by act. Each step is an event of
 * GitHub's; what it came to is read back from the local AWS and the GitHub stand-in, and the demo fails if it is wrong.
 */
import {
  DeleteOpenIDConnectProviderCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  ListPoliciesCommand,
} from "@aws-sdk/client-iam";
import { bootstrap } from "../bootstrap.ts";
import { UserError } from "../core/problem.ts";
import { ACCOUNT_STACK } from "../core/setup.ts";
import type { Console } from "../edge/console.ts";
import type { AwsPorts } from "../aws-ports.ts";
import { readProject } from "../project.ts";
import { systemPorts } from "../system.ts";
import { localEnvironment, silent, tearDownAccount } from "./account.ts";
import { type LocalAws, startLocalAws } from "./aws.ts";
import { type GitHub, startGitHub } from "./github/server.ts";
import { everythingIn } from "./inventory.ts";
import { type OidcIssuer, startOidc } from "./oidc.ts";
import { Pipeline } from "./reference-pipeline.ts";
import { Checkout } from "./runner/checkout.ts";
import { type Forge, deliver } from "./runner/deliver.ts";
import { Repository, type SentEvent } from "./runner/repository.ts";
import { startWikipedia } from "./wikipedia.ts";

const PIPELINE = "config/pipeline.yaml";
const PROD = "rabbit-hole-prod";
const WORKFLOW = ".github/workflows/warren.yml";
const NIGHTLY = "23 3 * * *";

/** What pipeline.yaml's `smoke:` sends through every preview. */
const TRIED = "White Rabbit";

type Replacement = readonly [from: string, to: string];

/** Throws UserError `demo-failed` when a step did not come to what it should, and the signal's reason when aborted. */
export async function gitopsDemo(screen: Console, signal: AbortSignal): Promise<void> {
  const chapter = (title: string): void => {
    signal.throwIfAborted();
    screen.info(`\n── ${title} ${"─".repeat(Math.max(3, 70 - title.length))}`);
  };

  chapter("A GitHub, its OIDC issuer, a Wikipedia and an AWS, all on this machine");
  await using checkout = await Checkout.create("release");
  await using github = await startGitHub({ sha: await checkout.head() });
  await using oidc = await startOidc();
  await using wikipedia = await startWikipedia();
  await using aws = await startLocalAws({
    jwks: oidc.jwksUrl,
    lambdaEnvironment: { WIKIPEDIA_URL: wikipedia.url },
    signal,
  });
  const role = await setUpRoles(aws, github);
  screen.info(`${github.repository} at ${github.url}, AWS at ${aws.endpoint} with IAM enforced`);
  screen.info(`the one thing that the repository knows of AWS: vars.WARREN_ROLE = ${role}`);
  const repository = new Repository(checkout, github);
  const { stacks } = systemPorts({
    root: checkout.root,
    console: silent,
    environment: localEnvironment(aws),
  }).aws(undefined);
  const scene: Scene = {
    checkout,
    github,
    oidc,
    stacks,
    screen,
    forge: {
      github,
      oidc,
      environment: { AWS_ENDPOINT_URL: aws.endpoint },
      variables: { WARREN_ROLE: role, AWS_REGION: aws.region },
      signal,
      onLine: (line) => screen.progress(line),
    },
  };

  chapter("git push to main: production");
  await happen(await repository.push("main", "A pipeline"), scene);
  await expectStack(PROD, "there", scene);

  chapter("A pull request is opened: a preview beside it");
  await repository.push("faster", "Less patience", edit(["timeout: 30", "timeout: 20"]));
  await happen(repository.openPullRequest("faster", "Less patience"), scene);
  const preview = await previewOf("faster", scene);
  showComment(1, scene);
  showDeployments(preview, scene);
  await expectTried(1, preview, aws, scene);

  chapter("A second push: the same preview, the same comment");
  await happen(await repository.push("faster", "Even less", edit(["timeout: 60", "timeout: 45"])), scene);
  await expectStack(preview, "there", scene);
  showComment(1, scene);

  chapter("It is merged: production changes, and the preview goes");
  await happen(await repository.merge(1), scene);
  await expectStack(PROD, "there", scene);
  await expectStack(preview, "gone", scene);
  showComment(1, scene);
  showDeployments(preview, scene);

  chapter("A branch is deleted, and GitHub's events get lost");
  await repository.push("lost", "Never merged", edit(["timeout: 45", "timeout: 50"]));
  await happen(repository.openPullRequest("lost", "Never merged"), scene);
  const lost = await previewOf("lost", scene);
  await repository.deleteBranch("lost");
  screen.info(`the branch is gone, its events never come: ${lost} is left over`);
  chapter("The night comes, and sweeps");
  await happen(await repository.schedule(NIGHTLY), scene);
  await expectStack(lost, "gone", scene);
  await expectStack(PROD, "there", scene);
  showComment(2, scene);

  chapter("The end: production is unprotected by a commit, then destroyed by hand");
  await happen(
    await repository.push("main", "The end", edit(["protected: true", "protected: false"])),
    scene,
  );
  await happen(await repository.dispatch(WORKFLOW, { command: "destroy", stage: "prod" }), scene);
  await expectStack(PROD, "gone", scene);
  await tearDownAccount(aws);

  chapter("What is left in the account");
  const inventory = Object.entries({ ...(await everythingIn(aws)), ...(await identitiesIn(aws)) });
  for (const [what, names] of inventory) {
    screen.info(`${what.padEnd(24)}${String(names.length).padStart(3)}  ${names.join(", ")}`.trimEnd());
  }
  const left = inventory.flatMap(([, names]) => names).length;
  if (left > 0) throw failed(`${left} things are left over`);
  screen.info("nothing: the branches and the commit that took them away are all that there ever was");
}

/** The account's stack keeps its OIDC provider, as other workflows may have come to use it; here it is taken away. */
async function identitiesIn(aws: LocalAws): Promise<Record<string, readonly string[]>> {
  const iam = new IAMClient(aws.clientConfig());
  const providers = async (): Promise<string[]> => {
    const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    return OpenIDConnectProviderList.map(({ Arn }) => Arn ?? "");
  };
  for (const arn of await providers()) {
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
  }
  const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: "Local" }));
  const left = { policies: Policies.map(({ Arn }) => Arn ?? ""), "identity providers": await providers() };
  iam.destroy();
  return left;
}

interface Scene {
  readonly checkout: Checkout;
  readonly github: GitHub;
  readonly oidc: OidcIssuer;
  readonly stacks: AwsPorts["stacks"];
  readonly screen: Console;
  readonly forge: Forge;
}

/** As `warren bootstrap --repository …` does it. Returns the role that the repository is told. */
async function setUpRoles(aws: LocalAws, { state, repository }: GitHub): Promise<string> {
  const root = `${import.meta.dirname}/../..`;
  const ports = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
  const account = ports.aws(undefined);
  const { pipeline } = await readProject(ports);
  const setup = {
    repository: { name: repository, id: String(state.repositoryId), ownerId: String(state.ownerId) },
    provider: "",
    stackPolicies: [],
  };
  await bootstrap({ ...ports, ...account }, { setup, pipeline });
  const stack = await account.stacks.find(ACCOUNT_STACK);
  const role = stack?.outputs["DeployRole"];
  if (role === undefined) throw new Error(`${ACCOUNT_STACK} has no role for deploys`);
  return role;
}

/** Delivers the events, one after the other; every job that they start must be green. */
async function happen(events: readonly SentEvent[], { checkout, oidc, forge, screen }: Scene): Promise<void> {
  let started = 0;
  for (const event of events) {
    const name = [event.eventName, event.payload.action].filter((word) => word !== undefined).join(" ");
    const tokens = oidc.issued.length;
    const start = Date.now();
    const jobs = await deliver({ ...event, root: checkout.root }, forge);
    if (jobs.length === 0) screen.info(`event ${name}: starts nothing`);
    for (const { routed, code, log, outputs } of jobs) {
      const seconds = ((Date.now() - start) / 1000).toFixed(0);
      if (code !== 0) throw failed(`${name}: the job is red:\n${log.split("\n").slice(-40).join("\n")}`);
      const subject = oidc.issued[tokens]?.["sub"];
      screen.info(`event ${name}: job ${routed.job} in ${routed.environment} is green after ${seconds} s`);
      screen.info(typeof subject === "string" ? `  to AWS it was ${subject}` : "  it did not ask for AWS");
      const { result = "", reason = "", ["stack-name"]: stack = "", changes = "", removed = "" } = outputs;
      const told = { result, reason, stack, changes, removed: removed.replace("[]", "") };
      const words = Object.entries(told).filter(([, value]) => value !== "");
      screen.info(`  ${words.map(([key, value]) => `${key}: ${value}`).join(", ")}`);
    }
    started += jobs.length;
  }
  if (started === 0) throw failed("no event has started a job");
}

async function expectStack(name: string, wanted: "there" | "gone", { stacks, screen }: Scene): Promise<void> {
  const stack = await stacks.find(name);
  const is = stack === undefined || stack.status === "DELETE_COMPLETE" ? "gone" : "there";
  if (is !== wanted) throw failed(`${name} is ${is}`);
  const commit = stack?.tags["warren:commit"]?.slice(0, 7);
  screen.info(
    is === "gone"
      ? `AWS says: ${name} is gone`
      : `AWS says: ${name} is ${stack?.status}, of commit ${commit}`,
  );
}

async function previewOf(branch: string, scene: Scene): Promise<string> {
  const found = (await scene.stacks.list()).find(({ tags }) => tags["warren:branch"] === branch);
  if (!found) throw failed(`${branch} has no preview`);
  await expectStack(found.name, "there", scene);
  return found.name;
}

function showComment(number: number, { github, screen }: Scene): void {
  const comments = github.comments(number);
  const [comment] = comments;
  if (!comment || comments.length > 1) throw failed(`#${number} has ${comments.length} comments`);
  screen.info(`the one comment on #${number}, edited ${comment.edits} times:`);
  const lines = comment.body.split("\n").filter((line) => /^(###|\*\*|\| [^\w ` -]|\| .* s \|$)/u.test(line));
  for (const line of lines) screen.info(`  │ ${asSeen(line)}`);
}

/** Text is written as character references, so that it has no effect. */
function asSeen(line: string): string {
  return line
    .replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/<\/?code>/g, "`");
}

/** The comment says that the preview has been tried out; here its bucket and its table are asked. */
async function expectTried(
  number: number,
  stack: string,
  aws: LocalAws,
  { github, screen }: Scene,
): Promise<void> {
  const [comment] = github.comments(number);
  if (!comment?.body.includes("**An item went all the way**")) throw failed("the preview was not tried out");
  using running = await Pipeline.find(aws, stack);
  const sentiment = (await running.sentiments()).find(({ name }) => name === TRIED);
  if (sentiment?.status !== "scored") throw failed(`${TRIED} has not come to the bucket`);
  if ((await running.names()).includes(TRIED)) throw failed(`${TRIED} was left in the table`);
  screen.info(
    `and so it is: the bucket holds the sentiment of ${TRIED} (${sentiment.sentiment}), the table no such item`,
  );
}

function showDeployments(stack: string, { github, screen }: Scene): void {
  for (const { id, environment, task, statuses } of github.state.deployments.values()) {
    if (task !== `warren:${stack}`) continue;
    screen.info(`deployment ${id} to ${environment}: ${statuses.map(({ state }) => state).join(" -> ")}`);
  }
}

/** Of pipeline.yaml, which must hold what is replaced. */
function edit(...replacements: readonly Replacement[]): Record<string, (text: string) => string> {
  return { [PIPELINE]: (text) => replacements.reduce((rest, [from, to]) => rest.replace(from, to), text) };
}

function failed(message: string): UserError {
  return new UserError("demo-failed", { message });
}
