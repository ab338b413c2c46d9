/** One change set, from the template to the end of its operation. */
import { changeSetFailure, operationFailure } from "./cause.ts";
import type { Artifact } from "./core/artifact.ts";
import { planLines, riskLines, untouchedText } from "./core/plan-lines.ts";
import { UserError } from "./core/problem.ts";
import { SALT_TAG } from "./core/redact.ts";
import type { Rendered } from "./core/rendered.ts";
import type { ReviewWords } from "./core/review-words.ts";
import { accountOf, phaseOf } from "./core/stack.ts";
import type { Timeline } from "./core/timeline.ts";
import { follow } from "./follow.ts";
import type { FollowPorts, Watch } from "./follow.ts";
import { type Told, told } from "./plan.ts";
import type { Change, ChangeSet, ChangeSetInput, Stack } from "./aws-ports.ts";
import { keepRelease } from "./releases.ts";
import { MARKER_TAG, itemsTag, loadEarly, markerKey, mustLoadLate } from "./seed.ts";
import type { SeedPorts } from "./seed.ts";
import { placeTemplate, uploadMissing } from "./upload.ts";
import type { UploadPorts } from "./upload.ts";

export type DeployPorts = FollowPorts & UploadPorts & SeedPorts;

/** Throws to stop what a change set would do, which stands as it is meanwhile; else says how it was reviewed. */
export type Permit = (plan: Told, former: Stack | undefined) => Promise<ReviewWords>;

export interface Deployment {
  readonly rendered: Rendered;
  readonly artifacts: readonly Artifact[];
  readonly watch: Watch;
  readonly ports: DeployPorts;
  readonly permit?: Permit;
  /** See DeployRequest. */
  readonly skip?: readonly string[];
}

export type Applied =
  /** Another run's operation got in between: look at the stack again. */
  | { readonly kind: "busy" }
  | { readonly kind: "unchanged"; readonly stack: Stack }
  | {
      readonly kind: "created" | "updated";
      readonly stack: Stack;
      readonly changes: Told["changes"];
      readonly counts: Told["counts"];
      readonly risk: Told["risk"];
      /** Of the plan. */
      readonly planDigest: string;
      /** Key of the object to put when all is done; see seed.ts. */
      readonly marker: string | undefined;
      readonly timeline: Timeline | undefined;
      readonly review: ReviewWords | undefined;
    };

/** `found` is the stack as it is now: absent, a shell without resources, or one that can be updated. */
export async function apply(found: Stack | undefined, deployment: Deployment): Promise<Applied> {
  const { rendered, ports, watch } = deployment;
  const former = phaseOf(found?.status) === "shell" ? undefined : found;
  const bucket = (): Promise<string> => ports.artifacts.bucket(found && accountOf(found.id));
  await uploadMissing(bucket, deployment.artifacts, ports);
  const template = await placeTemplate(bucket, rendered.body, ports);

  const { changeSet, marker, operation } = await propose(former, template, deployment);
  switch (changeSet.kind) {
    case "busy":
    // Of this name, which tells the time: the answer to the first try was lost, and the next round names it anew.
    case "exists":
      return { kind: "busy" };
    case "empty":
      await ports.stacks.deleteChangeSet(rendered.stackName, changeSet.id);
      if (!former) throw new Error(`the change set of the new stack ${rendered.stackName} is empty`);
      await loadEarly(rendered, former, ports);
      return { kind: "unchanged", stack: former };
    case "refused":
      throw await changeSetFailure("change-set-failed", rendered.stackName, changeSet, watch, ports);
    case "failed": {
      const failure = await changeSetFailure(
        "change-set-failed",
        rendered.stackName,
        changeSet,
        watch,
        ports,
      );
      await ports.stacks.deleteChangeSet(rendered.stackName, changeSet.id);
      // The change set has made an empty shell of a stack; leave nothing behind that was not there before.
      if (!found) await ports.stacks.delete({ stackId: changeSet.stackId, token: operation });
      throw failure;
    }
    case "ready":
      break;
  }
  let permission: Permitted;
  try {
    permission = await permitted(changeSet.changes, former, deployment);
  } catch (error) {
    await ports.stacks.deleteChangeSet(rendered.stackName, changeSet.id);
    if (!found) await ports.stacks.delete({ stackId: changeSet.stackId, token: operation });
    throw error;
  }
  const { changes, counts, risk, content, review } = permission;
  if (former) await loadEarly(rendered, former, ports);
  await keepRelease(former, operation, rendered, bucket, ports);
  const { id: changeSetId, stackId } = changeSet;
  const order = { stackName: rendered.stackName, changeSetId, token: operation };
  if ((await ports.stacks.executeChangeSet(order)) === "busy") return { kind: "busy" };

  const ending = await follow(stackId, operation, watch, ports);
  if (phaseOf(ending.status) !== "good") {
    throw await operationFailure("deploy-failed", stackId, ending, watch, ports);
  }
  const stack = await ports.stacks.find(stackId);
  if (!stack) throw new Error(`${stackId} reached ${ending.status} and cannot be found`);
  const { timeline } = ending;
  const kind = former ? "updated" : "created";
  return { kind, stack, changes, counts, risk, planDigest: content.digest, marker, timeline, review };
}

type Permitted = Told & { readonly review: ReviewWords | undefined };

async function permitted(
  changes: readonly Change[],
  former: Stack | undefined,
  deployment: Deployment,
): Promise<Permitted> {
  const { rendered, ports, permit } = deployment;
  const meaning = told(changes, former, rendered, ports);
  const lines = [...planLines(meaning.words), untouchedText(meaning.untouched)].filter((line) => line !== "");
  for (const line of lines) ports.log.info(line);
  for (const line of riskLines(meaning.risk)) ports.log.warn(line);
  if (meaning.risk.stops.length > 0) throw new UserError("data-at-risk", meaning.risk.stops);
  return { ...meaning, review: await permit?.(meaning, former) };
}

interface Proposal {
  readonly changeSet: ChangeSet;
  readonly marker: string | undefined;
  /** Name of the change set and client request token of its execution: the events are recognised by it. */
  readonly operation: string;
}

async function propose(
  former: Stack | undefined,
  template: ChangeSetInput["template"],
  { rendered, ports }: Deployment,
): Promise<Proposal> {
  const outputs = former?.outputs ?? {};
  const provenByProtection = !former && rendered.protected;
  // Made once, with the stack, and kept; random, or it could be guessed together with what it protects.
  const salt = former?.tags[SALT_TAG] ?? crypto.randomUUID();
  const ask = async (operation: string, marker: string | undefined): Promise<Proposal> => {
    const tags = {
      ...rendered.tags,
      [SALT_TAG]: salt,
      ...itemsTag(rendered, ports.workspace),
      ...(marker && { [MARKER_TAG]: marker }),
    };
    const changeSet = await ports.stacks.createChangeSet({
      stackName: rendered.stackName,
      name: operation,
      type: former ? "UPDATE" : "CREATE",
      template,
      tags,
      ...(rendered.parameters && { parameters: rendered.parameters }),
      ...(rendered.namesRoles === true && { namesRoles: true }),
      description: `commit ${rendered.tags["warren:commit"] ?? "unknown"}, digest ${rendered.digest}`,
    });
    return { changeSet, marker, operation };
  };
  const operation = operationName(rendered, ports.clock.now());
  const withMarker = (name: string): Promise<Proposal> => ask(name, markerKey(name, ports.workspace));
  if (!provenByProtection && mustLoadLate(rendered, outputs, [])) return withMarker(operation);

  const proposal = await ask(operation, undefined);
  const { changeSet } = proposal;
  if (
    provenByProtection ||
    changeSet.kind !== "ready" ||
    !mustLoadLate(rendered, outputs, changeSet.changes)
  ) {
    return proposal;
  }
  // Only the change set tells that a table will be replaced, and tags are fixed with the change set: once more.
  await ports.stacks.deleteChangeSet(rendered.stackName, changeSet.id);
  return withMarker(`${operation}-late`);
}

/** Commit and digest for people; the time, since a second try of the same commit is an operation of its own. */
function operationName(rendered: Rendered, now: number): string {
  const commit =
    (rendered.tags["warren:commit"] ?? "").replaceAll(/[^a-zA-Z0-9]/g, "").slice(0, 12) || "none";
  return `warren-${commit}-${rendered.digest.slice(0, 12)}-${now.toString(36)}`;
}
