/** What a build takes and gives: the contract between pipeline.yaml, the builder and the renderer. */
import type { Place } from "./problem.ts";

export interface BuildRequest {
  /** The component's name, for example `serverlessproducer`. */
  readonly component: string;
  /** Path of the entry file from the repository's root. */
  readonly source: string;
  /** Lambda's name of the runtime, for example `nodejs24.x`. */
  readonly runtime: string;
  readonly architecture: "arm64" | "x86_64";
  /** Where `source` stands in pipeline.yaml: problems of the build point there. */
  readonly place: Place;
}

/**
 * The AWS actions that the bundled code really calls, in IAM's words (`dynamodb:Scan`), sorted.
 * `uncertain`: the code could not be read for certain, so an arrow grants all that it may; `reason` says why.
 */
export type Calls =
  | { readonly kind: "exact"; readonly actions: readonly string[] }
  | { readonly kind: "uncertain"; readonly actions: readonly string[]; readonly reason: string };

export interface Artifact {
  readonly component: string;
  /** S3 key: `functions/<SHA-256 of the content>.zip`; equal content has an equal name everywhere. */
  readonly key: string;
  /** Lambda's handler: `index.handler` for a bundle `index.mjs` that exports `handler`. */
  readonly handler: string;
  readonly zip: Uint8Array;
  readonly unzippedBytes: number;
  readonly calls: Calls;
}
