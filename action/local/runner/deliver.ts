/** GitHub's part between an event and its jobs: which start, and what each is given to show for itself. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { GitHub } from "../github/server.ts";
import type { OidcIssuer } from "../oidc.ts";
import { type JobResult, runWorkflow } from "./act.ts";
import { type Payload, refOf } from "./payload.ts";
import { type RoutedJob, route } from "./router.ts";

export interface Delivery {
  readonly eventName: string;
  readonly payload: Payload;
  /** A Git checkout of the commit whose workflows GitHub takes for this event. */
  readonly root: string;
  readonly runId?: number;
  readonly runAttempt?: number;
}

export interface Forge {
  readonly github: Pick<GitHub, "url" | "issueToken" | "state">;
  readonly oidc: Pick<OidcIssuer, "mint">;
  /** Variables of every job, above those that the runner sets. */
  readonly environment: Readonly<Record<string, string>>;
  /** The repository's variables, `vars` in a workflow. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Of each job; ten minutes unless given. */
  readonly boundSeconds?: number;
  readonly onLine?: (line: string) => void;
}

export interface DeliveredJob extends JobResult {
  readonly routed: RoutedJob;
}

const WORKFLOWS = ".github/workflows";

/** Runs what the event starts, one job after the other. Throws as `route` and `runWorkflow` do; a red job is a result. */
export async function deliver(delivery: Delivery, forge: Forge): Promise<readonly DeliveredJob[]> {
  const { eventName, payload, root } = delivery;
  const files = (await readdir(join(root, WORKFLOWS))).map((name) => `${WORKFLOWS}/${name}`);
  const workflows = await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(join(root, file), "utf8") })),
  );
  const delivered: DeliveredJob[] = [];
  const context = { vars: forge.variables ?? {} };
  for (const routed of await route({ workflows, eventName, payload, context })) {
    const result = await runJob(routed, delivery, forge);
    delivered.push({ routed, ...result });
  }
  return delivered;
}

async function runJob(routed: RoutedJob, delivery: Delivery, forge: Forge): Promise<JobResult> {
  const { github, oidc, environment, variables = {}, signal, boundSeconds, onLine } = forge;
  const { workflow, job, permissions } = routed;
  const { eventName, payload, root, runId = 1, runAttempt = 1 } = delivery;
  const mayIdentify = permissions["id-token"] === "write";
  return runWorkflow({
    root,
    workflow,
    job,
    eventName,
    payload,
    github: { url: github.url, ownerId: github.state.ownerId, runId, runAttempt },
    oidc: mayIdentify ? oidc.mint(await identityOf(routed, delivery, github)) : undefined,
    token: github.issueToken(permissions),
    environment,
    variables,
    ...(signal && { signal }),
    ...(boundSeconds !== undefined && { boundSeconds }),
    ...(onLine && { onLine }),
  });
}

async function identityOf(
  { environment, workflow, jobWorkflow }: RoutedJob,
  { eventName, payload, root, runId = 1, runAttempt = 1 }: Delivery,
  { state }: Pick<GitHub, "state">,
): Promise<Parameters<OidcIssuer["mint"]>[0]> {
  const { stdout } = await promisify(execFile)("git", ["rev-parse", "HEAD"], { cwd: root });
  const { head, base } = payload.pull_request ?? {};
  return {
    repository: state.repository,
    repositoryId: state.repositoryId,
    ownerId: state.ownerId,
    visibility: state.visibility,
    eventName,
    ref: refOf(eventName, payload),
    sha: stdout.trim(),
    runId,
    runAttempt,
    workflowFile: workflow,
    jobWorkflowFile: jobWorkflow,
    subject: state.oidcSubject.immutable ? "immutable" : "classic",
    ...(environment === "" ? {} : { environment }),
    ...(head && { headRef: head.ref }),
    ...(base && { baseRef: base.ref }),
  };
}
