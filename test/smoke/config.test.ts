/** `smoke:` in pipeline.yaml: what is right, and what is told of what is not. */
import { expect, test } from "vitest";
import { parsePipeline } from "../../action/core/pipeline.ts";
import { formatProblem } from "../../action/core/problem.ts";
import type { Smoke } from "../../action/core/smoke.ts";
import { shippedCatalog } from "../support/shipped.ts";

const catalog = await shippedCatalog();

const PIPELINE = `name: burrow
stages:
  prod: { branch: main }
components:
  hourly: { kind: timer, schedule: rate(1 hour) }
  daily: { kind: timer, schedule: rate(1 day) }
  fang: { kind: table, key: name, sort-key: year, sort-key-type: N }
  reader: { kind: function, source: functions/reader.ts }
  jobs: { kind: queue }
  dead: { kind: queue }
  worker: { kind: function, source: functions/worker.ts }
  results: { kind: bucket }
  lonely: { kind: table, key: id }
  clerk: { kind: function, source: functions/clerk.ts }
  comprehend: { kind: service, actions: [comprehend:DetectSentiment] }
flow:
  - hourly -> reader -> jobs -> worker -> results
  - fang -> reader
  - worker -> comprehend
  - worker -failure-> dead
  - lonely -> clerk -> results
`;

function read(smoke: string, pipeline = PIPELINE): { smoke?: Smoke | undefined; told: string[] } {
  const text = `${pipeline}smoke: ${smoke}\n`;
  const result = parsePipeline({ file: "config/pipeline.yaml", text }, catalog);
  if (result.kind === "problems") return { told: result.problems.map(formatProblem) };
  return { smoke: result.pipeline.smoke, told: [] };
}

function wayOf(smoke: string, pipeline?: string): string[] | string {
  const { smoke: found, told } = read(smoke, pipeline);
  const text = (part: "start" | "item"): string =>
    (found?.way[part] ?? []).map(({ from, to }) => `${from} ${to}`).join(", ");
  return found ? [text("start"), text("item")] : told;
}

const ITEM = "{ name: Netflix, year: 1997 }";

test("an item that lies in a table is read by what a timer starts, and goes on from there", () => {
  expect(wayOf(`{ put: { fang: ${ITEM} }, expect: results }`)).toEqual([
    "hourly reader",
    "fang reader, reader jobs, jobs worker, worker results",
  ]);
});

test("a message goes on by itself", () => {
  expect(wayOf("{ put: { jobs: hello }, expect: results }")).toEqual(["", "jobs worker, worker results"]);
});

test("an item of a stream goes on by itself", () => {
  const streaming = PIPELINE.replace("  - fang -> reader\n", "  - fang -stream-> worker\n");
  expect(wayOf(`{ put: { fang: ${ITEM} }, expect: results }`, streaming)).toEqual([
    "",
    "fang worker, worker results",
  ]);
});

test("nothing need be put: what starts by itself may be enough", () => {
  expect(wayOf("{ expect: results }")).toEqual(["hourly reader", "reader jobs, jobs worker, worker results"]);
});

test("without more words it may take a minute, and need hold nothing else", () => {
  const { smoke } = read("{ put: { jobs: hello }, expect: results }");
  expect(smoke).toMatchObject({ withinSeconds: 60, holds: [] });
  expect(
    read("{ put: { jobs: hello }, expect: results, within: 2 minutes, holds: [a] }").smoke,
  ).toMatchObject({
    withinSeconds: 120,
    holds: ["a"],
  });
});

test("without `smoke:` there is none", () => {
  const result = parsePipeline({ file: "config/pipeline.yaml", text: PIPELINE }, catalog);
  expect(result).toMatchObject({ kind: "pipeline", pipeline: { smoke: undefined } });
});

const WRONG: readonly (readonly [smoke: string, told: string, pipeline?: string])[] = [
  [
    "{ put: { fong: {} }, expect: results }",
    "22:17: `smoke.put`: there is no component `fong`\n    Did you mean `fang`?",
  ],
  [
    `{ put: { fang: ${ITEM} }, expect: result }`,
    "22:64: `smoke.expect`: there is no component `result`\n    Did you mean `results`?",
  ],
  [
    "{ start: hurly, expect: results }",
    "22:17: `smoke.start`: there is no component `hurly`\n    Did you mean `hourly`?",
  ],
  [
    "{ put: { fang: { name: Netflix } }, expect: results }",
    "22:23: this item has no key attribute `year`\n    It must be a number.",
  ],
  ["{ put: { fang: Netflix }, expect: results }", "22:23: `smoke.put.fang` must be a map of attributes"],
  [
    "{ put: { results: hello }, expect: worker }",
    "22:26: `smoke.put.results` has no `key`\n    Write the object as `{ key: …, body: … }`.",
  ],
  [
    "{ put: { hourly: {} }, expect: results }",
    "22:17: `smoke.put`: nothing can be put into `hourly`\n    The template of its kind `timer` has no `Probe: Put`.",
  ],
  [
    `{ put: { fang: ${ITEM} }, expect: jobs }`,
    "22:64: `smoke.expect`: what comes to `jobs` cannot be seen\n" +
      "    Name another component of the way; or the template of kind `queue` says how (`Probe: See`).",
  ],
  [
    "{ start: reader, expect: results }",
    "22:17: `smoke.start`: `reader` starts nothing by itself\n" +
      "    To begin with it, put something there: `put: { reader: {} }`.",
  ],
  [
    `{ put: { fang: ${ITEM} }, expect: clerk }`,
    "22:64: no arrows lead from `fang` to `clerk`\n" +
      "    An item goes along the arrows, in their direction; not along those of alarms and failures.",
  ],
  [
    "{ put: { lonely: { id: a } }, expect: results }",
    "22:17: nothing starts `clerk`, which would read what is put into `lonely`\n" +
      "    Draw an arrow to it from what starts it, or put something there instead.",
  ],
  [
    `{ put: { fang: ${ITEM} }, start: daily, expect: results }`,
    "22:63: no arrows lead from `daily` to `reader`, which would read what is put into `fang`\n    Name what starts it.",
  ],
  [
    "{ put: { jobs: hello }, start: hourly, expect: results }",
    "22:39: `jobs` needs no start: what is put there goes on by itself\n    Leave out `start`.",
  ],
  [
    "{ put: { worker: {} }, expect: worker }",
    "22:39: `worker` is where the item is put: it would arrive without having gone anywhere\n" +
      "    Name the component at the end of its way.",
  ],
  [
    "{ expect: clerk }",
    "22:18: nothing that starts by itself leads to `clerk`\n" +
      "    Put something at the beginning of its way: `put: { <component>: … }`.",
  ],
  [
    `{ put: { fang: ${ITEM} }, expect: results }`,
    "23:64: `hourly` and `daily` could all start the way\n    Choose one: `start: hourly`.",
    `${PIPELINE}  - daily -> reader\n`,
  ],
];

test.each(WRONG.map((row) => ({ smoke: row[0], told: row[1], pipeline: row[2] ?? PIPELINE })))(
  "$smoke",
  ({ smoke, told, pipeline }) => {
    expect(read(smoke, pipeline).told).toEqual([`config/pipeline.yaml:${told}`]);
  },
);

test("a problem of the arrows is no second one of the way", () => {
  const broken = PIPELINE.replace("- fang -> reader", "- fang -> readr");
  expect(read(`{ put: { fang: ${ITEM} }, expect: results }`, broken).told).toHaveLength(1);
});
