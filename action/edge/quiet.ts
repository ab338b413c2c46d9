/** Silences event sources and empties buckets. What is already gone is no error: people delete things by hand. */
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import type { ListTargetsByRuleCommandOutput, RemoveTargetsResultEntry } from "@aws-sdk/client-eventbridge";
import type { ObjectIdentifier } from "@aws-sdk/client-s3";
import { checkListing, listIn, neverTwice, textIn } from "../core/aws-answer.ts";
import { eachAtOnce } from "../core/parallel.ts";
import { UserError } from "../core/problem.ts";
import type { Quiet } from "../aws-ports.ts";
import type { Clients } from "./clients.ts";

/** Of versions; S3 lists and deletes no more at once. */
const PAGE = 1_000;
/** Pages under way at once: with the listing of the next one, all that is ever in memory. */
const DELETES_AT_ONCE = 4;

export function createQuiet(clients: Clients): Quiet {
  return {
    async disableRule(physicalId) {
      const { client, sdk } = await clients.eventbridge();
      const rule = ruleOf(physicalId);
      await unlessGone("ResourceNotFoundException", () =>
        client.send(new sdk.DisableRuleCommand({ Name: rule.name, ...busOf(rule) })),
      );
    },

    async disableMapping(physicalId) {
      const { client, sdk } = await clients.lambda();
      // In use = it is being created, changed or deleted at this moment. Deleting the stack deals with it, and a
      // bucket that is filled meanwhile is emptied again.
      await unlessGone(/^Resource(NotFound|InUse)Exception$/, () =>
        client.send(new sdk.UpdateEventSourceMappingCommand({ UUID: physicalId, Enabled: false })),
      );
    },

    async stopFunction(physicalId) {
      const { client, sdk } = await clients.lambda();
      await unlessGone("ResourceNotFoundException", () =>
        client.send(
          new sdk.PutFunctionConcurrencyCommand({
            FunctionName: physicalId,
            ReservedConcurrentExecutions: 0,
          }),
        ),
      );
    },

    async removeTargets(physicalId) {
      const { client, sdk } = await clients.eventbridge();
      const rule = ruleOf(physicalId);
      const isNew = neverTwice();
      await unlessGone("ResourceNotFoundException", async () => {
        for (let token: string | undefined; ;) {
          const page: ListTargetsByRuleCommandOutput = await client.send(
            new sdk.ListTargetsByRuleCommand({ ...busOf(rule), Rule: rule.name, NextToken: token }),
          );
          const targets = listIn(page.Targets, `the targets of rule ${rule.name}`);
          const Ids = targets.map(({ Id }) => textIn(Id, "a target's id"));
          if (Ids.length > 0) {
            const { FailedEntries: failed } = await client.send(
              new sdk.RemoveTargetsCommand({ ...busOf(rule), Rule: rule.name, Ids }),
            );
            refuseFailed(rule, listIn(failed, "which targets could not be removed"));
          }
          token = page.NextToken;
          if (!token) return;
          isNew(token);
        }
      });
    },

    async emptyBucket(physicalId, onProgress) {
      // A page is garbage as soon as it is deleted. V8 would give more and more room to such, up to 100 MB.
      setFlagsFromString("--semi-space-growth-factor=1");
      let deleted = 0;
      await unlessGone("NoSuchBucket", () =>
        eachAtOnce(DELETES_AT_ONCE, versions(physicalId), async (page) => {
          await deletePage(physicalId, page);
          deleted += page.length;
          onProgress(deleted);
        }),
      );
      return deleted;
    },
  };

  /** A bucket without versioning lists its objects with the version id `null`, which deletes them too. */
  async function* versions(bucket: string): AsyncGenerator<readonly ObjectIdentifier[]> {
    const { client, sdk } = await clients.s3();
    let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    const isNew = neverTwice();
    while (marker) {
      const page: Awaited<ReturnType<typeof list>> = await list(marker);
      checkListing(page, bucket, "");
      // Without its version's id an object is not deleted, but gets a delete marker on top.
      const objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
        Key: textIn(Key, "an object's key"),
        VersionId: textIn(VersionId, "a version's id"),
      }));
      if (objects.length > 0) yield objects;
      marker = page.IsTruncated
        ? {
            KeyMarker: textIn(page.NextKeyMarker, `the rest of bucket ${bucket}`),
            ...(page.NextVersionIdMarker && { VersionIdMarker: page.NextVersionIdMarker }),
          }
        : undefined;
      isNew(marker);
    }

    function list(from: { KeyMarker?: string; VersionIdMarker?: string }) {
      const command = new sdk.ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: PAGE, ...from });
      command.middlewareStack.add(slim, { step: "deserialize", name: "slim", priority: "low" });
      return client.send(command);
    }
  }

  async function deletePage(bucket: string, objects: readonly ObjectIdentifier[]): Promise<void> {
    const { client, sdk } = await clients.s3();
    const { Errors: errors = [] } = await client.send(
      new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [...objects], Quiet: true } }),
    );
    const [first] = errors;
    if (first) {
      throw new UserError("destroy-failed", {
        message: `${errors.length} objects of bucket ${bucket} cannot be deleted, the first is ${first.Key ?? "unnamed"}: ${first.Code ?? ""} ${first.Message ?? ""}`,
        hint: "A lock on the objects, a policy of the bucket, or the role keeps them: mend that, then destroy it again.",
      });
    }
  }
}

/**
 * Takes away what nobody asks of a listing before the SDK makes objects of it: with the owner, size and date of 50,000
 * versions V8 grew to 290 MB and stayed there. No key holds a `<`, which is `&lt;` in XML.
 */
function slim<Args, Answer extends { response: unknown }>(
  next: (args: Args) => Promise<Answer>,
): (args: Args) => Promise<Answer> {
  return async (args) => {
    const answer = await next(args);
    const { response } = answer as { response: { statusCode?: number; body?: unknown } };
    if (response.statusCode === 200 && response.body instanceof Readable) {
      const xml = await text(response.body);
      response.body = new TextEncoder().encode(xml.replaceAll(UNASKED, ""));
    }
    return answer;
  };
}

const UNASKED =
  /<(Owner|LastModified|ETag|Size|StorageClass|IsLatest|ChecksumAlgorithm|ChecksumType)>[^]*?<\/\1>/g;

interface Rule {
  readonly name: string;
  readonly bus: string | undefined;
}

/** Rules on a bus of their own have the physical id `bus|rule`. */
function ruleOf(physicalId: string): Rule {
  const [name = "", bus] = physicalId.split("|").toReversed();
  return { name, bus };
}

/** EventBridge answers 200 whatever has become of each of them. */
function refuseFailed({ name }: Rule, failed: readonly RemoveTargetsResultEntry[]): void {
  const [first] = failed.filter(({ ErrorCode }) => ErrorCode !== "ResourceNotFoundException");
  if (!first) return;
  const { TargetId = "unnamed", ErrorCode = "", ErrorMessage = "" } = first;
  throw new UserError("destroy-failed", {
    message: `${failed.length} targets of rule ${name} cannot be removed, the first is ${TargetId}: ${ErrorCode} ${ErrorMessage}`,
    hint: "Whoever has made the rule or its targets keeps them: remove them there, then destroy it again.",
  });
}

function busOf({ bus }: Rule): { EventBusName?: string } {
  return bus === undefined ? {} : { EventBusName: bus };
}

async function unlessGone(name: string | RegExp, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const gone =
      error instanceof Error && (typeof name === "string" ? error.name === name : name.test(error.name));
    if (!gone) throw error;
  }
}
