/** What the renderer hands to the deployer: one stack, ready to be compared with the one that runs. */
import type { SmokePlan } from "./probe.ts";
import type { Place } from "./problem.ts";
import type { Waiver } from "./waiver.ts";

/** Where a resource comes from, so that CloudFormation's words about it lead back to pipeline.yaml. */
export interface Origin {
  readonly component: string;
  /** The resource's name within its component, for people: `queue`, `dead-letter queue`. */
  readonly label: string;
  readonly place: Place;
  /** The one resource that is meant by the component's name; the others stand around it. */
  readonly main?: true;
  /** Property path, as in PropertyChange -> the option of pipeline.yaml that it is. */
  readonly options?: Readonly<Record<string, string>>;
}

export interface TableItems {
  /** Name of the stack Output that is the table's physical name. */
  readonly output: string;
  readonly component: string;
  /** SHA-256 of the items. */
  readonly digest: string;
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

/** What a plan is held against. */
export interface Guard {
  /** CloudFormation's types of resources that hold data. */
  readonly statefulTypes: readonly string[];
  /** Those that certainly hold none; of all others nothing is known. */
  readonly statelessTypes?: readonly string[];
  readonly waivers: readonly Waiver[];
}

export interface Rendered {
  readonly stackName: string;
  /** Canonical JSON. */
  readonly body: string;
  /** Of the account's own template alone: all others have every value filled in. Part of the digest. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Does it name roles or policies? CloudFormation asks to be told. */
  readonly namesRoles?: boolean;
  /** SHA-256 of body and items: a stack that carries it in its tag `warren:digest` needs nothing. */
  readonly digest: string;
  readonly protected: boolean;
  /** Absent for the account's own stack, which is not a pipeline's. */
  readonly guard?: Guard;
  /** `warren:pipeline`, `:stage`, `:branch`, `:commit`, `:digest`, `:repository`. */
  readonly tags: Readonly<Record<string, string>>;
  readonly items: readonly TableItems[];
  /** What else has to be kept for it to be deployed again (core/release.ts); absent where nobody goes back. */
  readonly release?: {
    /** Keys of the artifacts. */
    readonly artifacts: readonly string[];
    readonly smoke?: SmokePlan;
  };
  /** By logical id. */
  readonly origins: Readonly<Record<string, Origin>>;
}
