/** The flow of pipeline.yaml -> arrows: two components and the connection template that joins them. */
import type { ValidateFunction } from "ajv";
import { type Catalog, findConnection, optionsOf } from "./catalog.ts";
import type { ParsedDocument, Path, SourceText } from "./document.ts";
import { kebabCase } from "./names.ts";
import { type Options, readOptions } from "./option.ts";
import type { Component } from "./component.ts";
import { MAX_PROBLEMS, type Place, type Problem } from "./problem.ts";
import { arrowSchema } from "./schema.ts";
import { shapeProblem } from "./shape.ts";
import { suggestion } from "./suggest.ts";
import type { ConnectionTemplate } from "./template.ts";
import { type Value, type ValueMap, isValueList, isValueMap } from "./value.ts";
import { schemaCompiler } from "./schema-compiler.ts";

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

interface Read extends FlowInput {
  readonly lines: readonly string[];
}

interface Word {
  readonly text: string;
  readonly place: Place;
}

const ARROW = /^-(?:([a-z]+(?:-[a-z]+)*)-)?>$/;

export function readArrows(flowInput: FlowInput): { value: Arrow[]; problems: Problem[] } {
  const input: Read = { ...flowInput, lines: flowInput.source.text.split("\n") };
  const flow = input.body["flow"];
  const value: Arrow[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, Place>();
  for (const [index, item] of (isValueList(flow) ? flow : []).entries()) {
    // A suggestion for each of thousands takes long, and nobody reads it.
    if (problems.length > MAX_PROBLEMS) break;
    const path = ["flow", index];
    const text = isValueMap(item) ? item["arrow"] : item;
    if (typeof text !== "string") continue;
    const words = wordsOf(text, isValueMap(item) ? [...path, "arrow"] : path, input);
    const pairs = pairsOf(words, input.document.placeOf(path), problems);
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
      if (problems.length > MAX_PROBLEMS) break;
      const known = [from, to].map((word) => checkEnd(word, input, problems));
      const arrow = known.every(Boolean) ? join({ from, verb, to }, item, path, input, problems) : undefined;
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

function wordsOf(text: string, path: Path, { document, lines }: Read): Word[] {
  const start = document.placeOf(path);
  const line = lines[start.line - 1] ?? "";
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
function pairsOf(words: readonly Word[], start: Place, problems: Problem[]): [Word, string, Word][] {
  const pairs: [Word, string, Word][] = [];
  const fail = (place: Place, message: string): [] => {
    const hint = "Write arrows as `a -> b`, or with a verb as `a -stream-> b`.";
    problems.push({ place, message, hint });
    return [];
  };
  for (let index = 0; index === 0 || index < words.length; index += 2) {
    const [end, arrow, next] = words.slice(index, index + 3);
    if (!end) return fail(start, "here is no arrow");
    if (ARROW.test(end.text)) return fail(end.place, "a component's name must stand here, not an arrow");
    const glued = [end, arrow].find((word, isArrow) => word && (isArrow ? />./ : /[<>]/).test(word.text));
    if (glued) return fail(glued.place, `\`${glued.text}\` needs spaces around its arrow`);
    if (!arrow && index === 0) return fail(end.place, `\`${end.text}\` has no arrow`);
    if (!arrow) break;
    const match = ARROW.exec(arrow.text);
    if (!match) {
      const backwards = arrow.text.includes("<") ? "; arrows point to the right" : "";
      return fail(arrow.place, `\`${arrow.text}\` is no arrow${backwards}`);
    }
    if (!next) return fail(arrow.place, "this arrow leads nowhere");
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
      hint: arrowHint(kinds, arrow, input.catalog),
    });
    return undefined;
  }
  const { arrow: _arrow, ...written } = isValueMap(item) ? item : { arrow: "" };
  const options = readOptions(written, optionsOf(connection), path, input.document);
  problems.push(...options.problems, ...optionProblems(item, connection, path, input.document));
  for (const { name, description, default: preset } of optionsOf(connection)) {
    if (preset !== undefined || name in options.value) continue;
    const message = `\`${arrowText(arrow)}\` needs the option \`${kebabCase(name)}\``;
    const hint = `Write \`{ arrow: ${arrowText(arrow)}, ${kebabCase(name)}: … }\`. ${description}`;
    problems.push({ place: ends.from.place, message, hint });
  }
  return { ...arrow, connection, options: options.value, place: ends.from.place, placeOf: options.placeOf };
}

const validators = new WeakMap<ConnectionTemplate, ValidateFunction>();

/** Compiling takes some ten milliseconds, and a pipeline has many arrows of few connections. */
function validatorOf(connection: ConnectionTemplate): ValidateFunction {
  const known = validators.get(connection);
  if (known) return known;
  const ajv = schemaCompiler({ allErrors: true, verbose: true, strictTypes: false });
  const validate = ajv.compile(arrowSchema(optionsOf(connection)));
  validators.set(connection, validate);
  return validate;
}

/** The whole schema allows any connection's options; this arrow takes only its own. */
function optionProblems(
  item: Value,
  connection: ConnectionTemplate,
  path: Path,
  document: ParsedDocument,
): Problem[] {
  if (!isValueMap(item)) return [];
  const validate = validatorOf(connection);
  if (validate(item)) return [];
  return (validate.errors ?? []).flatMap((error) => shapeProblem(error, document, path) ?? []);
}

function arrowHint(
  { fromKind, toKind, verb }: { fromKind: string; toKind: string; verb: string },
  ends: { readonly from: string; readonly to: string },
  { connections }: Catalog,
): string {
  const list = (found: readonly ConnectionTemplate[]): string =>
    found.map((one) => `\`${arrowText(one)}\``).join(", ");
  const samePair = connections.filter((one) => one.from === fromKind && one.to === toKind);
  const reversed = connections.filter((one) => one.from === toKind && one.to === fromKind);
  const turned = reversed.filter((one) => samePair.length === 0 || one.verb === verb);
  if (turned.length > 0) {
    const arrows = turned.map((one) => arrowText({ from: ends.to, verb: one.verb, to: ends.from }));
    return `An arrow shows which way the data goes: write ${arrows.map((one) => `\`${one}\``).join(" or ")}.`;
  }
  if (samePair.length > 0) return `There ${samePair.length === 1 ? "is" : "are"} ${list(samePair)}.`;
  const near = connections.filter((one) => one.from === fromKind || one.to === toKind);
  const file = `templates/connections/${fromKind}-to-${toKind}${verb === "" ? "" : `.${verb}`}.yaml`;
  const own = `add ${file} to your repository, which says what it means`;
  return near.length === 0 ? `To draw it, ${own}.` : `There are ${list(near)}. Or ${own}.`;
}
