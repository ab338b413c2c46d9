/**
 * What resources need before CloudFormation can delete them, and how a person deletes what it could not. By resource
 * type, in templates/teardown.json: a stack that is taken down may be of kinds that the repository no longer has.
 */
import data from "../../templates/teardown.json" with { type: "json" };

/** In IAM's words. */
export const STOP_CALLS = [
  "events:DisableRule",
  "lambda:PutFunctionConcurrency",
  "lambda:UpdateEventSourceMapping",
] as const;
export type StopCall = (typeof STOP_CALLS)[number];
export const EMPTY_CALLS = ["s3:DeleteObjectVersion"] as const;
export type EmptyCall = (typeof EMPTY_CALLS)[number];
export const RELEASE_CALLS = ["events:RemoveTargets"] as const;
export type ReleaseCall = (typeof RELEASE_CALLS)[number];

export interface Teardown {
  /** So that nothing new comes of it. */
  readonly stop?: StopCall;
  /** CloudFormation deletes only what is empty. */
  readonly empty?: EmptyCall;
  /** Somebody may have tied something to it by hand, which holds it. */
  readonly release?: ReleaseCall;
  /** The command that deletes it. Without: AWS's command for resources of any type. */
  readonly remove?: string;
  /** What to know before that command is run. */
  readonly before?: string;
  /** It goes with what it belongs to. */
  readonly part?: true;
}

const TEARDOWNS = data as Readonly<Record<string, Teardown>>;

export function teardownOf(type: string): Teardown {
  return Object.hasOwn(TEARDOWNS, type) ? (TEARDOWNS[type] ?? {}) : {};
}

const ANY = "aws cloudcontrol delete-resource --type-name {type} --identifier {id} --region {region}";
/** Nothing in it means anything to a shell, nor inside of quotes. */
const PLAIN = /^[A-Za-z0-9_.:/@+=,-]+$/;

/** For a shell, as it stands. Empty where there is none, or where an id is not one that could stand in a command. */
export function removalCommand(
  { type, physicalId }: { readonly type: string; readonly physicalId: string },
  region: string,
): string {
  const { remove = ANY, part } = teardownOf(type);
  // A rule on a bus of its own has the physical id `bus|rule`.
  const [name = "", bus = "default"] = physicalId.split("|").toReversed();
  const values: Readonly<Record<string, string>> = { id: physicalId, type, region, name, bus };
  const keys = [...remove.matchAll(/\{(\w+)\}/g)].map(([, key = ""]) => key);
  if (part || keys.some((key) => !PLAIN.test(values[key] ?? ""))) return "";
  return remove.replaceAll(/\{(\w+)\}/g, (_all, key: string) => values[key] ?? "");
}
