/** The built Action as the runner starts it: a process with its environment, an event's file, files for what it tells. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import type { InputKey } from "../../action/core/inputs.ts";
import type { OutcomeDocument } from "../../action/core/outcome-document.ts";
import type { Bundle } from "../support/bundle.ts";
import { readOutcome, readPlan } from "../support/documents.ts";
import { PATH_WITHOUT_JUDGES } from "../support/judges.ts";
import { repositoryRoot as root } from "../support/shipped.ts";
import { type Places, type Secrets, filesBelow, leaksIn, secretsOf, withoutMasks } from "./scan.ts";

/** A checkout: files, without Git. */
export interface Checkout extends AsyncDisposable {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

export async function checkOut(files: Readonly<Record<string, string>>): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), "warren-checkout-"));
  const write: Checkout["write"] = async (changed) => {
    for (const [path, content] of Object.entries(changed)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
  };
  await write(files);
  return { folder, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

export interface StepInput {
  readonly event: string;
  readonly payload: object;
  readonly checkout: Checkout;
  readonly inputs?: Readonly<Partial<Record<InputKey, string>>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Aborting kills the process as a machine that goes away does; its exit code is then 137. */
  readonly signal?: AbortSignal;
}

export interface Step {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What a run came to for machines, held against its schema whatever the test is about. */
  readonly outcome: OutcomeDocument | undefined;
  readonly plan: OutcomeDocument | undefined;
  /** What it was given and must not tell. */
  readonly secrets: Secrets;
}

/** Where everything that a run has told and left is looked through. */
export function refuseLeaks(places: Places, secrets: Secrets): void {
  const leaks = leaksIn(places, secrets);
  if (leaks.length > 0) throw new Error(`the run has told a secret: ${leaks.join(", ")}`);
}

const EVENT_FILE = "event.json";

/** Only what is given is in its environment, and PATH. Throws if a secret of it is in what the run tells or leaves. */
export async function runStep(bundle: Bundle, step: StepInput): Promise<Step> {
  const folder = await mkdtemp(join(tmpdir(), "warren-step-"));
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const inputs = Object.entries(step.inputs ?? {}).map(([key, value]) => [
    `INPUT_${key.toUpperCase()}`,
    value,
  ]);
  const given = Object.fromEntries([...inputs, ...Object.entries(step.environment)]) as Record<
    string,
    string
  >;
  const secrets = secretsOf(given);
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  const output = await file("output", "");
  const summary = await file("summary.md", "");
  const child = spawn(process.execPath, [bundle.main], {
    cwd: step.checkout.folder,
    stdio: ["ignore", "pipe", "pipe"],
    // For esbuild's program, which a runner would get from npm.
    env: Object.assign(Object.create(null), {
      PATH: PATH_WITHOUT_JUDGES,
      NODE_PATH: join(root, "node_modules"),
      // Reading the bundle is a quarter of what a short run takes.
      NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node"),
      GITHUB_WORKSPACE: step.checkout.folder,
      GITHUB_EVENT_NAME: step.event,
      GITHUB_EVENT_PATH: await file(EVENT_FILE, JSON.stringify(step.payload)),
      GITHUB_OUTPUT: output,
      RUNNER_TEMP: folder,
      TMPDIR: temporary,
      GITHUB_STEP_SUMMARY: summary,
      ...given,
    }),
  });
  step.signal?.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
  const [code, stdout, stderr] = await Promise.all([
    exitOf(child, step.signal),
    text(child.stdout),
    text(child.stderr),
  ]);
  const outputs = parseOutputs(await readFile(output, "utf8"));
  const kept = async (name: string): Promise<string | undefined> => {
    const path = outputs[name];
    return path === undefined ? undefined : await readFile(path, "utf8");
  };
  const [outcome, plan] = [await kept("outcome-file"), await kept("plan-file")];
  const result = {
    code,
    stdout,
    stderr,
    outputs,
    summary: await readFile(summary, "utf8"),
    outcome: outcome === undefined ? undefined : readOutcome(outcome),
    plan: plan === undefined ? undefined : readPlan(plan),
    secrets,
  };
  const files = { ...(await filesBelow(folder, [EVENT_FILE])), ...(await filesBelow(step.checkout.folder)) };
  refuseLeaks({ stdout: withoutMasks(stdout), stderr, ...files }, secrets);
  await rm(folder, { recursive: true });
  return result;
}

async function exitOf(child: ReturnType<typeof spawn>, killed?: AbortSignal): Promise<number> {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (code === null && killed?.aborted === true) return 137;
  if (code === null) throw new Error(`ended by ${signal}`);
  return code;
}

/** `name<<delimiter`, lines, `delimiter`: how the runner reads outputs of several lines. */
function parseOutputs(file: string): Record<string, string> {
  const found = file.matchAll(/^(.+?)<<(ghadelimiter_.+)\n([^]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name = "", , value = ""]) => [name, value]));
}
