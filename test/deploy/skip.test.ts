/** `--skip` on its way from the command line to CloudFormation: the real repository's story over a fake CloudFormation. */
import { expect, test } from "vitest";
import type { AwsPorts } from "../../action/aws-ports.ts";
import { run } from "../../action/run.ts";
import { systemPorts } from "../../action/system.ts";
import { repository } from "../support/command-line.ts";
import { fakeWorld, ready } from "./fake-world.ts";

test("what the command line names is skipped, and nothing else", async () => {
  using repo = repository({
    "config/pipeline.yaml":
      "name: small\nstages: { prod: { branch: main, protected: true } }\ncomponents: { jobs: { kind: queue } }\nflow: []\n",
  });
  const jobs = {
    logicalId: "JobsQueue",
    physicalId: "jobs",
    type: "AWS::SQS::Queue",
    status: "UPDATE_FAILED",
    reason: "it is gone",
  };
  const world = fakeWorld({
    stack: {
      status: "UPDATE_ROLLBACK_FAILED",
      tags: { "warren:pipeline": "small", "warren:stage": "prod" },
    },
    resources: [jobs, { ...jobs, logicalId: "JobsDeadletterqueue" }],
    changeSets: [ready()],
    plays: [{ end: "UPDATE_ROLLBACK_COMPLETE" }, { end: "UPDATE_COMPLETE" }],
  });
  const real = systemPorts({ root: repo.root, console: world.ports.log, environment: {} });
  const ports = { ...real, ...world.ports, workspace: real.workspace };
  const aws = (): AwsPorts => {
    const all = real.aws("us-east-1");
    const artifacts = { ...all.artifacts, ...world.ports.artifacts };
    return { ...all, ...world.ports, artifacts };
  };
  const target = { stage: "prod", branch: "main" };
  await run({ command: "deploy", target, skip: ["JobsQueue"] }, { ...ports, aws });
  expect(world.stacks.calls).toContain("continueRollback JobsQueue");
  expect(world.lines).toContain("jobs (queue, AWS::SQS::Queue) jobs stays as it is: it is gone");
});
