import { SourceMap as NodeSourceMap } from "node:module";

import { expect, test } from "vitest";

import { keepSources, parseSourceMap, type SourceMap } from "../../action/core/sourcemap.ts";

const MAP: SourceMap = {
  version: 3,
  sources: ["own.ts", "node_modules/a/index.js", "lib/far.ts"],
  names: [],
  mappings: "AAAA,UCAA,KAAU,KC+9BI;AF89BJI",
};

/** Read by Node, which is what reads the map on Lambda. Lines and columns from 0. */
function origins(map: SourceMap): unknown {
  const reader = new NodeSourceMap({
    ...map,
    sources: [...map.sources],
    names: [],
    file: "",
    sourceRoot: "",
    sourcesContent: [],
  });
  const positions = [
    [0, 0],
    [0, 9],
    [0, 10],
    [0, 15],
    [0, 20],
    [1, 0],
  ] as const;
  return positions.map(([line, column]) => {
    const entry = reader.findEntry(line, column);
    const origin = "originalSource" in entry ? entry : undefined;
    return origin?.originalSource === undefined
      ? `${line}:${column} <- nowhere`
      : `${line}:${column} <- ${origin.originalSource}:${origin.originalLine}:${origin.originalColumn}`;
  });
}

test("all sources kept: every position stays", () => {
  const kept = keepSources(MAP, () => true);
  expect(kept.sources).toEqual(MAP.sources);
  expect(origins(kept)).toEqual(origins(MAP));
  expect(origins(kept)).toEqual([
    "0:0 <- own.ts:0:0",
    "0:9 <- own.ts:0:0",
    "0:10 <- node_modules/a/index.js:0:0",
    "0:15 <- node_modules/a/index.js:0:10",
    "0:20 <- lib/far.ts:991:14",
    "1:0 <- own.ts:1981:10",
  ]);
});

test("a source dropped: its code comes from nowhere, and not from what stands before it", () => {
  const kept = keepSources(MAP, (source) => !source.includes("node_modules"));
  expect(kept.sources).toEqual(["own.ts", "lib/far.ts"]);
  expect(origins(kept)).toEqual([
    "0:0 <- own.ts:0:0",
    "0:9 <- own.ts:0:0",
    "0:10 <- nowhere",
    "0:15 <- nowhere",
    "0:20 <- lib/far.ts:991:14",
    "1:0 <- own.ts:1981:10",
  ]);
  expect(kept.mappings.split(",")).toHaveLength(3);
});

test("what is not a source map of version 3 is refused", () => {
  expect(() => parseSourceMap('{"version":2}')).toThrow("not a source map of version 3");
  expect(() => keepSources({ ...MAP, mappings: "A?" }, () => true)).toThrow("not a source map");
});
