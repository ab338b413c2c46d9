/** Where packages lie in an artifact, so that Node finds for each of them what it finds for it where it is installed. */

export interface Placed<Node> {
  /** Path in the artifact, for example `node_modules/sharp`. */
  readonly location: string;
  readonly package: Node;
}

export interface Layout<Node> {
  readonly placed: readonly Placed<Node>[];
  /** Roots that ask for one name, which only one can have. */
  readonly conflicts: readonly (readonly [Node, Node])[];
}

export interface Identity {
  /** As it is imported. */
  readonly name: string;
  /** Equal for copies of one package. */
  readonly id: string;
}

/**
 * `roots` are imported from outside of any package, and lie at the top. All others lie there too, unless another version
 * does; then they lie in the package that depends on them, as npm does it.
 */
export function layOut<Node extends Identity>(
  roots: readonly Node[],
  dependenciesOf: (node: Node) => readonly Node[],
): Layout<Node> {
  const placed = new Map<string, Node>();
  const conflicts: (readonly [Node, Node])[] = [];
  const queue: Placed<Node>[] = [];
  const place = (location: string, node: Node): void => {
    placed.set(location, node);
    queue.push({ location, package: node });
  };
  for (const root of roots) {
    const location = `node_modules/${root.name}`;
    const other = placed.get(location);
    if (other === undefined) place(location, root);
    else if (other.id !== root.id) conflicts.push([other, root]);
  }
  for (const { location, package: dependent } of queue) {
    for (const node of dependenciesOf(dependent)) {
      const seen = lookups(location, node.name).find((path) => placed.has(path));
      if (seen === undefined) place(`node_modules/${node.name}`, node);
      else if (placed.get(seen)?.id !== node.id) place(`${location}/node_modules/${node.name}`, node);
    }
  }
  return { placed: [...placed].map(([location, node]) => ({ location, package: node })), conflicts };
}

/** The places in which Node looks for `name`, from the inside out. */
function lookups(location: string, name: string): readonly string[] {
  const parts = `/${location}`.split("/node_modules/").slice(1);
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    [...parts.slice(0, parts.length - i), name].map((part) => `node_modules/${part}`).join("/"),
  );
}
