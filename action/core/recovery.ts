/** What cannot be put back or may not be deleted, and how to go on: the words of a stack that is stuck. */
import type { Stack, StackEvent, StackResource } from "../aws-ports.ts";
import { plainMessage } from "./aws-message.ts";
import { realFailures } from "./cause.ts";
import { causeHint } from "./cause-hint.ts";
import type { Place, Problem } from "./problem.ts";
import { redactText } from "./redact.ts";
import type { Origin, Rendered } from "./rendered.ts";
import { deployStep, phaseOf } from "./stack.ts";

/** A resource that CloudFormation could not bring back to what it was before an update. */
export interface Unrestored {
  readonly logicalId: string;
  /** How it is named to be skipped: the component, or else the logical id. */
  readonly word: string;
  /** `fang (table, AWS::DynamoDB::Table) rabbit-hole-prod-fang`. */
  readonly name: string;
  readonly why: string;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
}

/**
 * Those that may be skipped: in UPDATE_FAILED, and not only since an update was cancelled
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html). `events`: of the
 * rollback, if it was followed; they say why where the resource does not.
 */
export function unrestoredOf(
  resources: readonly StackResource[],
  events: readonly StackEvent[],
  stackId: string,
  { origins, hidden = [] }: { origins: Readonly<Record<string, Origin>>; hidden?: readonly string[] },
): readonly Unrestored[] {
  const told = new Map(realFailures(events, stackId).map((event) => [event.logicalId, event.reason]));
  return resources.flatMap(({ logicalId, type, physicalId, status, reason = "" }) => {
    if (status !== "UPDATE_FAILED" || CANCELLED.test(reason)) return [];
    const origin = origins[logicalId];
    const raw = reason || told.get(logicalId) || "no reason was given";
    return {
      logicalId,
      word: origin && COMPONENT.test(origin.component) ? origin.component : logicalId,
      name: `${origin ? `${origin.component} (${origin.label}, ${type})` : `${logicalId} (${type})`} ${physicalId}`.trim(),
      why: redactText(plainMessage(raw), hidden),
      hint: causeHint(raw)?.hint,
      place: origin?.place,
    };
  });
}

const CANCELLED = /\bcancell?ed\b/i;
/** An arrow's name has spaces and cannot be a word of a list. */
const COMPONENT = /^[a-z0-9-]+$/;

/** Of what was asked to be skipped, each a component's name or a logical id. All must be among those that failed. */
export function skipChosen(
  words: readonly string[],
  failed: readonly Unrestored[],
  stackName: string,
):
  | { readonly kind: "chosen"; readonly chosen: readonly Unrestored[] }
  | { readonly kind: "problem"; readonly problem: Problem } {
  const isMeant = (word: string) => (one: Unrestored) => one.word === word || one.logicalId === word;
  const unknown = words.filter((word) => !failed.some(isMeant(word)));
  if (unknown.length === 0) {
    return { kind: "chosen", chosen: failed.filter((one) => words.some((word) => isMeant(word)(one))) };
  }
  const names = (list: readonly string[]): string => list.map((word) => `\`${word}\``).join(", ");
  const possible = [...new Set(failed.map(({ word }) => word))];
  return {
    kind: "problem",
    problem: {
      message: `${names(unknown)} cannot be skipped: CloudFormation skips only what it could not put back in ${stackName}`,
      hint: possible.length === 0 ? "Nothing is now." : `Now that is ${names(possible)}.`,
    },
  };
}

/** The first says how to go on, the others what is in the way. */
export function stuckProblems(
  { name, status, statusReason }: Stack,
  failed: readonly Unrestored[],
  { tags }: Pick<Rendered, "tags">,
): readonly Problem[] {
  const stays = "Do not delete the stack: its data would go.";
  if (failed.length === 0) {
    const why = statusReason === "" ? "" : `: ${statusReason}`;
    const hint = `Its events in the CloudFormation console say what is in the way. Mend that and deploy again, which goes on with the rollback. ${stays}`;
    return [{ message: `${name} is ${status} and cannot be rolled back${why}`, hint }];
  }
  const words = [...new Set(failed.map(({ word }) => word))].join(",");
  const stage = tags["warren:stage-of"] ?? tags["warren:stage"] ?? "<stage>";
  const branch = tags["warren:branch"] ?? "";
  const isPreview = stage !== tags["warren:stage"] && /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(branch);
  const target = `--stage ${stage}${isPreview ? ` --branch ${branch}` : ""}`;
  const hint =
    "Mend what is named below and deploy again, which goes on with the rollback. If that is not possible, go on without it, and it stays as it " +
    `is now: \`warren deploy ${target} --skip ${words}\`, or the workflow by hand with \`command: deploy\`, \`stage: ${stage}\`, \`skip: ${words}\`. ` +
    `Afterwards \`warren drift ${stage}\` shows what differs. ${stays}`;
  const what =
    failed.length === 1
      ? "one resource cannot be put back to what it was"
      : `${failed.length} resources cannot be put back to what they were`;
  return [
    { message: `${name} is ${status}: ${what}`, hint },
    ...failed.map((one): Problem => ({
      ...(one.place && { place: one.place }),
      message: `${one.name} cannot be put back: ${one.why}`,
      ...(one.hint !== undefined && { hint: one.hint }),
    })),
  ];
}

/** Why a stack that can only be deleted is not; empty: it may be. `left` are the resources that still exist. */
export function leftProblems(
  { name, status, terminationProtection }: Stack,
  left: readonly StackResource[],
  { guard, origins, protected: isProtected }: Pick<Rendered, "guard" | "origins" | "protected">,
): readonly Problem[] {
  const harmless = new Set(guard?.statelessTypes ?? []);
  const holding = left.filter(({ type }) => !harmless.has(type));
  const only = `${name} is ${status} and can only be deleted`;
  const forbidden = terminationProtection
    ? "but it has termination protection"
    : isProtected && deployStep(phaseOf(status)) === "recreate-unprotected"
      ? "but its stage is protected, and Warren ends no protected stage"
      : undefined;
  if (forbidden !== undefined) {
    const hint =
      "If its end is meant, finish it in the CloudFormation console, then deploy again: what is kept outside of the stack stays there.";
    return [{ message: `${only}, ${forbidden}`, hint }, ...left.map((one) => leftProblem(one, origins))];
  }
  if (holding.length === 0) return [];
  const count =
    holding.length === 1
      ? "one resource that may hold data is"
      : `${holding.length} resources that may hold data are`;
  const hint =
    "If their data is not needed, `warren destroy` this stage (a protected one by hand, in the CloudFormation console), " +
    "then deploy again. Warren never deletes them by itself.";
  return [
    { message: `${only}, but ${count} still there`, hint },
    ...holding.map((one) => leftProblem(one, origins)),
  ];
}

function leftProblem(
  { logicalId, type, physicalId, status, reason = "" }: StackResource,
  origins: Readonly<Record<string, Origin>>,
): Problem {
  const place = origins[logicalId]?.place;
  const why = reason === "" ? "" : `: ${plainMessage(reason)}`;
  return { message: `${logicalId} (${type}) ${physicalId} is ${status}${why}`, ...(place && { place }) };
}

/** CloudFormation has no call that helps. */
export function lostProblem({ name, status, statusReason }: Stack): Problem {
  return {
    message: `${name} is ${status}${statusReason ? `: ${statusReason}` : ""}`,
    hint:
      "Somebody's import of resources has failed, and CloudFormation has no call to go on from there: ask AWS Support to put the stack back. " +
      "Do not delete the stack: its data would go.",
  };
}
