/** What a plan risks as Markdown: what a reviewer must not overlook, before anything else. */
import { code, sentence } from "./markdown.ts";
import type { Section } from "./paper.ts";
import { riskWord } from "./plan-lines.ts";
import type { PlanRisk } from "./plan-risk.ts";
import type { Risk, RiskKind } from "./risk.ts";

const ICONS: Readonly<Record<RiskKind, string>> = {
  data: "🛑",
  exposure: "🔓",
  rights: "🔑",
  interruption: "⏸️",
  cost: "💰",
};

export function riskSection({ risks, stops, notes }: PlanRisk): readonly Section[] {
  if (risks.length === 0 && notes.length === 0) return [];
  const head =
    stops.length > 0
      ? "**This must not be merged:** data is at risk, and nothing in pipeline.yaml allows it."
      : risks.length === 0
        ? ""
        : "**Look at this:**";
  const ways = stops.map(
    ({ hint, place }) => `- ${place ? code(`${place.file}:${place.line}`) : ""} ${sentence(hint ?? "")}`,
  );
  return [
    {
      head: [head, ""].join("\n"),
      rows: [...riskRows(risks), ...ways, ...notes.map(({ message }) => `- ${sentence(message)}`)],
      tail: "",
    },
  ];
}

/** So much of a comment may be theirs. */
const CHARACTERS = 24_000;
const IDS_A_ROW = 40;

/** No risk is left out: where there are too many, the least grave kinds are told in fewer words, and at last only named. */
function riskRows(risks: readonly Risk[]): readonly string[] {
  const kinds = [...Map.groupBy(risks, ({ kind }) => kind).values()].map((same) => ({
    waysToTell: [inFull(same), byResource(same), byName(same)],
    way: 0,
  }));
  const rows = (): readonly string[] => kinds.flatMap(({ waysToTell, way }) => waysToTell[way] ?? []);
  const isTooLong = (): boolean => rows().join("\n").length > CHARACTERS;
  for (const kind of kinds.toReversed()) {
    while (isTooLong() && kind.way < kind.waysToTell.length - 1) kind.way++;
  }
  return rows();
}

function line(kind: RiskKind, text: string): string {
  return `- ${ICONS[kind]} **${riskWord(kind)}:** ${text}`;
}

function inFull(risks: readonly Risk[]): readonly string[] {
  return risks.map(({ kind, text }) => line(kind, sentence(text)));
}

function byResource(risks: readonly Risk[]): readonly string[] {
  return [...Map.groupBy(risks, ({ logicalId }) => logicalId).values()].flatMap(([first, ...more]) => {
    if (!first) return [];
    const others = more.length === 0 ? "" : `, and ${more.length} more of the same resource`;
    return [line(first.kind, `${sentence(first.text)}${others}`)];
  });
}

function byName(risks: readonly Risk[]): readonly string[] {
  const ids = [...new Set(risks.map(({ logicalId }) => logicalId))];
  const parts = Array.from({ length: Math.ceil(ids.length / IDS_A_ROW) }, (_, index) =>
    ids.slice(index * IDS_A_ROW, (index + 1) * IDS_A_ROW),
  );
  return parts.flatMap((part) => {
    const [first] = risks;
    return first ? [line(first.kind, part.map((id) => code(id)).join(" "))] : [];
  });
}
