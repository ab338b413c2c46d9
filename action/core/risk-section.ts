/** What a plan risks as Markdown: what a reviewer must not overlook, before anything else. */
import { code, sentence } from "./markdown.ts";
import type { Section } from "./paper.ts";
import { riskWord } from "./plan-lines.ts";
import type { PlanRisk } from "./plan-risk.ts";
import type { Problem } from "./problem.ts";
import type { Risk, RiskKind } from "./risk.ts";

const ICONS: Readonly<Record<RiskKind, string>> = {
  data: "🛑",
  exposure: "🔓",
  rights: "🔑",
  interruption: "⏸️",
  cost: "💰",
};

/** One shows how all of them are written, and what changes has to have room. */
const MAX_WAYS = 10;

export function riskSection({ risks, stops, notes }: PlanRisk): readonly Section[] {
  if (risks.length === 0 && notes.length === 0) return [];
  const head =
    stops.length > 0
      ? "**This must not be merged:** data is at risk, and nothing in pipeline.yaml allows it."
      : risks.length === 0
        ? ""
        : "**Look at this:**";
  const ways = stops
    .slice(0, MAX_WAYS)
    .map(
      ({ hint, place }) => `- ${place ? code(`${place.file}:${place.line}`) : ""} ${sentence(hint ?? "")}`,
    );
  const more = stops.length - ways.length;
  return [
    {
      head: [head, ""].join("\n"),
      rows: [
        ...riskRows(risks),
        ...ways,
        ...(more > 0 ? [`- and ${more} more, each at its line of pipeline.yaml, in the log of the run`] : []),
        ...notes.map(noteRow),
      ],
      tail: "",
    },
  ];
}

function noteRow({ message, hint }: Problem): string {
  return `- ⚠️ ${sentence(hint === undefined ? message : `${message}. ${hint}`)}`;
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

/** A logical id of 255 characters is one; it differs from others at its end. */
const ID_CHARACTERS = 255;

function byName(risks: readonly Risk[]): readonly string[] {
  const [first] = risks;
  if (!first) return [];
  const ids = [...new Set(risks.map(({ logicalId }) => logicalId))];
  const parts = Array.from({ length: Math.ceil(ids.length / IDS_A_ROW) }, (_, index) =>
    ids.slice(index * IDS_A_ROW, (index + 1) * IDS_A_ROW),
  );
  // The number first: where not even the names have room, a reader knows how many there are.
  const times = risks.length > ids.length ? ` (${risks.length} times)` : "";
  const count = line(first.kind, `${ids.length} resources${times}:`);
  return [count, ...parts.map((part) => `  ${part.map((id) => code(id, ID_CHARACTERS)).join(" ")}`)];
}
