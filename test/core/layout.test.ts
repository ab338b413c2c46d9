import { assert, constantFrom, dictionary, pre, property } from "fast-check";
import { expect, test } from "vitest";

import { type Identity, layOut } from "../../action/core/layout.ts";

const NAMES = ["a", "@s/b", "c", "d"];
const VERSIONS = ["1", "2"];

interface Node extends Identity {
  readonly version: string;
}

const NODES: readonly Node[] = NAMES.flatMap((name) =>
  VERSIONS.map((version) => ({ name, version, id: `${name}@${version}` })),
);

/** For each package a version of each other name that it depends on, or none. */
const graphs = dictionary(
  constantFrom(...NODES.map(({ id }) => id)),
  dictionary(constantFrom(...NAMES), constantFrom(...VERSIONS)),
  // With more, most need each other in turns without end.
  { maxKeys: 4 },
);
const roots = dictionary(constantFrom(...NAMES), constantFrom(...VERSIONS), { minKeys: 1 });

function nodes(versions: Readonly<Record<string, string>>): readonly Node[] {
  return NODES.filter(({ name, version }) => versions[name] === version);
}

/** Where Node finds `name` from a folder. */
function found(places: ReadonlyMap<string, Node>, from: string, name: string): Node | undefined {
  const parts = from.split("/");
  for (let length = parts.length; length >= 0; length--) {
    if (parts[length - 1] === "node_modules") continue;
    const one = places.get([...parts.slice(0, length), "node_modules", name].join("/"));
    if (one !== undefined) return one;
  }
  return undefined;
}

test("every package finds what it finds where it is installed, whatever else is there", () => {
  assert(
    property(graphs, roots, (graph, top) => {
      const layout = layOut(nodes(top), ({ id }) => nodes(graph[id] ?? {}));
      pre(layout.conflicts.length === 0);
      const places = new Map(layout.placed.map((one) => [one.location, one.package]));
      for (const root of nodes(top)) expect(places.get(`node_modules/${root.name}`)).toBe(root);
      const wrong = layout.placed.flatMap(({ location, package: one }) =>
        nodes(graph[one.id] ?? {}).filter((wanted) => found(places, location, wanted.name) !== wanted),
      );
      expect(wrong).toEqual([]);
    }),
  );
});

test("a package that nothing conflicts with lies at the top, once", () => {
  const [a1, , b1, , c1] = NODES;
  const layout = layOut([a1!, b1!], ({ name }) => (name === "c" ? [] : [c1!]));
  expect(layout.placed.map(({ location }) => location)).toEqual([
    "node_modules/a",
    "node_modules/@s/b",
    "node_modules/c",
  ]);
});

test("versions that need each other in turns without end are a conflict", () => {
  const turns: Readonly<Record<string, string>> = { "a@1": "b@1", "b@1": "a@2", "a@2": "b@2", "b@2": "a@1" };
  const all = ["a", "b"].flatMap((name) => ["1", "2"].map((version) => ({ name, id: `${name}@${version}` })));
  const layout = layOut(all.slice(0, 1), ({ id }) => all.filter((one) => one.id === turns[id]));
  expect(layout.conflicts).toHaveLength(1);
});

test("two roots of one name are a conflict, and copies of one package are none", () => {
  const [one, two] = NODES;
  expect(layOut([one!, two!, { ...one! }], () => []).conflicts).toEqual([[one, two]]);
});
