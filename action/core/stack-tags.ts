/** The tags by which a stack says what it is: the only state that Warren keeps. */

export interface StackFacts {
  readonly pipeline: string;
  /** `prod`, or a branch's own name for a preview: what the stack's name ends with. */
  readonly stage: string;
  /** The stage's name in pipeline.yaml. */
  readonly of: string;
  readonly protected: boolean;
  readonly branch: string;
  /** Commit of the last change, not of the last run: a deploy that changes nothing leaves it. */
  readonly sha: string;
  readonly repository: string;
  /** Without it (a deploy from somebody's machine) no run on GitHub ever deletes the stack. */
  readonly repositoryId?: string;
  /** The pull request that the preview was deployed for. Without: by hand. */
  readonly pullRequest?: number;
  readonly digest: string;
}

export function stackTags(facts: StackFacts): Readonly<Record<string, string>> {
  const { repositoryId, pullRequest } = facts;
  const tags = {
    "warren:pipeline": facts.pipeline,
    "warren:stage": facts.stage,
    "warren:stage-of": facts.of,
    "warren:protected": String(facts.protected),
    "warren:branch": tagValue(facts.branch),
    "warren:commit": facts.sha,
    "warren:repository": tagValue(facts.repository),
    ...(repositoryId === undefined ? {} : { "warren:repository-id": repositoryId }),
    ...(pullRequest === undefined ? {} : { "warren:pull-request": String(pullRequest) }),
    "warren:digest": facts.digest,
  };
  // CloudFormation refuses empty values, and a checkout without a branch or a remote is no mistake.
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ""));
}

/** What a stack's tags say; empty where a tag is missing. */
export interface StackIdentity {
  readonly pipeline: string;
  readonly stage: string;
  readonly of: string;
  readonly protected: boolean;
  /** As `tagValue` left it. */
  readonly branch: string;
  readonly sha: string;
  readonly repositoryId: string;
  readonly pullRequest: number | undefined;
}

export function readStackTags(tags: Readonly<Record<string, string>>): StackIdentity {
  const of = (key: string): string => tags[`warren:${key}`] ?? "";
  const pullRequest = of("pull-request");
  return {
    pipeline: of("pipeline"),
    stage: of("stage"),
    of: of("stage-of"),
    protected: of("protected") === "true",
    branch: of("branch"),
    sha: of("commit"),
    repositoryId: of("repository-id"),
    pullRequest: /^[1-9]\d{0,9}$/.test(pullRequest) ? Number(pullRequest) : undefined,
  };
}

/** Tag values have 256 characters of letters, digits, spaces and `_.:/=+-@`; a branch's name may have others. */
export function tagValue(text: string): string {
  return text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, "_").slice(0, 256);
}

/**
 * Whether a stack with these tags needs nothing. The pull request counts too: a preview that was deployed by hand
 * before there was one would otherwise never learn of it, and outlive it.
 */
export function isUpToDate(
  tags: Readonly<Record<string, string>>,
  wanted: { readonly digest: string; readonly tags: Readonly<Record<string, string>> },
): boolean {
  const pullRequest = wanted.tags["warren:pull-request"];
  return (
    tags["warren:digest"] === wanted.digest &&
    (pullRequest === undefined || tags["warren:pull-request"] === pullRequest)
  );
}
