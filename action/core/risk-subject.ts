/** What a risk is about, in words of pipeline.yaml. */
import { kebabCase } from "./names.ts";
import type { PlannedChange } from "./planned-change.ts";
import type { Risk } from "./risk.ts";
import { type Value, type ValueMap, isValueMap } from "./value.ts";

export function at(change: PlannedChange): Pick<Risk, "logicalId" | "component" | "place"> {
  const { logicalId, origin } = change;
  return { logicalId, component: componentOf(change), ...(origin && { place: origin.place }) };
}

export function named(change: PlannedChange): string {
  const { origin, type } = change;
  return origin ? `${origin.label} of \`${origin.component}\`` : `${type} of \`${componentOf(change)}\``;
}

/** Logical ids are one to one with names, so a component that pipeline.yaml no longer has still has its name. */
export function componentOf({ logicalId, origin }: PlannedChange): string {
  if (origin) return origin.component;
  const own = logicalId.replace(/[A-Z][a-z0-9]*$/, "");
  return own === "" ? logicalId : kebabCase(own);
}

export function resourceOf({ logicalId }: PlannedChange): string {
  return /[A-Z][a-z0-9]*$/.exec(logicalId)?.[0] ?? logicalId;
}

/** The ARN of what the operation makes. */
export const UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}";

export function knownText(text: string): string {
  return text.replaceAll(UNKNOWN, "what this makes");
}

/** Its properties before and after; where CloudFormation tells no whole resource, as far as its details do. */
export function valuesOf(change: PlannedChange): readonly [before: ValueMap, after: ValueMap] {
  const { before, after, effect } = change;
  return [
    effect === "added" ? {} : (before ?? toldValues(change, "before")),
    effect === "removed" ? {} : (after ?? toldValues(change, "after")),
  ];
}

function toldValues({ properties }: PlannedChange, side: "before" | "after"): ValueMap {
  return properties.reduce<ValueMap>((whole, { path, [side]: value }) => {
    return value === undefined ? whole : placed(whole, path.split("."), value);
  }, {});
}

function placed(whole: ValueMap, [key = "", ...rest]: readonly string[], value: Value): ValueMap {
  const inner = whole[key];
  const part = rest.length === 0 ? value : placed(isValueMap(inner) ? inner : {}, rest, value);
  return { ...whole, [key]: part };
}
