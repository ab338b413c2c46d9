import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Edge, type Graph, MAX_NODES, type Node, foldChains } from "../../action/core/fold.ts";

function node(name: string, mark?: Node["mark"]): Node {
  return { name, note: "kind", shape: "rect", mark };
}

function edge(from: string, to: string, mark?: Edge["mark"]): Edge {
  return { from, to, verb: "", mark };
}

function chain(length: number, prefix = "n"): Graph {
  const names = Array.from({ length }, (_, index) => `${prefix}${index}`);
  return {
    nodes: names.map((name) => node(name)),
    edges: names.slice(1).map((name, index) => edge(`${prefix}${index}`, name)),
  };
}

test("as many as fit are drawn as they are", () => {
  const graph = chain(MAX_NODES);
  expect(foldChains(graph)).toBe(graph);
});

test("a long chain is one box, and what changes in it stays to be seen", () => {
  const { nodes, edges } = chain(60);
  const changed = nodes.map((one) => (one.name === "n30" ? { ...one, mark: "replaced" as const } : one));
  const folded = foldChains({ nodes: changed, edges });
  expect(folded.nodes.map(({ name, note }) => `${name}: ${note}`)).toEqual([
    "n0 … n29: 30 components",
    "n30: kind",
    "n31 … n59: 29 components",
  ]);
  expect(folded.edges.map(({ from, to }) => `${from} -> ${to}`)).toEqual([
    "n0 … n29 -> n30",
    "n30 -> n31 … n59",
  ]);
});

test("a circle of many is one box", () => {
  const { nodes, edges } = chain(50);
  expect(foldChains({ nodes, edges: [...edges, edge("n49", "n0")] }).nodes).toMatchObject([
    { note: "50 components" },
  ]);
});

test("parts in which nothing changes are one box each before anything is left out", () => {
  const star = (prefix: string): Graph => ({
    nodes: Array.from({ length: 30 }, (_, index) => node(`${prefix}${index}`)),
    edges: Array.from({ length: 29 }, (_, index) => edge(`${prefix}0`, `${prefix}${index + 1}`)),
  });
  const [a, b] = [star("a"), star("b")];
  const nodes = [...a.nodes, ...b.nodes].map((one) =>
    one.name === "b7" ? { ...one, mark: "added" as const } : one,
  );
  const folded = foldChains({ nodes, edges: [...a.edges, ...b.edges] });
  expect(folded.nodes).toHaveLength(31);
  expect(folded.nodes.map(({ name }) => name)).toContain("a0 … a29");
});

const graphs = fc.integer({ min: 1, max: 120 }).chain((size) =>
  fc.record({
    nodes: fc.array(
      fc.constantFrom(undefined, undefined, undefined, "changed" as const, "removed" as const),
      {
        minLength: size,
        maxLength: size,
      },
    ),
    edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: size * 2 }),
  }),
);

test("no graph is too big, every arrow has its ends, nothing is lost from the count, and few changes are all seen", () => {
  fc.assert(
    fc.property(graphs, ({ nodes, edges }) => {
      const graph = {
        nodes: nodes.map((mark, index) => node(`n${index}`, mark)),
        edges: edges.map(([from, to]) => edge(`n${from}`, `n${to}`)),
      };
      const folded = foldChains(graph);
      expect(folded.nodes.length).toBeLessThanOrEqual(MAX_NODES);
      const names = folded.nodes.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const { from, to } of folded.edges) expect(names).toEqual(expect.arrayContaining([from, to]));
      const counted = folded.nodes.reduce(
        (sum, { name, note }) =>
          sum + Number(/^and (\d+) more$/.exec(name)?.[1] ?? /^(\d+) components/.exec(note)?.[1] ?? 1),
        0,
      );
      expect(counted).toBe(nodes.length);
      const marked = graph.nodes.filter(({ mark }) => mark !== undefined).map(({ name }) => name);
      const seen = marked.filter((name) => names.includes(name));
      expect(seen).toHaveLength(
        Math.min(marked.length, seen.length < marked.length ? MAX_NODES - 1 : marked.length),
      );
    }),
  );
});
