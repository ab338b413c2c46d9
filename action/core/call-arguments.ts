/**
 * What a command needs only with some of its arguments: PutObject with `Tagging` needs another action besides its own. Names of
 * arguments are searched in the user's own text: whoever sets one writes it somewhere.
 */
import type { OwnCode } from "./call-sites.ts";

/** Argument -> command (`*`: any of the client) -> IAM actions. */
export type ArgumentActions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** `isCalledUnseen`: the commands are also used by code that is not among `own`. */
export function argumentActions(
  command: string,
  known: ArgumentActions,
  own: readonly OwnCode[],
  isCalledUnseen: boolean,
): readonly string[] {
  const isOpen = isCalledUnseen || own.some(({ code }) => hidesArguments(command, code));
  return Object.entries(known).flatMap(([argument, commands]) => {
    const actions = commands[command] ?? commands["*"];
    return actions !== undefined && (isOpen || own.some(({ code }) => isMentioned(argument, code)))
      ? actions
      : [];
  });
}

export function isMentioned(argument: string, code: string): boolean {
  return new RegExp(`\\b${argument}\\b`).test(code);
}

/** `new PutObjectCommand(input)`, or `({ …, ...others })`: which arguments there are is not to be seen. */
function hidesArguments(command: string, code: string): boolean {
  return new RegExp(`\\b${command}Command\\(\\s*(?:[^\\s{)]|\\{[^{}]*\\.\\.\\.)`).test(code);
}
