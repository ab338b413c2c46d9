/** What the report of a load comes to, in words: where in the function's own source, what, and how to mend it. */
import { doubtOf, missedVariables } from "./load-doubt.ts";
import { framesOf, inside, isOwn, placeOf, placeText, type LoadTrial } from "./load-frames.ts";
import { hintOf } from "./load-hint.ts";
import type { LoadEnd, Thrown } from "./load-report.ts";
import type { LoadRequest, LoadResult } from "./passport.ts";
import type { Place, Problem } from "./problem.ts";
import { nearest } from "./suggest.ts";

/** Linux's numbers of signals that processes die of by themselves. */
const SIGNALS: Readonly<Record<number, string>> = {
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
};

export function loadResult(request: LoadRequest, trial: LoadTrial): LoadResult {
  const { report } = trial;
  if (report === undefined) return withoutReport(request, trial);
  const { end } = report;
  if (end.kind === "loaded")
    return { ...end, binaries: end.binaries.map((path) => path.slice(trial.folder.length + 1)) };
  if (trial.isEmulated && (end.kind === "waiting" || end.kind === "busy")) return tooSlow(trial);
  const why = doubtOf(request, report, trial);
  if (why !== undefined) return { kind: "inconclusive", why };
  const missed = missedVariables(request, report, trial);
  return { kind: "failed", problem: problemOf(request, end, trial, missed) };
}

function tooSlow({ limitSeconds }: LoadTrial): LoadResult {
  const why = `the import did not end within ${limitSeconds} seconds under qemu, which is about twenty times slower than a real machine`;
  return { kind: "inconclusive", why };
}

function withoutReport(request: LoadRequest, trial: LoadTrial): LoadResult {
  const { code, limitSeconds, isEmulated } = trial;
  if (code === undefined && isEmulated) return tooSlow(trial);
  const signal = code === undefined ? undefined : SIGNALS[code - 128];
  if (signal !== undefined && isEmulated)
    return { kind: "inconclusive", why: `qemu died of ${signal}, which says nothing of a real machine` };
  const isFull = /heap out of memory/.test(trial.output);
  const what =
    code === undefined
      ? `its import does not end within ${limitSeconds} seconds`
      : isFull
        ? "its import needs more memory than there is"
        : `its import ends the process with ${signal ?? `code ${code}`}`;
  const message = `\`${request.source}\` does not load on ${request.runtime}: ${what}${wrote(trial.output)}`;
  const hint =
    code === undefined
      ? "Lambda gives an import 10 seconds. Do what takes long in the handler, on its first call."
      : isFull
        ? "Load large data in the handler, piece by piece."
        : "A native package crashes: look for a newer version of it, or for an issue with this message.";
  return { kind: "failed", problem: { place: sourcePlace(request), message, hint } };
}

function problemOf(
  request: LoadRequest,
  end: LoadEnd,
  trial: LoadTrial,
  missed: string | undefined,
): Problem {
  const { source, runtime } = request;
  const name =
    request.handler
      .split("/")
      .at(-1)
      ?.replace(/^[^.]*\./, "") ?? "";
  const at = sourcePlace(request);
  const fails = `\`${source}\` does not load on ${runtime}`;
  switch (end.kind) {
    case "threw":
      return threw(request, end, trial, missed);
    case "no-file": {
      const file = request.handler.slice(0, -name.length - 1);
      const there = request.files.map(({ path }) => path).filter((path) => /\.[cm]?js$/.test(path));
      const message = `the artifact has no \`${file}.js\`, \`.mjs\` or \`.cjs\` for the handler \`${request.handler}\``;
      return { place: at, message, hint: didYouMean(`${file}.mjs`, there) };
    }
    case "no-export":
      return {
        place: at,
        message: `the file exports no \`${name}\`, which is what Lambda calls`,
        hint: didYouMean(name, end.exports) || `Write \`export async function ${name}(event) { … }\`.`,
      };
    case "no-function":
      return {
        place: at,
        message: `\`${name}\` is exported and is not a function but ${end.type}: Lambda cannot call it`,
        hint: `Write \`export async function ${name}(event) { … }\`.`,
      };
    case "callback":
      return {
        place: at,
        message: `\`${name}\` takes ${end.parameters} parameters, so ${runtime} takes it for a handler with a callback and refuses it`,
        hint: `Write \`async function ${name}(event, context)\` and return the result; nodejs22.x is the last with callbacks.`,
      };
    case "ended": {
      const [frame] = framesOf(end.stack, request, trial);
      return {
        place: placeOf(framesOf(end.stack, request, trial).find(isOwn)) ?? at,
        message: `${fails}: it calls \`${end.by}\`${inside(frame)} while it is imported, which ends the function on Lambda`,
        hint: `Throw an error instead, or move the call into the handler.${missed === undefined ? "" : ` It happened as ${missed}.`}`,
      };
    }
    case "stalled":
      return {
        place: at,
        message: `${fails}: a top-level \`await\` waits for something that never comes`,
        hint: "Look for a promise that nothing resolves among the file's top-level awaits.",
      };
    case "waiting":
      return {
        place: at,
        message: `${fails}: its import does not end within ${trial.limitSeconds} seconds and waits for ${resourceText(end.resources)}`,
        hint: "Lambda gives an import 10 seconds. Move the top-level `await` into the handler.",
      };
    case "busy": {
      const frames = framesOf(end.stack, request, trial);
      return {
        place: placeOf(frames.find(isOwn)) ?? at,
        message: `${fails}: its import does not end within ${trial.limitSeconds} seconds and computes${inside(frames[0])}`,
        hint: "Lambda gives an import 10 seconds. Is it an endless loop? If not, compute it in the handler, or before the build.",
      };
    }
    case "loaded":
      throw new Error("a loaded function has no problem");
  }
}

function threw(
  request: LoadRequest,
  { error, isUncaught }: LoadEnd & { readonly kind: "threw" },
  trial: LoadTrial,
  missed: string | undefined,
): Problem {
  const frames = framesOf(error.stack, request, trial);
  const own = frames.filter(isOwn);
  const [first, ...callers] = own;
  const calls = callers.length === 0 ? "" : `, called from ${callers.map(placeText).join(", ")}`;
  const text = oneLine([errorText(error), ...error.causes].join(": ").replaceAll(trial.folder, "/var/task"));
  const verb = isUncaught ? "ends with an error that nothing catches" : "does not load";
  return {
    place: placeOf(first) ?? sourcePlace(request),
    message: `\`${request.source}\` ${verb} on ${request.runtime}: ${text}${first === undefined ? inside(frames[0]) : calls}${wrote(trial.output)}`,
    hint:
      missed === undefined
        ? hintOf(request, { ...error, message: error.message.replaceAll(trial.folder, "/var/task") })
        : `That is because ${missed}: draw the arrow that sets it, or set it by \`overrides\`.`,
  };
}

function errorText({ name, message }: Thrown): string {
  return name === "" ? `it throws \`${message}\`, which is no error` : `${name}: ${message}`;
}

function sourcePlace({ source }: LoadRequest): Place {
  return { file: source, line: 1, column: 1 };
}

function resourceText(resources: readonly string[]): string {
  const names = [...new Set(resources.filter((name) => !/^(MessagePort|Pipe|TTY)/.test(name)))];
  return names.length === 0 ? "a promise that nothing resolves" : names.join(", ");
}

function didYouMean(name: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return "";
  const near = nearest(name, candidates);
  const list = candidates.slice(0, 12).map((one) => `\`${one}\``);
  return `${near === undefined ? "" : `Did you mean \`${near}\`? `}There ${list.length === 1 ? "is" : "are"} ${list.join(", ")}.`;
}

/** The last lines of what it has written. */
function wrote(output: string): string {
  const lines = output.trim().split("\n").slice(-3).join(" / ");
  return lines === "" ? "" : `; it wrote: ${oneLine(lines)}`;
}

function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, " ");
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}
