/**
 * A pull request's preview is tried out by the built Action, with the roles that bootstrap makes. The tests of this
 * file follow each other, like the events.
 */
import { GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseCommentData } from "../../action/core/comment-data.ts";
import { PIPELINE, type World, openWorld } from "../action/world.ts";

const SMOKE = `smoke: { put: { jobs: "carrots for {mark}" }, expect: worker, within: 30 seconds }\n`;
const EATS = `export async function handler(event: { Records: { body: string }[] }): Promise<void> {
  for (const { body } of event.Records) console.log("eaten:", body);
}
`;
const STARVES = `export async function handler(): Promise<void> {
  throw new Error("no carrots today");
}
`;
const PATIENCE = {
  pipeline: PIPELINE + SMOKE,
  less: PIPELINE + SMOKE.replace("30 seconds", "15 seconds"),
  none: PIPELINE + SMOKE.replace("30 seconds", "1 second"),
};

let world: World;
let number = 0;

beforeAll(async () => {
  world = await openWorld("oidc");
  await world.push("main");
  world.github.pushBranch("feature/a");
  ({ number } = world.github.createPullRequest({ branch: "feature/a" }));
});
afterAll(() => world?.[Symbol.asyncDispose]());

const bodyOf = (): string => world.comments(number)[0] ?? "";
const editsOf = (): number | undefined => world.github.comments(number)[0]?.edits;

test("the comment says that an item went all the way, hop by hop", async () => {
  await world.checkout.write({ "config/pipeline.yaml": PATIENCE.pipeline, "functions/worker.ts": EATS });
  const run = await world.pullRequest("opened", number);
  expect(run).toMatchObject({ code: 0, outputs: { result: "deployed" } });
  expect(bodyOf()).toMatch(
    /\*\*An item went all the way\*\* through the preview in \d+\.\d s: <code>jobs -&#62; worker<\/code> \d+\.\d s/,
  );
  expect(parseCommentData(bodyOf())["smoke"]).toMatchObject({
    hops: [["jobs -> worker", expect.any(Number)]],
  });
});

test("a push that changes nothing is not tried out again, and leaves the comment as it is", async () => {
  world.github.pushBranch("feature/a");
  const before = bodyOf();
  const run = await world.pullRequest("synchronize", number);
  expect(run.stdout).toContain("was tried out already, and nothing has changed since");
  expect(run.stdout).toContain(`comment on pull request #${number}: unchanged`);
  expect([bodyOf(), editsOf()]).toEqual([before, 0]);
});

test("what the comment remembers of another stack or template does not count", async () => {
  const comment = world.github.comments(number)[0];
  if (!comment) throw new Error("there is no comment");
  comment.body = comment.body.replace(/"smoke":\{"digest":"[0-9a-f]+"/, '"smoke":{"digest":"0"');
  const run = await world.pullRequest("synchronize", number);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/\d+\.\d s {2}jobs -> worker/);
});

test("an item that does not get through fails the job; the comment says where, with the end of the log", async () => {
  await world.checkout.write({ "config/pipeline.yaml": PATIENCE.less, "functions/worker.ts": STARVES });
  const run = await world.pullRequest("synchronize", number);
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "smoke-failed" } });
  expect(run.stdout).toContain("::error ");
  expect(run.stdout).toContain("an item did not get through `jobs -> worker` within 15 s of its start");
  expect(bodyOf()).toMatch(
    /the preview `burrow-feature-a-[0-9a-f]{6}` is up, but an item did not get through ❌/,
  );
  expect(bodyOf()).toContain("no carrots today");
  expect(parseCommentData(bodyOf())["smoke"]).toBeUndefined();
});

test("run again without a change, it is tried out again: red does not turn green by itself", async () => {
  await world.checkout.write({ "config/pipeline.yaml": PATIENCE.none });
  const run = await world.pullRequest("synchronize", number);
  expect(run).toMatchObject({ code: 1, outputs: { reason: "smoke-failed" } });
});

test("mended, it is green again", async () => {
  await world.checkout.write({ "config/pipeline.yaml": PATIENCE.pipeline, "functions/worker.ts": EATS });
  const run = await world.pullRequest("synchronize", number);
  expect(run.code).toBe(0);
  expect(bodyOf()).toContain("**An item went all the way**");
});

test("with roles of an older bootstrap the preview is up, and what is missing is told", async () => {
  const iam = new IAMClient(world.aws.clientConfig());
  const role = { RoleName: "burrow-us-east-1-preview", PolicyName: "warren" };
  const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand(role));
  const policy = JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: { Sid: string }[] };
  const Statement = policy.Statement.filter(({ Sid }) => !Sid.startsWith("Smoke"));
  await iam.send(
    new PutRolePolicyCommand({ ...role, PolicyDocument: JSON.stringify({ ...policy, Statement }) }),
  );
  iam.destroy();
  await world.checkout.write({ "functions/worker.ts": `${EATS}// later\nconsole.log("ready");\n` });
  const run = await world.pullRequest("synchronize", number);
  expect(run).toMatchObject({ code: 1, outputs: { reason: "smoke-failed" } });
  expect(bodyOf()).toMatch(/is up, but it could not be tried out ❌/);
  expect(bodyOf()).toMatch(/not authorized to perform: \S+/);
  expect(bodyOf()).toContain("`warren bootstrap`");
});
