/**
 * What is kept of a deploy so that it can be done again without its commit: one object in the artifact bucket, put just
 * before the change set is executed. So it is there whatever becomes of the run; that the deploy went well is seen
 * from what comes after it (releases.ts).
 */
import type { ValidateFunction } from "ajv";
import {
  type TypeOf,
  anyType,
  constantType,
  flagType,
  integerType,
  listType,
  mapType,
  objectType,
  optional,
  textType,
  wordType,
} from "./json-type.ts";
import { PUT_CALLS, SEE_CALLS } from "./metadata.ts";
import { placeType } from "./plan-document.ts";
import type { SmokePlan } from "./probe.ts";
import type { Rendered } from "./rendered.ts";
import { stackTags } from "./stack-tags.ts";
import { type Value, canonicalJson, parsedJson } from "./value.ts";
import { schemaCompiler } from "./schema-compiler.ts";

/** Raised when an older Warren must not read what a newer one has written. */
const VERSION = 1;

const whereTypes = { component: textType(), logicalId: textType() };
const putType = { ...whereTypes, call: wordType(PUT_CALLS) };
const seeType = objectType({ ...whereTypes, call: wordType(SEE_CALLS) });

const smokeType = objectType({
  puts: listType(
    objectType({
      ...putType,
      value: anyType(),
      keys: listType(objectType({ name: textType(), type: textType() })),
      moves: flagType(),
    }),
  ),
  start: optional(
    objectType({ ...putType, by: textType(), resources: mapType(textType()), event: anyType() }),
  ),
  hops: listType(objectType({ name: textType(), place: placeType, to: seeType, source: optional(seeType) })),
  expect: textType(),
  holds: listType(textType()),
  withinSeconds: integerType(),
});

export const releaseType = objectType({
  version: constantType(VERSION),
  pipeline: textType(),
  stage: textType(),
  stackName: textType(),
  commit: textType(),
  branch: textType(),
  digest: textType("The stack's `warren:digest`."),
  replaces: textType("Digest of what ran before, and did so because its deploy had gone well; else empty."),
  protected: flagType(),
  template: textType("Canonical JSON."),
  artifacts: listType(textType(), "Keys of the zips that the template names."),
  items: listType(
    objectType({
      output: textType(),
      component: textType(),
      digest: textType(),
      items: listType(mapType(anyType())),
    }),
  ),
  origins: mapType(
    objectType({
      component: textType(),
      label: textType(),
      place: placeType,
      main: optional(constantType(true)),
      options: optional(mapType(textType())),
    }),
  ),
  smoke: optional(smokeType),
});

type Kept = TypeOf<typeof releaseType>;

export interface Release extends Omit<Kept, "version" | "smoke"> {
  /** How it was tried out, or was to be. */
  readonly smoke?: SmokePlan;
}

/** Undefined for what is no stage's, and where there is no commit to find it by. */
export function releaseOf(rendered: Rendered, replaces: string): Release | undefined {
  const { release, tags, stackName, digest, body, items, origins } = rendered;
  const commit = tags["warren:commit"] ?? "";
  if (!release || commit === "") return undefined;
  return {
    pipeline: tags["warren:pipeline"] ?? "",
    stage: tags["warren:stage"] ?? "",
    stackName,
    commit,
    branch: tags["warren:branch"] ?? "",
    digest,
    replaces,
    protected: rendered.protected,
    template: body,
    artifacts: release.artifacts,
    items: items as Release["items"],
    origins,
    ...(release.smoke && { smoke: release.smoke }),
  };
}

export interface ReleasePlace {
  /** Who deploys it now. */
  readonly repository: string;
  readonly repositoryId?: string;
  /** The stage's name in pipeline.yaml. */
  readonly of: string;
  readonly guard: NonNullable<Rendered["guard"]>;
  /** Of the checkout: the lines that the release's own commit had lie elsewhere by now. */
  readonly origins: Rendered["origins"];
}

/** The release, to be deployed again. */
export function renderedOf(
  release: Release,
  { repository, repositoryId, of, guard, origins }: ReleasePlace,
): Rendered {
  const { pipeline, stage, stackName, commit, branch, digest, artifacts, items, smoke } = release;
  const facts = {
    pipeline,
    stage,
    of,
    protected: release.protected,
    branch,
    sha: commit,
    repository,
    digest,
  };
  const places = new Map(Object.values(origins).map(({ component, place }) => [component, place]));
  const named = Object.entries(release.origins).map(([id, origin]) => {
    const place = places.get(origin.component) ?? { ...origin.place, line: 1, column: 1 };
    return [id, { ...origin, place }];
  });
  return {
    stackName,
    body: release.template,
    digest,
    protected: release.protected,
    guard,
    tags: stackTags({ ...facts, ...(repositoryId !== undefined && { repositoryId }) }),
    items,
    release: { artifacts, ...(smoke && { smoke }) },
    origins: Object.fromEntries(named) as Rendered["origins"],
  };
}

export function releaseText(release: Release): string {
  return canonicalJson({ version: VERSION, ...release } as unknown as Value);
}

export type ReadRelease =
  | { readonly kind: "release"; readonly release: Release }
  /** `why`: for people, without a full stop; nothing of the text is in it. */
  | { readonly kind: "unreadable"; readonly why: string };

let validate: ValidateFunction<Kept> | undefined;

export function readRelease(text: string, stackName: string): ReadRelease {
  const value = parsedJson(text);
  if (value === undefined) return { kind: "unreadable", why: "it is no JSON" };
  const version =
    typeof value === "object" && value !== null && "version" in value ? value["version"] : undefined;
  if (version !== VERSION) {
    return { kind: "unreadable", why: "its format is not one that this version of Warren knows" };
  }
  validate ??= schemaCompiler({ allowUnionTypes: true }).compile<Kept>(releaseType.schema);
  if (!validate(value)) {
    const [first] = validate.errors ?? [];
    return { kind: "unreadable", why: `${first?.instancePath || "it"} ${first?.message}` };
  }
  // Whoever copies one stage's over another's: production would run what was another stage's.
  if (value.stackName !== stackName) return { kind: "unreadable", why: "it is another stack's" };
  return { kind: "release", release: released(value) };
}

function released({ version: _version, smoke, ...rest }: Kept): Release {
  return { ...rest, ...(smoke && { smoke: planOf(smoke) }) };
}

/** What is undefined in a plan is absent in JSON. */
function planOf({ start, hops, ...rest }: NonNullable<Kept["smoke"]>): SmokePlan {
  return { ...rest, start, hops: hops.map((hop) => ({ ...hop, source: hop.source })) };
}
