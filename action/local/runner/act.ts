/**
 * Runs one job of a real workflow file by act (https://github.com/nektos/act) on this machine, without containers.
 * What act does not judge (filters, permissions, environments, concurrency) is router.ts's; the difference to
 * GitHub's own runner is told in ARCHITECTURE.md.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../../core/problem.ts";
import { type ActLog, createActLog } from "./act-log.ts";
import { type Payload, refOf } from "./payload.ts";
import { endTree } from "./processes.ts";

export interface JobRun {
  /** A Git checkout of the commit that runs; it is copied, without what it ignores. */
  readonly root: string;
  /** Path in the checkout. */
  readonly workflow: string;
  readonly job: string;
  readonly eventName: string;
  readonly payload: Payload;
  readonly github: {
    /** GITHUB_API_URL. */
    readonly url: string;
    readonly ownerId?: number;
    readonly runId?: number;
    readonly runAttempt?: number;
  };
  /** Where the job gets its OIDC token; undefined for a job without `id-token: write`. */
  readonly oidc: { readonly requestUrl: string; readonly requestToken: string } | undefined;
  /** The job's GITHUB_TOKEN. */
  readonly token: string;
  /** Variables of the job, above all of the caller's: it gets none of those. */
  readonly environment: Readonly<Record<string, string>>;
  /** The repository's variables, `vars` in a workflow. */
  readonly variables: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Ten minutes unless given. */
  readonly boundSeconds?: number;
  readonly onLine?: (line: string) => void;
}

export interface JobResult {
  /** 0 if the job is green. */
  readonly code: number;
  readonly log: string;
  /** Markdown. */
  readonly summary: string;
  /** Outputs of the job's steps. */
  readonly outputs: Readonly<Record<string, string>>;
}

const ACT = join(import.meta.dirname, "../../../.venv/bin/act");
/** Actions that are on GitHub, and what stands in for them. */
const LOCAL = ["actions/cache", "actions/setup-node", "actions/upload-artifact"];
const WORKFLOWS = ".github/workflows";
/** After SIGINT act ends its step at once and runs what is `always()`. */
const GRACE_MS = 10_000;

/**
 * Throws the signal's reason when aborted, Error when the bound is passed, UserError (`not-set-up`) without act; in
 * each case nothing of the job runs on.
 */
export async function runWorkflow(run: JobRun): Promise<JobResult> {
  run.signal?.throwIfAborted();
  await requireAct();
  const home = await mkdtemp(join(tmpdir(), "warren-act-"));
  try {
    const log = createActLog([run.token, run.oidc?.requestToken ?? ""], run.onLine ?? (() => {}));
    const root = await withoutSelfReferences(run.root, home);
    const child = spawn(ACT, await flags({ ...run, root }, home), {
      cwd: root,
      env: processEnvironment(home),
      // Its own group: Ctrl-C is for whoever runs this, who then ends the job in order.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const code = await follow(child, log, run);
    return { code, log: log.text(), summary: log.summary(), outputs: log.outputs() };
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function follow(child: ChildProcess, log: ActLog, run: JobRun): Promise<number> {
  const { boundSeconds = 600, signal } = run;
  const bound = AbortSignal.timeout(boundSeconds * 1000);
  const stop = AbortSignal.any([bound, ...(signal ? [signal] : [])]);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", (line) => log.read(line));
  }
  const closed = once(child, "close") as Promise<[number | null]>;
  const stopped = once(stop, "abort").then(() => endTree(child, GRACE_MS));
  await Promise.race([closed, stopped]);
  // The whole of its output, also where it was stopped.
  const [code] = await closed;
  signal?.throwIfAborted();
  if (bound.aborted)
    throw new Error(`${run.job} did not end within ${boundSeconds} s:\n${log.text().slice(-2_000)}`);
  return code ?? 1;
}

async function flags(run: JobRun, home: string): Promise<readonly string[]> {
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(home, name), content, { mode: 0o600 });
    return join(home, name);
  };
  await mkdir(join(home, "tmp"));
  return [
    run.eventName,
    "--json",
    "--workflows",
    run.workflow,
    "--job",
    run.job,
    "--eventpath",
    await file("event.json", JSON.stringify(run.payload)),
    "--platform",
    "ubuntu-latest=-self-hosted",
    "--defaultbranch",
    run.payload.repository?.default_branch ?? "main",
    "--actor",
    run.payload.sender?.login ?? "octocat",
    // Files, because a command line is for everybody to read; all four, because act has presets in the checkout.
    "--env-file",
    await file("environment", lines({ ...githubVariables(run), ...run.environment })),
    "--secret-file",
    await file("secrets", lines({ GITHUB_TOKEN: run.token })),
    "--var-file",
    await file("vars", lines(run.variables)),
    "--input-file",
    await file("inputs", ""),
    "--action-cache-path",
    join(home, "cache"),
    // Its presets listen on the machine's outside address.
    "--no-cache-server",
    "--cache-server-addr",
    "127.0.0.1",
    "--artifact-server-addr",
    "127.0.0.1",
    ...(await localActions(run.root, run.workflow)),
  ];
}

/** What act leaves out or makes up; it takes the rest from the payload and from Git. */
function githubVariables({ github, oidc, payload, workflow, eventName }: JobRun): Record<string, string> {
  const { full_name = "", id = 0 } = payload.repository ?? {};
  const ref = refOf(eventName, payload);
  return {
    GITHUB_API_URL: github.url,
    GITHUB_GRAPHQL_URL: `${github.url}/graphql`,
    GITHUB_REF: ref,
    GITHUB_REPOSITORY: full_name,
    GITHUB_REPOSITORY_ID: String(id),
    GITHUB_REPOSITORY_OWNER_ID: String(github.ownerId ?? ""),
    GITHUB_RUN_ID: String(github.runId ?? 1),
    GITHUB_RUN_ATTEMPT: String(github.runAttempt ?? 1),
    GITHUB_TRIGGERING_ACTOR: payload.sender?.login ?? "octocat",
    GITHUB_WORKFLOW_REF: `${full_name}/${workflow}@${ref}`,
    RUNNER_ENVIRONMENT: "self-hosted",
    ...(oidc && {
      ACTIONS_ID_TOKEN_REQUEST_URL: oidc.requestUrl,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: oidc.requestToken,
    }),
  };
}

/** In single quotes nothing is expanded. */
function lines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (/['\n\r]/.test(value)) throw new Error(`the variable ${name} holds a quote or a line's end`);
      return `${name}='${value}'\n`;
    })
    .join("");
}

/** act copies the checkout itself in place of actions/checkout; anything else would have to be fetched. */
async function localActions(root: string, workflow: string): Promise<readonly string[]> {
  const used = usesOf(await readFile(join(root, workflow), "utf8"));
  const flagged = used.map(async (action) => {
    if (action.startsWith("./.github/workflows/")) return localActions(root, action.slice(2));
    if (action.startsWith("./") || action.startsWith("actions/checkout@")) return [];
    const name = LOCAL.find((one) => action.startsWith(`${one}@`));
    if (name === undefined) throw new Error(`${workflow} uses ${action}, for which there is nothing local`);
    return ["--local-repository", `${action}=${join(import.meta.dirname, basename(name))}`];
  });
  return (await Promise.all(flagged)).flat();
}

function usesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/^\s*(?:- )?uses: (\S+)/gm)].map(([, action = ""]) => action))];
}

/**
 * act does not know `$/` yet (https://github.blog/changelog/2026-07-30-reference-same-repository-actions-with-self-repository-syntax),
 * which is `./` of the workflow's own repository at its own commit: the same here, where the caller is that repository.
 * The root, or else a copy of it that says `./`.
 */
async function withoutSelfReferences(root: string, home: string): Promise<string> {
  const folder = join(root, WORKFLOWS);
  const names = await readdir(folder);
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(join(folder, name), "utf8")]),
  );
  const referring = texts.filter(([, text = ""]) => usesOf(text).some((action) => action.startsWith("$/")));
  if (referring.length === 0) return root;
  const copy = join(home, "checkout");
  await cp(root, copy, { recursive: true, verbatimSymlinks: true });
  for (const [name = "", text = ""] of referring)
    await writeFile(join(copy, WORKFLOWS, name), text.replace(/^(\s*(?:- )?uses: )\$\//gm, "$1./"));
  return copy;
}

/**
 * act hands its environment down to the steps, so it gets none of ours but what finds programs and lets `npm ci`
 * take packages from the cache that installed this checkout.
 */
function processEnvironment(home: string): NodeJS.ProcessEnv {
  const { env } = process;
  const registry = env["npm_config_registry"];
  // Through assign, because functions/warren-env.d.ts says of every process what only functions have.
  return Object.assign(Object.create(null), {
    PATH: [dirname(process.execPath), env["PATH"] ?? "/usr/bin:/bin"].join(delimiter),
    HOME: home,
    TMPDIR: join(home, "tmp"),
    LANG: "C.UTF-8",
    // act gives each step a terminal, GitHub does not.
    NO_COLOR: "1",
    npm_config_cache: env["npm_config_cache"] ?? join(homedir(), ".npm"),
    npm_config_userconfig: env["npm_config_userconfig"] ?? join(homedir(), ".npmrc"),
    npm_config_prefer_offline: "true",
    // Behind a company's proxy the registry's certificate is the company's, which only the machine's own store knows.
    NODE_USE_SYSTEM_CA: "1",
    ...(env["NODE_EXTRA_CA_CERTS"] === undefined ? {} : { NODE_EXTRA_CA_CERTS: env["NODE_EXTRA_CA_CERTS"] }),
    npm_config_update_notifier: "false",
    ...(registry === undefined ? {} : { npm_config_registry: registry }),
  });
}

async function requireAct(): Promise<void> {
  try {
    await access(ACT);
  } catch (cause) {
    const message = "the local runner is not installed: .venv/bin/act is missing";
    throw new UserError("not-set-up", { message, hint: "run `npm run setup`" }, { cause });
  }
}
