/** The smoke run of pipeline.yaml: what is put where, what starts it, and the way that it has to go. */
import type { Arrow } from "./arrow.ts";
import type { Component } from "./component.ts";
import type { ParsedDocument, Path } from "./document.ts";
import { type KeyAttribute, keyProblem } from "./items.ts";
import { defaultValue } from "./option.ts";
import type { Place, Problem } from "./problem.ts";
import { suggestion } from "./suggest.ts";
import { type Value, canonicalJson, isValueList, isValueMap, textOf } from "./value.ts";
import { type Way, findWay } from "./way.ts";

export interface Smoke {
  /** The first is the one that travels; the others are only there. */
  readonly puts: readonly Put[];
  readonly way: Way;
  readonly expect: string;
  /** What the thing that arrives must hold besides; may have placeholders. */
  readonly holds: readonly string[];
  readonly withinSeconds: number;
  /** All that pipeline.yaml says of it: a run with another text is another run. */
  readonly text: string;
}

export interface Put {
  readonly component: string;
  /** May have placeholders in its texts. */
  readonly value: Value;
  /** The attributes that make up the key, where the template names some. */
  readonly keys: readonly KeyAttribute[];
}

const DEFAULT_SECONDS = 60;

interface SmokeInput {
  readonly document: ParsedDocument;
  readonly components: ReadonlyMap<string, Component>;
  /** All names of the file: one that has a problem of its own is not unknown. */
  readonly names: readonly string[];
  readonly arrows: readonly Arrow[];
  /** Whether components and arrows are all there is: a way that is missing for a problem of theirs is no news. */
  readonly complete: boolean;
}

export interface SmokeResult {
  readonly value: Smoke | undefined;
  readonly problems: readonly Problem[];
}

const NOTHING: SmokeResult = { value: undefined, problems: [] };

/** `value` has the shape that the schema asks for. */
export function readSmoke(value: Value | undefined, input: SmokeInput): SmokeResult {
  if (!isValueMap(value)) return NOTHING;
  const { document, components, names } = input;
  const problems: Problem[] = [];
  const known = (name: string, path: Path, place: Place): Component | undefined => {
    const component = components.get(name);
    if (!component && !names.includes(name)) {
      const hint = suggestion(name, names, "components");
      problems.push({ place, message: `\`${path.join(".")}\`: there is no component \`${name}\``, hint });
    }
    return component;
  };
  const puts = Object.entries(isValueMap(value["put"]) ? value["put"] : {}).flatMap(([name, body]): Put[] => {
    const path = ["smoke", "put", name];
    const component = known(name, ["smoke", "put"], document.placeOfKey(path));
    if (!component) return [];
    const keys = keysOf(component);
    problems.push(...putProblems(component, body, keys, document, path));
    return [{ component: name, value: body, keys }];
  });
  const expectPlace = document.placeOf(["smoke", "expect"]);
  const expect = known(textOf(value["expect"]), ["smoke", "expect"], expectPlace);
  if (expect && !expect.template.metadata.Probe?.See) {
    problems.push({
      place: expectPlace,
      message: `\`smoke.expect\`: what comes to \`${expect.name}\` cannot be seen`,
      hint: `Name another component of the way; or the template of kind \`${expect.template.kind}\` says how (\`Probe: See\`).`,
    });
  }
  const start = value["start"] === undefined ? undefined : textOf(value["start"]);
  if (start !== undefined) {
    const place = document.placeOf(["smoke", "start"]);
    const component = known(start, ["smoke", "start"], place);
    if (component && !component.template.metadata.Probe?.Starts) {
      const hint = component.template.metadata.Probe?.Put
        ? `To begin with it, put something there: \`put: { ${start}: {} }\`.`
        : `The template of its kind \`${component.template.kind}\` has no \`Probe: Starts\`.`;
      problems.push({ place, message: `\`smoke.start\`: \`${start}\` starts nothing by itself`, hint });
    }
  }
  if (problems.length > 0 || !expect || !input.complete) return { value: undefined, problems };
  const way = findWay({ put: puts[0]?.component, start, expect: expect.name }, input);
  if (way.kind === "none") {
    const { at, message, hint } = way;
    const path = at === "put" ? ["smoke", "put", puts[0]?.component ?? ""] : ["smoke", at];
    const place = at === "put" ? document.placeOfKey(path) : document.placeOf(path);
    return { value: undefined, problems: [{ place, message, hint }] };
  }
  return {
    value: {
      puts,
      way: way.way,
      expect: expect.name,
      holds: (isValueList(value["holds"]) ? value["holds"] : []).map(textOf),
      withinSeconds: secondsOf(value["within"]),
      text: canonicalJson(value),
    },
    problems,
  };
}

function secondsOf(text: Value | undefined): number {
  if (text === undefined) return DEFAULT_SECONDS;
  const [count = "", unit = ""] = textOf(text).split(" ");
  return Number(count) * (unit.startsWith("minute") ? 60 : 1);
}

function keysOf({ template, options }: Component): readonly KeyAttribute[] {
  const option = (name: string): string => {
    const parameter = template.parameters[name];
    return textOf(options[name] ?? (parameter ? defaultValue(parameter) : ""));
  };
  return Object.entries(template.metadata.Items?.Keys ?? {})
    .map(([name, type]) => ({ name: option(name), type: option(type) }))
    .filter(({ name }) => name !== "");
}

function putProblems(
  { name, template }: Component,
  body: Value,
  keys: readonly KeyAttribute[],
  document: ParsedDocument,
  path: Path,
): readonly Problem[] {
  const put = template.metadata.Probe?.Put;
  const place = document.placeOf(path);
  if (!put) {
    const message = `\`smoke.put\`: nothing can be put into \`${name}\``;
    const hint = `The template of its kind \`${template.kind}\` has no \`Probe: Put\`.`;
    return [{ place: document.placeOfKey(path), message, hint }];
  }
  if (put.Call === "s3:PutObject" && !(isValueMap(body) && textOf(body["key"]) !== "")) {
    const message = `\`smoke.put.${name}\` has no \`key\``;
    return [{ place, message, hint: "Write the object as `{ key: …, body: … }`." }];
  }
  if (put.Call !== "dynamodb:PutItem") return [];
  if (!isValueMap(body)) {
    return [{ place, message: `\`smoke.put.${name}\` must be a map of attributes` }];
  }
  return keys.flatMap((key) => {
    const problem = keyProblem(key, Object.hasOwn(body, key.name) ? body[key.name] : undefined);
    return problem ? [{ place, ...problem }] : [];
  });
}
