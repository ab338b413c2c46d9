/** The local AWS's account, set up as `warren bootstrap` sets up a real one, and taken down to the last object. */
import { S3Client, DeleteBucketCommand } from "@aws-sdk/client-s3";
import { bootstrap } from "../bootstrap.ts";
import { ACCOUNT_STACK } from "../core/setup.ts";
import type { Log } from "../ports.ts";
import { systemPorts } from "../system.ts";
import type { LocalAws } from "./aws.ts";

const root = `${import.meta.dirname}/../..`;

export const silent: Log = { info: () => {}, warn: () => {}, error: () => {}, progress: () => {} };

/** The environment by which the SDK, and so the command line, finds the local AWS. */
export function localEnvironment(aws: LocalAws): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: aws.rootCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.rootCredentials.secretAccessKey,
  };
}

export async function setUpAccount(aws: LocalAws): Promise<void> {
  const ports = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
  await bootstrap({ ...ports, ...ports.aws(undefined) });
}

/** Warren never does this to a real account: the artifact bucket is kept there, whatever happens to its stack. */
export async function tearDownAccount(aws: LocalAws): Promise<void> {
  const ports = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
  const { stacks, quiet } = ports.aws(undefined);
  const stack = await stacks.find(ACCOUNT_STACK);
  if (!stack) return;
  const bucket = stack.outputs["ArtifactBucket"] ?? "";
  await stacks.setTerminationProtection(ACCOUNT_STACK, false);
  await stacks.delete({ stackId: stack.id, token: "local-account" });
  await quiet.emptyBucket(bucket, () => {});
  const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
  await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  s3.destroy();
}
