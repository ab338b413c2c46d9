/** The port of a smoke run (smoke.ts): what it needs of AWS. */
import type { KeyAttribute } from "./core/items.ts";
import type { PutCall, SeeCall } from "./core/metadata.ts";
import type { Value } from "./core/value.ts";

/** What a smoke run puts somewhere. */
export interface ProbeItem {
  readonly value: Value;
  /** Of a table. */
  readonly keys: readonly KeyAttribute[];
  /** A word of this run. */
  readonly mark: string;
}

/** Something that a smoke run has seen; the same thing has the same id, and a new version of it another. */
export interface Sighting {
  readonly id: string;
  /** Milliseconds since 1970, where AWS tells them. */
  readonly time?: number;
  /** A log's line, an item as JSON, an object's key. */
  readonly text: string;
}

/** The calls that templates name in `Probe`, on a resource's physical id. */
export interface Probe {
  /** `there`: an item of somebody else has the key; it is as it was. */
  put(call: PutCall, on: string, item: ProbeItem): Promise<"put" | "there">;
  /** Takes away what `put` has put, if it can be taken away. An item that is not ours any more stays. */
  remove(call: PutCall, on: string, item: ProbeItem): Promise<void>;
  /** All that is there, oldest first; of a log, what is younger than `since`. Throws UserError `smoke-too-much`. */
  look(call: SeeCall, on: string, since: number): Promise<readonly Sighting[]>;
  /** Its text with its content, where that is something else; at most 1 MB. */
  read(call: SeeCall, on: string, sighting: Sighting): Promise<string>;
}
