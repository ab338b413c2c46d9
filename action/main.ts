/** The edge of the Action: the runner's environment -> request, real ports, gitops(), the one catch. */
import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import * as core from "@actions/core";
import { explainAwsError } from "./core/aws-error.ts";
import { whereabouts } from "./core/action-source.ts";
import type { Event } from "./core/event.ts";
import { failureSummary } from "./core/failure-summary.ts";
import { failureJson } from "./core/failure-json.ts";
import { problemsOf } from "./core/finding.ts";
import { type InputKey, type Inputs, OUTPUTS, readInputs } from "./core/inputs.ts";
import { leftoverFailure } from "./core/leftover.ts";
import { type Problem, UserError } from "./core/problem.ts";
import { type ReadEvent, payloadOf, readEvent } from "./core/read-event.ts";
import { REASONS } from "./core/reason.ts";
import { textOf } from "./core/value.ts";
import { type ResultFile, outcomeFile, resultOf } from "./core/result.ts";
import { createGitHub } from "./edge/github.ts";
import { createGitHubApi } from "./edge/github-api.ts";
import { createIdentity } from "./edge/identity.ts";
import { createRepositorySettings } from "./edge/repository-settings.ts";
import { type Runner, actionsRunner } from "./edge/runner.ts";
import type { GitopsPorts } from "./errand.ts";
import { type GitopsRequest, gitops } from "./gitops.ts";
import { obeyPolicy } from "./policy.ts";
import { openSession } from "./session.ts";
import { awsPorts, regionOf, systemPorts } from "./system.ts";

type Environment = Readonly<Record<string, string | undefined>>;

async function readRequest(runner: Runner, environment: Environment): Promise<GitopsRequest> {
  const inputs = readInputs((key: InputKey) => runner.input(key));
  const path = environment["GITHUB_EVENT_PATH"];
  const payload = payloadOf(path ? await readFile(path, "utf8") : "{}");
  if (payload.kind === "problems") throw new UserError("event-invalid", payload.problems);
  const read: ReadEvent = readEvent({
    eventName: environment["GITHUB_EVENT_NAME"] ?? "",
    payload: payload.value,
    environment,
  });
  if (read.kind === "problems") throw new UserError("event-invalid", read.problems);
  return { event: read.event, run: read.run, inputs };
}

function gitopsPorts(
  { event, run, inputs }: GitopsRequest,
  root: string,
  runner: Runner,
  environment: Environment,
): GitopsPorts {
  const ports = systemPorts({ root, console: runner, environment });
  const { clock } = ports;
  const endpoint = environment["AWS_ENDPOINT_URL"];
  const identity = createIdentity({
    getIdToken: (audience) => core.getIDToken(audience),
    setSecret: (secret) => runner.mask(secret),
    clock,
    audience: inputs.audience,
    fork: isFork(event),
    ...(endpoint ? { endpoint } : {}),
  });
  const api = createGitHubApi(
    {
      token: inputs.token,
      repository: run.repository,
      apiUrl: environment["GITHUB_API_URL"] || "https://api.github.com",
      runUrl: run.runUrl,
    },
    clock,
  );
  const connect = (region: string, credentials?: Parameters<typeof awsPorts>[2]) =>
    awsPorts(region, environment, credentials);
  return {
    ...ports,
    group: (title, work) => runner.group(title, work),
    github: createGitHub(api),
    settings: () => createRepositorySettings(api),
    aws: (access) => {
      const region = regionOf(access.region ?? inputs.region, environment);
      return openSession(access, { inputs, run, region }, { identity, clock, connect });
    },
  };
}

function isFork(event: Event): boolean {
  return event.kind === "pull-request" && event.pullRequest.fromFork;
}

async function perform(runner: Runner, environment: Environment): Promise<void> {
  const request = await readRequest(runner, environment);
  runner.mask(request.inputs.token);
  const root = rootOf(request.inputs, environment);
  const outcome = await gitops(request, gitopsPorts(request, root, runner, environment));
  const { lines, warnings, problems = [], outputs, summary, files } = resultOf(outcome);
  for (const line of lines) runner.info(line);
  for (const warning of warnings) runner.warn(warning);
  for (const problem of problems) runner.annotate("warning", inRepository(problem, request.inputs));
  for (const key of OUTPUTS) {
    const value = outputs[key];
    if (value !== undefined) runner.output(key, value);
  }
  await runner.summary(summary);
  for (const file of files) await keep(file, runner);
  if ("failure" in outcome && outcome.failure) throw outcome.failure;
  // All is told and the preview is up, but a merge would be stopped: that is red where it can still be mended.
  const merging = "facts" in outcome ? outcome.facts.merging : [];
  const stops = merging.flatMap((one) => (one.kind === "planned" ? one.plan.risk.stops : []));
  if (stops.length > 0) throw new UserError("data-at-risk", stops);
  const left = outcome.kind === "destroyed" ? leftoverFailure(outcome.destroy) : undefined;
  if (left) throw left;
  if (outcome.kind === "checked") obeyPolicy(outcome.checked.policy, runner);
  const unwell = outcome.kind === "diagnosed" ? problemsOf(outcome.findings) : [];
  if (unwell.length > 0) throw new UserError("doctor-found-problems", unwell);
}

async function keep({ output, name, text }: ResultFile, runner: Runner): Promise<void> {
  runner.output(output, await runner.keep(name, text));
}

function rootOf({ directory }: Pick<Inputs, "directory">, environment: Environment): string {
  return resolve(environment["GITHUB_WORKSPACE"] || ".", directory);
}

/** GitHub knows files by their path in the repository, and Warren by their path in `directory`. */
function inRepository(problem: Problem, { directory }: Pick<Inputs, "directory">): Problem {
  const { place } = problem;
  if (!place) return problem;
  // Somebody may give the whole path, for example by `github.workspace`.
  const folder = relative(rootOf({ directory: "" }, process.env), rootOf({ directory }, process.env));
  return { ...problem, place: { ...place, file: join(folder, place.file) } };
}

/** The one catch. */
async function fail(thrown: unknown, runner: Runner): Promise<void> {
  const error = explainAwsError(thrown) ?? thrown;
  runner.fail();
  runner.output("result", "failed");
  await keep(outcomeFile(failureJson(error)), runner);
  if (error instanceof UserError) {
    runner.output("reason", error.reason);
    const directory = runner.input("directory");
    const problems = error.problems.map((problem) => inRepository(problem, { directory }));
    for (const problem of problems) runner.annotate("error", problem);
    const known = whereabouts(error.reason, process.env);
    if (known.reasonUrl !== "") runner.info(`${error.reason}: ${known.reasonUrl}`);
    return runner.summary(failureSummary(error, problems, known));
  }
  runner.output("reason", "bug");
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  runner.error(`this is a bug in Warren: ${stack}`);
  if (error instanceof Error && error.cause !== undefined) runner.error(`caused by ${textOf(error.cause)}`);
  const bug = new UserError("bug", {
    message: "this is a bug in Warren: its stack is in the log",
    hint: REASONS.bug.mend,
  });
  return runner.summary(failureSummary(bug, bug.problems, whereabouts("bug", process.env)));
}

async function main(): Promise<void> {
  const runner = actionsRunner();
  try {
    await perform(runner, process.env);
  } catch (error) {
    await fail(error, runner);
  }
}

// Not a top-level `await`: the bundle is CommonJS.
void main();
