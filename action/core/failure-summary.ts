/** A failure for a job's summary: why, then what to do about each problem, then how the operation went. */
import { drawGantt } from "./gantt.ts";
import { code, fence, link, row, sentence } from "./markdown.ts";
import { OperationFailure } from "./operation-failure.ts";
import { type Problem, type UserError, formatProblem } from "./problem.ts";

/** Where things are on GitHub; an empty address is not known. */
export interface Whereabouts {
  /** Of the checkout's files at this commit, without a slash at its end. */
  readonly filesUrl: string;
  /** Of the reason's page. */
  readonly reasonUrl: string;
}

const FIRST_LINE_CHARACTERS = 300;
const ROWS = 50;

/** What a reader who reads nothing else should know: the first problem, on one line. */
export function firstLine(problems: readonly Problem[]): string {
  const [line = ""] = (problems[0]?.message ?? "").split("\n");
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return line.length <= FIRST_LINE_CHARACTERS
    ? `${line}${more}`
    : `${line.slice(0, FIRST_LINE_CHARACTERS - 1).trimEnd()}…${more}`;
}

/** `problems` are the error's, with their places as GitHub knows the files. */
export function failureSummary(
  error: UserError,
  problems: readonly Problem[],
  whereabouts: Whereabouts,
): string {
  const { reason } = error;
  const shown = problems.slice(0, ROWS);
  const rest = problems.length - shown.length;
  // A table's cell holds no lines: the end of a log, or a quoted place in the code, needs them.
  const long = shown.filter(isLong);
  const rows = shown.filter((one) => !isLong(one)).map((one) => problemRow(one, whereabouts));
  const parts = [
    `### Warren failed: ${sentence(firstLine(problems))} ❌`,
    ...(rows.length > 0
      ? [[row(["where", "what", "what to do"]), row(["-", "-", "-"]), ...rows].join("\n")]
      : []),
    ...long.map((one) => fence(formatProblem(one))),
    ...(rest > 0 ? [`${rest} more problems are in the log.`] : []),
    ...gantt(error),
    `Reason: ${whereabouts.reasonUrl === "" ? code(reason) : link(reason, whereabouts.reasonUrl)}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function isLong({ message, details = [], hint = "" }: Problem): boolean {
  return [message, ...details, hint].some((text) => text.includes("\n"));
}

function problemRow(problem: Problem, { filesUrl }: Whereabouts): string {
  const { place, message, details = [], hint = "", link: page = "" } = problem;
  const name = place ? `${place.file}:${place.line}` : "";
  const address = place && filesUrl !== "" ? `${filesUrl}/${place.file}#L${place.line}` : "";
  const where = address === "" ? code(name) : link(code(name), address);
  const what = [message, ...details].map((text) => sentence(text)).join("<br>");
  const mend = [...(hint === "" ? [] : [sentence(hint)]), ...(page === "" ? [] : [link("more", page)])];
  return row([where, what, mend.join("<br>")]);
}

function gantt(error: UserError): readonly string[] {
  // Refused before anything was made, there is nothing to draw.
  if (!(error instanceof OperationFailure) || !error.timeline || error.timeline.bars.length === 0) return [];
  const stack = error.stackId.split("/")[1] ?? error.stackId;
  return [fence(drawGantt(stack, error.timeline), "mermaid")];
}
