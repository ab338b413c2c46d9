/**
 * `npm run pictures`: what people look at, as they see it. The reference pipeline is deployed to the local AWS, a change of
 * it is planned, and the comment and the summary of each are drawn by a real browser into pictures/.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { marked } from "marked";
import type { Browser } from "playwright-core";
import { type CommentFacts, renderComment, renderSummary } from "../action/core/comment.ts";
import { failureSummary } from "../action/core/failure-summary.ts";
import { drawGantt } from "../action/core/gantt.ts";
import { drawPipeline } from "../action/core/graph.ts";
import { fence } from "../action/core/markdown.ts";
import { marksOf } from "../action/core/marks.ts";
import { changedText } from "../action/core/plan-lines.ts";
import { UserError } from "../action/core/problem.ts";
import { localEnvironment, setUpAccount, silent } from "../action/local/account.ts";
import { startLocalAws } from "../action/local/aws.ts";
import type { Plan } from "../action/plan.ts";
import type { Ports } from "../action/ports.ts";
import { PIPELINE_FILE, readProject } from "../action/project.ts";
import { run } from "../action/run.ts";
import { systemPorts } from "../action/system.ts";
import { drawMermaid, launchBrowser, mermaidPage } from "../test/support/browser.ts";

const root = resolve(import.meta.dirname, "..");
const folder = join(root, "pictures");

/** As wide as a comment is on github.com. */
const WIDTH = 860;

const STYLE = `
  body { font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: #1f2328; margin: 16px }
  table { border-collapse: collapse; margin: 0 0 16px } th, td { border: 1px solid #d1d9e0; padding: 6px 13px }
  code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font: 85% ui-monospace, "DejaVu Sans Mono", monospace }
  pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow: auto } pre code { background: none; padding: 0 }
  h3 { font-size: 1.25em; margin: 0 0 16px } a { color: #0969da } .mermaid svg { max-width: 100% }
`;

/** The same repository with another pipeline.yaml. */
function changed(ports: Ports, change: (text: string) => string): Ports {
  const { workspace } = ports;
  const read: typeof workspace.read = async (path) => {
    const text = await workspace.read(path);
    return path === PIPELINE_FILE && text !== undefined ? change(text) : text;
  };
  return { ...ports, workspace: { ...workspace, read } };
}

async function planOf(ports: Ports): Promise<Plan> {
  const outcome = await run({ command: "plan", target: { stage: "prod" } }, ports);
  if (outcome.kind !== "planned") throw new Error(`a plan came out as ${outcome.kind}`);
  return outcome.plan;
}

async function commentOf(ports: Ports, plan: Plan, more: Partial<CommentFacts> = {}): Promise<CommentFacts> {
  const { pipeline } = await readProject(ports);
  const marks = marksOf(plan.words);
  return {
    pipeline: pipeline.name,
    verdict: { kind: "ready", stackName: `${pipeline.name}-faster-4e1f0c` },
    picture: drawPipeline(pipeline, marks),
    marks: [...new Set(marks.values())],
    merging: [{ kind: "planned", stage: "prod", plan }],
    hops: [
      { name: "every-five-minutes -> serverlessproducer", milliseconds: 420 },
      { name: "serverlessproducer -> producer -> producerai", milliseconds: 1_310 },
      { name: "producerai -> fangsentiment", milliseconds: 860 },
    ],
    checksUrl: "https://github.com/owner/rabbit-hole/pull/12/checks",
    runUrl: "https://github.com/owner/rabbit-hole/actions/runs/1",
    ...more,
  };
}

/** The summary of a deploy with a value that CloudFormation takes and SQS refuses. */
async function failureOf(ports: Ports): Promise<string> {
  const broken = changed(ports, (text) =>
    text.replace(
      "producer: { kind: queue }",
      "producer: { kind: queue, overrides: { Queue: { VisibilityTimeout: 999999 } } }",
    ),
  );
  try {
    await run({ command: "deploy", target: { stage: "prod" } }, broken);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const at = "https://github.com/owner/rabbit-hole/blob";
    return failureSummary(error, error.problems, {
      filesUrl: `${at}/1a2b3c4`,
      reasonUrl: `https://github.com/owner/warren/blob/v1/docs/reasons.md#${error.reason}`,
    });
  }
  throw new Error("the deploy was to fail");
}

async function draw(browser: Browser, name: string, markdown: string): Promise<void> {
  const html = await marked.parse(markdown, { gfm: true });
  const blocks = [...markdown.matchAll(/```mermaid\n([^]*?)```/g)].map(([, text = ""]) => text);
  const drawing = await mermaidPage(browser);
  const pictures: string[] = [];
  for (const block of blocks) pictures.push(await drawMermaid(drawing, block));
  await drawing.close();
  let next = 0;
  const whole = html.replaceAll(
    /<pre><code class="language-mermaid">[^]*?<\/code><\/pre>/g,
    () => `<div class="mermaid">${pictures[next++] ?? ""}</div>`,
  );
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 } });
  await page.setContent(`<!doctype html><meta charset="utf-8"><style>${STYLE}</style>${whole}`);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  const height = await page.evaluate("document.documentElement.scrollHeight");
  await page.close();
  console.log(`pictures/${name}.png  ${WIDTH} x ${String(height)}`);
}

await mkdir(folder, { recursive: true });
await using aws = await startLocalAws();
await setUpAccount(aws);
const ports = systemPorts({ root, console: silent, environment: localEnvironment(aws) });
const browser = await launchBrowser();
try {
  // Nothing is deployed yet: what the first pull request of a repository shows.
  const first = await planOf(ports);
  const unmarked = { picture: drawPipeline((await readProject(ports)).pipeline), marks: [] };
  await draw(browser, "first-pull-request", renderComment(await commentOf(ports, first, unmarked)));

  const deployed = await run({ command: "deploy", target: { stage: "prod" } }, ports);
  const faster = changed(ports, (text) =>
    text
      .replace("producer: { kind: queue }", "producer: { kind: queue, visibility-timeout: 360 }")
      .replace("timeout: 30 }", "timeout: 45, memory: 512 }")
      .replace(
        "  fangsentiment: { kind: bucket }",
        "  fangsentiment: { kind: bucket }\n  missed: { kind: topic }",
      )
      .replace("\nflow:", "\nflow:\n  - producer -alarm-> missed"),
  );
  await draw(browser, "pull-request", renderComment(await commentOf(faster, await planOf(faster))));

  const rekeyed = changed(ports, (text) =>
    text.replace("key: name, items: fang.yaml", "key: symbol").replace(/\nsmoke:[^]*?(?=\n\S|$)/, "\n"),
  );
  const atRisk = await planOf(rekeyed);
  await draw(browser, "data-at-risk", renderComment(await commentOf(rekeyed, atRisk, { hops: [] })));

  if (deployed.kind !== "deployed" || !deployed.deploy.timeline) throw new Error("nothing was deployed");
  const { timeline, stack } = deployed.deploy;
  const facts = await commentOf(ports, await planOf(ports), {
    verdict: {
      kind: "deployed",
      stage: "prod",
      stackName: stack.name,
      changed: changedText(deployed.deploy),
    },
    merging: [],
    hops: [],
  });
  await draw(browser, "failed-deploy", await failureOf(ports));

  await draw(
    browser,
    "deploy-summary",
    `${renderSummary(facts)}\n${fence(drawGantt(stack.name, timeline), "mermaid")}`,
  );
} finally {
  await browser.close();
}
