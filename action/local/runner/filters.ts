/**
 * Whether an event passes the filters that `on:` gives it. GitHub has published no code for this: it follows
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#on
 */
import type { Payload } from "./payload.ts";

type Patterns = readonly string[] | undefined;
/** One event under `on:`, as GitHub's parser gives it. */
export type Filters = Readonly<Record<string, unknown>>;

const JUDGED = new Set(["types", "branches", "branches-ignore", "tags", "tags-ignore", "inputs"]);
const DEFAULT_TYPES: Readonly<Record<string, readonly string[]>> = {
  pull_request: ["opened", "synchronize", "reopened"],
  pull_request_target: ["opened", "synchronize", "reopened"],
};

/** Throws Error for a filter that is not judged here, rather than start what GitHub would not. */
export function passes(eventName: string, filters: Filters, payload: Payload): boolean {
  const patterns = (name: string): Patterns => filters[name] as Patterns;
  for (const [name, value] of Object.entries(filters)) {
    if (value !== undefined && !JUDGED.has(name))
      throw new Error(`the filter ${name} of ${eventName} is not judged`);
  }
  const types = patterns("types") ?? DEFAULT_TYPES[eventName];
  if (types && payload.action !== undefined && !types.includes(payload.action)) return false;
  const both = { branches: either(patterns, "branches"), tags: either(patterns, "tags") };
  if (eventName === "push") return passesPush(payload.ref ?? "", both);
  const base = payload.pull_request?.base.ref;
  return base === undefined || both.branches === undefined || both.branches(base);
}

type Test = (name: string) => boolean;

/** "If you define only tags or only branches, the workflow won't run for events affecting the undefined Git ref." */
function passesPush(ref: string, { branches, tags }: Record<"branches" | "tags", Test | undefined>): boolean {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  if (name === undefined) throw new Error(`a push is to a branch or a tag, not to ${ref}`);
  const own = kind === "tags" ? tags : branches;
  return own ? own(name) : branches === undefined && tags === undefined;
}

function either(patterns: (name: string) => Patterns, what: string): Test | undefined {
  const wanted = patterns(what);
  const ignored = patterns(`${what}-ignore`);
  if (wanted) return (name) => matches(wanted, name);
  if (ignored) return (name) => !matches(ignored, name);
  return undefined;
}

/** The last pattern that matches decides; `!` at its start takes away. */
function matches(patterns: readonly string[], name: string): boolean {
  return patterns.reduce((taken, pattern) => {
    const negated = pattern.startsWith("!");
    return expression(negated ? pattern.slice(1) : pattern).test(name) ? !negated : taken;
  }, false);
}

/** `*` stops at a slash, `**` does not; `?` and `+` repeat the character before, as in a regular expression. */
function expression(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|\\.|[*.^$(){}|\\]/g, (found) => {
    if (found === "**") return ".*";
    if (found === "*") return "[^/]*";
    return found.length === 2 ? found : `\\${found}`;
  });
  return new RegExp(`^${source}$`, "u");
}
