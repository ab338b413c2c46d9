/** Every picture that Warren makes, drawn by Mermaid itself in a real browser. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawGantt } from "../../action/core/gantt.ts";
import type { Mark } from "../../action/core/fold.ts";
import { drawPipeline } from "../../action/core/graph.ts";
import { parsePipeline, type Pipeline } from "../../action/core/pipeline.ts";
import type { Timeline } from "../../action/core/timeline.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";
import { readProject } from "../../action/project.ts";
import { HOSTILE } from "../github/hostile.ts";
import { CASES, workspaceOf } from "../render/case.ts";
import { chromiumPath, drawMermaid, launchBrowser, mermaidPage, needsChromium } from "../support/browser.ts";
import { repositoryRoot, shippedCatalog } from "../support/shipped.ts";

describe.skipIf(chromiumPath === undefined)(`in a browser${needsChromium}`, () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser();
    page = await mermaidPage(browser);
  });
  afterAll(async () => browser.close());

  /** The words that are to be read in the picture. */
  async function wordsOf(text: string): Promise<string> {
    const svg = await drawMermaid(page, text);
    const words = svg.replaceAll(/<style[\s\S]*?<\/style>/g, "").replaceAll(/<[^>]*>/g, " ");
    expect(words).not.toMatch(/Syntax error/);
    return words;
  }

  test("what is no Mermaid is an error here", async () => {
    await expect(drawMermaid(page, "flowchart LR\n  a --> --> b")).rejects.toThrow(/Parse error/);
  });

  const pipelines = readdirSync(CASES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("wrong-"))
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(CASES, name)).includes("pipeline.yaml"));

  test.each(pipelines)("the pipeline of the case %s", async (name) => {
    const { pipeline } = await readProject({
      workspace: workspaceOf(name),
      shipped: diskWorkspace(repositoryRoot),
    });
    const words = await wordsOf(drawPipeline(pipeline));
    for (const component of pipeline.components.keys()) expect(words).toContain(component);
  });

  test("the reference pipeline with every mark, on components, arrows and what is gone", async () => {
    const { pipeline } = await readProject({
      workspace: diskWorkspace(repositoryRoot),
      shipped: diskWorkspace(repositoryRoot),
    });
    const marks = new Map<string, Mark>([
      ["fang", "replaced"],
      ["producer", "changed"],
      ["comprehend", "added"],
      ["producerai -> comprehend", "added"],
      ["fang -> serverlessproducer", "changed"],
      ["tech", "removed"],
      ["tech -> serverlessproducer", "removed"],
    ]);
    const text = drawPipeline(pipeline, marks);
    const svg = await drawMermaid(page, text);
    for (const mark of ["added", "changed", "replaced", "removed"]) {
      expect(svg).toMatch(new RegExp(`class="node [^"]*\\b${mark}\\b`));
    }
    expect(await wordsOf(text)).toContain("tech");
  });

  test("a pipeline of 120 components", async () => {
    const pipeline = await longPipeline(Array.from({ length: 120 }, (_, index) => `f${index}`));
    const text = drawPipeline(pipeline, new Map([["f60", "changed"]]));
    expect(await wordsOf(text)).toMatch(/f0 … f59\s+60 components/);
  });

  test("a timeline, with what failed and what took no time", async () => {
    const timeline: Timeline = {
      totalMs: 12_000,
      formerMs: 20_000,
      bars: [
        {
          logicalId: "ProducerQueue",
          component: "producer",
          label: "queue",
          fromMs: 0,
          toMs: 0,
          failed: false,
        },
        {
          logicalId: "WorkerFunction",
          component: "worker",
          label: "function",
          fromMs: 3_500,
          toMs: 9_000,
          failed: true,
        },
      ],
    };
    const words = await wordsOf(drawGantt("rabbit-hole-prod", timeline));
    expect(words).toContain("rabbit-hole-prod: 12.0 s, before that 20.0 s");
    expect(words).toContain("5.5 s function");
  });

  /** Words that begin something of Mermaid's own, and which a resource or a component may be called. */
  const KEYWORDS =
    "end graph subgraph flowchart class click style title section gantt excludes includes weekday weekend done active crit milestone vert call href default direction accTitle accDescr todayMarker dateFormat axisFormat tickInterval topAxis inclusiveEndDates displayMode";

  test("no name breaks a timeline", async () => {
    for (const name of [...Object.values(HOSTILE), ...KEYWORDS.split(" ")]) {
      const bars = [{ logicalId: "X", component: name, label: name, fromMs: 0, toMs: 1_000, failed: false }];
      const words = await wordsOf(drawGantt(name, { totalMs: 1_000, bars }));
      expect(words).toContain("1.0 s");
    }
    const bars = KEYWORDS.split(" ").map((name) => ({
      logicalId: name,
      component: name,
      label: name,
      fromMs: 0,
      toMs: 1_000,
      failed: false,
    }));
    const words = await wordsOf(drawGantt("end", { totalMs: 1_000, bars }));
    for (const name of KEYWORDS.split(" ")) expect(words).toContain(`1.0 s ${name}`);
  });

  test("no name of a component or a verb breaks a pipeline", async () => {
    const names = KEYWORDS.split(" ").map((name) => name.toLowerCase());
    const words = await wordsOf(drawPipeline(await longPipeline(names), new Map([["end", "changed"]])));
    for (const name of names) expect(words).toContain(name);
  });
});

async function longPipeline(names: readonly string[]): Promise<Pipeline> {
  const text = [
    "name: long",
    "stages: { prod: { branch: main } }",
    "components:",
    ...names.map((name) => `  ${name}: { kind: function, source: functions/a.ts }`),
    "flow:",
    ...names.slice(1).map((name, index) => `  - ${names[index]} -> ${name}`),
  ].join("\n");
  const result = parsePipeline({ file: "config/pipeline.yaml", text }, await shippedCatalog());
  if (result.kind === "problems") throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result.pipeline;
}
