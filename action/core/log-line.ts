/** Lines of a function's log, for people: of structured ones what they say, and each only once. */
import { isValueMap, textOf } from "./value.ts";

/** Lambda writes these around every run; they say nothing of what went wrong in it. */
const AROUND = /^(?:START|END|INIT_START) /;
const AROUND_EVENT = /^platform\.(?:initStart|initRuntimeDone|start|runtimeDone)$/;

/** Oldest first, without empty lines; a line that comes again is told once, where it came last. */
export function readableLines(texts: readonly string[]): readonly string[] {
  const times = new Map<string, number>();
  for (const line of texts.flatMap(linesOf)) {
    const before = times.get(line) ?? 0;
    times.delete(line);
    times.set(line, before + 1);
  }
  return [...times].map(([line, count]) => (count === 1 ? line : `${line} (${count} times)`));
}

function linesOf(text: string): readonly string[] {
  const structured = parsed(text);
  const whole = structured === undefined ? text : said(structured);
  return whole
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
