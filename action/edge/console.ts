/** The only file that prints. Results go to standard output, everything about the way there to standard error. */
import { styleText } from "node:util";
import { redactText } from "../core/redact.ts";
import { visible } from "../core/visible.ts";
import type { Log } from "../ports.ts";

export interface Console extends Log {
  /** A word on the side, dimmed. */
  note(text: string): void;
  /** The result: a template, a picture, JSON. */
  result(text: string): void;
}

type Style = Parameters<typeof styleText>[0];

/** `styleText` looks at NO_COLOR, FORCE_COLOR and whether the stream is a terminal. */
function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr });
}

export function terminalConsole(): Console {
  const terminal = process.stderr.isTTY && process.env["TERM"] !== "dumb";
  let pending = "";
  const clear = (): string => (pending === "" ? "" : `\r\u001B[2K`);
  // The last net, whatever comes from wherever: no secret, and nothing that a terminal takes for an order of ours.
  // Results are not cut: they are what was asked for.
  const safe = (text: string): string => redactText(visible(text));
  const line = (text: string): void => {
    process.stderr.write(`${clear()}${text}\n`);
    pending = "";
  };
  return {
    info: (text) => line(safe(text)),
    warn: (text) => line(`${paint("yellow", "warning:")} ${safe(text)}`),
    error: (text) => line(`${paint("red", "error:")} ${safe(text)}`),
    note: (text) => line(paint("dim", safe(text))),
    progress: (text) => {
      // A log file has no line to overwrite, and hundreds of spinner lines help nobody.
      if (!terminal || text === pending) return;
      const fitting = safe(text).slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1));
      process.stderr.write(`${clear()}${paint("dim", fitting)}`);
      pending = fitting;
    },
    result: (text) => {
      if (pending !== "") process.stderr.write(clear());
      pending = "";
      process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    },
  };
}

/** Says nothing but errors: for `--json`, whose result speaks for itself. */
export function quietConsole(): Console {
  const full = terminalConsole();
  return { ...full, info: () => {}, warn: () => {}, progress: () => {} };
}
