/** What a job's GITHUB_TOKEN may do: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions */
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/template-token";
import { isMapping, isString } from "./parser.ts";
import { isFromFork, type Payload } from "./payload.ts";

export type Access = "none" | "read" | "write";
/** As the workflow spells them (`pull-requests`); what is not named is not granted. */
export type Permissions = Readonly<Record<string, Access>>;

/** GitHub's preset for new repositories: https://github.blog/changelog/2023-02-02-github-actions-updating-the-default-github_token-permissions-to-read-only */
const PRESET: Permissions = { contents: "read", packages: "read" };

/** `token`: the job's own `permissions:`, which replaces the workflow's as a whole, or else the workflow's. */
export function grantedTo(token: TemplateToken | undefined): Permissions {
  if (token === undefined) return PRESET;
  if (!isMapping(token))
    throw new Error("`read-all` and `write-all` are not judged: they name no permission");
  const granted: Record<string, Access> = {};
  for (const { key, value } of token) {
    if (!isString(value)) throw new Error(`the permission ${String(key)} is not a word`);
    granted[String(key)] = value.value as Access;
  }
  return granted;
}

const LEVELS: readonly Access[] = ["none", "read", "write"];

/** Of a called workflow's job: without `permissions:` the caller's. Throws Error for more, which GitHub does not start. */
export function withinCaller(
  token: TemplateToken | undefined,
  caller: Permissions,
  job: string,
): Permissions {
  if (token === undefined) return caller;
  const wanted = grantedTo(token);
  for (const [name, access] of Object.entries(wanted)) {
    const allowed = caller[name] ?? "none";
    if (LEVELS.indexOf(access) > LEVELS.indexOf(allowed)) {
      throw new Error(
        `The nested job '${job}' is requesting '${name}: ${access}', but is only allowed '${name}: ${allowed}'.`,
      );
    }
  }
  return wanted;
}

/** Pull requests of forks and of Dependabot get no more than to read, and no OIDC token. */
export function narrowed(granted: Permissions, eventName: string, payload: Payload): Permissions {
  const trusted = payload.sender?.login !== "dependabot[bot]" && !isFromFork(payload);
  if (trusted || eventName === "pull_request_target") return granted;
  const read = Object.entries(granted).map(([name, access]) => {
    return [name, name === "id-token" ? "none" : access === "write" ? "read" : access] as const;
  });
  return Object.fromEntries(read);
}
