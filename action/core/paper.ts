/** Texts whose length GitHub limits: what fits, and what is left out. */

/** GitHub refuses a longer comment (422). */
export const COMMENT_CHARACTERS = 65_536;
/** GitHub refuses a step's summary of more than 1 MiB of UTF-8; an eighth is left for what else a run tells. */
export const SUMMARY_BYTES = 917_504;

export interface Paper {
  readonly room: number;
  readonly sizeOf: (text: string) => number;
}

export const SUMMARY_PAPER: Paper = { room: SUMMARY_BYTES, sizeOf: utf8Bytes };

/** JavaScript counts no fewer characters than GitHub does. */
export function commentPaper(characters: number): Paper {
  return { room: characters, sizeOf: (text) => text.length };
}

/** Rows may be left out from the end; head and tail belong together. */
export interface Section {
  readonly head: string;
  readonly rows: readonly string[];
  readonly tail: string;
}

export interface Document {
  readonly head: string;
  /** In the order of importance. */
  readonly sections: readonly Section[];
  readonly foot: string;
}

export function drawDocument({ head, sections, foot }: Document): string {
  return [head, ...sections.map(draw), foot].join("\n");
}

/** All of it if it fits, else as much as does, and above the foot what `pointer` says of the whole. */
export function fitDocument(document: Document, paper: Paper, pointer: (whole: string) => string): string {
  const whole = drawDocument(document);
  if (fits(whole, paper)) return whole;
  const { head, sections, foot } = document;
  const { sizeOf } = paper;
  const end = `\n${pointer(whole)}\n${foot}`;
  const kept: string[] = [head];
  let room = paper.room - sizeOf(head) - sizeOf(end) - 2;
  for (const section of sections) {
    const drawn = drawWithin(section, { room, sizeOf });
    if (drawn === undefined) continue;
    kept.push(drawn);
    room -= sizeOf(drawn) + 1;
  }
  return [...kept, end].join("\n");
}

export function fits(text: string, { room, sizeOf }: Paper): boolean {
  return sizeOf(text) <= room;
}

function draw({ head, rows, tail }: Section): string {
  return `${[head, ...rows].join("\n")}${tail}\n`;
}

function drawWithin(section: Section, paper: Paper): string | undefined {
  if (fits(draw(section), paper)) return draw(section);
  let left = paper.room - paper.sizeOf(draw({ ...section, rows: [] }));
  const fitting = section.rows.findIndex((one) => (left -= paper.sizeOf(one) + 1) < 0);
  return fitting < 1 ? undefined : draw({ ...section, rows: section.rows.slice(0, fitting) });
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x8_00 ? 2 : point < 0x1_00_00 ? 3 : 4;
  }
  return bytes;
}
