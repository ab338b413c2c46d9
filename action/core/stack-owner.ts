/**
 * Whose a stack is. A stack's name alone does not tell: pipeline `shop` with stage `eu-prod` and pipeline `shop-eu`
 * with stage `prod` meet in `shop-eu-prod`, and anybody can have made a stack of that name by hand.
 */
import { UserError } from "./problem.ts";

type Tags = Readonly<Record<string, string>>;

const OWNER_TAGS = ["warren:pipeline", "warren:stage"] as const;

const REPOSITORY_TAG = "warren:repository-id";

export function ownerTags(pipeline: string, stage: string): Tags {
  return { "warren:pipeline": pipeline, "warren:stage": stage };
}

/** Whatever pipeline.yaml says by now. */
export function isProtectedStack(stack: {
  readonly tags: Tags;
  readonly terminationProtection: boolean;
}): boolean {
  return stack.terminationProtection || stack.tags["warren:protected"] === "true";
}

/** Throws UserError `stack-foreign` if the stack was not made from this pipeline and stage. */
export function refuseForeign(stack: { readonly name: string; readonly tags: Tags }, own: Tags): void {
  const repositories = [stack.tags[REPOSITORY_TAG], own[REPOSITORY_TAG]];
  // Known on GitHub only: a deploy by hand neither has it nor can it tell two repositories apart.
  const otherRepository = !repositories.includes(undefined) && repositories[0] !== repositories[1];
  if (otherRepository) {
    throw new UserError("stack-foreign", {
      message: `${stack.name} is left alone: it belongs to another repository, number ${repositories[0]} on GitHub`,
      hint: "Two repositories cannot share a pipeline's name in one account: rename the pipeline in config/pipeline.yaml.",
    });
  }
  if (OWNER_TAGS.every((tag) => stack.tags[tag] === own[tag])) return;
  const [pipeline, stage] = OWNER_TAGS.map((tag) => stack.tags[tag]);
  const whose =
    pipeline === undefined
      ? "it was not made by Warren"
      : `it belongs to pipeline \`${pipeline}\`, stage \`${stage ?? ""}\``;
  throw new UserError("stack-foreign", {
    message: `${stack.name} is left alone: ${whose}`,
    hint: "A stack's name is `<pipeline>-<stage>`: rename the pipeline or the stage in config/pipeline.yaml.",
  });
}
