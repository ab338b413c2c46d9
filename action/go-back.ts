/** `commit` of a run that a person has started: an earlier release is deployed again, or its plan is shown. */
import type { CommentFacts } from "./core/comment.ts";
import type { Intent } from "./core/intent.ts";
import type { ConcreteStage, Stage } from "./core/stage.ts";
import type { DeployOutcome } from "./deploy.ts";
import { type Errand, connect, deploymentOf, factsOf, pictureOf, placeOf, useOfStage } from "./errand.ts";
import type { Rendered } from "./core/rendered.ts";
import { type Plan, plan } from "./plan.ts";
import type { ReviewedStage } from "./plan-status.ts";
import type { AwsPorts } from "./aws-ports.ts";
import { deployProven } from "./proof.ts";
import { rollbackTo } from "./rollback.ts";

type Target = Pick<Extract<Intent, { readonly kind: "deploy" }>, "stage" | "branch" | "skip">;

interface Again {
  readonly stage: Stage;
  readonly concrete: ConcreteStage;
  readonly aws: AwsPorts;
  readonly rendered: Rendered;
}

async function find(target: Target, commit: string, use: "plan" | "deploy", errand: Errand): Promise<Again> {
  const { project, ports, run } = errand;
  const { stage, concrete, stack } = placeOf(errand, target);
  const { repository, repositoryId } = run;
  const aws = connect(errand, { use: use === "plan" ? use : useOfStage(stage), stacks: [stack] }, stage);
  const isAncestor = (one: string, other: string): Promise<boolean> => ports.github.isAncestor(one, other);
  const place = { project, stage: concrete, repository, repositoryId };
  return {
    stage,
    concrete,
    aws,
    rendered: await rollbackTo(commit, place, { ...ports, ...aws, isAncestor }),
  };
}

/**
 * Neither the age of the commit nor what was reviewed of another change counts: a person has chosen what ran before.
 * What would lose data stops, as ever. Throws what `rollbackTo` and `deployProven` throw.
 */
export async function goBack(
  target: Target,
  commit: string,
  errand: Errand,
): Promise<{ readonly stage: string; readonly deploy: DeployOutcome; readonly facts: CommentFacts }> {
  const { ports, announce, inputs } = errand;
  const found = await ports.group("Find the release", () => find(target, commit, "deploy", errand));
  const { stage, concrete, rendered, aws } = found;
  const { stackName } = rendered;
  const sha = rendered.tags["warren:commit"] ?? "";
  const { skip } = target;
  const order = { rendered, artifacts: [], timeoutSeconds: inputs.timeoutSeconds, ...(skip && { skip }) };
  const way = concrete.protected ? rendered.release?.smoke : undefined;
  const { done } = await announce.deployment(deploymentOf(stage, stackName, sha), () =>
    ports.group(`Deploy ${stackName}`, async () => {
      const proving = { stage, concrete, aws, order, sha, way, onFailure: "stay" } as const;
      const deployed = await deployProven(proving, errand);
      return { done: deployed, stackId: deployed.stack.id };
    }),
  );
  const facts: CommentFacts = {
    ...factsOf(errand, undefined),
    verdict: { kind: "deployed", stage: concrete.name, stackName, back: sha },
    preview: { stackId: done.stack.id, outputs: done.outputs },
  };
  return { stage: concrete.name, deploy: done, facts };
}

export async function planBack(
  target: Target,
  commit: string,
  errand: Errand,
): Promise<{ readonly stage: string; readonly plan: Plan; readonly facts: CommentFacts }> {
  const { ports } = errand;
  const found = await ports.group("Find the release", () => find(target, commit, "plan", errand));
  const { concrete, rendered, aws } = found;
  const { stackName, protected: isProtected } = rendered;
  const planned = await ports.group(`Plan ${stackName}`, () => plan(rendered, { ...ports, ...aws }));
  const stage = concrete.name;
  const merging: readonly ReviewedStage[] = [
    { kind: "planned", stage, plan: planned, stackName, protected: isProtected },
  ];
  const facts: CommentFacts = {
    ...factsOf(errand, undefined),
    verdict: { kind: "planned", why: `this is what going back to ${rendered.tags["warren:commit"]} changes` },
    ...pictureOf(errand, merging),
    merging,
  };
  return { stage, plan: planned, facts };
}
