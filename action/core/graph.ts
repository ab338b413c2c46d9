/** The pipeline as a Mermaid flowchart: what a pull request and the README draw. */
import type { Pipeline } from "./pipeline.ts";

/** Mermaid's general shape; templates may name another one. */
const DEFAULT_SHAPE = "rect";

export function drawPipeline(pipeline: Pipeline): string {
  const ids = new Map([...pipeline.components.keys()].map((name, index) => [name, `c${index + 1}`]));
  const nodes = [...pipeline.components.values()].map(({ name, template }) => {
    const shape = template.metadata.Shape ?? DEFAULT_SHAPE;
    return `    ${ids.get(name)}@{ shape: ${shape}, label: "${name}<br><small>${template.kind}</small>" }`;
  });
  const arrows = pipeline.arrows.map(({ from, to, verb }) => {
    const label = verb === "" ? "" : `|${verb}|`;
    return `    ${ids.get(from)} -->${label} ${ids.get(to)}`;
  });
  return `${["flowchart LR", ...nodes, ...arrows].join("\n")}\n`;
}
