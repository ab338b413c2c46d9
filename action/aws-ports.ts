/** What the story needs of AWS: ports that edge files implement with the SDK. Nothing here decides anything. */
import type { Detection } from "./core/detection.ts";
import type { CodeQuota } from "./core/doctor-facts.ts";
import type { FailedEvent, FailedOf, HookFailure, HookRemedy, HookedOf } from "./core/failed-event.ts";
import type { Trust } from "./core/trust.ts";
import type { Probe } from "./probe.ts";

export type StackTags = Readonly<Record<string, string>>;

/** A stack as DescribeStacks tells it. */
export interface Stack {
  readonly id: string;
  readonly name: string;
  /** One of CloudFormation's 23 stack statuses. */
  readonly status: string;
  readonly statusReason: string;
  readonly tags: StackTags;
  readonly outputs: Readonly<Record<string, string>>;
  readonly terminationProtection: boolean;
  /** Milliseconds since 1970 of its last update, or else of its creation. */
  readonly changedAt: number;
  /** What the last drift detection found; absent if there never was one. */
  readonly drift?: { readonly found: boolean; readonly checkedAt: number };
}

export interface ChangeSetInput {
  readonly stackName: string;
  /** Unique among the stack's change sets; letters, digits and hyphens. */
  readonly name: string;
  readonly type: "CREATE" | "UPDATE";
  /** The template's text, where it lies in S3 when it is too long to be sent inline, or the one deployed last. */
  readonly template:
    | { readonly kind: "inline"; readonly body: string }
    | { readonly kind: "s3"; readonly bucket: string; readonly key: string }
    | { readonly kind: "deployed" };
  readonly tags: StackTags;
  readonly description: string;
  /** Values of the template's Parameters; Warren's own stacks have them filled in already. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The template names roles or policies, which CloudFormation asks to be told. */
  readonly namesRoles?: boolean;
  /** ARN of the role that CloudFormation makes the resources with, from now on; else the one it was given before. */
  readonly serviceRole?: string;
  /** Compares with what is really there, so that executing it puts back what was changed by hand; UPDATE only. */
  readonly revertsDrift?: boolean;
}

/** One resource's line of a change set. `replacement` is CloudFormation's own word. */
export interface Change {
  readonly action: "Add" | "Modify" | "Remove" | "Import" | "Dynamic" | "SyncWithActual";
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly replacement: "True" | "False" | "Conditional" | "";
  readonly policyAction: string;
  readonly details: readonly ChangeDetail[];
  /**
   * The whole resource as JSON text: a map of `Properties`, `DeletionPolicy` and the like, its scalars as texts. Long
   * values in it may be cut off. Absent for what is not there.
   */
  readonly before?: string;
  readonly after?: string;
}

/** Why a resource is in the change set; one property may be in it more than once. All words are CloudFormation's. */
export interface ChangeDetail {
  /** `Properties`, `Tags`, `Metadata`, `DeletionPolicy`, ... */
  readonly attribute: string;
  /** The property's first name; empty for attributes. */
  readonly name: string;
  /** JSON Pointer (RFC 6901) from the resource: `/Properties/Environment/Variables/STAGE`; empty if it was not told. */
  readonly path: string;
  readonly recreation: "Never" | "Conditionally" | "Always" | "";
  /** `Dynamic`: whether the value changes shows only when it is executed. */
  readonly evaluation: "Static" | "Dynamic";
  /** `DirectModification`, `ResourceReference`, `ResourceAttribute`, `ParameterReference`, `Automatic`, ... */
  readonly source: string;
  /** What it follows: a logical id, or `<logical id>.<attribute>`; empty for none. */
  readonly cause: string;
  readonly changeType: "Add" | "Modify" | "Remove" | "SyncWithActual" | "";
  /** Text, or JSON text for lists and maps; maybe cut off. */
  readonly before?: string;
  readonly after?: string;
}

/**
 * A settled change set; `busy`: another operation runs on the stack, `exists`: there is one of that name, `refused`:
 * CloudFormation does not take the template; none was made.
 */
export type ChangeSet =
  | { readonly kind: "busy" }
  | { readonly kind: "exists" }
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "ready";
      readonly id: string;
      readonly stackId: string;
      readonly changes: readonly Change[];
    }
  | { readonly kind: "empty"; readonly id: string; readonly stackId: string }
  | { readonly kind: "failed"; readonly id: string; readonly stackId: string; readonly reason: string };

export interface StackEvent {
  readonly id: string;
  readonly time: Date;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  /** The client request token of the operation that the event belongs to; empty if it had none. */
  readonly token: string;
  /** Id of the operation for `failedEvents`, where CloudFormation tells it. */
  readonly operation?: string;
  /** A hook that was invoked for the resource and has stopped it. */
  readonly hook?: HookFailure;
}

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  /** Of its status, as CloudFormation tells it; absent for none. */
  readonly reason?: string;
}

/** `refused`: the stack's status does not allow it, or no longer. */
export type Accepted = { readonly kind: "started" } | { readonly kind: "refused"; readonly reason: string };

/** CloudFormation. Each method is one API call, but for paging and for waiting until a change set settles. */
export interface Stacks {
  find(nameOrId: string): Promise<Stack | undefined>;
  /** All stacks of the account and region that are not deleted, to the last page. */
  list(): Promise<readonly Stack[]>;
  createChangeSet(input: ChangeSetInput): Promise<ChangeSet>;
  deleteChangeSet(stackName: string, changeSetId: string): Promise<void>;
  /** `busy`: the change set is no longer executable, as another operation has got in between. */
  executeChangeSet(input: {
    stackName: string;
    changeSetId: string;
    token: string;
  }): Promise<"started" | "busy">;
  /**
   * Events, oldest first: pages back from the newest until a page holds an event for which `reached` is true,
   * and returns all that was read. One call when fewer than a page (100) of events is new.
   */
  events(stackId: string, reached: (event: StackEvent) => boolean): Promise<readonly StackEvent[]>;
  /**
   * What went wrong, as CloudFormation itself sums it up: of a change set (only it knows what early validation has
   * found), or of the stack's operations, of one if its id is given. Undefined where there is no such API.
   */
  failedEvents(of: FailedOf): Promise<readonly FailedEvent[] | undefined>;
  /** Findings of hooks, by the change set that they stopped or by their invocations. Undefined as above. */
  hookRemedies(of: HookedOf): Promise<readonly HookRemedy[] | undefined>;
  resources(stackId: string): Promise<readonly StackResource[]>;
  setTerminationProtection(stackName: string, on: boolean): Promise<void>;
  /** Of UPDATE_ROLLBACK_FAILED. `skip`: logical ids of resources that are in UPDATE_FAILED, to be left as they are. */
  continueRollback(input: {
    stackId: string;
    token: string;
    skip: readonly string[];
    serviceRole?: string;
  }): Promise<Accepted>;
  /** Of UPDATE_FAILED, to what the stack was before. What is new and to be retained is kept. */
  rollBack(input: { stackId: string; token: string; serviceRole?: string }): Promise<Accepted>;
  delete(input: {
    stackId: string;
    token: string;
    /** Logical ids; of DELETE_FAILED alone. */
    retain?: readonly string[];
    serviceRole?: string;
  }): Promise<void>;
}

export interface Templates {
  /** Text of the stack's template; undefined if the stack is gone. */
  of(stackId: string): Promise<string | undefined>;
}

/** Compares a stack's resources with its template, as CloudFormation does: only properties that the template sets. */
export interface Drift {
  /** Reads the resources with the caller's own rights, which takes minutes. Throws UserError `drift-timeout`. */
  detect(stackName: string): Promise<Detection>;
}

/** The artifact bucket: content-addressed zips, long templates, item markers. */
export interface Artifacts {
  /**
   * The bucket of this account and region: `warren-artifacts-<account>-<region>`. Costs one STS call, once,
   * and none when the account is given (a stack's ARN tells it).
   */
  bucket(account?: string): Promise<string>;
  /** Which of the keys (all under `prefix`) are there already, and not condemned (core/garbage.ts). Never more calls than keys, nor than pages. */
  present(bucket: string, prefix: string, keys: readonly string[]): Promise<ReadonlySet<string>>;
  put(bucket: string, key: string, body: Uint8Array | string, contentType: string): Promise<void>;
  has(bucket: string, key: string): Promise<boolean>;
}

export interface StoredObject {
  readonly key: string;
  /** Milliseconds since 1970, by S3's clock, in whole seconds. */
  readonly modifiedAt: number;
  readonly bytes: number;
}

/** The artifact bucket, looked through and tidied up. */
export interface ArtifactStore extends Artifacts {
  /** All below `prefix`, by key, to the last page. */
  list(bucket: string, prefix: string): Promise<readonly StoredObject[]>;
  /** Undefined if it is not there. */
  get(bucket: string, key: string): Promise<string | undefined>;
  /** 1,000 a call; what is not there any more is no error. The bucket keeps old versions for a while. */
  remove(bucket: string, keys: readonly string[]): Promise<void>;
}

/** A table's items. */
export interface Items {
  /** Puts all items, 25 a call, repeating unprocessed ones with backoff. Putting the same again changes nothing. */
  load(table: string, items: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
}

/** What has to be silenced and emptied before CloudFormation can delete a stack. */
export interface Quiet {
  disableRule(physicalId: string): Promise<void>;
  disableMapping(physicalId: string): Promise<void>;
  /** No further run of the function begins. */
  stopFunction(physicalId: string): Promise<void>;
  /** Takes away what a rule starts: a rule that has targets is not deleted. */
  removeTargets(physicalId: string): Promise<void>;
  /**
   * Deletes every object, version and delete marker; resolves with how many. A bucket that is gone counts 0. Throws
   * UserError `destroy-failed` for objects that S3 keeps.
   */
  emptyBucket(physicalId: string, onProgress: (deleted: number) => void): Promise<number>;
}

/** Credentials of an assumed role; AWS forgets them at `expiration`. */
export interface AssumedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** AWS credentials for one stage, from the job's OIDC token; never leaves the process. */
export interface Identity {
  /**
   * Throws UserError `id-token-missing` (no permission, or a fork), `id-token-failed`, or `assume-role-refused`, which
   * compares the token's claims with what the role trusts. No session tags: STS takes those of a web identity from
   * the token alone, and GitHub's has none.
   */
  assume(input: {
    /** ARN. */
    readonly role: string;
    readonly region: string;
    /** See core/session-policy.ts; so is the policy's JSON, which is empty for none. */
    readonly sessionName: string;
    readonly policy: string;
    /** Only to explain a refusal. Undefined for a role that account.yaml has not made. */
    readonly trust: Trust | undefined;
  }): Promise<AssumedCredentials>;
}

/** What the account and region may hold. */
export interface Quotas {
  /** How many stacks. */
  stacks(): Promise<number>;
  code(): Promise<CodeQuota>;
}

/** The ports behind AWS credentials. */
export interface AwsPorts {
  readonly stacks: Stacks;
  readonly drift: Drift;
  readonly templates: Templates;
  readonly artifacts: ArtifactStore;
  readonly items: Items;
  readonly quiet: Quiet;
  readonly probe: Probe;
  readonly quotas: Quotas;
}
