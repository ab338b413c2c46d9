/**
 * A runner reads commands out of the log: a line that begins with `::name::`, and `##[name]` anywhere in a line
 * (both in actions/runner, ActionCommand.cs). Texts from outside must not be able to give any.
 */

/** The same text for people, without any command in it. */
export function withoutCommands(text: string): string {
  return (
    text
      .split(/\r\n|\r|\n/)
      // U+0085 is white space to the runner's .NET, and not to JavaScript.
      .map((line) => line.replace(/^([\s\u0085]*):(?=:)/, "$1: ").replaceAll("##[", "## ["))
      .join("\n")
  );
}
