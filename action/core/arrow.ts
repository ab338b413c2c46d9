/** The flow of pipeline.yaml -> arrows: two components and the connection template that joins them. */
import { Ajv } from "ajv";
import { type Catalog, findConnection, optionsOf } from "./catalog.ts";
import type { ParsedDocument, Path, SourceText } from "./document.ts";
import { type Options, readOptions } from "./option.ts";
import type { Component } from "./pipeline.ts";
import type { Place, Problem } from "./problem.ts";
import { arrowSchema } from "./schema.ts";
import { shapeProblem } from "./shape.ts";
import { suggestion } from "./suggest.ts";
import type { ConnectionTemplate } from "./template.ts";
import { type Value, type ValueMap, isValueList, isValueMap } from "./value.ts";

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly verb: string;
  readonly connection: ConnectionTemplate;
  readonly options: Options;
  readonly place: Place;
  readonly placeOf: (parameter: string) => Place;
}

interface FlowInput {
  readonly source: SourceText;
  readonly document: ParsedDocument;
  readonly catalog: Catalog;
  readonly components: ReadonlyMap<string, Component>;
  /** The whole file: names of components that have problems of their own are not unknown. */
  readonly body: ValueMap;
}

interface Word {
  readonly text: string;
  readonly place: Place;
}

const ARROW = /^-(?:([a-z](?:[a-z-]*[a-z])?)-)?>$/;

export function readArrows(input: FlowInput): { value: Arrow[]; problems: Problem[] } {
  const flow = input.body["flow"];
  const value: Arrow[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, Place>();
  for (const [index, item] of (isValueList(flow) ? flow : []).entries()) {
    const path = ["flow", index];
    const text = isValueMap(item) ? item["arrow"] : item;
    if (typeof text !== "string") continue;
    const words = wordsOf(text, isValueMap(item) ? [...path, "arrow"] : path, input);
    const pairs = pairsOf(words, problems);
    if (isValueMap(item) && pairs.length > 1) {
      const message = `options can stand beside one arrow only, and here are ${pairs.length}`;
      problems.push({
        place: input.document.placeOf(path),
        message,
        hint: "Write each arrow on a line of its own.",
      });
      continue;
    }
    for (const [from, verb, to] of pairs) {
      const known = [from, to].every((word) => checkEnd(word, input, problems));
      const arrow = known ? join({ from, verb, to }, item, path, input, problems) : undefined;
      if (!arrow) continue;
      const key = `${arrow.from} -${arrow.verb}-> ${arrow.to}`;
      const earlier = seen.get(key);
      if (earlier) {
        problems.push({
          place: from.place,
          message: `\`${arrowText(arrow)}\` stands here again`,
          hint: `The first is in line ${earlier.line}.`,
        });
      } else {
        seen.set(key, from.place);
        value.push(arrow);
      }
    }
  }
  return { value, problems };
}

/** `a -> b`, `a -stream-> b`: how messages name an arrow. */
export function arrowText(arrow: {
  readonly from: string;
  readonly to: string;
  readonly verb: string;
}): string {
  return `${arrow.from} ${arrow.verb === "" ? "->" : `-${arrow.verb}->`} ${arrow.to}`;
}

function wordsOf(text: string, path: Path, { document, source }: FlowInput): Word[] {
  const start = document.placeOf(path);
  const line = source.text.split("\n")[start.line - 1] ?? "";
  let from = start.column - 1;
  return text.split(/\s+/).flatMap((word) => {
    if (word === "") return [];
    // A text over several lines has no simple columns: its start is near enough.
    const at = line.indexOf(word, from);
    if (at < 0) return [{ text: word, place: start }];
    from = at + word.length;
    return [{ text: word, place: { ...start, column: at + 1 } }];
  });
}

/** `a -> b -> c` is the pairs (a, b) and (b, c). */
function pairsOf(words: readonly Word[], problems: Problem[]): [Word, string, Word][] {
  const pairs: [Word, string, Word][] = [];
  const first = words[0];
  if (!first) return pairs;
  const fail = (word: Word, message: string): [] => {
    problems.push({
      place: word.place,
      message,
      hint: "Write arrows as `a -> b`, or with a verb as `a -stream-> b`.",
    });
    return [];
  };
  if (words.length === 1) {
    const glued = first.text.includes(">");
    return fail(
      first,
      glued ? `\`${first.text}\` needs spaces around its arrow` : `\`${first.text}\` has no arrow`,
    );
  }
  for (let index = 0; index < words.length; index += 2) {
    const [end, arrow, next] = words.slice(index, index + 3);
    if (!end || ARROW.test(end.text))
      return fail(end ?? first, "here must stand a component's name, not an arrow");
    if (!arrow) break;
    const match = ARROW.exec(arrow.text);
    if (!match) return fail(arrow, `\`${arrow.text}\` is no arrow`);
    if (!next) return fail(arrow, "this arrow leads nowhere");
    pairs.push([end, match[1] ?? "", next]);
  }
  return pairs;
}

function checkEnd(word: Word, input: FlowInput, problems: Problem[]): boolean {
  if (input.components.has(word.text)) return true;
  const written = input.body["components"];
  const names = isValueMap(written) ? Object.keys(written) : [];
  if (!names.includes(word.text)) {
    const hint = suggestion(word.text, names, "components");
    problems.push({ place: word.place, message: `there is no component \`${word.text}\``, hint });
  }
  return false;
}

function join(
  ends: { readonly from: Word; readonly verb: string; readonly to: Word },
  item: Value,
  path: Path,
  input: FlowInput,
  problems: Problem[],
): Arrow | undefined {
  const [from, to] = [input.components.get(ends.from.text), input.components.get(ends.to.text)];
  if (!from || !to) return undefined;
  const arrow = { from: from.name, to: to.name, verb: ends.verb };
  const kinds = { fromKind: from.template.kind, toKind: to.template.kind, verb: ends.verb };
  const connection = findConnection(input.catalog, kinds);
  if (!connection) {
    problems.push({
      place: ends.from.place,
      message: `\`${arrowText(arrow)}\`: no template says what an arrow from a ${kinds.fromKind} to a ${kinds.toKind}${
        ends.verb === "" ? "" : ` with the verb \`${ends.verb}\``
      } means`,
      hint: arrowHint(kinds, input.catalog),
    });
    return undefined;
  }
  const { arrow: _arrow, ...written } = isValueMap(item) ? item : { arrow: "" };
  const options = readOptions(written, optionsOf(connection), path, input.document);
  problems.push(...options.problems, ...optionProblems(item, connection, path, input.document));
  return { ...arrow, connection, options: options.value, place: ends.from.place, placeOf: options.placeOf };
}

/** The whole schema allows any connection's options; this arrow takes only its own. */
function optionProblems(
  item: Value,
  connection: ConnectionTemplate,
  path: Path,
  document: ParsedDocument,
): Problem[] {
  if (!isValueMap(item)) return [];
  const ajv = new Ajv({ allErrors: true, verbose: true, strictTypes: false });
  const validate = ajv.compile(arrowSchema(optionsOf(connection)));
  if (validate(item)) return [];
  return (validate.errors ?? []).flatMap((error) => shapeProblem(error, document, path) ?? []);
}

function arrowHint(
  { fromKind, toKind, verb }: { fromKind: string; toKind: string; verb: string },
  { connections }: Catalog,
): string {
  const text = (from: string, by: string, to: string): string =>
    `${from} ${by === "" ? "->" : `-${by}->`} ${to}`;
  const list = (found: readonly ConnectionTemplate[]): string =>
    found.map((one) => `\`${text(one.from, one.verb, one.to)}\``).join(", ");
  const samePair = connections.filter((one) => one.from === fromKind && one.to === toKind);
  if (samePair.length > 0) return `There is ${list(samePair)}.`;
  const reversed = connections.filter((one) => one.from === toKind && one.to === fromKind);
  if (reversed.length > 0) return `Arrows show which way the data goes. There is ${list(reversed)}.`;
  const near = connections.filter((one) => one.from === fromKind || one.to === toKind);
  const file = `templates/connections/${fromKind}-to-${toKind}${verb === "" ? "" : `.${verb}`}.yaml`;
  return `There are ${list(near)}; or add ${file} to your repository.`;
}
