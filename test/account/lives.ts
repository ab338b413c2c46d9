/** What each role is for, from the first call to the last: the runs that its policies are held to. */
import { readFile } from "node:fs/promises";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Artifact, artifactOf } from "../../action/core/artifact.ts";
import type { StackDrift } from "../../action/core/drift.ts";
import { stackName as nameOfStack } from "../../action/core/names.ts";
import { smokePlan } from "../../action/core/probe.ts";
import { formatProblem } from "../../action/core/problem.ts";
import type { Rendered } from "../../action/core/rendered.ts";
import { concreteStage } from "../../action/core/stage.ts";
import { deploy } from "../../action/deploy.ts";
import { destroy } from "../../action/destroy.ts";
import { doctor } from "../../action/doctor.ts";
import { detectDrift } from "../../action/drift.ts";
import { type GarbageOutcome, sweepArtifacts } from "../../action/garbage.ts";
import { type Plan, plan } from "../../action/plan.ts";
import type { AwsPorts } from "../../action/aws-ports.ts";
import { renderProject } from "../../action/project.ts";
import { rollbackTo } from "../../action/rollback.ts";
import { smoke } from "../../action/smoke.ts";
import { type World, openSession, stackOf } from "./world.ts";

/** One property of each type that can change in place. */
const CHANGES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "AWS::CloudWatch::Alarm": { Threshold: 5 },
  "AWS::Events::Rule": { Description: "changed" },
  "AWS::IAM::Role": { Description: "changed" },
  "AWS::Lambda::EventInvokeConfig": { MaximumRetryAttempts: 1 },
  "AWS::Lambda::EventSourceMapping": { BatchSize: 2 },
  "AWS::Lambda::Function": { MemorySize: 512 },
  "AWS::Logs::LogGroup": { RetentionInDays: 7 },
  "AWS::SNS::Subscription": { FilterPolicy: { colour: ["white"] } },
  "AWS::SQS::Queue": { DelaySeconds: 1 },
};

export function changed(rendered: Rendered): Rendered {
  const template = JSON.parse(rendered.body) as {
    Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  };
  for (const resource of Object.values(template.Resources)) {
    resource.Properties = { ...resource.Properties, ...CHANGES[resource.Type] };
  }
  return withBody(rendered, JSON.stringify(template));
}

/** Too long to be sent along: CloudFormation has to read it from the bucket. */
export function lengthened(rendered: Rendered): Rendered {
  return withBody(rendered, rendered.body + " ".repeat(52_000));
}

function withBody(rendered: Rendered, body: string): Rendered {
  const digest = `${rendered.digest.slice(0, 40)}${body.length}`;
  return { ...rendered, body, digest, tags: { ...rendered.tags, "warren:digest": digest } };
}

/** The same code under another key: a function's code changes, and has to be uploaded. */
export function recoded(artifacts: readonly Artifact[], run: string): readonly Artifact[] {
  return artifacts.map((artifact) => ({ ...artifact, key: `functions/${run}-${artifact.component}.zip` }));
}

/** As the stacks here refer to them: `protected` is only played, later on, by `deployLife`. */
function unprotected(artifacts: readonly Artifact[]): readonly Artifact[] {
  return artifacts.map((artifact) => artifactOf(artifact, { protected: false }));
}

/** What the doctor can see of the account with the job's credentials. */
async function consult({ ports }: World, session: AwsPorts): Promise<void> {
  const context = { region: "us-east-1", role: "", run: undefined };
  const findings = await doctor(context, { ...ports, aws: () => session });
  const hidden = findings.find(({ what }) => what.includes("cannot be seen"));
  if (hidden) throw new Error(hidden.what);
}

/** Prod as it would be after a merge, and a stage that was never deployed. */
export async function planLife(world: World): Promise<readonly Plan[]> {
  const prod = lengthened(changed(await stackOf(world, { stage: "prod" })));
  const staging = await stackOf(world, { stage: "staging" });
  using session = openSession(world, { use: "plan", stacks: [prod.stackName, staging.stackName] });
  const ports = { ...world.ports, ...session };
  await consult(world, session);
  await session.quotas.code();
  // Of going back to a release.
  const stage = concreteStage(world.project.pipeline.stages, {
    stage: "prod",
    branch: "",
    sha256: ports.workspace.sha256,
  });
  const commit = prod.tags["warren:commit"] ?? "";
  await rollbackTo(commit, { project: world.project, stage, repository: "" }, ports);
  return [await plan(prod, ports), await plan(staging, ports)];
}

/** A stack of the pipeline with every kind and every arrow, made by the account's root, to be looked at. */
export const KINDS_STACK = "rabbit-hole-kinds";

export async function makeKinds(world: World): Promise<Rendered> {
  const rendered = { ...(await everyKind(world)), stackName: KINDS_STACK };
  await deploy({ rendered, artifacts: world.artifacts }, { ...world.ports, ...world.ports.aws(undefined) });
  return rendered;
}

/** Whether somebody has changed it by hand, seen with the role for plans. */
export async function driftLife(world: World, { tags, origins }: Rendered): Promise<StackDrift> {
  const stackName = KINDS_STACK;
  using session = openSession(world, { use: "plan", stacks: [stackName] });
  const drift = await detectDrift({ stackName, tags, origins }, { ...world.ports, ...session });
  if ("unchecked" in drift && drift.unchecked[0]) throw new Error(drift.unchecked[0].reason);
  return drift;
}

/** A branch from its first push until it is gone. `branch` must be new. */
export async function previewLife(world: World, branch: string): Promise<void> {
  const target = { stage: "preview", branch };
  const first = await stackOf(world, target);
  using session = openSession(world, { use: "preview", stacks: [first.stackName] });
  const artifacts = recoded(world.artifacts, branch);
  const second = lengthened(changed(await stackOf(world, target, artifacts)));
  const ports = { ...world.ports, ...session };
  await deploy({ rendered: first, artifacts: unprotected(world.artifacts) }, ports);
  await tryOut(world, session, target);
  await fill(world, first.stackName);
  await deploy({ rendered: second, artifacts: unprotected(artifacts) }, ports);
  await session.stacks.list();
  await recover(session, first.stackName);
  await destroy({ stackName: first.stackName, protected: false }, ports);
}

/** The pipeline's own smoke run, and what those of other pipelines call. */
async function tryOut(
  { project, ports }: World,
  session: AwsPorts,
  target: { readonly stage: string; readonly branch: string },
): Promise<void> {
  const { pipeline } = project;
  const concrete = concreteStage(pipeline.stages, { ...target, sha256: ports.workspace.sha256 });
  const stack = await session.stacks.find(nameOfStack(pipeline.name, concrete.name));
  if (!pipeline.smoke || !stack) throw new Error("there is nothing to try out");
  const way = smokePlan(pipeline, pipeline.smoke, renderProject(project, concrete, []));
  const outcome = await smoke(way, stack, [], { ...ports, ...session });
  if (outcome.kind !== "through") throw new Error(formatProblem(outcome.problem));

  const { probe } = session;
  const { FangName = "", ProducerUrl = "", FangsentimentName = "" } = stack.outputs;
  await probe.look("dynamodb:Scan", FangName, 0);
  await probe.put("sqs:SendMessage", ProducerUrl, { value: "no message", keys: [], mark: "smoke" });
  const object = { value: { key: "object", body: "text" }, keys: [], mark: "smoke" };
  await probe.put("s3:PutObject", FangsentimentName, object);
  await probe.remove("s3:PutObject", FangsentimentName, object);
}

/** A stage that is protected for a while and then given up. */
export async function deployLife(world: World, run: string): Promise<void> {
  const target = { stage: "staging" };
  const first = await stackOf(world, target);
  using session = openSession(world, { use: "deploy", stacks: [first.stackName] });
  const artifacts = recoded(world.artifacts, run);
  const second = lengthened(changed(await stackOf(world, target, artifacts)));
  const ports = { ...world.ports, ...session };
  await consult(world, session);
  await deploy({ rendered: { ...first, protected: true }, artifacts: unprotected(world.artifacts) }, ports);
  await tryOut(world, session, { ...target, branch: "" });
  await fill(world, first.stackName);
  await deploy({ rendered: second, artifacts: unprotected(artifacts) }, ports);
  await recover(session, first.stackName);
  await destroy({ stackName: first.stackName, protected: false }, ports);
}

/** What a stack in trouble needs. This one is in none, so that CloudFormation refuses it; IAM is asked before. */
async function recover({ stacks, quiet }: AwsPorts, stackName: string): Promise<void> {
  const stack = await stacks.find(stackName);
  if (!stack) throw new Error(`${stackName} is not there`);
  const order = { stackId: stack.id, token: "recovery" };
  const answers = [await stacks.continueRollback({ ...order, skip: [] }), await stacks.rollBack(order)];
  if (answers.some(({ kind }) => kind !== "refused")) throw new Error(`${stackName} was rolled back`);
  const rules = (await stacks.resources(stack.id)).filter(({ type }) => type === "AWS::Events::Rule");
  for (const { physicalId } of rules) await quiet.removeTargets(physicalId);
}

/** An artifact that nobody refers to, one that a sweep has marked long ago, and a long template. */
export async function putGarbage({ ports }: World, name: string): Promise<void> {
  const { artifacts } = ports.aws(undefined);
  const bucket = await artifacts.bucket();
  for (const key of [`functions/${name}.zip`, `templates/${name}.json`]) {
    await artifacts.put(bucket, key, "garbage", "text/plain");
  }
}

/** A night's look at the artifact bucket, years later. */
export async function sweepLife({ project, ports, ...world }: World): Promise<GarbageOutcome> {
  using session = openSession({ project, ports, ...world }, { use: "sweep", stacks: ["*"] });
  const { name: pipeline, stages, releases } = project.pipeline;
  const request = { pipeline, stages, releases, isNewestConfig: true, dryRun: false };
  const clock = { ...ports.clock, now: () => ports.clock.now() + 100_000_000_000 };
  return sweepArtifacts(request, { ...ports, ...session, clock });
}

/** What the pipeline's own code does: puts objects into its bucket. */
async function fill({ aws, ports }: World, stackName: string): Promise<void> {
  const stack = await ports.aws(undefined).stacks.find(stackName);
  const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
  await s3.send(
    new PutObjectCommand({ Bucket: stack?.outputs["FangsentimentName"], Key: "White Rabbit", Body: "late" }),
  );
  s3.destroy();
}

/** Whatever a run has left, as the account's root: the next one begins where the first one did. */
export async function clearAway(world: World, stackName: string): Promise<void> {
  const root: AwsPorts = world.ports.aws(undefined);
  const stack = await root.stacks.find(stackName);
  if (!stack) return;
  if (stack.terminationProtection) await root.stacks.setTerminationProtection(stackName, false);
  await destroy({ stackName, protected: false }, { ...world.ports, ...root });
}

/** Every kind and every arrow that Warren has, as a stage of this pipeline; what it retains stays. */
export async function everyKindLife(world: World): Promise<void> {
  const rendered = await everyKind(world);
  using session = openSession(world, { use: "deploy", stacks: [rendered.stackName] });
  const ports = { ...world.ports, ...session };
  await deploy({ rendered, artifacts: world.artifacts }, ports);
  await deploy({ rendered: changed(rendered), artifacts: [] }, ports);
  await destroy({ stackName: rendered.stackName, protected: false }, ports);
}

async function everyKind(world: World): Promise<Rendered> {
  const stack = await readFile("test/render/every-connection/stack.json", "utf8");
  const [code] = world.artifacts;
  const body = stack.replaceAll(/(?:functions|previews)\/not-built\.zip/g, code?.key ?? "");
  return { ...withBody(await stackOf(world, { stage: "staging" }), body), items: [] };
}
