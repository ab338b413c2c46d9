/**
 * Which resources of a change set will be other ones afterwards. CloudFormation lists every resource that refers to a
 * changed one, often as if it had to be replaced, and most of them stay exactly as they are.
 */
import data from "../../templates/steady-attributes.json" with { type: "json" };
import type { Change, ChangeDetail } from "../aws-ports.ts";

/**
 * The resources that will be other ones than now. Whether one is replaced may depend on another one, so this goes
 * round until nothing changes any more; it only ever shrinks.
 */
export function movingResources(changes: readonly Change[]): ReadonlySet<string> {
  let moving = new Set(changes.filter(mayMove).map(({ logicalId }) => logicalId));
  for (;;) {
    const still = new Set(
      changes
        .filter((change) => moving.has(change.logicalId) && staysMoving(change, moving))
        .map(({ logicalId }) => logicalId),
    );
    if (still.size === moving.size) return moving;
    moving = still;
  }
}

function mayMove({ action, replacement }: Change): boolean {
  return action !== "Modify" || replacement === "True" || replacement === "Conditional";
}

function staysMoving({ action, details }: Change, moving: ReadonlySet<string>): boolean {
  const replacing = details.filter(isReplacing);
  if (action !== "Modify" || replacing.length === 0) return true;
  return replacing.some((detail) => !isSteady(detail, details, moving));
}

export function isReplacing({ recreation }: ChangeDetail): boolean {
  return recreation === "Always" || recreation === "Conditionally";
}

const STEADY: ReadonlySet<string> = new Set(data.attributes);

/**
 * Is the detail there only because of a reference whose value stays as it is? So it is if the other resource is not
 * replaced, and what is referred to belongs to its identity, and nothing else changes the property.
 */
export function isSteady(
  detail: ChangeDetail,
  details: readonly ChangeDetail[],
  moving: ReadonlySet<string>,
): boolean {
  const same = details.filter(({ path, name }) => path === detail.path && name === detail.name);
  return same.every(({ evaluation, source, cause }) => {
    if (evaluation !== "Dynamic" || cause === "") return false;
    const [resource = "", ...attribute] = cause.split(".");
    if (moving.has(resource)) return false;
    if (source === "ResourceReference") return true;
    return source === "ResourceAttribute" && STEADY.has(attribute.join("."));
  });
}
