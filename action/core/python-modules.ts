/**
 * Which modules a Python function may import without bringing them: templates/python-modules.json, made of
 * `sys.stdlib_module_names` of 3.11 to 3.13 and the new modules of 3.14, and of what Lambda's runtime adds for boto3.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
 */
import data from "../../templates/python-modules.json" with { type: "json" };

export type ModuleOrigin =
  /** Comes with Python itself. */
  | { readonly kind: "standard" }
  /** Was in older versions up to this one, or is in newer ones from it. */
  | { readonly kind: "other-version"; readonly upTo?: string; readonly from?: string }
  /** Comes with Lambda's runtime, in a version that AWS changes. */
  | { readonly kind: "runtime" }
  | { readonly kind: "foreign" };

const STANDARD = new Set(data.standard.split(" "));
const RUNTIME = new Set(data.runtime.split(" "));
const FIRST = new Map(Object.entries(data.first));
const LAST = new Map(Object.entries(data.last));

/** `module`: without dots, as `json`. `version`: `3.13`. */
export function moduleOrigin(module: string, version: string): ModuleOrigin {
  if (RUNTIME.has(module)) return { kind: "runtime" };
  // `_csv`, `__future__`: Python's own insides, which differ too much to be listed.
  if (module.startsWith("_")) return { kind: "standard" };
  if (!STANDARD.has(module)) return { kind: "foreign" };
  const [from, upTo] = [FIRST.get(module), LAST.get(module)];
  if (from !== undefined && isBefore(version, from)) return { kind: "other-version", from };
  if (upTo !== undefined && isBefore(upTo, version)) return { kind: "other-version", upTo };
  return { kind: "standard" };
}

function isBefore(version: string, other: string): boolean {
  return minor(version) < minor(other);
}

function minor(version: string): number {
  return Number(version.slice(version.indexOf(".") + 1));
}
