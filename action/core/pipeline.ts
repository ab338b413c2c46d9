/** pipeline.yaml -> Pipeline, or all of its problems at once. */
import type { ValidateFunction } from "ajv";
import type { Component } from "./component.ts";
import { type Arrow, readArrows } from "./arrow.ts";
import type { Catalog } from "./catalog.ts";
import { optionsOf } from "./catalog.ts";
import { RELEASES_KEPT } from "./garbage.ts";
import { type ParsedDocument, type Path, type SourceText, parseDocument } from "./document.ts";
import { readOptions } from "./option.ts";
import { physicalNameProblems } from "./physical-name.ts";
import { MAX_PROBLEMS, type Problem, atMost, inFileOrder } from "./problem.ts";
import { pipelineSchema } from "./schema.ts";
import { pointerPath, shapeProblem } from "./shape.ts";
import { type Smoke, readSmoke } from "./smoke.ts";
import { type Stage, readStages } from "./stage.ts";
import { cloudFormationTags } from "./tags.ts";
import type { ConnectionTemplate } from "./template.ts";
import { type ValueMap, isValueMap, textOf } from "./value.ts";
import { type Waiver, readWaivers } from "./waiver.ts";
import { schemaCompiler } from "./schema-compiler.ts";

export interface Pipeline {
  readonly file: string;
  readonly name: string;
  readonly stages: readonly Stage[];
  readonly components: ReadonlyMap<string, Component>;
  readonly arrows: readonly Arrow[];
  readonly waivers: readonly Waiver[];
  /** What previews and protected stages are tried out with; undefined for not at all. */
  readonly smoke: Smoke | undefined;
  /** How many releases of a stage are kept. */
  readonly releases: number;
  /** All arrows that could be drawn: messages suggest from these. */
  readonly catalogConnections: readonly ConnectionTemplate[];
}

export type PipelineResult =
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

export function parsePipeline(source: SourceText, catalog: Catalog): PipelineResult {
  const document = parseDocument(source, cloudFormationTags);
  if (document.problems.length > 0) return { kind: "problems", problems: document.problems };
  const excess = excessProblems(document);
  if (excess.length > 0) return { kind: "problems", problems: excess };
  // What has the right shape is read even if something else has not, so that one run shows all problems.
  const shape = shapeProblems(document, catalog);
  const body: ValueMap = isValueMap(document.value) ? document.value : {};
  const wrong = new Set(shape.map(({ path }) => path.slice(0, 2).join("/")));
  const problems = shape.flatMap(({ problem }) => problem ?? []);

  const stages = readStages(section(body, "stages", wrong), document);
  const components = readComponents(section(body, "components", wrong), catalog, document);
  const arrows = readArrows({ source, document, catalog, components: components.value, body });
  const waivers = readWaivers(body["waivers"], document, (index) => wrong.has(`waivers/${index}`));
  const names = Object.keys(isValueMap(body["components"]) ? body["components"] : {});
  const smokeWrong = [...wrong].some((path) => path.split("/")[0] === "smoke");
  const smoke = readSmoke(smokeWrong ? undefined : body["smoke"], {
    document,
    components: components.value,
    names,
    arrows: arrows.value,
    complete: arrows.problems.length === 0 && components.value.size === names.length,
  });
  problems.push(...smoke.problems);
  problems.push(...stages.problems, ...components.problems, ...arrows.problems, ...waivers.problems);
  problems.push(...formerNameProblems(components.value, document));
  problems.push(...physicalNameProblems([...components.value.values()], stages.value));
  if (problems.length > 0) return { kind: "problems", problems: atMost(inFileOrder(problems)) };
  return {
    kind: "pipeline",
    pipeline: {
      file: source.file,
      name: textOf(body["name"]),
      stages: stages.value,
      components: components.value,
      arrows: arrows.value,
      waivers: waivers.value,
      smoke: smoke.value,
      releases: typeof body["releases"] === "number" ? body["releases"] : RELEASES_KEPT,
      catalogConnections: catalog.connections,
    },
  };
}

/** Far more than CloudFormation's 500 resources for a stack, which the rendered template is held to. */
const MOST = { components: 1_000, flow: 2_000 } as const;

/** Before anything is done for each of them. */
function excessProblems(document: ParsedDocument): Problem[] {
  if (!isValueMap(document.value)) return [];
  const { value } = document;
  return Object.entries(MOST).flatMap(([name, most]) => {
    const count = Object.keys(value[name] ?? {}).length;
    if (typeof value[name] === "string" || count <= most) return [];
    const message = `\`${name}\` has ${count} entries; the limit is ${most}`;
    return [{ place: document.placeOfKey([name]), message, hint: "Split it into two pipelines." }];
  });
}

/** Compiling takes a tenth of a second, and the schema is the same as long as the templates are. */
const validators = new WeakMap<Catalog, ValidateFunction>();

function validatorOf(catalog: Catalog): ValidateFunction {
  const known = validators.get(catalog);
  if (known) return known;
  const ajv = schemaCompiler({
    allErrors: true,
    allowUnionTypes: true,
    discriminator: true,
    verbose: true,
    strictTypes: false,
    strictRequired: false,
    keywords: ["patternErrorMessage"],
  });
  const validate = ajv.compile(pipelineSchema(catalog));
  validators.set(catalog, validate);
  return validate;
}

/** Of all that is wrong the path; words for as many as are shown. */
function shapeProblems(
  document: ParsedDocument,
  catalog: Catalog,
): { readonly path: Path; readonly problem: Problem | undefined }[] {
  const validate = validatorOf(catalog);
  if (validate(document.value)) return [];
  let told = 0;
  return (validate.errors ?? []).flatMap((error): { path: Path; problem: Problem | undefined }[] => {
    const path = pointerPath(error.instancePath);
    // readArrows holds an arrow's options against its own connection, which says it better.
    if (path[0] === "flow" && path.length > 2 && path[2] !== "arrow") return [];
    if (told > MAX_PROBLEMS) return [{ path, problem: undefined }];
    const problem = shapeProblem(error, document, []);
    if (problem) told += 1;
    return problem ? [{ path, problem }] : [];
  });
}

/** The entries of a top-level map that have the right shape. */
function section(body: ValueMap, name: string, wrong: ReadonlySet<string>): ValueMap {
  const value = body[name];
  if (!isValueMap(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([key, item]) => isValueMap(item) && !wrong.has(`${name}/${key}`)),
  );
}

function readComponents(
  components: ValueMap,
  catalog: Catalog,
  document: ParsedDocument,
): { value: Map<string, Component>; problems: Problem[] } {
  const value = new Map<string, Component>();
  const problems: Problem[] = [];
  for (const [name, body] of Object.entries(components)) {
    const map = body as ValueMap;
    const template = catalog.components.get(textOf(map["kind"]));
    if (!template) continue;
    const path = ["components", name];
    const place = document.placeOfKey(path);
    const { kind: _kind, overrides, was, ...written } = map;
    const options = readOptions(written, optionsOf(template), path, document);
    problems.push(...options.problems);
    value.set(name, {
      name,
      template,
      idName: was === undefined ? name : textOf(was),
      options: options.value,
      overrides: isValueMap(overrides) ? overrides : {},
      place,
      placeOf: options.placeOf,
      placeOfOverride: (resource) => document.placeOfKey([...path, "overrides", resource]),
    });
  }
  return { value, problems };
}

/** Two components of one former name would be one resource. */
function formerNameProblems(components: ReadonlyMap<string, Component>, document: ParsedDocument): Problem[] {
  const heirs = new Map<string, string>();
  return [...components.values()].flatMap(({ name, idName }): Problem[] => {
    if (idName === name) return [];
    const place = document.placeOf(["components", name, "was"]);
    // Two that have changed names are both the other one.
    const isTaken = components.get(idName)?.idName === idName;
    const other = isTaken ? idName : heirs.get(idName);
    heirs.set(idName, name);
    if (other === undefined) return [];
    const message =
      other === idName
        ? `\`${name}\` was \`${idName}\`, and there is a component of that name`
        : `\`${name}\` and \`${other}\` both were \`${idName}\``;
    return [
      {
        place,
        message,
        hint: "`was:` names what a component was called before, and only one can go on with it.",
      },
    ];
  });
}
