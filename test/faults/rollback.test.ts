/** What can go wrong when a stage is taken back: killed before it was tried out, no way back, a release that fails, too. */
import { ALL } from "../support/extent.ts";
import { LambdaClient, ListFunctionsCommand, PutFunctionConcurrencyCommand } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createArtifacts } from "../../action/edge/artifacts.ts";
import { createClients } from "../../action/edge/clients.ts";
import { PIPELINE, type Run, type World, openWorld } from "../action/world.ts";

const SMOKE = `smoke: { put: { jobs: "carrots for {mark}" }, expect: worker, within: 90 seconds }\n`;
const TRIED = PIPELINE + SMOKE;
/** What is to fail fails soon. */
const HASTY = TRIED.replace("90 seconds", "3 seconds");
const EATS = `export async function handler(event: { Records: { body: string }[] }): Promise<void> {
  for (const { body } of event.Records) console.log("eaten:", body);
}
`;
const STARVES = `export async function handler(): Promise<void> { throw new Error("no carrots today"); }\n`;

describe.runIf(ALL)("a protected stage that is tried out", { timeout: 120_000 }, () => {
  let world: World;
  let bad = "";
  beforeAll(async () => {
    world = await openWorld("keys");
    const run = await pushed({ "config/pipeline.yaml": TRIED, "functions/worker.ts": EATS });
    if (run.code !== 0) throw new Error(run.told);
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  async function pushed(files: Readonly<Record<string, string>>): Promise<Run> {
    world.github.pushBranch("main");
    await world.checkout.write(files);
    return world.push("main");
  }

  async function removeProofs(): Promise<void> {
    const { endpoint, region, account, rootCredentials: credentials } = world.aws;
    using clients = createClients({ region, endpoint, credentials });
    const artifacts = createArtifacts(clients);
    const bucket = `warren-artifacts-${account}-${region}`;
    const objects = await artifacts.list(bucket, "releases/burrow-prod/");
    await artifacts.remove(
      bucket,
      objects.map(({ key }) => key).filter((key) => key.endsWith(".through")),
    );
  }

  test("killed between its deploy and its smoke run, it is tried out by the next run, which changes nothing", async () => {
    await removeProofs();
    const run = await pushed({});
    expect(run).toMatchObject({ code: 0, outputs: { result: "deployed", changes: "0" } });
    expect(run.stdout).toMatch(/an item went all the way through burrow-prod/);
    expect((await pushed({})).stdout).not.toContain("an item went");
  });

  test("with data that going back would lose, it stays, and the run says that nothing works", async () => {
    const more = HASTY.replace("  jobs:", "  prices: { kind: table, key: name }\n  jobs:");
    const run = await pushed({ "config/pipeline.yaml": more, "functions/worker.ts": STARVES });
    expect(run).toMatchObject({ code: 1, outputs: { reason: "rollback-failed" } });
    expect(run.stdout).toContain("`prices`");
    expect(run.stdout).toContain("could not be deployed again: burrow-prod does not work");
    // Red does not turn green by itself.
    expect((await pushed({})).outputs).toMatchObject({ reason: "rollback-failed" });
  });

  test("a release that worked and works no more is gone back to once, and the cause is said to lie elsewhere", async () => {
    expect((await pushed({ "functions/worker.ts": EATS })).code).toBe(0);
    await throttle();
    const run = await pushed({ "functions/worker.ts": STARVES });
    bad = world.head("main");
    expect(run).toMatchObject({ code: 1, outputs: { reason: "rolled-back" } });
    expect(run.stdout).toContain("and no item gets through it either");
    expect(run.stdout).toContain("the cause may lie outside of what was deployed");
  });

  test("what a person asks for is not taken back, but the run is red", async () => {
    const inputs = { command: "deploy", stage: "prod", commit: bad };
    const run = await world.act("workflow_dispatch", { ref: "refs/heads/main", inputs }, { inputs });
    expect(run).toMatchObject({ code: 1, outputs: { reason: "smoke-failed" } });
    expect(run.stdout).toContain("burrow-prod stays at that release");
  });

  /** By hand: it runs no more, whatever its code is. */
  async function throttle(): Promise<void> {
    const lambda = new LambdaClient(world.aws.clientConfig());
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    const FunctionName = Functions[0]?.FunctionName;
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
    lambda.destroy();
  }
});
