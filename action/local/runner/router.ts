/**
 * Which jobs an event starts, with which permissions, environment and concurrency group: what act does not judge.
 * Parsing, `if:` and every expression are GitHub's own code; the filters of `on:` follow its documentation.
 */
import type {
  ReusableWorkflowJob as CallingJob,
  WorkflowJob,
} from "@actions/workflow-parser/model/workflow-template";
import type { MappingToken, TemplateToken } from "@actions/workflow-parser/templates/tokens/index";
import { dispatchInputs } from "./dispatch.ts";
import { callInputs, localPath } from "./call.ts";
import { type Contexts, isTrue, textOf } from "./expression.ts";
import { type Filters, passes } from "./filters.ts";
import { convertWorkflowTemplate, isMapping, NoOperationTraceWriter, parseWorkflow } from "./parser.ts";
import { type Payload, refOf } from "./payload.ts";
import { grantedTo, narrowed, type Permissions, withinCaller } from "./permissions.ts";

export interface WorkflowFile {
  /** `.github/workflows/warren.yml`. */
  readonly file: string;
  /** As it stands on the branch that GitHub reads it from: the caller knows which. */
  readonly text: string;
}

export interface Happening {
  readonly workflows: readonly WorkflowFile[];
  readonly eventName: string;
  readonly payload: Payload;
  /** What of `github` and the other contexts the payload does not tell, for example `{ vars: {...} }`. */
  readonly context?: Contexts;
}

export interface RoutedJob {
  /** The file that the event starts, and the job of it. */
  readonly workflow: string;
  readonly job: string;
  /** The file that holds the job's steps: another one if `job` calls it. */
  readonly jobWorkflow: string;
  readonly permissions: Permissions;
  /** Empty if the job has none. */
  readonly environment: string;
  /** Empty if there is none: then it never waits. */
  readonly concurrencyGroup: string;
  readonly cancelInProgress: boolean;
}

/**
 * A job that needs others is judged as if those that start succeed. Throws Error for a workflow that GitHub would
 * refuse, inputs that it would refuse, and filters that are not judged here.
 */
export async function route(happening: Happening): Promise<readonly RoutedJob[]> {
  if (startsNothing(happening)) return [];
  const routed = await Promise.all(happening.workflows.map((file) => routeWorkflow(file, happening)));
  return routed.flat();
}

/** https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows */
function startsNothing({ eventName, payload }: Happening): boolean {
  if (eventName === "workflow_dispatch" || eventName === "repository_dispatch") return false;
  // "Workflows will not run on pull_request activity if the pull request has a merge conflict."
  if (eventName === "pull_request" && payload.pull_request?.mergeable === false) return true;
  // What a job does with its GITHUB_TOKEN starts no further run.
  return payload.sender?.login === "github-actions[bot]";
}

async function routeWorkflow(file: WorkflowFile, happening: Happening): Promise<readonly RoutedJob[]> {
  const { eventName, payload } = happening;
  const { template, root } = await parse(file);
  const filters = template.events[eventName] as Filters | undefined;
  if (filters === undefined) return [];
  if (eventName === "workflow_dispatch" && payload.workflow !== file.file) return [];
  if (eventName === "schedule") {
    const crons = (template.events.schedule ?? []).map(({ cron }) => cron);
    if (payload.schedule !== undefined && !crons.includes(payload.schedule)) return [];
  } else if (!passes(eventName, filters, payload)) return [];

  const inputs =
    eventName === "workflow_dispatch"
      ? dispatchInputs(template.events.workflow_dispatch?.inputs ?? {}, payload.inputs ?? {})
      : {};
  const contexts = { vars: {}, secrets: {}, ...contextsOf(happening), inputs };
  return judgeJobs({ file: file.file, template, root, contexts }, happening);
}

interface Judged {
  readonly file: string;
  readonly template: Template;
  readonly root: MappingToken;
  readonly contexts: Contexts;
  /** What a called workflow's jobs may have at most: that of the job that calls. */
  readonly ceiling?: Permissions;
}

async function judgeJobs(judged: Judged, happening: Happening): Promise<readonly RoutedJob[]> {
  const { file, template, root, contexts, ceiling } = judged;
  const started = new Set<string>();
  const routed: RoutedJob[] = [];
  for (const job of template.jobs) {
    const needs = (job.needs ?? []).map(({ value }) => value);
    const results = needs.map((id) => [id, { result: started.has(id) ? "success" : "skipped", outputs: {} }]);
    const known = { ...contexts, needs: Object.fromEntries(results) as object, strategy: {}, matrix: {} };
    const standing = needs.every((id) => started.has(id)) ? "success" : "failure";
    if (!isTrue(job.if.expression, known, standing)) continue;
    started.add(job.id.value);
    const named = jobPermissions(root, job) ?? member(root, "permissions");
    const permissions = ceiling === undefined ? grantedTo(named) : withinCaller(named, ceiling, job.id.value);
    const concurrency = concurrencyOf(template.concurrency, job.concurrency, known);
    if (job.type === "reusableWorkflowJob") {
      routed.push(...(await routeCall(job, { file, permissions, concurrency, contexts: known }, happening)));
      continue;
    }
    routed.push({
      workflow: file,
      job: job.id.value,
      jobWorkflow: file,
      permissions: narrowed(permissions, happening.eventName, happening.payload),
      environment: environmentOf(job, known),
      ...concurrency,
    });
  }
  return routed;
}

/** https://docs.github.com/actions/reference/workflows-and-actions/reusing-workflow-configurations */
async function routeCall(
  job: CallingJob,
  caller: Pick<Judged, "file" | "contexts"> & {
    readonly permissions: Permissions;
    readonly concurrency: Concurrency;
  },
  happening: Happening,
): Promise<readonly RoutedJob[]> {
  const path = localPath(job.ref.value);
  const called = happening.workflows.find(({ file }) => file === path);
  if (!called) throw new Error(`${caller.file} calls ${path}, which is not there`);
  const { template, root } = await parse(called);
  const contexts = { ...caller.contexts, inputs: callInputs(job, template, caller.contexts) };
  const inside: Judged = { file: path, template, root, contexts, ceiling: caller.permissions };
  const jobs = await judgeJobs(inside, happening);
  // act runs all of them as one.
  if (jobs.length > 1) throw new Error(`${path} has several jobs: not judged`);
  return jobs.map((one) => {
    const { concurrencyGroup: outer } = caller.concurrency;
    if (outer !== "" && outer === one.concurrencyGroup)
      throw new Error(`${caller.file} and ${path} wait for each other in the group ${outer}: a deadlock`);
    if (outer !== "") throw new Error(`${caller.file} and ${path} both have a concurrency group: not judged`);
    return { ...one, workflow: caller.file, job: job.id.value };
  });
}

type Template = Awaited<ReturnType<typeof convertWorkflowTemplate>>;

async function parse({ file, text }: WorkflowFile): Promise<Pick<Judged, "template" | "root">> {
  const { context, value } = parseWorkflow({ name: file, content: text }, new NoOperationTraceWriter());
  const template = value && (await convertWorkflowTemplate(context, value));
  const errors = context.errors.getErrors().map(({ message }) => message);
  if (!value || !template || errors.length > 0) {
    throw new Error(`GitHub would refuse ${file}:\n${errors.join("\n")}`);
  }
  return { template, root: value.assertMapping(file) };
}

function contextsOf({ eventName, payload, context = {} }: Happening): Contexts {
  const { repository, pull_request: pull, sender } = payload;
  const github = {
    event: payload,
    event_name: eventName,
    ref: refOf(eventName, payload),
    head_ref: pull?.head.ref ?? "",
    base_ref: pull?.base.ref ?? "",
    repository: repository?.full_name ?? "",
    repository_id: String(repository?.id ?? ""),
    actor: sender?.login ?? "",
  };
  return { ...context, github: { ...github, ...(context["github"] as object | undefined) } };
}

function member(mapping: TemplateToken | undefined, name: string): TemplateToken | undefined {
  if (mapping === undefined || !isMapping(mapping)) return undefined;
  for (const { key, value } of mapping) if (key.toString() === name) return value;
  return undefined;
}

function jobPermissions(root: MappingToken, job: WorkflowJob): TemplateToken | undefined {
  return member(member(member(root, "jobs"), job.id.value), "permissions");
}

function environmentOf(job: WorkflowJob, contexts: Contexts): string {
  const environment = job.type === "job" ? job.environment : undefined;
  const isObject = environment !== undefined && isMapping(environment);
  return textOf(isObject ? member(environment, "name") : environment, contexts);
}

type Concurrency = Pick<RoutedJob, "concurrencyGroup" | "cancelInProgress">;

function concurrencyOf(
  workflow: TemplateToken | undefined,
  job: TemplateToken | undefined,
  contexts: Contexts,
): Concurrency {
  if (workflow && job) throw new Error("a workflow and its job both have a concurrency group: not judged");
  const token = job ?? workflow;
  const isObject = token !== undefined && isMapping(token);
  return {
    concurrencyGroup: textOf(isObject ? member(token, "group") : token, contexts),
    cancelInProgress: isObject && textOf(member(token, "cancel-in-progress"), contexts) === "true",
  };
}
