/** A Python function on the local AWS: on its own Python, with its own packages. */
import { dirname, delimiter } from "node:path";

import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { somePython } from "../python/interpreter.ts";
import { startInstance } from "./instance.ts";
import { createdStack, outputs } from "./stack.ts";
import { lambdaFunction, lambdaRole, ref } from "./templates.ts";

const python = await somePython();
if (python === undefined) throw new Error("Python 3.11 to 3.14 is needed to test Python functions");
const { version, program } = python;

let aws: LocalAws;

beforeAll(async () => {
  vi.stubEnv("PATH", [dirname(program), process.env["PATH"]].join(delimiter));
  aws = await startInstance();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});

async function invoke(name: string, runtime: string, code: string): Promise<unknown> {
  const stack = await createdStack(new CloudFormationClient(aws.clientConfig()), name, {
    Resources: {
      Role: lambdaRole(),
      Function: lambdaFunction("Role", { Runtime: runtime, Code: { ZipFile: code }, Timeout: 30 }),
    },
    Outputs: { Name: { Value: ref("Function") } },
  });
  const lambda = new LambdaClient(aws.clientConfig());
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: outputs(stack)["Name"] }));
  return JSON.parse(Payload?.transformToString() ?? "");
}

const SELF = `
import importlib.util, os, sys

def handler(event, context):
    return {
        "version": "%d.%d" % sys.version_info[:2],
        "execution": os.environ["AWS_EXECUTION_ENV"],
        "seen": [name for name in ("ministack", "botocore", "pip") if importlib.util.find_spec(name)],
    }
`;

test("it runs on the Python of its runtime, and sees no package of the emulator's or the machine's", async () => {
  expect(await invoke("self", `python${version}`, SELF)).toEqual({
    version,
    execution: `AWS_Lambda_python${version}`,
    seen: [],
  });
});

test("without a Python of its runtime it fails, and says so", async () => {
  expect(await invoke("absent", "python3.8", SELF)).toMatchObject({
    errorMessage: expect.stringContaining("no python3.8 on the PATH of this machine"),
  });
});
