/** Permission in pipeline.yaml to lose the data of one component, until a day. Everything else stops in a protected stage. */
import type { ParsedDocument } from "./document.ts";
import type { Place, Problem } from "./problem.ts";
import type { Risk } from "./risk.ts";
import { type Value, isValueList, isValueMap, textOf } from "./value.ts";

export interface Waiver {
  /** May be one that pipeline.yaml no longer has. */
  readonly component: string;
  readonly allow: "replace" | "remove";
  /** `2026-12-31`: the last day on which it counts, in UTC. */
  readonly until: string;
  readonly why: string;
  readonly place: Place;
}

export function readWaivers(
  value: Value | undefined,
  document: ParsedDocument,
  /** Entries that have the wrong shape, which is told already. */
  isWrong: (index: number) => boolean,
): { readonly value: readonly Waiver[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const waivers = (isValueList(value) ? value : []).flatMap((item, index): Waiver[] => {
    if (!isValueMap(item) || isWrong(index)) return [];
    const path = ["waivers", index];
    const until = textOf(item["until"]);
    if (!isDay(until)) {
      problems.push({
        place: document.placeOfKey([...path, "until"]),
        message: `there is no day \`${until}\``,
        hint: "Write year-month-day: `2026-12-31`.",
      });
    }
    const allow = item["allow"] === "replace" ? "replace" : "remove";
    const [component, why] = [textOf(item["component"]), textOf(item["why"])];
    return [{ component, allow, until, why, place: document.placeOfKey([...path, "component"]) }];
  });
  return { value: waivers, problems };
}

export interface Judgement {
  /** Why the plan must not be carried out. */
  readonly stops: readonly Problem[];
  /** Waivers that are used, have expired, or are for nothing. */
  readonly notes: readonly Problem[];
}

/** `today`: `2026-11-24`, in UTC. Waivers are for protected stages only; nothing stops in others. */
export function judge(
  risks: readonly Risk[],
  {
    waivers,
    today,
    ...stage
  }: {
    readonly waivers: readonly Waiver[];
    readonly today: string;
    readonly protected: boolean;
  },
): Judgement {
  if (!stage.protected) return { stops: [], notes: [] };
  const used = new Set<Waiver>();
  const stops = risks.flatMap((risk): Problem[] => {
    if (risk.allow === undefined) return [];
    const fitting = waivers.filter(
      ({ component, allow }) => component === risk.component && allow === risk.allow,
    );
    for (const waiver of fitting) used.add(waiver);
    if (fitting.some(({ until }) => until >= today)) return [];
    return [stop(risk, fitting[0])];
  });
  const notes = waivers.flatMap((waiver): Problem[] => {
    const { component, allow, until, why, place } = waiver;
    if (until < today) {
      return [
        { place, message: `the waiver for \`${component}\` has expired on ${until}`, hint: "Take it out." },
      ];
    }
    return used.has(waiver)
      ? [{ place, message: `\`${component}\` may be ${allow}d until ${until}: ${why}` }]
      : [
          {
            place,
            message: `the waiver for \`${component}\` is for nothing: this plan does not ${allow} it`,
            hint: "Take it out when the change that it is for is deployed.",
          },
        ];
  });
  return { stops, notes };
}

function stop({ place, text, hint, component, allow }: Risk, expired: Waiver | undefined): Problem {
  const waiver = `waivers: [{ component: ${component}, allow: ${allow}, until: <year-month-day>, why: <reason> }]`;
  const ways = [
    ...(hint === undefined ? [] : [hint]),
    ...(expired ? [`The waiver in line ${expired.place.line} has expired on ${expired.until}.`] : []),
    `If the data may go, say so in pipeline.yaml: \`${waiver}\``,
  ];
  return { ...(place && { place }), message: text, hint: ways.join(" ") };
}

/** `2026-02-30` has the right shape and is no day. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}
