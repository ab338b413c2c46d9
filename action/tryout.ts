/** Whether a preview works: its smoke run, or what the pull request's comment remembers of it. */
import { explainAwsError } from "./core/aws-error.ts";
import type { Hop } from "./core/comment.ts";
import { smokePlan } from "./core/probe.ts";
import { type Problem, UserError } from "./core/problem.ts";
import { hiddenTexts } from "./core/redact.ts";
import type { Smoke } from "./core/smoke.ts";
import { smokeLines } from "./core/smoke-run.ts";
import { type ValueMap, canonicalJson, isValueList, isValueMap } from "./core/value.ts";
import type { DeployOutcome } from "./deploy.ts";
import type { Errand, Prepared } from "./errand.ts";
import type { AwsPorts } from "./aws-ports.ts";
import { smoke } from "./smoke.ts";

export interface Tried {
  readonly hops: readonly Hop[];
  /** For the comment to remember; empty where nothing has gone through. */
  readonly data: ValueMap;
  /** Why it does not work, or is not known to; empty if it works, or if nobody asked. */
  readonly problems: readonly Problem[];
  /** The same in a few words. */
  readonly what: string;
}

const WELL = { problems: [], what: "" };

interface Preview {
  readonly prepared: Prepared;
  readonly deployed: DeployOutcome;
  readonly pullRequest: number;
  readonly aws: AwsPorts;
}

/** What the user can mend is told and not thrown: the preview is up all the same. */
export async function tryOut(preview: Preview, errand: Errand): Promise<Tried> {
  const { smoke: wanted } = errand.project.pipeline;
  if (!wanted) return { hops: [], data: {}, ...WELL };
  try {
    return await tried(preview, wanted, errand);
  } catch (thrown) {
    const error = explainAwsError(thrown) ?? thrown;
    if (!(error instanceof UserError)) throw error;
    return { hops: [], data: {}, problems: error.problems, what: "it could not be tried out" };
  }
}

async function tried(
  { prepared, deployed, pullRequest, aws }: Preview,
  wanted: Smoke,
  { project: { pipeline }, announce, ports }: Errand,
): Promise<Tried> {
  const { kind, stack } = deployed;
  const plan = smokePlan(pipeline, wanted, prepared.stack);
  const facts = { stack: stack.id, digest: prepared.rendered.digest, smoke: wanted.text };
  const digest = ports.workspace.sha256(canonicalJson(facts));
  // Times differ from run to run: a comment must not change where nothing else has.
  if (kind === "unchanged") {
    const kept = keptHops(await announce.remembered(pullRequest, pipeline.name), digest);
    if (kept) {
      ports.log.info(`${stack.name} was tried out already, and nothing has changed since`);
      return { hops: kept, data: dataOf(digest, kept), ...WELL };
    }
  }
  const hidden = hiddenTexts(prepared.rendered.body);
  const outcome = await ports.group(`Try out ${stack.name}`, () =>
    smoke(plan, stack, hidden, { ...ports, ...aws }),
  );
  const { hops } = outcome;
  for (const line of smokeLines(outcome)) ports.log.info(line);
  return outcome.kind === "through"
    ? { hops, data: dataOf(digest, hops), ...WELL }
    : { hops, data: {}, problems: [outcome.problem], what: "an item did not get through" };
}

function dataOf(digest: string, hops: readonly Hop[]): ValueMap {
  return { smoke: { digest, hops: hops.map(({ name, milliseconds }) => [name, milliseconds]) } };
}

/** Undefined unless the item has gone through just this stack. */
function keptHops(data: ValueMap, digest: string): readonly Hop[] | undefined {
  const { smoke: kept } = data;
  if (!isValueMap(kept) || kept["digest"] !== digest || !isValueList(kept["hops"])) return undefined;
  const hops = kept["hops"].flatMap((hop): Hop[] => {
    const [name, milliseconds] = isValueList(hop) ? hop : [];
    return typeof name === "string" && typeof milliseconds === "number" ? [{ name, milliseconds }] : [];
  });
  return hops.length > 0 ? hops : undefined;
}
