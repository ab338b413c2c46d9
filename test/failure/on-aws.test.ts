/** A red deploy as the built Action tells it, on the local AWS with the roles that bootstrap makes. */
import { GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PIPELINE, type World, openWorld } from "../action/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld("oidc");
});
afterAll(() => world?.[Symbol.asyncDispose]());

const JOBS = "jobs: { kind: queue }";
/** A value that CloudFormation takes and SQS refuses. */
const BROKEN = PIPELINE.replace(
  JOBS,
  "jobs: { kind: queue, overrides: { Queue: { VisibilityTimeout: 999999 } } }",
);
const TAKEN = PIPELINE.replace(JOBS, `${JOBS}\n  crumbs: { kind: bucket, name: burrow-taken }`);
const ACTION = { GITHUB_ACTION_REPOSITORY: "rabbits/warren", GITHUB_ACTION_REF: "v1" };

test("a queue that SQS refuses: the cause at its line, in log, summary, output and picture", async () => {
  await world.checkout.write({ "config/pipeline.yaml": BROKEN });
  const run = await world.push("main", { environment: ACTION });
  expect(run).toMatchObject({ code: 1, outputs: { result: "failed", reason: "deploy-failed" } });
  const errors = run.stdout.split("\n").filter((line) => line.startsWith("::error"));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(
    /^::error file=config\/pipeline\.yaml,line=6,col=\d+::jobs \(queue, AWS::SQS::Queue\) could not be created: /,
  );
  expect(errors[0]).toContain(
    "%0AAWS does not accept a value: correct the component's options or its `overrides:`.",
  );

  const [head = "", , table = ""] = run.summary
    .split("\n\n")
    .filter((part) => part.includes("Warren failed") || part.startsWith("|"))
    .flatMap((part) => [part, ""]);
  expect(head).toMatch(
    /^### Warren failed: jobs &#40;queue&#44; AWS&#58;&#58;SQS&#58;&#58;Queue&#41; could not be created/,
  );
  expect(table).toContain("/blob/");
  expect(run.summary).toMatch(/```mermaid\ngantt\n {4}title burrow-prod/);
  expect(run.summary).toMatch(/:crit, /);
  expect(run.summary).toContain("/rabbits/warren/blob/v1/docs/reasons.md#deploy-failed");
  expect(run.stdout).toContain("/rabbits/warren/blob/v1/docs/reasons.md#deploy-failed");
});

test("a name that is taken: what AWS's early validation says, not only that it says something", async () => {
  const s3 = new S3Client({ ...world.aws.clientConfig(), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "burrow-taken" }));
  s3.destroy();
  await world.checkout.write({ "config/pipeline.yaml": TAKEN });
  const run = await world.push("main");
  expect(run).toMatchObject({ code: 1, outputs: { reason: "deploy-failed" } });
  expect(run.stdout).toMatch(
    /::error file=config\/pipeline\.yaml,line=7,col=\d+::crumbs \(bucket, AWS::S3::Bucket\) was refused before anything was made: /,
  );
  expect(run.stdout).not.toContain("gives no details");
  expect(run.summary).not.toContain("gantt");
});

test("a pull request is told the same first line", async () => {
  world.github.pushBranch("feature/broken");
  const { number } = world.github.createPullRequest({ branch: "feature/broken" });
  await world.checkout.write({ "config/pipeline.yaml": BROKEN });
  const run = await world.pullRequest("opened", number);
  expect(run).toMatchObject({ code: 1, outputs: { reason: "deploy-failed" } });
  const [first] = /jobs &#40;queue[^❌]*❌/.exec(run.summary) ?? [];
  expect(first).toContain("could not be created");
  const [body = ""] = world.comments(number);
  expect(body).toContain(`there is no up-to-date preview&#58; ${first}`);
});

test("a role of an older bootstrap may not ask: that is told, and the failure all the same", async () => {
  const iam = new IAMClient(world.aws.clientConfig());
  const role = { RoleName: "burrow-us-east-1-deploy", PolicyName: "warren" };
  const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand(role));
  const older = decodeURIComponent(PolicyDocument).replace('"cloudformation:DescribeEvents",', "");
  expect(older).not.toContain("DescribeEvents");
  await iam.send(new PutRolePolicyCommand({ ...role, PolicyDocument: older }));
  iam.destroy();
  await world.checkout.write({ "config/pipeline.yaml": TAKEN });
  const run = await world.push("main");
  expect(run).toMatchObject({ code: 1, outputs: { reason: "deploy-failed" } });
  expect(run.stdout).toMatch(
    /CloudFormation gives no details: .*not authorized to perform: cloudformation:DescribeEvents/,
  );
  expect(run.stdout).toMatch(
    /::error::the stack ended as \w+: Validation failed with 1 error.*%0ACloudFormation says more only to those/,
  );
});
