/** What a build takes and gives: the contract between pipeline.yaml, the builder and the renderer. */
import type { Passport } from "./passport.ts";
import type { Place } from "./problem.ts";

export interface BuildRequest {
  /** The component's name, for example `serverlessproducer`. */
  readonly component: string;
  /** Path of the entry file from the repository's root. */
  readonly source: string;
  /** Lambda's name of the runtime, for example `nodejs24.x`. */
  readonly runtime: string;
  readonly architecture: "arm64" | "x86_64";
  /** The bundle's kind of module; without it `esm`. Python has none. */
  readonly format?: "esm" | "cjs";
  /** Binaries may ask for newer versions of gcc's libraries than the runtime came with: AWS updates them in places. */
  readonly allowNewerLibstdcxx?: boolean;
  /** Its variables while it is loaded, see core/placeholder-environment.ts; absent: not known. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where `source` stands in pipeline.yaml: problems of the build point there. */
  readonly place: Place;
}

/**
 * The AWS actions that the bundled code really calls, in IAM's words (`dynamodb:Scan`), sorted.
 * `uncertain`: the code could not be read for certain, so an arrow grants all that it may; `reason` says why.
 * `onBehalf`: what services that it calls may do in its name (Rekognition reads an object): granted if an arrow does, never missed.
 */
export type Calls =
  | {
      readonly kind: "exact";
      readonly actions: readonly string[];
      readonly oneOf?: OneOf;
      readonly onBehalf?: readonly string[];
      readonly sites?: Sites;
    }
  | {
      readonly kind: "uncertain";
      readonly actions: readonly string[];
      readonly oneOf?: OneOf;
      readonly onBehalf?: readonly string[];
      readonly sites?: Sites;
      /** One sentence a cause, without a full stop, joined by `; `. */
      readonly reason: string;
      /**
       * The IAM prefixes (`s3`) that the uncertainty is about: statements of other services may still be cut down
       * to `actions`. Absent: it may call anything.
       */
      readonly prefixes?: readonly string[];
    };

/** Action -> where the user's own code calls it first, if it does. */
export type Sites = Readonly<Record<string, Place>>;

/**
 * Groups of `actions` that belong to one command whose arguments decide which of them it needs (a PartiQL
 * statement may select or delete): grant those that an arrow allows, and it is enough if one of a group is allowed.
 */
export type OneOf = readonly (readonly string[])[];

export interface Artifact {
  readonly component: string;
  /** S3 key: `functions/<SHA-256 of the content>.zip`, equal for equal content; see `artifactOf` for previews. */
  readonly key: string;
  /** Lambda's handler: `index.handler` for a bundle `index.mjs` that exports `handler`. */
  readonly handler: string;
  /** Packed when it is first asked for, and once: an artifact that is in the bucket already is never packed. */
  readonly zip: () => Promise<Uint8Array>;
  readonly unzippedBytes: number;
  readonly calls: Calls;
  readonly passport: Passport;
}

/** A file of an artifact. */
export interface ArtifactFile {
  /** Path in the zip, with forward slashes. */
  readonly path: string;
  /** Unix permissions, for example 0o644. */
  readonly mode: number;
  readonly content: Uint8Array;
}

/** Lambda's limit on the unpacked code; there is none on the zip, as it comes from S3. */
export const UNZIPPED_BYTES_MAX = 262_144_000;

/** Raised when the same files are to be packed into other bytes. */
const FORMAT_VERSION = 1;

/**
 * The text whose SHA-256 names an artifact. It is made of the files and not of the zip's bytes, because no zlib
 * promises to compress to the same bytes for ever.
 */
export function artifactManifest(
  files: readonly { readonly path: string; readonly mode: number; readonly sha256: string }[],
): string {
  const lines = inOrder(files).map(({ path, mode, sha256 }) => `${mode.toString(8)} ${sha256} ${path}\n`);
  return `warren artifact ${FORMAT_VERSION}\n${lines.join("")}`;
}

/** Sorted by code unit: `localeCompare` would depend on the machine's language. */
export function inOrder<File extends { readonly path: string }>(files: readonly File[]): readonly File[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export function artifactKey(manifestSha256: string): string {
  return `functions/${manifestSha256}.zip`;
}

/** Folders of the artifact bucket: what protected stages run, and what all others run. */
export const PROTECTED_FOLDER = "functions/";
export const PREVIEW_FOLDER = "previews/";

/** `<key>.condemned` beside an artifact: a sweep will take it, so whoever needs it uploads it again. */
export const CONDEMNED = ".condemned";

/**
 * The artifact as a stage refers to it. A key that is there already is not uploaded again, so whoever may write
 * it decides what runs: a pull request's role may write only below `previews/`, where no protected stage looks.
 */
export function artifactOf(artifact: Artifact, stage: { readonly protected: boolean }): Artifact {
  if (stage.protected) return artifact;
  return { ...artifact, key: artifact.key.replace(PROTECTED_FOLDER, PREVIEW_FOLDER) };
}
