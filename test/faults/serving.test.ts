/** An update that fails: while it runs, is rolled back and has ended, what was deployed before answers every call. */
import { ALL } from "../support/extent.ts";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deploy } from "../../action/deploy.ts";
import type { Rendered } from "../../action/core/rendered.ts";
import type { Artifact } from "../../action/core/artifact.ts";
import {
  BROKEN_QUEUE,
  type Resource,
  type Stage,
  artifact,
  failureOf,
  functions,
  openStage,
  queue,
  renderedAs,
} from "../deploy/world.ts";

let stage: Stage;
let lambda: LambdaClient;

beforeAll(async () => {
  if (!ALL) return;
  stage = await openStage({ operationMs: 1_500 });
  lambda = new LambdaClient(stage.aws.clientConfig());
});
afterAll(async () => {
  lambda?.destroy();
  await stage?.[Symbol.asyncDispose]();
});

function rendered(code: Artifact, jobs: Resource): Rendered {
  const resources = {
    ...functions(stage.aws, [code]),
    // After the new code is in place.
    Jobs: { ...jobs, DependsOn: "Worker" },
  };
  const outputs = { WorkerName: { Value: { Ref: "Worker" } } };
  return { ...renderedAs("rabbit-hole-prod", { resources, outputs }), release: { artifacts: [code.key] } };
}

async function answer(name: string): Promise<string> {
  const { FunctionError, Payload } = await lambda.send(new InvokeCommand({ FunctionName: name }));
  return `${FunctionError ?? ""}${Payload?.transformToString()}`;
}

test.runIf(ALL)("the last good version serves all along", async () => {
  const [one, two] = [await artifact("Worker", "one"), await artifact("Worker", "two")];
  const first = await stage.run((ports) =>
    deploy({ rendered: rendered(one, queue(10)), artifacts: [one] }, ports),
  );
  const name = first.result.outputs["WorkerName"] ?? "";
  const answers: string[] = [];
  const end = new AbortController();
  const probing = (async () => {
    while (!end.signal.aborted) answers.push(await answer(name));
  })();
  const failure = await failureOf(
    stage.run((ports) => deploy({ rendered: rendered(two, BROKEN_QUEUE), artifacts: [two] }, ports)),
  );
  end.abort();
  await probing;
  expect(failure.reason).toBe("deploy-failed");
  expect(answers.length).toBeGreaterThan(5);
  // The new code may answer until it is rolled back; an error never does.
  expect([...new Set(answers)].filter((text) => text !== '"one"' && text !== '"two"')).toEqual([]);
  expect(await answer(name)).toBe('"one"');
});
