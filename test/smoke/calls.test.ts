/** Calls that the reference pipeline's smoke run does not make: objects put in, items seen at the end, lists without an end. */
import { createServer } from "node:http";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { createClients } from "../../action/edge/clients.ts";
import { createProbe } from "../../action/edge/probe.ts";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { startLocalAws } from "../../action/local/aws.ts";
import { repository } from "../support/command-line.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";
import { repositoryRoot } from "../support/shipped.ts";

const FILES = {
  "config/pipeline.yaml": `name: library
stages: { prod: { branch: main } }
components:
  inbox: { kind: bucket }
  clerk: { kind: function, source: functions/clerk.ts }
  index: { kind: table, key: title }
flow:
  - inbox -event-> clerk -> index
smoke: { put: { inbox: { key: "{mark}.txt", body: "carrots" } }, expect: index, within: 30 seconds }
`,
  "functions/clerk.ts": `import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
const database = new DynamoDBClient({});
export async function handler(event: { detail: { object: { key: string } } }): Promise<void> {
  const Item = { title: { S: event.detail.object.key } };
  await database.send(new PutItemCommand({ TableName: process.env["INDEX_NAME"], Item }));
}
`,
};

test("an object goes from its bucket to an item of a table, by the command line, and is taken away", async () => {
  await using aws = await startLocalAws();
  await setUpAccount(aws);
  using user = repository(FILES);
  symlinkSync(join(repositoryRoot, "node_modules"), join(user.root, "node_modules"));
  const environment = localEnvironment(aws);
  const missing = await user.warren(["smoke", "--stage", "prod"], environment);
  expect(missing).toMatchObject({ code: 1, stdout: "" });
  expect(missing.stderr).toContain("library-prod is not there");
  const deployed = await user.warren(["deploy", "--stage", "prod", "--json"], environment);
  expect(deployed).toMatchObject({ code: 0, stderr: "" });

  const { code, stdout, stderr } = await user.warren(["smoke", "--stage", "prod", "--json"], environment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    kind: "smoked",
    result: "through",
    stackName: "library-prod",
    hops: [{ name: "inbox -event-> clerk" }, { name: "clerk -> index" }],
  });
  const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true });
  const { outputs } = JSON.parse(deployed.stdout) as { outputs: Record<string, string> };
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: outputs["InboxName"] }));
  s3.destroy();
  expect(Contents).toEqual([]);

  user.write(
    "config/pipeline.yaml",
    FILES["config/pipeline.yaml"].replace("30 seconds", "5 seconds, holds: [hay]"),
  );
  const stuck = await user.warren(["smoke", "--stage", "prod"], environment);
  expect(stuck.code).toBe(1);
  expect(stuck.stderr).toContain("an item did not get through `clerk -> index` within 5 s of its start");
});

test("without `smoke:` the command says what to write", async () => {
  const { "config/pipeline.yaml": text, ...rest } = FILES;
  using user = repository({ ...rest, "config/pipeline.yaml": text.replace(/smoke: .*\n/, "") });
  const { code, stderr } = await user.warren(["smoke", "--stage", "prod"], { AWS_REGION: "us-east-1" });
  expect(code).toBe(1);
  expect(stderr).toContain("config/pipeline.yaml does not say what to try it out with");
});

test("a list that does not end is given up, with a word about why", async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    const list = `<ListBucketResult><Name>endless</Name><IsTruncated>true</IsTruncated><NextContinuationToken>${asked}</NextContinuationToken></ListBucketResult>`;
    response.writeHead(200, { "content-type": "application/xml", "x-amz-request-id": "b2f7" }).end(list);
  });
  const endpoint = await listenLocally(server);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  using clients = createClients({ region: "us-east-1", endpoint, credentials });
  const looking = createProbe(clients).look("s3:ListBucket", "endless", 0);
  await expect(looking).rejects.toMatchObject({ reason: "smoke-too-much" });
  expect(asked).toBeLessThan(50);
  await closeLocally(server);
});
