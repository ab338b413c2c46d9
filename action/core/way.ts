/** The way of a smoke run's item along the arrows, from where it is put or what starts it to where it is expected. */
import type { Arrow } from "./arrow.ts";
import type { Component } from "./component.ts";

export interface Way {
  /** From the component that starts it to the one that reads the item; empty if the item moves on by itself. */
  readonly start: readonly Arrow[];
  /** From where the item is put, or from where `start` ends if nothing is put, to where it is expected. */
  readonly item: readonly Arrow[];
}

export interface Wanted {
  readonly put: string | undefined;
  readonly start: string | undefined;
  readonly expect: string;
}

export type WayResult =
  | { readonly kind: "way"; readonly way: Way }
  | {
      readonly kind: "none";
      /** The key of `smoke:` that is to be mended. */
      readonly at: "put" | "start" | "expect";
      readonly message: string;
      readonly hint: string;
    };

interface Map {
  readonly components: ReadonlyMap<string, Component>;
  readonly arrows: readonly Arrow[];
}

export function findWay(wanted: Wanted, map: Map): WayResult {
  const { put, start, expect } = wanted;
  if (put === expect) {
    const message = `\`${expect}\` is where the item is put: it would arrive without having gone anywhere`;
    return { kind: "none", at: "expect", message, hint: "Name the component at the end of its way." };
  }
  if (put === undefined) return fromStart(wanted, map);
  const direct = shortest(put, expect, map);
  if (direct && start === undefined) return { kind: "way", way: { start: [], item: direct } };
  // An item that only lies there has to be read, and whoever reads it has to be started.
  const readings = map.arrows.flatMap((arrow): Arrow[][] => {
    if (arrow.from !== put || arrow.connection.metadata.Probe !== "Read") return [];
    const rest = arrow.to === expect ? [] : shortest(arrow.to, expect, map);
    return rest ? [[arrow, ...rest]] : [];
  });
  const ways = readings.flatMap((item): Way[] =>
    startersOf(start, map).flatMap((from) => {
      const arrows = shortest(from, item[0]?.to ?? "", map);
      return arrows ? [{ start: arrows, item }] : [];
    }),
  );
  if (ways.length > 0) return only(ways);
  if (readings.length === 0) {
    if (direct) {
      const message = `\`${put}\` needs no start: what is put there goes on by itself`;
      return { kind: "none", at: "start", message, hint: "Leave out `start`." };
    }
    return noWay(put, expect);
  }
  const readers = readings.map(([arrow]) => `\`${arrow?.to}\``).join(" or ");
  return start === undefined
    ? {
        kind: "none",
        at: "put",
        message: `nothing starts ${readers}, which would read what is put into \`${put}\``,
        hint: "Draw an arrow to it from what starts it, or put something there instead.",
      }
    : {
        kind: "none",
        at: "start",
        message: `no arrows lead from \`${start}\` to ${readers}, which would read what is put into \`${put}\``,
        hint: "Name what starts it.",
      };
}

function fromStart({ start, expect }: Wanted, map: Map): WayResult {
  const ways = startersOf(start, map).flatMap((from): Way[] => {
    const arrows = shortest(from, expect, map);
    return arrows ? [{ start: arrows.slice(0, 1), item: arrows.slice(1) }] : [];
  });
  if (ways.length > 0) return only(ways);
  return start === undefined
    ? {
        kind: "none",
        at: "expect",
        message: `nothing that starts by itself leads to \`${expect}\``,
        hint: "Put something at the beginning of its way: `put: { <component>: … }`.",
      }
    : noWay(start, expect);
}

/** Those that start others by themselves, or the one that is named. */
function startersOf(start: string | undefined, { components }: Map): readonly string[] {
  if (start !== undefined) return [start];
  return [...components.values()].flatMap(({ name, template }) =>
    template.metadata.Probe?.Starts ? [name] : [],
  );
}

function only(ways: readonly Way[]): WayResult {
  const starts = [...new Set(ways.map(({ start }) => start[0]?.from ?? ""))];
  const [way] = ways;
  if (way && starts.length === 1) return { kind: "way", way };
  const names = starts.map((name) => `\`${name}\``);
  const message = `${names.slice(0, -1).join(", ")} and ${names.at(-1)} could all start the way`;
  return { kind: "none", at: "expect", message, hint: `Choose one: \`start: ${starts[0]}\`.` };
}

function noWay(from: string, to: string): WayResult {
  return {
    kind: "none",
    at: "expect",
    message: `no arrows lead from \`${from}\` to \`${to}\``,
    hint: "An item goes along the arrows, in their direction; not along those of alarms and failures.",
  };
}

/** Breadth first, in the order of the file. Undefined if there is none; never empty. */
function shortest(from: string, to: string, { arrows }: Map): readonly Arrow[] | undefined {
  const seen = new Set([from]);
  let ends: (readonly Arrow[])[] = [[]];
  while (ends.length > 0) {
    const next: (readonly Arrow[])[] = [];
    for (const path of ends) {
      const at = path.at(-1)?.to ?? from;
      for (const arrow of arrows) {
        if (arrow.from !== at || arrow.connection.metadata.Probe !== undefined) continue;
        if (arrow.to === to) return [...path, arrow];
        if (seen.has(arrow.to)) continue;
        seen.add(arrow.to);
        next.push([...path, arrow]);
      }
    }
    ends = next;
  }
  return undefined;
}
