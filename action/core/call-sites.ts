/**
 * Where the user's own code makes the calls that a bundle was found to make. Text is searched for the command's name: good enough
 * to lead a reader there, and nothing is decided by it.
 */
import type { Place } from "./problem.ts";

/** A file of the user's own. */
export interface OwnCode {
  /** Path from the repository's root. */
  readonly file: string;
  readonly code: string;
}

/** A command of the SDK that is in the bundle: `SendMessage` of `@aws-sdk/client-sqs`. */
export interface CommandUse {
  readonly command: string;
  readonly package: string;
  /** IAM's names of what it needs. */
  readonly actions: readonly string[];
}

/** IAM action -> where it is called first. What is called from within a package has no place. */
export function callSites(
  uses: readonly CommandUse[],
  own: readonly OwnCode[],
): Readonly<Record<string, Place>> {
  const sites: Record<string, Place> = {};
  for (const use of uses) {
    const open = use.actions.filter((action) => !Object.hasOwn(sites, action));
    const site = open.length === 0 ? undefined : own.flatMap((one) => siteIn(one, use) ?? []).at(0);
    if (site !== undefined) for (const action of open) sites[action] = site;
  }
  return sites;
}

function siteIn({ file, code }: OwnCode, use: CommandUse): Place | undefined {
  if (!code.includes(use.package) && !code.includes("@aws-sdk/lib-")) return undefined;
  // lib-dynamodb says GetCommand for GetItem.
  const { command } = use;
  const names = `(?:${command}|${command.replace(/Items?$/, "")})`;
  const name = new RegExp(
    `\\b(?:${names}Command|paginate${command}|${command[0]?.toLowerCase()}${command.slice(1)})\\b`,
  );
  const found = code.split("\n").flatMap((text, index): readonly (Place & { readonly text: string })[] => {
    const match = /^\s*(?:\/\/|\*|\/\*)/.test(text) ? null : name.exec(text);
    return match === null ? [] : [{ file, line: index + 1, column: match.index + 1, text }];
  });
  const call = found.find(({ text }) => /\bnew\s|\(/.test(text) && !/^\s*import\b|\bfrom\s+["']/.test(text));
  const site = call ?? found[0];
  return site && { file, line: site.line, column: site.column };
}
