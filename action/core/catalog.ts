/** All templates together: which kinds there are, and what an arrow between two of them means. */
import type { SourceText } from "./document.ts";
import { RESERVED_PARAMETERS } from "./metadata.ts";
import type { Problem } from "./problem.ts";
import { suggestion } from "./suggest.ts";
import { parseTemplate } from "./read-template.ts";
import { type ComponentTemplate, type ConnectionTemplate, type Parameter } from "./template.ts";

export interface Catalog {
  readonly components: ReadonlyMap<string, ComponentTemplate>;
  readonly connections: readonly ConnectionTemplate[];
}

export type CatalogResult =
  | { readonly kind: "catalog"; readonly catalog: Catalog }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/**
 * Later files win over earlier ones of the same name, so that a repository can replace a shipped template
 * with its own.
 */
export function readCatalog(sources: readonly SourceText[]): CatalogResult {
  const problems: Problem[] = [];
  const components = new Map<string, ComponentTemplate>();
  const connections = new Map<string, ConnectionTemplate>();
  for (const source of sources) {
    const result = parseTemplate(source);
    if (result.kind === "problems") {
      problems.push(...result.problems);
      continue;
    }
    const { template } = result;
    if (template.type === "component") components.set(template.kind, template);
    else connections.set(`${template.from} -${template.verb}-> ${template.to}`, template);
  }
  if (problems.length > 0) return { kind: "problems", problems };
  const catalog = { components, connections: [...connections.values()] };
  const unbound = catalog.connections.flatMap((connection) => endProblems(connection, components));
  return unbound.length > 0 ? { kind: "problems", problems: unbound } : { kind: "catalog", catalog };
}

export function findConnection(
  catalog: Catalog,
  arrow: { readonly fromKind: string; readonly toKind: string; readonly verb: string },
): ConnectionTemplate | undefined {
  return catalog.connections.find(
    ({ from, to, verb }) => from === arrow.fromKind && to === arrow.toKind && verb === arrow.verb,
  );
}

/** CloudFormation's types of all resources that a template says hold data. */
export function statefulTypes({ components }: Catalog): readonly string[] {
  const types = [...components.values()].flatMap(({ metadata, resources }) =>
    (metadata.Stateful ?? []).flatMap((id) => resources[id]?.Type ?? []),
  );
  return [...new Set(types)].toSorted((a, b) => (a < b ? -1 : 1));
}

/** Types that templates have, and of which none says that one holds data. */
export function statelessTypes(catalog: Catalog): readonly string[] {
  const stateful = new Set(statefulTypes(catalog));
  const types = [...catalog.components.values(), ...catalog.connections].flatMap(({ resources }) =>
    Object.values(resources).map(({ Type }) => Type),
  );
  return [...new Set(types)].filter((type) => !stateful.has(type)).toSorted((a, b) => (a < b ? -1 : 1));
}

/** The parameters that a user sets: all but those that Warren fills in. */
export function optionsOf(template: ComponentTemplate | ConnectionTemplate): Parameter[] {
  return Object.values(template.parameters).filter(
    ({ name }) =>
      !RESERVED_PARAMETERS.includes(name) &&
      !(template.type === "connection" && endParameter(name) !== undefined),
  );
}

/** `ToArn` -> the end `To` and its output or option `Arn`. */
export function endParameter(name: string): { readonly end: "From" | "To"; readonly of: string } | undefined {
  const match = /^(From|To)([A-Z].*)$/.exec(name);
  return match ? { end: match[1] as "From" | "To", of: match[2] ?? "" } : undefined;
}

/** A connection may use only what its two kinds offer: outputs, options and slots. */
function endProblems(
  connection: ConnectionTemplate,
  components: ReadonlyMap<string, ComponentTemplate>,
): readonly Problem[] {
  const place = { file: connection.file, line: 1, column: 1 };
  const ends = { From: components.get(connection.from), To: components.get(connection.to) };
  const problems: Problem[] = [];
  for (const [end, kind] of [
    ["From", connection.from],
    ["To", connection.to],
  ] as const) {
    if (!ends[end]) {
      const hint = suggestion(kind, components.keys(), "kinds");
      problems.push({ place, message: `there is no kind \`${kind}\` that this connection could join`, hint });
    }
  }
  for (const name of Object.keys(connection.parameters)) {
    const bound = endParameter(name);
    const template = bound && ends[bound.end];
    if (!bound || !template || bound.of === "Component") continue;
    const offered = [...Object.keys(template.outputs), ...Object.keys(template.parameters)];
    if (offered.includes(bound.of)) continue;
    problems.push({
      place,
      message: `\`${name}\`: kind \`${template.kind}\` has no output or option \`${bound.of}\``,
      hint: suggestion(bound.of, offered, "outputs and options"),
    });
  }
  for (const { Slot } of connection.metadata.Fills ?? []) {
    const [end = "", slot = ""] = Slot.split(".");
    const template = ends[end as "From" | "To"];
    const slots = Object.keys(template?.metadata.Slots ?? {});
    if (!template || slots.includes(slot)) continue;
    const hint = suggestion(slot, slots, `slots of \`${template.kind}\``);
    problems.push({ place, message: `kind \`${template.kind}\` has no slot \`${slot}\``, hint });
  }
  return problems;
}
