/** A timeline as a Mermaid Gantt chart: which resource took how long. */
import type { Bar, Timeline } from "./timeline.ts";

/** More bars than fit on a screen; those that took longest are shown. */
const MAX_BARS = 40;

export function drawGantt(title: string, { totalMs, formerMs, bars }: Timeline): string {
  const longest = bars.toSorted((a, b) => length(b) - length(a)).slice(0, MAX_BARS);
  const shown = bars.filter((bar) => longest.includes(bar));
  const hidden = bars.length - shown.length;
  const before = formerMs === undefined ? "" : `, before that ${seconds(formerMs)}`;
  const rest = hidden === 0 ? "" : `, ${hidden} shorter ones are left out`;
  const sections = Map.groupBy(shown, ({ component }) => component);
  return `${[
    "gantt",
    `    title ${plain(title)}: ${seconds(totalMs)}${before}${rest}`,
    "    dateFormat x",
    // A day's time of the axis is the time since the operation began.
    `    axisFormat ${totalMs < SHORT_MS ? "%S.%L s" : "%M:%S"}`,
    "    todayMarker off",
    ...[...sections].flatMap(([name, own]) => [`    section ${plain(name)}`, ...own.map((bar) => task(bar))]),
  ].join("\n")}\n`;
}

function task(bar: Bar): string {
  const name = plain(bar.label);
  const mark = bar.failed ? "crit, " : "";
  // A bar of no width cannot be seen.
  const to = Math.max(bar.toMs, bar.fromMs + 1);
  // The time first: a line that begins with `click` or `title` would be one of Mermaid's own.
  return `    ${seconds(length(bar))} ${name} :${mark}${bar.fromMs}, ${to}`;
}

function length({ fromMs, toMs }: Bar): number {
  return toMs - fromMs;
}

/** Below, an axis of seconds would say the same at several places. */
const SHORT_MS = 20_000;

function seconds(milliseconds: number): string {
  if (milliseconds < 100) return `${milliseconds} ms`;
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** Colons, semicolons, commas and `#` mean something in a chart; an arrow `a -> b` does not need its `>`. */
function plain(text: string): string {
  return (
    text
      .replaceAll("->", "→")
      .replaceAll(/[^\p{L}\p{N} _./→-]/gu, " ")
      .replaceAll(/\s+/g, " ")
      .trim() || "-"
  );
}
