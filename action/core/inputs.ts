/** The Action's inputs and outputs by name: the one list that the code, action.yml and the README are held to. */
import { UserError } from "./problem.ts";

export const INPUTS = [
  "command",
  "stage",
  "github-token",
  "role-to-assume",
  "aws-region",
  "audience",
  "directory",
  "allow-older",
  "approve",
  "commit",
  "skip",
  "dry-run",
  "revert",
  "timeout-minutes",
] as const;
export type InputKey = (typeof INPUTS)[number];

export const OUTPUTS = [
  "result",
  "reason",
  "stage",
  "stack-name",
  "stack-id",
  "stack-outputs",
  "url",
  "changes",
  "added",
  "changed",
  "replaced",
  "removed",
  "risk",
  "digest",
  "removed-stacks",
  "drifted",
  "plan-file",
  "outcome-file",
  "report",
] as const;
export type OutputKey = (typeof OUTPUTS)[number];

export interface Inputs {
  readonly command: string;
  readonly stage: string;
  readonly token: string;
  readonly role: string;
  readonly region: string;
  readonly audience: string;
  readonly directory: string;
  readonly allowOlder: boolean;
  /** Digest of a plan, or its beginning; empty for none. */
  readonly approve: string;
  /** Of a release to go back to, or its beginning; empty for none. */
  readonly commit: string;
  /** Names joined by commas; empty for none. */
  readonly skip: string;
  readonly dryRun: boolean;
  readonly revert: boolean;
  readonly timeoutSeconds: number;
}

/** `read` gives an input's text, empty if it is not set. Throws UserError `input-invalid` with every wrong input. */
export function readInputs(read: (key: InputKey) => string): Inputs {
  const problems: { message: string; hint: string }[] = [];
  const flag = (key: InputKey): boolean => {
    const text = read(key);
    if (text === "" || text === "false") return false;
    if (text === "true") return true;
    problems.push({ message: `input \`${key}\` is \`${text}\``, hint: "Write `true` or `false`." });
    return false;
  };
  const minutes = (key: InputKey, preset: number): number => {
    const text = read(key);
    if (text === "") return preset;
    if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
    problems.push({
      message: `input \`${key}\` is \`${text}\``,
      hint: "Write a whole number of minutes, 1 or more.",
    });
    return preset;
  };
  const inputs: Inputs = {
    command: read("command"),
    stage: read("stage"),
    token: read("github-token"),
    role: read("role-to-assume"),
    region: read("aws-region"),
    audience: read("audience"),
    directory: read("directory") || ".",
    allowOlder: flag("allow-older"),
    approve: read("approve"),
    commit: read("commit"),
    skip: read("skip"),
    dryRun: flag("dry-run"),
    revert: flag("revert"),
    timeoutSeconds: minutes("timeout-minutes", 60) * 60,
  };
  if (problems.length > 0) throw new UserError("input-invalid", problems);
  return inputs;
}
