/** Starts a local AWS with a Lambda worker in it, tells who they are, and waits to be killed. */
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";

import { zipFiles } from "../../action/edge/zip.ts";
import { startLocalAws } from "../../action/local/aws.ts";
import { trust } from "./templates.ts";

const aws = await startLocalAws();
const lambda = new LambdaClient(aws.clientConfig());
const { Role } = await new IAMClient(aws.clientConfig()).send(
  new CreateRoleCommand({
    RoleName: "worker",
    AssumeRolePolicyDocument: JSON.stringify(trust("lambda.amazonaws.com")),
  }),
);
// The timer keeps the worker's event loop alive: nothing but a signal or its own watch ends it.
const source = "setInterval(() => {}, 1000); exports.handler = async () => process.pid;";
await lambda.send(
  new CreateFunctionCommand({
    FunctionName: "worker",
    Role: Role?.Arn,
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Code: {
      ZipFile: await zipFiles([{ path: "index.js", mode: 0o644, content: new TextEncoder().encode(source) }]),
    },
  }),
);
await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName: "worker" });
const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "worker" }));
const worker = Number(new TextDecoder().decode(Payload));
console.log(JSON.stringify({ pid: aws.pid, worker, logFile: aws.logFile }));
await new Promise((resolve) => setTimeout(resolve, 60_000));
