/** The artifact bucket over S3. */
import { CONDEMNED } from "../core/artifact.ts";
import { checkListing, neverTwice, numberIn, onward, textIn, timeIn } from "../core/aws-answer.ts";
import { explainAwsError, lacking } from "../core/aws-error.ts";
import { eachAtOnce } from "../core/parallel.ts";
import { UserError } from "../core/problem.ts";
import type { ArtifactStore, StoredObject } from "../aws-ports.ts";
import type { Clients } from "./clients.ts";

export function createArtifacts(clients: Clients): ArtifactStore {
  let asked: Promise<string> | undefined;
  const askAccount = async (): Promise<string> => {
    const { client, sdk } = await clients.sts();
    const { Account } = await client.send(new sdk.GetCallerIdentityCommand({}));
    // It becomes part of the bucket's name.
    if (Account === undefined || !/^\d{12}$/.test(Account)) throw lacking("the account's id");
    return Account;
  };

  return {
    async bucket(account) {
      return `warren-artifacts-${account ?? (await (asked ??= askAccount()))}-${clients.settings.region}`;
    },

    async present(bucket, prefix, keys) {
      const wanted = keys.toSorted();
      const found = new Set<string>();
      const [first, ...rest] = wanted;
      if (first === undefined) return found;
      const end = await look(bucket, prefix, [first, ...rest], found, 1);
      const beyond = wanted.filter((key) => end !== undefined && key > end);
      await eachAtOnce(LISTS_AT_ONCE, slices(beyond, LISTS_AT_ONCE), async (slice) => {
        await look(bucket, prefix, slice, found, Infinity);
      });
      return found;
    },

    async put(bucket, key, body, contentType) {
      const { client, sdk } = await clients.s3();
      await inBucket(bucket, () =>
        client.send(
          new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
        ),
      );
    },

    async has(bucket, key) {
      const { client, sdk } = await clients.s3();
      try {
        await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }));
        return true;
      } catch (error) {
        if (!(error instanceof sdk.S3ServiceException)) throw error;
        // A HEAD's answer has no body, so the SDK knows no more than the status, and that S3 has answered at all.
        const { httpStatusCode, requestId } = error.$metadata;
        if (httpStatusCode === 404 && requestId !== undefined) return false;
        throw error;
      }
    },

    async list(bucket, prefix) {
      const { client, sdk } = await clients.s3();
      const found: StoredObject[] = [];
      await inBucket(bucket, async () => {
        const pages = sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
        for await (const page of onward(pages, ({ NextContinuationToken: token }) => token)) {
          checkListing(page, bucket, prefix);
          // Without it the SDK takes the page for the last one.
          if (page.IsTruncated) textIn(page.NextContinuationToken, `the rest of bucket ${bucket}`);
          for (const { Key, LastModified, Size } of page.Contents ?? []) {
            found.push({
              key: textIn(Key, "an object's key"),
              modifiedAt: timeIn(LastModified, "an object's date"),
              bytes: numberIn(Size, "an object's size"),
            });
          }
        }
      });
      return found;
    },

    async get(bucket, key) {
      const { client, sdk } = await clients.s3();
      try {
        return await inBucket(bucket, async () => {
          const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
          return Body?.transformToString();
        });
      } catch (error) {
        if (error instanceof sdk.NoSuchKey) return undefined;
        throw error;
      }
    },

    async remove(bucket, keys) {
      const { client, sdk } = await clients.s3();
      for (let begin = 0; begin < keys.length; begin += KEYS_A_CALL) {
        const objects = keys.slice(begin, begin + KEYS_A_CALL).map((Key) => ({ Key }));
        const { Errors: errors = [] } = await inBucket(bucket, () =>
          client.send(
            new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
          ),
        );
        const [first] = errors;
        if (first) {
          const { Key = "unnamed", Code = "", Message = Code } = first;
          const message = `${errors.length} objects of bucket ${bucket} cannot be deleted, the first is ${Key}: ${Message}`;
          // S3 answers 200 whatever the role may: the refusal of each key is in the answer.
          throw (
            explainAwsError(Object.assign(new Error(message), { name: Code })) ??
            new UserError("aws-failing", { message, hint: "Run this again: it goes on where it stopped." })
          );
        }
      }
    },
  };

  /**
   * Looks for sorted keys in a bucket that holds every version of every function ever built. Keys are hashes,
   * so they lie evenly among the others: a page (1,000 keys) that starts just before one wanted key answers for
   * all that it covers, and the next page starts just before the first one that it does not.
   *
   *     bucket   ....................|....................|....................|
   *     wanted      a       b                                   c
   *     pages       [------------------]                        [------------------]
   *
   * Never more calls than wanted keys, nor than pages in the bucket. The first call alone answers while the
   * bucket is small; what lies beyond is looked up in parallel.
   * Resolves with the last key that is answered for; undefined if all are.
   */
  async function look(
    bucket: string,
    prefix: string,
    wanted: readonly string[],
    found: Set<string>,
    pages: number,
  ): Promise<string | undefined> {
    const { client, sdk } = await clients.s3();
    const sought = new Set(wanted);
    let next: string | undefined = wanted[0];
    let answered: string | undefined;
    const isNew = neverTwice();
    for (let page = 0; next !== undefined && page < pages; page++) {
      const request = { Bucket: bucket, Prefix: prefix, StartAfter: justBefore(next) };
      const listed = await inBucket(bucket, () => client.send(new sdk.ListObjectsV2Command(request)));
      checkListing(listed, bucket, prefix);
      for (const { Key } of listed.Contents ?? []) {
        if (Key === undefined) throw lacking("an object's key");
        if (sought.has(Key)) found.add(Key);
        else if (Key.endsWith(CONDEMNED)) found.delete(Key.slice(0, -CONDEMNED.length));
      }
      if (!listed.IsTruncated) return undefined;
      const last: string = textIn(listed.Contents?.at(-1)?.Key, `the rest of bucket ${bucket}`);
      isNew(last);
      // Whether the last one is condemned, the next page says.
      answered = found.delete(last) ? justBefore(last) : last;
      next = wanted.find((key) => key >= last);
    }
    return next === undefined ? undefined : answered;
  }
}

const LISTS_AT_ONCE = 8;
/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const KEYS_A_CALL = 1_000;

/** The greatest string below `key` that S3 accepts, near enough: no key of ours lies between the two. */
function justBefore(key: string): string {
  const last = key.codePointAt(key.length - 1) ?? 1;
  return key.slice(0, -1) + String.fromCodePoint(last - 1) + "~";
}

function slices(keys: readonly string[], count: number): readonly (readonly string[])[] {
  const size = Math.ceil(keys.length / count);
  return Array.from({ length: size === 0 ? 0 : Math.ceil(keys.length / size) }, (_, index) =>
    keys.slice(index * size, (index + 1) * size),
  );
}

async function inBucket<T>(bucket: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NoSuchBucket") throw error;
    throw new UserError(
      "artifact-bucket-missing",
      {
        message: `there is no artifact bucket ${bucket} in this account`,
        hint: "Run `warren bootstrap`, once for each account and region: it makes the bucket.",
      },
      { cause: error },
    );
  }
}
