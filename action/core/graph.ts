/** The pipeline as a Mermaid flowchart: what a pull request and the README draw. */
import { arrowText } from "./arrow.ts";
import { type Edge, type Mark, type Node, foldChains } from "./fold.ts";
import type { Pipeline } from "./pipeline.ts";

/** Mermaid's general shape; templates may name another one. */
const DEFAULT_SHAPE = "rect";

/** GitHub's own colours for what is good, careful, done and dangerous; readable on light and dark pages. */
const STYLES: Readonly<Record<Mark, string>> = {
  added: "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
  changed: "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
  replaced: "fill:#fbefff,stroke:#8250df,color:#1f2328,stroke-width:3px",
  removed: "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:5 4",
};
const STROKES: Readonly<Record<Mark, string>> = {
  added: "#1a7f37",
  changed: "#9a6700",
  replaced: "#8250df",
  removed: "#cf222e",
};

/** `marks`: by component's name, or by an arrow as pipeline.yaml writes it. What the pipeline no longer has is drawn, too. */
export function drawPipeline(pipeline: Pipeline, marks: ReadonlyMap<string, Mark> = new Map()): string {
  const nodes = [...pipeline.components.values()].map(({ name, template }): Node => {
    return {
      name,
      note: template.kind,
      shape: template.metadata.Shape ?? DEFAULT_SHAPE,
      mark: marks.get(name),
    };
  });
  const edges = pipeline.arrows.map((arrow): Edge => {
    const { from, to, verb } = arrow;
    return { from, to, verb, mark: marks.get(arrowText(arrow)) };
  });
  const known = new Set([...nodes.map(({ name }) => name), ...pipeline.arrows.map(arrowText)]);
  const gone = [...marks].flatMap(([name, mark]): Node[] =>
    // An arrow that is gone is told by its two ends.
    known.has(name) || name.includes(" ") ? [] : [{ name, note: mark, shape: DEFAULT_SHAPE, mark }],
  );
  const graph = foldChains({ nodes: [...nodes, ...gone], edges });
  return draw(graph.nodes, graph.edges);
}

function draw(nodes: readonly Node[], edges: readonly Edge[]): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `c${index + 1}`]));
  const used = [...new Set(nodes.flatMap(({ mark }) => mark ?? []))].toSorted();
  return `${[
    "flowchart LR",
    ...nodes.map(
      ({ name, note, shape }) =>
        `    ${ids.get(name)}@{ shape: ${shape}, label: "${name}${note === "" ? "" : `<br><small>${note}</small>`}" }`,
    ),
    ...edges.map(({ from, to, verb }) => {
      const label = verb === "" ? "" : `|${verb}|`;
      return `    ${ids.get(from)} -->${label} ${ids.get(to)}`;
    }),
    ...used.map((mark) => `    classDef ${mark} ${STYLES[mark]}`),
    ...used.map((mark) => {
      const marked = nodes.filter((node) => node.mark === mark).map(({ name }) => ids.get(name));
      return `    class ${marked.join(",")} ${mark}`;
    }),
    ...edges.flatMap(({ mark }, index) =>
      mark === undefined ? [] : [`    linkStyle ${index} stroke:${STROKES[mark]},stroke-width:3px`],
    ),
  ].join("\n")}\n`;
}
