/** A stage of pipeline.yaml, and the one stack it becomes for a given branch. */
import type { ParsedDocument } from "./document.ts";
import { stageOfBranch } from "./names.ts";
import { type Place, type Problem, UserError } from "./problem.ts";
import { suggestion } from "./suggest.ts";
import { type ValueMap, textOf } from "./value.ts";

export type Trigger =
  | { readonly kind: "branch"; readonly branch: string }
  | { readonly kind: "pull-requests"; readonly ttlMinutes: number | undefined }
  /** Deployed only by hand: `warren deploy --stage …`. */
  | { readonly kind: "manual" };

export interface Stage {
  readonly name: string;
  readonly trigger: Trigger;
  readonly protected: boolean;
  readonly timers: "on" | "off";
  readonly environment: string | undefined;
  readonly region: string | undefined;
  /** ARN; the Action's input `role-to-assume` is for all stages that have none. */
  readonly role: string | undefined;
  readonly place: Place;
}

/** A stage with everything decided: what is rendered and deployed. */
export interface ConcreteStage {
  /** `prod`, or the branch's own name for a preview: `feature-x-1a2b3c`. */
  readonly name: string;
  /** The name in pipeline.yaml. */
  readonly of: string;
  readonly protected: boolean;
  readonly timers: "on" | "off";
}

const MINUTES: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1440, week: 10_080 };

export function readStages(
  stages: ValueMap,
  document: ParsedDocument,
): { value: Stage[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const branches = new Map<string, string>();
  let previews: string | undefined;
  const value = Object.entries(stages).map(([name, body]): Stage => {
    const map = body as ValueMap;
    const branch = map["branch"];
    const pullRequests = map["pull-requests"] === true;
    const isProtected = map["protected"] === true;
    const at = (key: string): Place => document.placeOfKey(["stages", name, key]);
    if (branch !== undefined && pullRequests) {
      problems.push({
        place: at("pull-requests"),
        message: `stage \`${name}\` has both \`branch\` and \`pull-requests\``,
        hint: "Make two stages of it.",
      });
    }
    if (pullRequests && previews !== undefined) {
      problems.push({
        place: at("pull-requests"),
        message: `stages \`${previews}\` and \`${name}\` are both for pull requests`,
        hint: "A branch's stack is named after the branch alone: keep one of them.",
      });
    }
    if (pullRequests) previews = name;
    if (isProtected && pullRequests) {
      problems.push({
        place: at("protected"),
        message: `stage \`${name}\` is for pull requests and protected`,
        hint: "A preview goes when its branch goes; only other stages can be protected.",
      });
    }
    if (map["ttl"] !== undefined && !pullRequests) {
      problems.push({
        place: at("ttl"),
        message: `stage \`${name}\`: \`ttl\` is for stages with \`pull-requests: true\``,
      });
    }
    const other = branches.get(textOf(branch));
    if (branch !== undefined && other !== undefined) {
      problems.push({
        place: at("branch"),
        message: `stages \`${other}\` and \`${name}\` have the same branch`,
      });
    }
    if (branch !== undefined) branches.set(textOf(branch), name);
    return {
      name,
      trigger: pullRequests
        ? { kind: "pull-requests", ttlMinutes: minutes(map["ttl"]) }
        : branch === undefined
          ? { kind: "manual" }
          : { kind: "branch", branch: textOf(branch) },
      protected: isProtected,
      timers: map["timers"] === "off" || map["timers"] === false ? "off" : "on",
      environment: map["environment"] === undefined ? undefined : textOf(map["environment"]),
      region: map["region"] === undefined ? undefined : textOf(map["region"]),
      role: map["role"] === undefined ? undefined : textOf(map["role"]),
      place: document.placeOfKey(["stages", name]),
    };
  });
  return { value, problems };
}

function minutes(ttl: unknown): number | undefined {
  if (typeof ttl !== "string") return undefined;
  const [count = "", unit = ""] = ttl.split(" ");
  return Number(count) * (MINUTES[unit.replace(/s$/, "")] ?? 0);
}

/** The one stage that `--stage` (and `--branch`, for previews) names. Throws UserError. */
export function concreteStage(
  stages: readonly Stage[],
  wanted: { readonly stage: string; readonly branch: string; readonly sha256: (text: string) => string },
): ConcreteStage {
  const stage = stages.find(({ name }) => name === wanted.stage);
  if (!stage) {
    const hint = suggestion(
      wanted.stage,
      stages.map(({ name }) => name),
      "stages",
    );
    throw new UserError("stage-unknown", { message: `there is no stage \`${wanted.stage}\``, hint });
  }
  const { protected: isProtected, timers } = stage;
  if (stage.trigger.kind !== "pull-requests")
    return { name: stage.name, of: stage.name, protected: isProtected, timers };
  if (wanted.branch === "") {
    throw new UserError("branch-missing", {
      place: stage.place,
      message: `stage \`${stage.name}\` makes one stack a branch, and no branch is known`,
      hint: "Add --branch <name>.",
    });
  }
  const name = stageOfBranch(wanted.branch, wanted.sha256, protectedNames(stages));
  return { name, of: stage.name, protected: false, timers };
}

/** Previews are never named after these. */
export function protectedNames(stages: readonly Stage[]): string[] {
  return stages.filter((stage) => stage.protected).map(({ name }) => name);
}
