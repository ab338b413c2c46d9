/**
 * Table items, and the proof that they were loaded.
 *
 * Items of a table that exists go in before the stack is updated. Those of a table that the operation itself
 * makes can only go in afterwards, and a run can be killed in between, leaving a stack whose digest is right
 * and whose table is empty. Three things tell such a stack from a finished one without another call in the
 * usual case:
 *
 * - A protected stage's termination protection is switched on as the very last step of its creation:
 *   protected but off = unfinished.
 * - Any other operation that must load afterwards names a marker object in the stack's tag `warren:marker`,
 *   put as the last step. Only while that tag is there does a no-op cost one HEAD; the next operation that
 *   need not load afterwards drops the tag. Losing the marker only loads the items again.
 * - A tag that is *removed* when all is done would need no marker, but changing a stack's tags is an update of
 *   the whole stack, which takes CloudFormation longer than the creation of a table.
 */
import type { Rendered, TableItems } from "./core/rendered.ts";
import { accountOf } from "./core/stack.ts";
import type { Artifacts, Change, Items, Stack } from "./aws-ports.ts";
import type { Log, Workspace } from "./ports.ts";

export interface SeedPorts {
  readonly log: Log;
  readonly workspace: Pick<Workspace, "sha256">;
  readonly artifacts: Artifacts;
  readonly items: Items;
}

export const MARKER_TAG = "warren:marker";
const ITEMS_TAG = "warren:items";

/** One digest over all tables' items, to see whether any must be loaded; nothing if there are no items. */
export function itemsTag(
  rendered: Pick<Rendered, "items">,
  workspace: Pick<Workspace, "sha256">,
): Record<string, string> {
  if (rendered.items.length === 0) return {};
  const digests = rendered.items.map(({ output, digest }) => `${output} ${digest}\n`);
  return { [ITEMS_TAG]: workspace.sha256(digests.join("")) };
}

/** The tables whose items a deploy would load: all or none, since one tag stands for all of them. */
export function changedItems(
  rendered: Pick<Rendered, "items">,
  stack: Pick<Stack, "tags"> | undefined,
  workspace: Pick<Workspace, "sha256">,
): readonly TableItems[] {
  return itemsTag(rendered, workspace)[ITEMS_TAG] === stack?.tags[ITEMS_TAG] ? [] : rendered.items;
}

/** Was the run that made the stack what it is killed before its items were in? One HEAD at most. */
export async function isCutOff(rendered: Rendered, stack: Stack, ports: SeedPorts): Promise<boolean> {
  if (rendered.items.length === 0) return false;
  if (rendered.protected && !stack.terminationProtection) return true;
  const marker = stack.tags[MARKER_TAG];
  return (
    marker !== undefined &&
    !(await ports.artifacts.has(await ports.artifacts.bucket(accountOf(stack.id)), marker))
  );
}

/** Loads into the tables that the stack has already, if the items are not those it was given last. */
export async function loadEarly(rendered: Rendered, stack: Stack, ports: SeedPorts): Promise<void> {
  const same = changedItems(rendered, stack, ports.workspace).length === 0;
  if (same && !(await isCutOff(rendered, stack, ports))) return;
  await load(rendered.items, stack.outputs, ports);
}

/** Loads into the tables that the operation has made or replaced: those with a new physical name. */
export async function loadLate(
  rendered: Rendered,
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
  ports: SeedPorts,
): Promise<void> {
  await load(
    rendered.items.filter(({ output }) => before[output] !== now[output]),
    now,
    ports,
  );
}

async function load(
  tables: readonly TableItems[],
  outputs: Readonly<Record<string, string>>,
  ports: SeedPorts,
): Promise<void> {
  for (const { output, component, items } of tables) {
    const table = outputs[output];
    if (table === undefined) continue;
    await ports.items.load(table, items);
    ports.log.info(`loaded ${items.length} items into ${component}`);
  }
}

/** Will an operation with these changes make a table whose items can only be loaded afterwards? */
export function mustLoadLate(
  rendered: Rendered,
  outputs: Stack["outputs"],
  changes: readonly Change[],
): boolean {
  return rendered.items.some(
    ({ output, component }) =>
      outputs[output] === undefined ||
      changes.some(
        ({ replacement, logicalId }) =>
          (replacement === "True" || replacement === "Conditional") &&
          rendered.origins[logicalId]?.component === component,
      ),
  );
}

/** Unique to one operation: the marker of an earlier stack of that name must prove nothing. */
export function markerKey(operation: string, workspace: Pick<Workspace, "sha256">): string {
  return `items/${workspace.sha256(operation)}`;
}
