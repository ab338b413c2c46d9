/** Change sets in the form that AWS documents for IncludePropertyValues: contexts as JSON, scalars as texts. */
import { createHash } from "node:crypto";
import { SALT_TAG } from "../../action/core/redact.ts";
import type { Guard, Origin } from "../../action/core/rendered.ts";
import { systemClock } from "../../action/edge/clock.ts";
import { type Plan, told } from "../../action/plan.ts";
import type { Change, ChangeDetail } from "../../action/aws-ports.ts";

type Properties = Readonly<Record<string, unknown>>;

/** `path` is below Properties, with slashes; `Tags` is the attribute of that name. */
export function detail(path: string, more: Partial<ChangeDetail> = {}): ChangeDetail {
  const [first = ""] = path.split("/");
  const isTag = first === "Tags";
  return {
    attribute: isTag ? "Tags" : "Properties",
    name: isTag ? "" : first,
    path: `/Properties/${path}`,
    recreation: "Never",
    evaluation: "Static",
    source: "DirectModification",
    cause: "",
    changeType: "Modify",
    ...more,
  };
}

/** The property is in the change set because of `cause`: a logical id, or one and an attribute. */
export function following(path: string, cause: string, more: Partial<ChangeDetail> = {}): ChangeDetail {
  const source = cause.includes(".") ? "ResourceAttribute" : "ResourceReference";
  return detail(path, { evaluation: "Dynamic", source, cause, ...more });
}

/** New tags of the stack, which every resource gets. */
export const RETAGGED: ChangeDetail = detail("Tags/0", {
  before: '{"Key":"warren:commit","Value":"old"}',
  after: '{"Key":"warren:commit","Value":"new"}',
});

export function modify(
  logicalId: string,
  type: string,
  details: readonly ChangeDetail[],
  contexts: { readonly before?: Properties; readonly after?: Properties } = {},
): Change {
  const { before, after } = contexts;
  const recreations = details.map(({ recreation, evaluation }) => `${recreation} ${evaluation}`);
  const replacement = recreations.includes("Always Static")
    ? "True"
    : recreations.some((one) => /^(?:Always|Conditionally)/.test(one))
      ? "Conditional"
      : "False";
  return {
    action: "Modify",
    logicalId,
    physicalId: `made-${logicalId.toLowerCase()}`,
    type,
    replacement,
    policyAction: replacement === "False" ? "" : "ReplaceAndDelete",
    details,
    ...(before && { before: contextOf(before) }),
    ...(after && { after: contextOf(after) }),
  };
}

export function add(logicalId: string, type: string, properties: Properties = {}): Change {
  const none = { physicalId: "", replacement: "", policyAction: "", details: [] } as const;
  return { action: "Add", logicalId, type, ...none, after: contextOf(properties) };
}

export function remove(logicalId: string, type: string, properties: Properties = {}): Change {
  const none = { replacement: "", details: [] } as const;
  const rest = { physicalId: `made-${logicalId.toLowerCase()}`, policyAction: "Delete" } as const;
  return { action: "Remove", logicalId, type, ...none, ...rest, before: contextOf(properties) };
}

export function contextOf(properties: Properties): string {
  return JSON.stringify({ Properties: texts(properties) });
}

function texts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value !== "object" || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, texts(item)]));
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** As plan() tells it of a stack that has a salt. */
export function planOf(
  changes: readonly Change[],
  origins: Readonly<Record<string, Origin>> = {},
  more: Partial<Plan> = {},
  guard?: Guard,
): Plan {
  const meaning = told(
    changes,
    { tags: { [SALT_TAG]: "grain" } },
    { stackName: "burrow-prod", items: [], origins, protected: true, ...(guard && { guard }) },
    { workspace: { sha256 }, clock: systemClock },
  );
  const kind = changes.length > 0 ? "update" : "nothing";
  return { kind, stackName: "burrow-prod", digest: "d", items: [], ...meaning, ...more };
}
