/** Whether a preview works: its smoke run, or what the pull request's comment remembers of it. */
import type { Hop } from "./core/comment.ts";
import { smokePlan } from "./core/probe.ts";
import type { Problem } from "./core/problem.ts";
import { smokeLines } from "./core/smoke-run.ts";
import { type ValueMap, canonicalJson, isValueList, isValueMap } from "./core/value.ts";
import type { DeployOutcome } from "./deploy.ts";
import type { Errand, Prepared } from "./errand.ts";
import type { AwsPorts } from "./ports.ts";
import { smoke } from "./smoke.ts";

export interface Tried {
  readonly hops: readonly Hop[];
  /** For the comment to remember; empty where nothing has gone through. */
  readonly data: ValueMap;
  /** Why an item did not get through; empty if it did, or if nobody asked. */
  readonly problems: readonly Problem[];
}

const NOT_ASKED: Tried = { hops: [], data: {}, problems: [] };

export async function tryOut(
  preview: {
    readonly prepared: Prepared;
    readonly deployed: DeployOutcome;
    readonly pullRequest: number;
    readonly aws: AwsPorts;
  },
  { project: { pipeline }, announce, ports }: Errand,
): Promise<Tried> {
  if (!pipeline.smoke) return NOT_ASKED;
  const { prepared, deployed, pullRequest, aws } = preview;
  const plan = smokePlan(pipeline, pipeline.smoke, prepared.stack);
  const facts = { stack: deployed.stack.id, digest: prepared.rendered.digest, smoke: pipeline.smoke.text };
  const digest = ports.workspace.sha256(canonicalJson(facts));
  // Times differ from run to run: a comment must not change where nothing else has.
  if (deployed.kind === "unchanged") {
    const kept = keptHops(await announce.remembered(pullRequest, pipeline.name), digest);
    if (kept) {
      ports.log.info(`${deployed.stack.name} was tried out already, and nothing has changed since`);
      return { hops: kept, data: dataOf(digest, kept), problems: [] };
    }
  }
  const outcome = await ports.group(`Try out ${deployed.stack.name}`, () =>
    smoke(plan, deployed.stack, { ...ports, ...aws }),
  );
  const { hops } = outcome;
  for (const line of smokeLines(outcome)) ports.log.info(line);
  return outcome.kind === "through"
    ? { hops, data: dataOf(digest, hops), problems: [] }
    : { hops, data: {}, problems: [outcome.problem] };
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
