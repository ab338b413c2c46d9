/** What the process that loads an artifact tells on file descriptor 3, one JSON text a line. */
import { parsedJson } from "./value.ts";

/** The process's own arguments: the path of a file with this as JSON. */
export interface LoadPlan {
  readonly tasks: readonly LoadTask[];
  /**
   * `plain`: nothing that a function could notice but the missing network; ends at the first that does not load.
   * `diagnose`: one task, with all that helps to explain why it does not.
   */
  readonly mode: "plain" | "diagnose";
  readonly limitSeconds: number;
  /** Handlers may have a third parameter, the callback. */
  readonly allowsCallbacks: boolean;
  /** Lists the binaries that were loaded, which takes some milliseconds. */
  readonly listsBinaries: boolean;
}

export interface LoadTask {
  /** Absolute path of the unpacked artifact. */
  readonly folder: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface LoadReport {
  /** Index in `tasks`. */
  readonly task: number;
  readonly end: LoadEnd;
  /** Environment variables that the function's own code read while they were not set. */
  readonly unset: readonly Observed[];
  /** Connections and look-ups of names that were refused. */
  readonly network: readonly Observed[];
}

/** `what`: a name or an address. `stack`: as V8 writes it, source-mapped. */
export interface Observed {
  readonly what: string;
  readonly stack: string;
}

export type LoadEnd =
  /** `binaries`: absolute paths. */
  | { readonly kind: "loaded"; readonly milliseconds: number; readonly binaries: readonly string[] }
  | { readonly kind: "threw"; readonly error: Thrown; readonly isUncaught: boolean }
  | { readonly kind: "no-file" }
  | { readonly kind: "no-export"; readonly exports: readonly string[] }
  /** `type`: of what is exported by that name. */
  | { readonly kind: "no-function"; readonly type: string }
  | { readonly kind: "callback"; readonly parameters: number }
  /** It ended its own process; `by`: for example `process.exit(1)`. */
  | { readonly kind: "ended"; readonly by: string; readonly stack: string }
  /** Nothing is left that could end the import. */
  | { readonly kind: "stalled" }
  /** The limit was reached while waiting; `resources`: Node's names of what for. */
  | { readonly kind: "waiting"; readonly resources: readonly string[] }
  /** The limit was reached while computing. */
  | { readonly kind: "busy"; readonly stack: string };

export interface Thrown {
  /** `TypeError`; empty for what is no error. */
  readonly name: string;
  readonly message: string;
  /** Node's, for example `ERR_MODULE_NOT_FOUND`. */
  readonly code: string;
  readonly stack: string;
  /** Messages of its causes, outermost first. */
  readonly causes: readonly string[];
}

/** One of each, which a report is held to. */
const ENDS: { readonly [Kind in LoadEnd["kind"]]: Extract<LoadEnd, { readonly kind: Kind }> } = {
  loaded: { kind: "loaded", milliseconds: 0, binaries: [""] },
  threw: {
    kind: "threw",
    error: { name: "", message: "", code: "", stack: "", causes: [""] },
    isUncaught: true,
  },
  "no-file": { kind: "no-file" },
  "no-export": { kind: "no-export", exports: [""] },
  "no-function": { kind: "no-function", type: "" },
  callback: { kind: "callback", parameters: 0 },
  ended: { kind: "ended", by: "", stack: "" },
  stalled: { kind: "stalled" },
  waiting: { kind: "waiting", resources: [""] },
  busy: { kind: "busy", stack: "" },
};

const OBSERVED: readonly Observed[] = [{ what: "", stack: "" }];

/** One or none: what is loaded may write to that file descriptor, too. */
export function parseReport(line: string): readonly LoadReport[] {
  const report = parsedJson(line);
  if (!hasShape(report, { task: 0, end: { kind: "" }, unset: OBSERVED, network: OBSERVED })) return [];
  const { end } = report as unknown as LoadReport;
  return Object.hasOwn(ENDS, end.kind) && hasShape(end, ENDS[end.kind])
    ? [report as unknown as LoadReport]
    : [];
}

/** Whether a value has all that the example has, of the same types; `null` in the example: a text, or null. */
export function hasShape(value: unknown, example: unknown): boolean {
  if (example === null) return value === null || typeof value === "string";
  if (Array.isArray(example)) return Array.isArray(value) && value.every((one) => hasShape(one, example[0]));
  if (typeof value !== typeof example || value === null) return false;
  if (typeof example !== "object") return true;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(example).every(
    ([name, one]) => Object.hasOwn(fields, name) && hasShape(fields[name], one),
  );
}
