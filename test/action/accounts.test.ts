/** Previews in an account and a region of their own: each stage's role and region count, and a sweep looks in both places. */
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootstrap } from "../../action/bootstrap.ts";
import { localEnvironment, silent } from "../../action/local/account.ts";
import { readProject } from "../../action/project.ts";
import { systemPorts } from "../../action/system.ts";
import { PIPELINE, type World, openWorld } from "./world.ts";

const ELSEWHERE = { account: "444455556666", region: "eu-central-1" };
const ROLE = `arn:aws:iam::${ELSEWHERE.account}:role/warren/burrow-${ELSEWHERE.region}-preview`;

let world: World;

beforeAll(async () => {
  world = await openWorld("oidc");
  const own = `pull-requests: true, region: ${ELSEWHERE.region}, role: ${ROLE}`;
  await world.checkout.write({ "config/pipeline.yaml": PIPELINE.replace("pull-requests: true", own) });
  await setUpElsewhere();
});

afterAll(() => world[Symbol.asyncDispose]());

/** The account's root, by the emulator's rule: its key is the account's number. */
function elsewhere(): Record<string, string> {
  return {
    ...localEnvironment(world.aws),
    AWS_REGION: ELSEWHERE.region,
    AWS_ACCESS_KEY_ID: ELSEWHERE.account,
  };
}

async function setUpElsewhere(): Promise<void> {
  const { repository: name, repositoryId, ownerId } = world.github.state;
  const ports = systemPorts({ root: world.checkout.folder, console: silent, environment: elsewhere() });
  const repository = { name, id: String(repositoryId), ownerId: String(ownerId) };
  const { pipeline } = await readProject(ports);
  const setup = { repository, provider: "", stackPolicies: [] };
  const { outputs } = await bootstrap({ ...ports, ...ports.aws(undefined) }, { setup, pipeline });
  expect(outputs["PreviewRole"]).toBe(ROLE);
}

async function stacksElsewhere(): Promise<string[]> {
  const { AWS_ENDPOINT_URL: endpoint = "", AWS_REGION: region = "", AWS_ACCESS_KEY_ID = "" } = elsewhere();
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: "test" };
  const client = new CloudFormationClient({ endpoint, region, credentials });
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
  client.destroy();
  return Stacks.flatMap(({ StackName = "" }) => (StackName.startsWith("burrow-") ? [StackName] : []));
}

test("each stage is deployed where it says, with its own role; a teardown looks in both places", async () => {
  expect((await world.push("main")).outputs).toMatchObject({ result: "deployed" });
  world.github.pushBranch("feature");
  const { number } = world.github.createPullRequest({ branch: "feature" });
  const previewed = await world.pullRequest("opened", number);
  expect(previewed.told).toContain("--- exit 0");
  const preview = previewed.outputs["stack-name"] ?? "";
  expect(previewed.outputs["stack-id"]).toContain(
    `:${ELSEWHERE.region}:${ELSEWHERE.account}:stack/${preview}/`,
  );
  expect(await world.stackNames()).toEqual(["burrow-prod"]);
  expect(await stacksElsewhere()).toEqual([preview]);
  // What merging would change is asked of production's account, with production's role for plans.
  expect(world.comments(number)[0]).toContain("changes nothing in `burrow-prod`");

  world.github.closePullRequest(number);
  const closed = await world.pullRequest("closed", number);
  expect(closed.outputs).toMatchObject({ result: "swept", "removed-stacks": JSON.stringify([preview]) });
  expect(await stacksElsewhere()).toEqual([]);
  expect(await world.stackNames()).toEqual(["burrow-prod"]);
});

test("a place that refuses is told, and the other one is swept all the same", async () => {
  world.github.pushBranch("lost");
  const { number } = world.github.createPullRequest({ branch: "lost" });
  const { outputs } = await world.pullRequest("opened", number);
  world.github.deleteBranch("lost");
  // The input's role, production's place, is of an account that nobody has set up.
  const inputs = { "role-to-assume": "arn:aws:iam::999900001111:role/warren/burrow-us-east-1-deploy" };
  const run = await world.act("schedule", { schedule: "23 3 * * *" }, { inputs });
  expect(run.code).toBe(1);
  expect(run.told).toContain("999900001111");
  expect(await stacksElsewhere()).toEqual([]);
  expect(run.told).toContain(outputs["stack-name"] ?? "none");
});
