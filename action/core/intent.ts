/** What a run is to do: a pure decision over the event. Everything that it can say no to has a stable reason. */
import { type Asked, obey, previewStage, stageOf } from "./command.ts";
import type { Event, PullRequest, RunContext } from "./event.ts";
import type { Stage } from "./stage.ts";

/** A stage of pipeline.yaml; for one of pull requests, `branch` says which of its stacks. */
interface Target {
  readonly stage: string;
  readonly branch: string;
}

export type Intent =
  | (Target & {
      readonly kind: "deploy";
      readonly sha: string;
      readonly allowOlder: boolean;
      /** Of the plan that a person approves; absent for none. */
      readonly approve?: string;
      /** As a person typed it: its release is to be deployed again. */
      readonly commit?: string;
      /** What a rollback that has failed goes on without. */
      readonly skip?: readonly string[];
    })
  | (Target & {
      readonly kind: "plan";
      readonly pullRequest: PullRequest | undefined;
      readonly commit?: string;
    })
  | {
      readonly kind: "preview";
      readonly stage: string;
      readonly pullRequest: PullRequest;
      /** The stage that a merge would deploy, to plan against; undefined: none is deployed from the base branch. */
      readonly against: Target | undefined;
    }
  /** Build, render, lint, and no word with AWS. */
  | { readonly kind: "offline-plan"; readonly reason: OfflineReason; readonly text: string }
  /** Something of the branch went away: reconcile its stacks. */
  | { readonly kind: "teardown"; readonly branch: string; readonly pullRequest: number | undefined }
  | (Target & { readonly kind: "destroy" })
  | { readonly kind: "sweep"; readonly dryRun: boolean }
  /** A sweep, then a drift check of these stages. */
  | { readonly kind: "nightly"; readonly dryRun: boolean; readonly drift: readonly Target[] }
  /** `revert`: and puts back what was changed by hand. */
  | (Target & { readonly kind: "drift"; readonly revert: boolean })
  | { readonly kind: "doctor" }
  | Skip;

export interface Skip {
  readonly kind: "skip";
  readonly reason: SkipReason;
  /** A sentence for people, without a full stop. */
  readonly text: string;
}

export type OfflineReason = "fork" | "dependabot" | "merge-group";

export type SkipReason =
  | "no-stage-for-branch"
  | "no-stage-for-pull-request"
  | "tag"
  | "fork"
  | "dependabot"
  | "no-code-change"
  | "event-not-handled"
  | "pull-request-target"
  // Found out only after the decision, by freshness.ts:
  | "newer-deployed"
  | "newer-pushed"
  | "branch-gone"
  | "pull-request-closed";

/**
 * Throws UserError for what a person asked and cannot have: `command-unknown`, `stage-unknown`, `stage-missing`,
 * `branch-missing`, `wrong-branch`, `revert-not-asked`, `rollback-not-asked`, `approval-not-asked`, `approval-invalid`.
 *
 * A command in the Action's inputs counts for every event, as a reusable workflow's payload does not carry its inputs.
 */
export function decide(event: Event, run: RunContext, stages: readonly Stage[], inputs: Asked): Intent {
  const powerless = withoutToken(event, run);
  if (powerless) return powerless;
  // Before any command: whatever it was asked to do, what it would do it with may be a stranger's checkout.
  if (event.kind === "other" && event.name === "pull_request_target") return onOther(event.name);
  if (event.kind === "dispatch" || inputs.command !== "") {
    const dispatch = event.kind === "dispatch" ? event : undefined;
    return obey(
      {
        command: inputs.command || (dispatch?.command ?? ""),
        stage: inputs.stage || (dispatch?.stage ?? ""),
        allowOlder: inputs.allowOlder || dispatch?.allowOlder === true,
        approve: inputs.approve || (dispatch?.approve ?? ""),
        commit: inputs.commit || (dispatch?.commit ?? ""),
        skip: inputs.skip || (dispatch?.skip ?? ""),
        dryRun: inputs.dryRun || dispatch?.dryRun === true,
        revert: inputs.revert || dispatch?.revert === true,
      },
      event,
      run,
      stages,
    );
  }
  switch (event.kind) {
    case "push":
      return onPush(event, stages, inputs);
    case "pull-request":
      return onPullRequest(event, stages);
    case "branch-deleted":
      return { kind: "teardown", branch: event.branch, pullRequest: undefined };
    case "tag-push":
    case "tag-deleted":
      return skip("tag", `tag \`${event.tag}\`: stages follow branches, not tags`);
    case "schedule":
      return { kind: "nightly", dryRun: inputs.dryRun, drift: protectedTargets(stages, run) };
    case "merge-group":
      // Not a skip: it is the only time that the queue's combination of pull requests is built before it lands.
      return {
        kind: "offline-plan",
        reason: "merge-group",
        text: "the merge queue's commit is checked without AWS; the push that follows deploys it",
      };
    case "other":
      return onOther(event.name);
  }
}

/**
 * GitHub gives runs of forks, and of Dependabot, a token that can only read, and no OIDC token: nothing of theirs was
 * ever deployed, so that nothing has to be torn down either. (A person's push to Dependabot's branch makes a preview;
 * when Dependabot then closes the pull request, the nightly sweep takes it.)
 */
function withoutToken(event: Event, { actor }: RunContext): Intent | undefined {
  if (event.kind !== "pull-request") return undefined;
  const { fromFork, open } = event.pullRequest;
  const reason = fromFork ? "fork" : actor === "dependabot[bot]" ? "dependabot" : undefined;
  if (!reason) return undefined;
  const who = reason === "fork" ? "a pull request from a fork" : "a pull request of Dependabot";
  if (!open) return skip(reason, `${who} has no preview`);
  if (!CODE_CHANGES.has(event.action)) return unchanged(event.action);
  return { kind: "offline-plan", reason, text: `${who} gets no credentials: it is planned without AWS` };
}

function onPush(
  { branch, sha, deleted }: Event & { kind: "push" },
  stages: readonly Stage[],
  { allowOlder }: Asked,
): Intent {
  if (deleted) return { kind: "teardown", branch, pullRequest: undefined };
  const stage = stageOf(branch, stages);
  return stage
    ? { kind: "deploy", stage: stage.name, branch, sha, allowOlder }
    : skip("no-stage-for-branch", `no stage is deployed from branch \`${branch}\``);
}

/**
 * Actions after which the preview may have to change. `ready_for_review` changes no code, but it is a person's sign that
 * the preview is to be looked at: it heals one that has expired or whose event was lost, and costs one call otherwise.
 * `retargeted`: the plan in the comment is of another stage's merge.
 */
const CODE_CHANGES = new Set(["opened", "synchronize", "reopened", "ready_for_review", "retargeted"]);

function onPullRequest(
  { action, pullRequest }: Event & { kind: "pull-request" },
  stages: readonly Stage[],
): Intent {
  const { branch, baseBranch, number, open } = pullRequest;
  // Also for an action that is no closing, such as a label on a closed pull request: there is nothing to preview.
  if (!open) return { kind: "teardown", branch, pullRequest: number };
  if (!CODE_CHANGES.has(action)) return unchanged(action);
  const base = stageOf(baseBranch, stages);
  const against = base && { stage: base.name, branch: baseBranch };
  const preview = previewStage(stages);
  if (preview) return { kind: "preview", stage: preview.name, pullRequest, against };
  return against
    ? { kind: "plan", ...against, pullRequest }
    : skip(
        "no-stage-for-pull-request",
        `pipeline.yaml has no stage with \`pull-requests: true\`, and none is deployed from \`${baseBranch}\``,
      );
}

function unchanged(action: string): Skip {
  return skip("no-code-change", `\`${action}\` changes no code (drafts have previews too)`);
}

function onOther(name: string): Skip {
  if (name === "pull_request_target") {
    // https://docs.github.com/actions/reference/security/secure-use: it runs a stranger's code with our token.
    return skip(
      "pull-request-target",
      "`pull_request_target` runs foreign code with this repository's rights",
    );
  }
  return skip(
    "event-not-handled",
    `Warren does nothing on \`${name}\`; to make it do something, give the Action a \`command\``,
  );
}

function protectedTargets(stages: readonly Stage[], { defaultBranch }: RunContext): readonly Target[] {
  return stages
    .filter((stage) => stage.protected)
    .map(({ name, trigger }) => ({
      stage: name,
      branch: trigger.kind === "branch" ? trigger.branch : defaultBranch,
    }));
}

export function skip(reason: SkipReason, text: string): Skip {
  return { kind: "skip", reason, text };
}
