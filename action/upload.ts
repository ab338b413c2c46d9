/** Brings to the artifact bucket what the stack will refer to, and only what is not there yet. */
import type { Artifact } from "./core/artifact.ts";
import { eachAtOnce } from "./core/parallel.ts";
import type { Artifacts, ChangeSetInput } from "./aws-ports.ts";
import type { Log, Workspace } from "./ports.ts";

export interface UploadPorts {
  readonly log: Log;
  readonly workspace: Pick<Workspace, "sha256">;
  readonly artifacts: Artifacts;
}

/** Below the SDK's 50 sockets a client, above the 20 at which peers stop gaining. */
const UPLOADS_AT_ONCE = 32;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const INLINE_LIMIT_BYTES = 51_200;

export async function uploadMissing(
  bucket: () => Promise<string>,
  artifacts: readonly Artifact[],
  ports: UploadPorts,
): Promise<void> {
  const byKey = new Map(artifacts.map((artifact) => [artifact.key, artifact]));
  if (byKey.size === 0) return;
  const name = await bucket();
  const [folder = ""] = [...byKey.keys()].map((key) => key.slice(0, key.indexOf("/") + 1));
  const present = await ports.artifacts.present(name, folder, [...byKey.keys()]);
  const missing = [...byKey.values()].filter(({ key }) => !present.has(key));
  let bytes = 0;
  await eachAtOnce(UPLOADS_AT_ONCE, missing, async ({ key, zip }) => {
    const body = await zip();
    bytes += body.byteLength;
    await ports.artifacts.put(name, key, body, "application/zip");
  });
  ports.log.info(`uploaded ${missing.length} of ${byKey.size} functions (${Math.ceil(bytes / 1000)} kB)`);
}

/** A long template goes to S3 under its hash: two runs can never overwrite each other's. */
export async function placeTemplate(
  bucket: () => Promise<string>,
  body: string,
  ports: UploadPorts,
): Promise<ChangeSetInput["template"]> {
  const bytes = new TextEncoder().encode(body);
  if (bytes.byteLength <= INLINE_LIMIT_BYTES) return { kind: "inline", body };
  const name = await bucket();
  const key = `templates/${ports.workspace.sha256(bytes)}.json`;
  // Without asking first whether it is there: asking costs as much as putting.
  await ports.artifacts.put(name, key, bytes, "application/json");
  return { kind: "s3", bucket: name, key };
}
