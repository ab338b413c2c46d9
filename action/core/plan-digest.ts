/**
 * What of a plan counts when it is made again: equal digests are equal changes of the same stack, whenever and from
 * whichever commit they were planned. In it are the changes with their values, hidden ones as fingerprints, and the items
 * that are put; not in it are physical ids, tags, times, reasons, and the order of anything.
 */
import { formatCommentData } from "./comment-data.ts";
import { EFFECTS, type Effect } from "./plan-words.ts";
import type { PlannedChange, PropertyChange } from "./planned-change.ts";
import { type Fingerprint, redactTree } from "./redact.ts";
import type { TableItems } from "./rendered.ts";
import { RISK_KINDS, type Risk, type RiskKind } from "./risk.ts";
import { type Value, type ValueMap, canonicalJson, isValueList, isValueMap } from "./value.ts";

/** Safe to be shown to anybody. */
export interface PlanDigest {
  /** SHA-256 of all changes, in hex. */
  readonly digest: string;
  /** By logical id. */
  readonly changes: readonly DigestedChange[];
  readonly risks: readonly DigestedRisk[];
}

export interface DigestedChange {
  readonly logicalId: string;
  readonly effect: Effect;
  /** The first of its own SHA-256. */
  readonly hash: string;
}

export type DigestedRisk = Pick<Risk, "kind" | "logicalId" | "text">;

/** Of a comment: what it has no room for is not known. */
export interface RememberedPlan {
  readonly digest: string;
  readonly changes: readonly DigestedChange[] | undefined;
  readonly risks: readonly DigestedRisk[] | undefined;
}

export type Sha256 = (text: string) => string;

const HASH_CHARACTERS = 10;
const SHORT_CHARACTERS = 12;

/** `1a2b3c4d5e6f`: as people are told it, and may give it back to approve the plan. */
export function shortDigest(digest: string): string {
  return digest.slice(0, SHORT_CHARACTERS);
}

export function isApproval(text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text);
}

export interface Digestible {
  readonly stackName: string;
  readonly changes: readonly PlannedChange[];
  /** Those that are put, as no change set knows of them. */
  readonly items: readonly Pick<TableItems, "component" | "digest">[];
  /** Redacted already. */
  readonly risks: readonly Risk[];
}

export function digestPlan(
  { stackName, changes, items, risks }: Digestible,
  fingerprint: Fingerprint,
  sha256: Sha256,
): PlanDigest {
  const digested = [
    ...changes.map(({ logicalId, effect, ...rest }) => {
      const content = canonicalChange({ logicalId, effect, ...rest }, fingerprint);
      return { logicalId, effect, content: sha256(canonicalJson(content)) };
    }),
    ...items.map(({ component, digest }) => ({
      logicalId: itemsOf(component),
      effect: "changed" as const,
      // Not the items' own digest: whoever knows most of them could guess the rest.
      content: sha256(fingerprint(itemsOf(component), digest)),
    })),
  ].toSorted((a, b) => (a.logicalId < b.logicalId ? -1 : 1));
  return {
    // Equal changes of two stages are two plans.
    digest: sha256(canonicalJson([stackName, ...digested.map(({ content }) => content)])),
    changes: digested.map(({ logicalId, effect, content }) => ({
      logicalId,
      effect,
      hash: content.slice(0, HASH_CHARACTERS),
    })),
    risks: risks.map(({ kind, logicalId, text }) => ({ kind, logicalId, text })),
  };
}

/** Stands where changes have a logical id, and is none. */
function itemsOf(component: string): string {
  return `items of ${component}`;
}

function canonicalChange(change: PlannedChange, fingerprint: Fingerprint): Value {
  const { logicalId, type, effect, policyAction, before, after } = change;
  const shown = (path: string, value: Value | undefined): ValueMap | undefined =>
    value === undefined ? undefined : { value: redactTree({ type, path, value, logicalId }, fingerprint) };
  const property = ({ path, uncertain, recreation, ...values }: PropertyChange): Value => ({
    path,
    uncertain,
    recreation,
    before: shown(path, values.before) ?? null,
    after: shown(path, values.after) ?? null,
  });
  return {
    logicalId,
    type,
    effect,
    policyAction,
    properties: change.properties
      .map(property)
      .map((value) => canonicalJson(value))
      .toSorted(),
    // What comes or goes as a whole has no properties of its own above.
    ...(effect === "removed" && { before: shown("", before) ?? null }),
    ...(effect === "added" && { after: shown("", after) ?? null }),
  };
}

/** So much of a comment is for its readers; the rest may be remembered. */
const REMEMBERED_CHARACTERS = 20_000;
const PLANS = "plans";
const SEAL = "seal";

/**
 * For a comment to remember. Whoever may edit comments may edit this too, but cannot make the seal: it is keyed by what
 * only those know who may read the stack.
 */
export function recordPlan({ digest, changes, risks }: PlanDigest, fingerprint: Fingerprint): ValueMap {
  const parts: ValueMap = {
    changes: Object.fromEntries(
      changes.map(({ logicalId, effect, hash }) => [logicalId, `${effect} ${hash}`]),
    ),
    risks: risks.map(({ kind, logicalId, text }) => [kind, logicalId, text]),
  };
  const [all, fewer, none] = [{ ...parts, digest }, { risks: parts["risks"] ?? [], digest }, { digest }];
  const record = [all, fewer].find((one) => formatCommentData(one).length <= REMEMBERED_CHARACTERS) ?? none;
  return { ...record, [SEAL]: fingerprint(SEAL, record) };
}

/** Whether nobody has changed the record; also true where nothing can be told, as the stack has no salt. */
export function isSealed(record: ValueMap, fingerprint: Fingerprint): boolean {
  const { [SEAL]: seal, ...rest } = record;
  return seal === fingerprint(SEAL, rest);
}

/** By stage; what a comment's data becomes part of. */
export function plansData(records: Readonly<Record<string, ValueMap>>): ValueMap {
  return Object.keys(records).length === 0 ? {} : { [PLANS]: records };
}

/** The same back, as far as it has the length of something that we have written. */
export function plansIn(data: ValueMap): Readonly<Record<string, ValueMap>> {
  const { [PLANS]: plans } = data;
  if (!isValueMap(plans)) return {};
  return Object.fromEntries(
    Object.entries(plans).flatMap(([stage, record]) =>
      isValueMap(record) && formatCommentData(record).length <= REMEMBERED_CHARACTERS + 100
        ? [[stage, record]]
        : [],
    ),
  );
}

/** Undefined for what is no record. */
export function readRecord({ digest, changes, risks }: ValueMap): RememberedPlan | undefined {
  if (typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest)) return undefined;
  return {
    digest,
    changes: isValueMap(changes) ? Object.entries(changes).flatMap(readChange) : undefined,
    risks: isValueList(risks) ? risks.flatMap(readRisk) : undefined,
  };
}

function readChange([logicalId, text]: [string, Value]): DigestedChange[] {
  const [word, hash = ""] = typeof text === "string" ? text.split(" ") : [];
  const effect = EFFECTS.find((one) => one === word);
  return effect ? [{ logicalId, effect, hash }] : [];
}

function readRisk(value: Value): DigestedRisk[] {
  const [word, logicalId, text] = isValueList(value) ? value : [];
  const kind: RiskKind | undefined = RISK_KINDS.find((one) => one === word);
  return kind && typeof logicalId === "string" && typeof text === "string" ? [{ kind, logicalId, text }] : [];
}
