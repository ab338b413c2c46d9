/** Where packages lie in an artifact, so that Node finds for each of them what it finds for it where it is installed. */

export interface Placed<Node> {
  /** Path in the artifact, for example `node_modules/sharp`. */
  readonly location: string;
  readonly package: Node;
}

export interface Layout<Node> {
  readonly placed: readonly Placed<Node>[];
  /** What no layout has room for: roots of one name, or versions that need each other in turns without end. */
  readonly conflicts: readonly (readonly [Node, Node])[];
}

export interface Identity {
  /** As it is imported. */
  readonly name: string;
  /** Equal for copies of one package. */
  readonly id: string;
}

/** Far more than any function has: npm's own trees are about six deep. */
const DEPTH_MAX = 20;
const PLACES_MAX = 5000;

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
      const seen = lookups(location, node.name).flatMap((path) => placed.get(path) ?? [])[0];
      if (seen === undefined) place(`node_modules/${node.name}`, node);
      else if (seen.id === node.id) continue;
      else if (depthOf(location) < DEPTH_MAX && placed.size < PLACES_MAX)
        place(`${location}/node_modules/${node.name}`, node);
      else return { placed: [], conflicts: [[seen, node]] };
    }
  }
  return { placed: [...placed].map(([location, node]) => ({ location, package: node })), conflicts };
}

function depthOf(location: string): number {
  return location.split("node_modules/").length - 1;
}

/** The places in which Node looks for `name`, from the inside out. */
function lookups(location: string, name: string): readonly string[] {
  const parts = `/${location}`.split("/node_modules/").slice(1);
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    [...parts.slice(0, parts.length - i), name].map((part) => `node_modules/${part}`).join("/"),
  );
}
