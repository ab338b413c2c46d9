/** Lines of a function's log, for people: of structured ones what they say, and each only once. */
import { redactText } from "./redact.ts";
import { isValueMap, textOf } from "./value.ts";
import { withoutCommands } from "./workflow-command.ts";

/** Lambda writes these around every run; they say nothing of what went wrong in it. */
const AROUND = /^(?:START|END|INIT_START) /;
const AROUND_EVENT = /^platform\.(?:initStart|initRuntimeDone|start|runtimeDone)$/;

/** Colours and the like (ECMA-48, 5.4 and 8.3.89): orders to a terminal, which may stand in the middle of a word. */
const TERMINAL_ORDERS = /(?![\n\r\t])\p{Cc}(?:\[[0-?]*[ -/]*[@-~]|\][^\p{Cc}]*(?:(?![\n\r\t])\p{Cc}\\?)?)/gu;
/** Of one text; a log may hold a megabyte of them, and only their beginnings are shown. */
const MAX_CHARACTERS = 20_000;

/**
 * Oldest first, without empty lines; a line that comes again is told once, where it came last. What looks like a secret,
 * or is one of `hidden`, is cut out: a log is the function's own, and where it is told is public and kept. Nor does it
 * give a runner orders: the command line may well run on one.
 */
export function readableLines(texts: readonly string[], hidden: readonly string[] = []): readonly string[] {
  const times = new Map<string, number>();
  for (const line of texts.flatMap((text) => linesOf(text, hidden))) {
    const before = times.get(line) ?? 0;
    times.delete(line);
    times.set(line, before + 1);
  }
  return [...times].map(([line, count]) => (count === 1 ? line : `${line} (${count} times)`));
}

function linesOf(raw: string, hidden: readonly string[]): readonly string[] {
  const text = raw.replaceAll(TERMINAL_ORDERS, "");
  const structured = parsed(text);
  const whole = structured === undefined ? text : said(structured).replaceAll(TERMINAL_ORDERS, "");
  // Before it is parted: a key may have many lines.
  return withoutCommands(redactText(whole.slice(0, MAX_CHARACTERS), hidden))
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !AROUND.test(line));
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(text: string): Fields | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isValueMap(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The fields that Lambda's own JSON format and the common loggers have; a line without any stays as it is. */
function said(fields: Fields): string {
  const { level, message, error, type, record } = fields;
  if (typeof type === "string" && type.startsWith("platform.")) {
    return AROUND_EVENT.test(type) ? "" : `${type} ${textOf(record)}`;
  }
  // Of the line's own fields only Lambda's: a logger's `name` may be anything.
  const { errorType, errorMessage } = fields;
  const errors = [error, message, { errorType, errorMessage }].flatMap((one) =>
    isValueMap(one) ? (errorText(one) ?? []) : [],
  );
  const words = [
    textOf(level).toUpperCase(),
    isValueMap(message) && errors.length > 0 ? "" : textOf(message),
  ].filter((word) => word !== "");
  const [cause] = errors;
  if (words.length === 0 && cause === undefined) return JSON.stringify(fields);
  return [words.join(" "), cause].filter((part) => part !== "" && part !== undefined).join(": ");
}

function errorText(fields: Fields): string | undefined {
  const name = textOf(fields["errorType"] ?? fields["name"]);
  const message = textOf(fields["errorMessage"] ?? (fields["name"] === undefined ? "" : fields["message"]));
  if (message === "") return undefined;
  const location = textOf(fields["location"]);
  return `${name === "" ? "" : `${name}: `}${message}${location === "" ? "" : ` (${location})`}`;
}
