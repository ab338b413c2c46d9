/** A picture of more components than can be read: chains in which nothing changes become one box. */

/** What happens to a component or an arrow, the worst of its resources'. */
export type Mark = "added" | "changed" | "replaced" | "removed";

export interface Node {
  readonly name: string;
  /** Its second, small line. */
  readonly note: string;
  readonly shape: string;
  readonly mark: Mark | undefined;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly verb: string;
  readonly mark: Mark | undefined;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
}

/** More boxes cannot be read on one screen. */
export const MAX_NODES = 40;

/** Unchanged up to MAX_NODES. Then chains are folded, then whole parts in which nothing changes, then the rest is counted. */
export function foldChains(graph: Graph): Graph {
  if (graph.nodes.length <= MAX_NODES) return graph;
  const folded = merge(graph, chainOf(graph));
  if (folded.nodes.length <= MAX_NODES) return folded;
  const parted = merge(folded, partOf(folded));
  if (parted.nodes.length <= MAX_NODES) return parted;
  return cut(parted);
}

/** Node -> the first node of the chain that it becomes one with. */
type Heads = ReadonlyMap<string, string>;

/** Runs of nodes that have one way in and one way out, with no mark on them or between them. */
function chainOf({ nodes, edges }: Graph): Heads {
  const into = Map.groupBy(edges, ({ to }) => to);
  const out = Map.groupBy(edges, ({ from }) => from);
  const marked = new Set(nodes.filter(({ mark }) => mark !== undefined).map(({ name }) => name));
  const follows = ({ from, to, mark }: Edge): boolean =>
    mark === undefined &&
    from !== to &&
    !marked.has(from) &&
    !marked.has(to) &&
    out.get(from)?.length === 1 &&
    into.get(to)?.length === 1;
  const before = new Map(edges.filter(follows).map(({ from, to }) => [to, from]));
  const headOf = (name: string): string => {
    const walked = [name];
    for (let prior = before.get(name); prior !== undefined; prior = before.get(prior)) {
      // A circle has no first node.
      if (walked.includes(prior)) return walked.toSorted()[0] ?? name;
      walked.push(prior);
    }
    return walked.at(-1) ?? name;
  };
  return new Map(nodes.map(({ name }) => [name, headOf(name)]));
}

/** Parts of the graph that hang together, and have no mark anywhere. */
function partOf({ nodes, edges }: Graph): Heads {
  const head = new Map(nodes.map(({ name }) => [name, name]));
  const find = (name: string): string => {
    let root = name;
    for (let up = head.get(root); up !== undefined && up !== root; up = head.get(root)) root = up;
    return root;
  };
  for (const { from, to } of edges) head.set(find(to), find(from));
  const touched = new Set([
    ...nodes.filter(({ mark }) => mark !== undefined).map(({ name }) => find(name)),
    ...edges.filter(({ mark }) => mark !== undefined).map(({ from }) => find(from)),
  ]);
  return new Map(nodes.map(({ name }) => [name, touched.has(find(name)) ? name : find(name)]));
}

function merge({ nodes, edges }: Graph, heads: Heads): Graph {
  const groups = Map.groupBy(nodes, ({ name }) => heads.get(name) ?? name);
  const box = new Map<string, string>();
  const merged = [...groups.values()].flatMap((group): Node[] => {
    const [first] = group;
    const last = group.at(-1);
    if (!first || !last) return [];
    const name = group.length === 1 ? first.name : `${first.name} … ${last.name}`;
    for (const node of group) box.set(node.name, name);
    const inside = group.reduce((sum, node) => sum + sizeOf(node), 0);
    return [
      group.length === 1 ? first : { name, note: `${inside} components`, shape: "procs", mark: undefined },
    ];
  });
  const joined = edges.map((edge) => ({
    ...edge,
    from: box.get(edge.from) ?? edge.from,
    to: box.get(edge.to) ?? edge.to,
  }));
  const distinct = new Map(
    joined
      .filter(({ from, to, mark }) => from !== to || mark !== undefined)
      .map((edge) => [`${edge.from} ${edge.verb} ${edge.to}`, edge]),
  );
  return { nodes: merged, edges: [...distinct.values()] };
}

function sizeOf({ note, shape }: Node): number {
  return shape === "procs" ? Number.parseInt(note, 10) : 1;
}

/** What changes comes first, so it is the last to go. */
function cut({ nodes, edges }: Graph): Graph {
  const ranked = [
    ...nodes.filter(({ mark }) => mark !== undefined),
    ...nodes.filter(({ mark }) => mark === undefined),
  ];
  const kept = new Set(ranked.slice(0, MAX_NODES - 1));
  const hidden = nodes.filter((node) => !kept.has(node)).reduce((sum, node) => sum + sizeOf(node), 0);
  const names = new Set([...kept].map(({ name }) => name));
  const rest: Node = { name: `and ${hidden} more`, note: "", shape: "procs", mark: undefined };
  return {
    nodes: [...nodes.filter((node) => kept.has(node)), rest],
    edges: edges.filter(({ from, to }) => names.has(from) && names.has(to)),
  };
}
