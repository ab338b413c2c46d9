/**
 * Names of stages, stacks, resources and options. A logical id is the address of somebody's data: the rules
 * here never change, and tests freeze them.
 */

/** One or more lower-case words joined by `-`; each word starts with a letter, which keeps Pascal case one to one. */
export const NAME_PATTERN = "^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$";
/** Words that logical ids of arrows use as separators; no component may contain them as a word. */
export const RESERVED_WORDS: readonly string[] = ["to", "by"];

export const MAX_PIPELINE_NAME = 32;
export const MAX_STAGE_NAME = 32;
export const MAX_COMPONENT_NAME = 40;
/** Leaves room for `-<6 hex>` within MAX_STAGE_NAME. */
const MAX_SLUG = 24;

/** `every-five-minutes` -> `EveryFiveMinutes`. One to one for names that match NAME_PATTERN. */
export function pascalCase(name: string): string {
  return name
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** `VisibilityTimeout` -> `visibility-timeout`: a template's Parameter as the option in pipeline.yaml. */
export function kebabCase(parameter: string): string {
  return parameter.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase();
}

/** `VisibilityTimeout` -> `visibilityTimeout`, the option's other spelling. */
export function camelCase(parameter: string): string {
  return parameter.charAt(0).toLowerCase() + parameter.slice(1);
}

/** `every-five-minutes`, `QueueUrl` -> `EVERY_FIVE_MINUTES_QUEUE_URL`: an environment variable. */
export function environmentName(component: string, key: string): string {
  return `${component}_${kebabCase(key)}`.replaceAll("-", "_").toUpperCase();
}

/**
 * The logical id of a component's resource. The resource's own capitals but the first are lowered, so the
 * last capital letter of an id always begins the resource's part: `ProducerDeadletterqueue`.
 */
export function componentLogicalId(component: string, resource: string): string {
  return pascalCase(component) + oneWord(resource);
}

/** The logical id of an arrow's resource: `FangToIndexerByStreamMapping`. `To` and `By` occur in no component. */
export function arrowLogicalId(
  arrow: { readonly from: string; readonly to: string; readonly verb: string },
  resource: string,
): string {
  const verb = arrow.verb === "" ? "" : `By${pascalCase(arrow.verb)}`;
  return `${pascalCase(arrow.from)}To${pascalCase(arrow.to)}${verb}${oneWord(resource)}`;
}

/** A stack output of a component: `ProducerUrl`. */
export function outputName(component: string, output: string): string {
  return pascalCase(component) + oneWord(output);
}

function oneWord(resource: string): string {
  return resource.charAt(0).toUpperCase() + resource.slice(1).toLowerCase();
}

/**
 * The stage of a branch: a readable slug and six hex digits of the branch's SHA-256, so that `feature/x` and
 * `feature-x` are two stages, within every service's limits. `guarded` are the protected stages: AWS refuses a
 * preview everything that is named `<pipeline>-prod-*`, so a branch `prod-fix` must not be named like that.
 */
export function stageOfBranch(
  branch: string,
  sha256: (text: string) => string,
  guarded: readonly string[] = [],
): string {
  const hash = sha256(branch).slice(0, 6);
  const slug = branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG)
    .replace(/^[-0-9]+|-+$/g, "");
  if (slug === "") return `b-${hash}`;
  if (!guarded.some((stage) => slug === stage || slug.startsWith(`${stage}-`))) return `${slug}-${hash}`;
  return `b-${slug.slice(0, MAX_SLUG - "b-".length).replace(/-+$/, "")}-${hash}`;
}

/** A stack's name: at most 32 + 1 + 32 characters of CloudFormation's 128. */
export function stackName(pipeline: string, stage: string): string {
  return `${pipeline}-${stage}`;
}
