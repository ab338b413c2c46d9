/**
 * What the story (run.ts, deploy.ts, destroy.ts) needs of the world. Edge files implement these, tests and
 * the command line pass the same real ones. Nothing here decides anything.
 */
import type { AwsPorts } from "./aws-ports.ts";
import type { Artifact, BuildRequest } from "./core/artifact.ts";
import type { IsAncestor } from "./core/releases.ts";
import type { RepositorySettings } from "./github-ports.ts";

/** One line of progress at a time. `detail` goes to machines (`--json`), `text` to people. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  /** A line that a terminal may overwrite with the next one; plain logs print it only when it changes. */
  progress(text: string): void;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** The checkout. Paths are from the repository's root; nothing outside of it is ever read or written. */
export interface Workspace {
  read(path: string): Promise<string | undefined>;
  write(path: string, text: string): Promise<void>;
  /** File names (not paths) in a folder, sorted; empty if there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  /** SHA-256 in lower-case hex. */
  readonly sha256: (data: string | Uint8Array) => string;
  commit(): Promise<Commit>;
}

/** Facts of the commit that is checked out; empty strings outside a Git repository. */
export interface Commit {
  readonly sha: string;
  readonly branch: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Both are known on GitHub only. */
  readonly repositoryId?: string;
  readonly pullRequest?: number;
}

/** Bundles, zips and names all functions in one go. Throws UserError with every function's problems. */
export interface Builder {
  build(requests: readonly BuildRequest[]): Promise<readonly Artifact[]>;
}

/** Programs that judge templates by rules of their own. `templates` and `rules`: file name -> text. */
export interface Judges {
  /** cfn-lint; `regions`: none for its own default. `ignored`, `included`: names of its rules, or how they begin. */
  lint(request: {
    readonly templates: Readonly<Record<string, string>>;
    readonly regions: readonly string[];
    readonly ignored: readonly string[];
    readonly included: readonly string[];
  }): Promise<Judged>;
  /** cfn-guard. */
  guard(request: {
    readonly templates: Readonly<Record<string, string>>;
    readonly rules: Readonly<Record<string, string>>;
  }): Promise<Judged>;
}

export type Judged =
  /** The program is not on this machine. */
  | { readonly kind: "absent" }
  /** In its own form of JSON; `complaint`: it has not judged all. Empty for none. */
  | { readonly kind: "answered"; readonly json: string; readonly complaint: string }
  | { readonly kind: "failed"; readonly why: string };

/** Everything that run() needs of the world. */
export interface Ports {
  readonly log: Log;
  readonly clock: Clock;
  readonly workspace: Workspace;
  /** Warren's own templates, read like a checkout; the repository's own templates come on top of them. */
  readonly shipped: Pick<Workspace, "read" | "list">;
  readonly builder: Builder;
  readonly judges: Judges;
  /** Git's history, as far as the checkout has it. */
  readonly isAncestor: IsAncestor;
  /** Asked for only by commands that talk to AWS. Undefined: the region that the environment names. */
  readonly aws: (region: string | undefined) => AwsPorts;
  /** Of `owner/name`. Absent without a token for GitHub. */
  readonly settings?: (repository: string) => RepositorySettings;
}
