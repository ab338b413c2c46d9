/** What `act --json` tells. Its lines carry secrets in the clear (an add-mask's own argument, the text of a step). */

interface Line {
  readonly msg?: string;
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly content?: string;
}

export interface ActLog {
  /** One line that act has written. */
  read(text: string): void;
  /** What a run's log would show, secrets as stars. */
  text(): string;
  /** The steps' summaries, in their order. */
  summary(): string;
  /** The steps' outputs by name; of two of a name the later one. */
  outputs(): Readonly<Record<string, string>>;
}

/** Nothing but the message of a line is kept, and it without the secrets. */
export function createActLog(secrets: readonly string[], onLine: (line: string) => void): ActLog {
  const masks = new Set(secrets.filter((secret) => secret !== ""));
  const lines: string[] = [];
  const summaries: string[] = [];
  const outputs: Record<string, string> = {};
  const masked = (text: string): string =>
    [...masks].reduce((rest, secret) => rest.replaceAll(secret, "***"), text);

  function mask(secret: string): void {
    for (const line of [secret, ...secret.split(/\r?\n/)]) if (line.trim() !== "") masks.add(line);
  }

  return {
    read(text) {
      const { msg = "", command = "", name = "", arg = "", content = "" } = parse(text);
      if (command === "add-mask") return mask(arg);
      if (command === "set-output") return void (outputs[name] = masked(arg));
      if (command === "summary") return void summaries.push(masked(content));
      const line = masked(msg.trimEnd());
      lines.push(line);
      onLine(line);
    },
    text: () => lines.join("\n"),
    summary: () => summaries.join(""),
    outputs: () => outputs,
  };
}

/** Before its flags are understood, act writes plain text. */
function parse(text: string): Line {
  if (!text.startsWith("{")) return { msg: text };
  return JSON.parse(text) as Line;
}
