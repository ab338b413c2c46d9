/** Looks at everything between a repository and its first deploy, and changes nothing. */
import { type AccountPlace, placeOfBucket } from "./core/access.ts";
import { explainAwsError } from "./core/aws-error.ts";
import { diagnose } from "./core/doctor.ts";
import type { AccountFacts, DoctorFacts, GitHubFacts, Seen } from "./core/doctor-facts.ts";
import type { Finding } from "./core/finding.ts";
import { NAME_PARAMETER } from "./core/metadata.ts";
import type { Pipeline } from "./core/pipeline.ts";
import { UserError } from "./core/problem.ts";
import { ACCOUNT_STACK, accountStackOf } from "./core/setup.ts";
import { textOf } from "./core/value.ts";
import { type WorkflowJob, warrenJobs } from "./core/workflow-jobs.ts";
import { STAGES_TAG, TEMPLATE_TAG, accountTemplate, stagesDigest } from "./bootstrap.ts";
import type { AwsPorts, Stack } from "./aws-ports.ts";
import type { Ports } from "./ports.ts";
import { readProject } from "./project.ts";

export type DoctorPorts = Pick<Ports, "workspace" | "shipped"> & {
  /** Throws UserError when there is no region or no way to credentials. */
  readonly aws: () => AwsPorts;
  /** Absent where there is no token for it. */
  readonly settings?: Ports["settings"];
};

export interface DoctorContext {
  /** Undefined: that of the credentials. */
  readonly region: string | undefined;
  /** Input `role-to-assume`, empty for none. */
  readonly role: string;
  /** Undefined on somebody's own machine. */
  readonly run: DoctorFacts["run"];
}

const WORKFLOWS = ".github/workflows";

export async function doctor(context: DoctorContext, ports: DoctorPorts): Promise<readonly Finding[]> {
  const config = await readConfig(ports);
  const pipeline = config.kind === "pipeline" ? config.pipeline : undefined;
  const [workflows, aws, github] = await Promise.all([
    readWorkflows(ports),
    look(async () => ports.aws()),
    pipeline && lookAtGitHub(pipeline, context, ports),
  ]);
  const facts =
    aws.kind === "hidden"
      ? { place: aws, account: aws, bucket: aws, stacks: aws, stackMax: aws, code: aws }
      : await awsFacts(pipeline, aws.value, ports);
  return diagnose({
    ...context,
    // The Action's own region is known to whoever opened the session.
    region: context.region ?? (facts.place.kind === "seen" ? facts.place.value.region : undefined),
    config: pipeline
      ? { kind: "pipeline", name: pipeline.name, stages: pipeline.stages, names: namesOf(pipeline) }
      : { kind: "broken", problems: config.kind === "broken" ? config.problems : [] },
    workflows,
    github,
    ...facts,
  });
}

type Config =
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline }
  | { readonly kind: "broken"; readonly problems: UserError["problems"] };

async function readConfig(ports: DoctorPorts): Promise<Config> {
  try {
    return { kind: "pipeline", pipeline: (await readProject(ports)).pipeline };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { kind: "broken", problems: error.problems };
  }
}

function namesOf({ components }: Pipeline): { name: string; place: Pipeline["stages"][number]["place"] }[] {
  return [...components.values()].flatMap(({ options, placeOf }) => {
    const name = textOf(options[NAME_PARAMETER]);
    return name === "" ? [] : [{ name, place: placeOf(NAME_PARAMETER) }];
  });
}

async function readWorkflows({ workspace }: DoctorPorts): Promise<readonly WorkflowJob[]> {
  const names = (await workspace.list(WORKFLOWS)).filter((name) => /\.ya?ml$/.test(name));
  const jobs = await Promise.all(
    names.map(async (name) => {
      const file = `${WORKFLOWS}/${name}`;
      return warrenJobs(file, (await workspace.read(file)) ?? "");
    }),
  );
  return jobs.flat();
}

async function awsFacts(
  pipeline: Pipeline | undefined,
  { stacks, artifacts, quotas }: AwsPorts,
  ports: DoctorPorts,
): Promise<Pick<DoctorFacts, "place" | "account" | "bucket" | "stacks" | "stackMax" | "code">> {
  const bucket = look(() => artifacts.bucket());
  const [place, account, there, count, stackMax, code] = await Promise.all([
    bucket.then((name): Seen<AccountPlace> =>
      name.kind === "hidden" ? name : seen(placeOfBucket(name.value)),
    ),
    look(() => accountFacts(pipeline, stacks, ports)),
    bucket.then((name) => (name.kind === "hidden" ? name : look(() => exists(name.value, artifacts)))),
    look(async () => (await stacks.list()).length),
    look(() => quotas.stacks()),
    look(() => quotas.code()),
  ]);
  return { place, account, bucket: there, stacks: count, stackMax, code };
}

/** Undefined: nobody to ask, or no repository to ask about. */
async function lookAtGitHub(
  { stages }: Pipeline,
  { run }: DoctorContext,
  { settings, workspace }: DoctorPorts,
): Promise<Seen<GitHubFacts> | undefined> {
  const repository = run?.repository ?? (await workspace.commit()).repository;
  if (!settings || repository === "") return undefined;
  const github = settings(repository);
  return look(async () => {
    const names = [...new Set(stages.map(({ name, environment }) => environment ?? name))];
    const environments = names.map(async (name) => [name, await github.environment(name)] as const);
    const facts = { environments: Object.fromEntries(await Promise.all(environments)) };
    const guarded = Object.values(facts.environments).some((one) => one?.branches === "protected");
    const branches = guarded
      ? stages.flatMap(({ trigger }) => (trigger.kind === "branch" ? trigger.branch : []))
      : [];
    const protects = branches.map(async (branch) => ((await github.isProtected(branch)) ? [branch] : []));
    const permissions = await look(() => github.defaultPermissions());
    return {
      ...facts,
      protectedBranches: (await Promise.all(protects)).flat(),
      subjectClaims: await github.subjectClaims(),
      // Only its owner's token sees it; a job's never does.
      defaultPermissions: permissions.kind === "seen" ? permissions.value : undefined,
    };
  });
}

/** The pipeline's own stack if there is one, else the account's first. */
async function accountFacts(
  pipeline: Pipeline | undefined,
  stacks: Pick<AwsPorts["stacks"], "find">,
  ports: DoctorPorts,
): Promise<AccountFacts | undefined> {
  const own = pipeline && (await stacks.find(accountStackOf(pipeline.name)));
  const stack: Stack | undefined = own ?? (await stacks.find(ACCOUNT_STACK));
  if (!stack) return undefined;
  const template = ports.workspace.sha256(await accountTemplate(ports));
  return {
    stack: stack.name,
    outputs: stack.outputs,
    current: stack.tags[TEMPLATE_TAG] === template,
    stagesCurrent: !pipeline || stack.tags[STAGES_TAG] === stagesDigest(pipeline, ports.workspace.sha256),
  };
}

async function exists(bucket: string, artifacts: AwsPorts["artifacts"]): Promise<boolean> {
  try {
    await artifacts.present(bucket, "functions/", ["functions/0"]);
    return true;
  } catch (error) {
    if (error instanceof UserError && error.reason === "artifact-bucket-missing") return false;
    throw error;
  }
}

function seen<T>(value: T): Seen<T> {
  return { kind: "seen", value };
}

/** A refusal is a fact; anything that the user cannot mend is a bug and goes on. */
async function look<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await ask());
  } catch (error) {
    const known = error instanceof UserError ? error : explainAwsError(error);
    if (!known) throw error;
    const fix = known.problems.flatMap(({ hint }) => hint ?? []).join(" ");
    return {
      kind: "hidden",
      why: known.problems.map(({ message }) => message).join("; "),
      ...(fix !== "" && { fix }),
    };
  }
}
