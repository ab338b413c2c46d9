/** What does not load here and may well load on Lambda: neither passed nor refused. */
import { framesOf, isOwn, placeText, type Frame, type LoadTrial } from "./load-frames.ts";
import type { LoadReport, Observed, Thrown } from "./load-report.ts";
import type { LoadRequest } from "./passport.ts";
import { isPlaceholder } from "./placeholder-environment.ts";
import { runtimeOf, type VersionPrefix } from "./runtime.ts";

/** Why the failure proves nothing, one sentence without a full stop; undefined if it does. */
export function doubtOf(request: LoadRequest, report: LoadReport, trial: LoadTrial): string | undefined {
  const { end } = report;
  if (end.kind === "threw" && isCertain(end.error)) return olderMachine(request, end.error);
  const [tried] = report.network;
  if (tried !== undefined && ["threw", "ended", "waiting", "stalled"].includes(end.kind)) {
    const where = placeText(framesOf(tried.stack, request, trial).find(isOwn));
    return `the import opens a connection (${tried.what}${where && `, ${where}`}), and there is no network while a function is loaded`;
  }
  const doubted = end.kind === "threw" ? doubtedVariable(request, end.error.message) : undefined;
  if (doubted !== undefined)
    return `the import checks the environment variable ${doubted}, whose value only a deployed stack has`;
  return request.environment === undefined ? missedVariables(request, report, trial) : undefined;
}

/** Whatever else has gone wrong before, this is not its consequence. */
function isCertain({ code, name }: Thrown): boolean {
  return (
    /MODULE_NOT_FOUND|ERR_DLOPEN_FAILED/.test(code) || name === "SyntaxError" || name === "ReferenceError"
  );
}

/** The runner is older than Lambda's system, or lacks a library that is there. */
function olderMachine({ runtime }: LoadRequest, { message }: Thrown): string | undefined {
  const { newest, libraries, likely, name } = runtimeOf(runtime).system;
  const [, prefix, version] = /version `(\w+?)_([\d.]+)' not found/.exec(message) ?? [];
  if (prefix !== undefined && version !== undefined) {
    const limit = newest[prefix as VersionPrefix] ?? "0";
    const isNewer = limit.localeCompare(version, "en", { numeric: true }) < 0;
    return isNewer
      ? undefined
      : `this machine has no ${prefix} ${version}, and ${name} has: use a newer runner`;
  }
  const [, library = ""] = /^(\S+): cannot open shared object file/.exec(message) ?? [];
  return libraries.has(library) || likely.has(library)
    ? `this machine has no ${library}, and Lambda has: install it on the runner`
    : undefined;
}

/**
 * In words, the variables whose absence is the cause: their name is in the message, or they were read in the line that
 * threw. Other variables are read everywhere, mostly with a default.
 */
export function missedVariables(
  request: LoadRequest,
  { end, unset }: LoadReport,
  trial: LoadTrial,
): string | undefined {
  if (end.kind !== "threw" && end.kind !== "ended") return undefined;
  const [message, stack] = end.kind === "threw" ? [end.error.message, end.error.stack] : ["", end.stack];
  const thrownAt = framesOf(stack, request, trial).find(isOwn);
  const readAt = ({ stack: read }: Observed): Frame | undefined => framesOf(read, request, trial).find(isOwn);
  const found = unset.filter((one) => {
    const at = readAt(one);
    const isSameLine = at !== undefined && at.file === thrownAt?.file && at.line === thrownAt.line;
    return isSameLine || (at !== undefined && message.includes(one.what));
  });
  const names = [...new Set(found.map(({ what }) => what))];
  if (names.length === 0) return undefined;
  const [one] = found;
  const where = one === undefined ? "" : placeText(readAt(one));
  const verb = names.length === 1 ? "is" : "are";
  return `the environment variable${names.length === 1 ? "" : "s"} ${names.join(", ")}, read at ${where}, ${verb} not set`;
}

/** The message names it, or its value that stands in for the real one. */
function doubtedVariable({ environment = {} }: LoadRequest, message: string): string | undefined {
  const [name] =
    Object.entries(environment).find(
      ([one, value]) => isPlaceholder(value) && (message.includes(one) || message.includes(value)),
    ) ?? [];
  return name;
}
