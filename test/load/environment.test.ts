/** The variables that a function finds while it is loaded are those that it will have. */
import { expect, test } from "vitest";

import type { BuildRequest } from "../../action/core/artifact.ts";
import { lambdaEnvironment } from "../../action/core/lambda-environment.ts";
import { placeholderEnvironments } from "../../action/core/placeholder-environment.ts";
import { pythonLoadResult } from "../../action/core/python-load.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import { buildProject, readProject } from "../../action/project.ts";
import { artifact, HANDLER, load, textOf } from "./artifact.ts";

test("the arrows' variables of the reference pipeline are known to the builder", async () => {
  const workspace = diskWorkspace(process.cwd());
  const requests: BuildRequest[] = [];
  await buildProject(await readProject({ workspace, shipped: workspace }), {
    builder: {
      build(all) {
        requests.push(...all);
        return Promise.resolve([]);
      },
    },
  });
  const environments = Object.fromEntries(
    requests.map(({ component, environment }) => [component, environment]),
  );
  expect(environments).toEqual({
    serverlessproducer: {
      FANG_NAME: "placeholder",
      NODE_OPTIONS: "--enable-source-maps",
      PRODUCER_URL: "https://placeholder.invalid/000000000000/placeholder",
    },
    producerai: { FANGSENTIMENT_NAME: "placeholder", NODE_OPTIONS: "--enable-source-maps" },
  });
});

test("texts are what they are, what only AWS knows has its form", () => {
  const variables = {
    STAGE: "prod",
    LIMIT: 5,
    TABLE_ARN: { "Fn::GetAtt": ["Table", "Arn"] },
    QUEUE_URL: { Ref: "Queue" },
    BUCKET_NAME: { Ref: "Bucket" },
  };
  const place = { file: "config/pipeline.yaml", line: 1, column: 1 };
  const environments = placeholderEnvironments({
    template: {
      Resources: { WorkerFunction: { Properties: { Environment: { Variables: variables } } }, Other: {} },
    },
    origins: { WorkerFunction: { component: "worker", label: "function", place } },
  });
  expect(environments.get("worker")).toEqual({
    STAGE: "prod",
    LIMIT: "5",
    TABLE_ARN: "arn:aws:placeholder:us-east-1:000000000000:placeholder",
    QUEUE_URL: "https://placeholder.invalid/000000000000/placeholder",
    BUCKET_NAME: "placeholder",
  });
});

test("each function of a process sees its own variables only", async () => {
  const sees = (mine: string, other: string) =>
    artifact(
      `if (process.env.${mine} !== "x" || "${other}" in process.env) throw new Error("mixed up");${HANDLER}`,
      { environment: { [mine]: "x" } },
    );
  const results = await load([sees("A", "B"), sees("B", "A"), sees("A", "B")]);
  expect(results.map(textOf)).toEqual(["loaded", "loaded", "loaded"]);
});

test("NODE_OPTIONS holds, and switches on what Lambda has switched off", async () => {
  const files = { "index.cjs": 'exports.handler = require("./esm.mjs").handler;', "esm.mjs": HANDLER };
  const other = { runtime: "nodejs22.x" };
  const [off, on] = await load([
    artifact(files, other),
    artifact(files, { ...other, environment: { NODE_OPTIONS: "--experimental-require-module" } }),
  ]);
  expect([off?.kind, on?.kind]).toEqual(["failed", "loaded"]);
});

test("Lambda's own variables hold no credentials", () => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, ...others } = lambdaEnvironment(
    artifact(HANDLER),
    "/var/task",
  );
  expect([AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN]).toEqual(
    Array.from({ length: 3 }, () => "none-while-loading"),
  );
  expect(others["AWS_EXECUTION_ENV"]).toBe("AWS_Lambda_nodejs24.x");
});

test("in Python, too, a variable that nothing sets is a failure only where the variables are known", () => {
  const report = {
    kind: "failed",
    error: "KeyError",
    message: "'QUEUE_URL'",
    missing: null,
    variable: "QUEUE_URL",
    frames: [{ path: "worker.py", line: 3, packaged: false }],
  } as const;
  const request = artifact({ "worker.py": "" }, { runtime: "python3.13", source: "functions/worker.py" });
  expect(pythonLoadResult(request, report).kind).toBe("inconclusive");
  expect(textOf(pythonLoadResult({ ...request, environment: {} }, report))).toBe(
    "functions/worker.py:3:1: `functions/worker.py` cannot be imported by python3.13: KeyError: 'QUEUE_URL'\nThe environment variable QUEUE_URL is not set: draw the arrow that sets it, or set it by `overrides`.",
  );
});
