/** What the doctor has seen. */
import type { AccountPlace } from "./access.ts";
import type { Place, Problem } from "./problem.ts";
import type { Stage } from "./stage.ts";
import type { WorkflowJob } from "./workflow-jobs.ts";

/** What could be seen, or why not: a role for plans, for example, does not see everything. */
export type Seen<T> =
  | { readonly kind: "seen"; readonly value: T }
  | {
      readonly kind: "hidden";
      readonly why: string;
      readonly fix?: string;
    };

/** The pipeline's stack of the account, as `warren bootstrap` makes it. */
export interface AccountFacts {
  readonly stack: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Was it made from this version's templates/account.yaml? */
  readonly current: boolean;
  /** Does it know the stages as pipeline.yaml has them now? */
  readonly stagesCurrent: boolean;
}

export interface GuardedEnvironment {
  /** People and teams of whom one has to approve each job. */
  readonly reviewers: number;
  /** Which branches' jobs may have it: any, those that are protected, or those that match a pattern. */
  readonly branches: "all" | "protected" | readonly string[];
}

export interface GitHubFacts {
  /** By name; undefined: there is none. */
  readonly environments: Readonly<Record<string, GuardedEnvironment | undefined>>;
  /** Of the branches that stages are deployed from. */
  readonly protectedBranches: readonly string[];
  /** What OIDC subjects are made of; undefined: as GitHub makes them. */
  readonly subjectClaims: readonly string[] | undefined;
  /** Of jobs that name no permissions; undefined: the token may not see it. */
  readonly defaultPermissions: "read" | "write" | undefined;
}

/** Of all the account's code in the region. */
export interface CodeQuota {
  /** Zipped, all versions. */
  readonly bytes: number;
  readonly bytesMax: number;
  /** How many functions may run at the same time. */
  readonly atOnceMax: number;
}

export interface DoctorFacts {
  readonly config:
    | {
        readonly kind: "pipeline";
        readonly name: string;
        readonly stages: readonly Stage[];
        /** Physical names that components are given in protected stages. */
        readonly names: readonly { readonly name: string; readonly place: Place }[];
      }
    | { readonly kind: "broken"; readonly problems: readonly Problem[] };
  readonly workflows: readonly WorkflowJob[];
  /** Undefined if none is set anywhere. */
  readonly region: string | undefined;
  /** Input `role-to-assume`, empty for none. */
  readonly role: string;
  /** Of the run on GitHub. Undefined on somebody's own machine. */
  readonly run:
    | {
        readonly repository: string;
        readonly repositoryId: string;
        readonly ownerId: string;
      }
    | undefined;
  /** Whose credentials are used. */
  readonly place: Seen<AccountPlace>;
  readonly account: Seen<AccountFacts | undefined>;
  readonly bucket: Seen<boolean>;
  /** Stacks in the account and region, and how many there may be. */
  readonly stacks: Seen<number>;
  readonly stackMax: Seen<number>;
  readonly code: Seen<CodeQuota>;
  /** Undefined where nobody can be asked: on somebody's own machine without a token. */
  readonly github: Seen<GitHubFacts> | undefined;
}
