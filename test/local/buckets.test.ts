import { CloudFormationClient, CreateStackCommand } from "@aws-sdk/client-cloudformation";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { LocalAws } from "../../action/local/aws.ts";
import { startInstance } from "./instance.ts";
import { createdStack, deleteStack, failure, outputs, settled, updateStack } from "./stack.ts";
import { ref } from "./templates.ts";

let aws: LocalAws;
let client: CloudFormationClient;
let storage: S3Client;

beforeAll(async () => {
  aws = await startInstance();
  client = new CloudFormationClient(aws.clientConfig());
  storage = new S3Client(aws.clientConfig());
});
afterAll(async () => await aws[Symbol.asyncDispose]());

function bucketWith(Properties: object) {
  return {
    Resources: { Bucket: { Type: "AWS::S3::Bucket", Properties } },
    Outputs: { Name: { Value: ref("Bucket") } },
  };
}

describe("a bucket", () => {
  test.each([
    [
      "an object",
      {},
      async (Bucket: string) => await storage.send(new PutObjectCommand({ Bucket, Key: "a", Body: "b" })),
    ],
    [
      "nothing but a delete marker and the version under it",
      { VersioningConfiguration: { Status: "Enabled" } },
      async (Bucket: string) => {
        await storage.send(new PutObjectCommand({ Bucket, Key: "a", Body: "b" }));
        await storage.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
      },
    ],
  ])("that holds %s is not deleted", async (what, Properties, fill) => {
    const name = `full-${what.length}`;
    const stack = await createdStack(client, name, {
      Resources: { Bucket: { Type: "AWS::S3::Bucket", Properties } },
      Outputs: { Name: { Value: ref("Bucket") } },
    });
    const Bucket = outputs(stack)["Name"] ?? "";
    await fill(Bucket);

    const failed = await deleteStack(client, stack.StackId ?? "");
    expect(failed.StackStatus).toBe("DELETE_FAILED");
    expect(await failure(client, name)).toContain("The bucket you tried to delete is not empty");

    const { Versions = [], DeleteMarkers = [] } = await storage.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
      await storage.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
    expect((await deleteStack(client, stack.StackId ?? "")).StackStatus).toBe("DELETE_COMPLETE");
    await expect(storage.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: "NotFound" });
  });

  test("has the encryption, lifecycle, ownership, versioning and tags of its template", async () => {
    const properties = {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" }] },
      VersioningConfiguration: { Status: "Enabled" },
      LifecycleConfiguration: {
        Rules: [
          { Id: "old", Status: "Enabled", NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
          {
            Id: "all",
            Status: "Enabled",
            ExpirationInDays: "90",
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
    };
    const stack = await createdStack(client, "settings", bucketWith(properties), {
      tags: { team: "rabbits" },
    });
    const of = { Bucket: outputs(stack)["Name"] };

    const encryption = await storage.send(new GetBucketEncryptionCommand(of));
    expect(
      encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault
        ?.SSEAlgorithm,
    ).toBe("aws:kms");
    const ownership = await storage.send(new GetBucketOwnershipControlsCommand(of));
    expect(ownership.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: "BucketOwnerPreferred" }]);
    const { Rules = [] } = await storage.send(new GetBucketLifecycleConfigurationCommand(of));
    expect(
      Rules.map((rule) => [rule.ID, rule.NoncurrentVersionExpiration?.NoncurrentDays, rule.Expiration?.Days]),
    ).toEqual([
      ["old", 30, undefined],
      ["all", undefined, 90],
    ]);
    const { TagSet = [] } = await storage.send(new GetBucketTaggingCommand(of));
    expect(TagSet).toContainEqual({ Key: "team", Value: "rabbits" });

    await updateStack(
      client,
      "settings",
      bucketWith({ ...properties, VersioningConfiguration: { Status: "Suspended" } }),
    );
    expect((await storage.send(new GetBucketVersioningCommand(of))).Status).toBe("Suspended");
  });
});

describe("a template in S3", () => {
  test("is found by a virtual-hosted address as well as by a path", async () => {
    const template = JSON.stringify({ Resources: { Queue: { Type: "AWS::SQS::Queue" } } });
    await storage.send(new CreateBucketCommand({ Bucket: "templates" }));
    await storage.send(new PutObjectCommand({ Bucket: "templates", Key: "a/b.json", Body: template }));

    const made: unknown[] = [];
    for (const [name, TemplateURL] of [
      ["by-path", "https://s3.us-east-1.amazonaws.com/templates/a/b.json"],
      ["by-host", "https://templates.s3.amazonaws.com/a/b.json"],
      ["by-region", "https://templates.s3.us-east-1.amazonaws.com/a/b.json"],
    ] as const) {
      await client.send(new CreateStackCommand({ StackName: name, TemplateURL }));
      made.push((await settled(client, name)).StackStatus);
    }
    expect(made).toEqual(["CREATE_COMPLETE", "CREATE_COMPLETE", "CREATE_COMPLETE"]);
  });
});
