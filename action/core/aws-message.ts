/** AWS's sentences about a failure: what in them is for people, and which of them say the same. */

/** What the services' handlers put around a message. Ids of requests stay in the log, where the whole text is. */
const WRAPPING = /^Resource handler returned message: "([^]*?)"?\s*(?:\(RequestToken: [^()]*\))?$/;
const TRAILER =
  /\s*\((?:Service: [^()]*|RequestToken: [^()]*|SDK Attempt Count: \d+)(?:\([^()]*\)[^()]*)*\)/g;

/** The message alone, without its wrapping and without a full stop. */
export function plainMessage(text: string): string {
  const inner = WRAPPING.exec(text.trim())?.[1] ?? text;
  const plain = inner
    .replaceAll(TRAILER, "")
    .replace(/^Invalid request provided: /, "")
    .replace(/[.\s]+$/, "");
  return plain === "" ? text.trim() : plain;
}

/** `iam:CreateRole` of a refusal by IAM. */
export function deniedAction(text: string): string | undefined {
  return /not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)/.exec(text)?.[1];
}

/** Equal for messages that differ only in what they are about. `names` are those of the resource itself. */
export function messageKey(text: string, names: readonly string[]): string {
  const action = deniedAction(text);
  if (action !== undefined) return `denied ${action}`;
  const own = names.filter((name) => name.length > 2).toSorted((a, b) => b.length - a.length);
  return own
    .reduce((result, name) => result.replaceAll(name, "*"), plainMessage(text))
    .replaceAll(/arn:[\w-]*:[^\s"',)]+/g, "*")
    .replaceAll(/'[^']*'/g, "*")
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "*");
}

/** Which of the ids the text names, in its order: as whole words, since one may begin like another. */
export function namedIds(text: string, ids: Iterable<string>): readonly string[] {
  const known = new Set(ids);
  return [...new Set(text.match(/[A-Za-z0-9]+/g) ?? [])].filter((word) => known.has(word));
}
