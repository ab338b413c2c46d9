/** The pages of the reasons: for `warren explain` and for docs/reasons.md. */
import { UserError } from "./problem.ts";
import { REASONS, type Reason, exitCodeOf } from "./reason.ts";
import { suggestion } from "./suggest.ts";

/** One reason's page, or the list of all. Throws UserError `reason-unknown`. */
export function explain(word: string | undefined, json: boolean): string {
  if (word === undefined) return json ? JSON.stringify(REASONS, null, 2) : listOf();
  if (!isReason(word)) {
    const hint = `${suggestion(word, ALL, "reasons")} \`warren explain\` lists all.`;
    throw new UserError("reason-unknown", { message: `there is no reason \`${word}\``, hint });
  }
  const page = { reason: word, ...REASONS[word], exitCode: exitCodeOf(word) };
  return json ? JSON.stringify(page, null, 2) : pageOf(word);
}

function isReason(word: string): word is Reason {
  return Object.hasOwn(REASONS, word);
}

function pageOf(reason: Reason): string {
  const { meaning, mend } = REASONS[reason];
  return `${reason}\n\n${meaning}\n\nWhat to do: ${mend}\n\n${exitSentence(reason)}\n`;
}

/** Every reason with its first sentence. */
function listOf(): string {
  const width = Math.max(...ALL.map(({ length }) => length));
  return ALL.map((reason) => `${reason.padEnd(width)}  ${firstSentence(REASONS[reason].meaning)}`).join("\n");
}

/** docs/reasons.md: a heading for each, which links lead to. */
export function reasonsPage(): string {
  const head = [
    "# Reasons",
    "A run that fails says why with one of these words: at the end of its messages, as the output `reason` of the Action, and as " +
      "`reason` with `--json`. They do not change from version to version. `warren explain <reason>` prints the same. (A run that had nothing to do is " +
      "no failure: its output `reason` has words of its own, which its log explains.)",
  ];
  const pages = ALL.map((reason) => {
    const { meaning, mend } = REASONS[reason];
    return [`## ${reason}`, meaning, `**What to do:** ${mend}`, exitSentence(reason)].join("\n\n");
  });
  return `${[...head, ...pages].join("\n\n")}\n`;
}

const ALL = Object.keys(REASONS).filter(isReason).toSorted();

function exitSentence(reason: Reason): string {
  const code = exitCodeOf(reason);
  return REASONS[reason].again === true
    ? `Exit code ${code}: it may pass by itself, and the same command again is right.`
    : `Exit code ${code}.`;
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}
