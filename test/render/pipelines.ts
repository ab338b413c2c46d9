/** Arbitrary valid pipelines over the shipped templates: what can be drawn is drawn, with options that may be set. */
import * as fc from "fast-check";
import { stringify } from "yaml";
import { type Catalog, optionsOf } from "../../action/core/catalog.ts";
import { NAME_PARAMETER } from "../../action/core/metadata.ts";
import { MAX_COMPONENT_NAME, RESERVED_WORDS, camelCase, kebabCase } from "../../action/core/names.ts";
import { isBoolean } from "../../action/core/schema.ts";
import type { ConnectionTemplate, Parameter } from "../../action/core/template.ts";

type Options = Readonly<Record<string, unknown>>;

export interface PipelineModel {
  readonly name: string;
  readonly stages: Readonly<Record<string, Options>>;
  readonly components: Readonly<Record<string, Options>>;
  readonly flow: readonly (string | Options)[];
}

export const MODEL_STAGES = {
  prod: { branch: "main", protected: true },
  staging: { branch: "next", protected: true },
  open: { branch: "open" },
  preview: { "pull-requests": true, timers: "off" },
};

/** Values for options whose pattern alone would allow what AWS does not. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  Schedule: ["rate(1 hour)", "rate(5 minutes)", "cron(0 6 ? * MON-FRI *)"],
  Source: ["functions/a.ts", "functions/b.ts"],
  Key: ["id", "name"],
  SortKey: ["at"],
  Ttl: ["expires"],
  SecretName: ["shop/secret"],
  PreviewSecretName: ["shop/preview"],
  ParameterName: ["/shop/setting"],
  PreviewParameterName: ["/shop/preview/setting"],
  KeyArn: ["arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"],
  DisplayName: ["News", "🐇 ${hello}"],
  Description: ["What it is for", "50 % of ${it}"],
  Input: ['{"hello": "${world}"}'],
  Prefix: ["incoming/"],
};
const LISTS: Readonly<Record<string, readonly string[]>> = {
  Actions: ["comprehend:DetectSentiment", "translate:TranslateText"],
  Resources: ["*"],
  Events: ["Object Created", "Object Deleted"],
};
/** Options that depend on others: small values of a visibility timeout are refused, and files of items are not there. */
const LEFT_OUT = new Set(["VisibilityTimeout", "Items", "View"]);

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);

export const componentName: fc.Arbitrary<string> = fc
  .array(
    word.filter((text) => !RESERVED_WORDS.includes(text)),
    { minLength: 1, maxLength: 4 },
  )
  .map((words) => words.join("-"))
  .filter((name) => name.length <= MAX_COMPONENT_NAME);

export function pipelineModel(catalog: Catalog): fc.Arbitrary<PipelineModel> {
  // Kinds come as often as there are arrows for them, or most pipelines would have none.
  const kinds = [...catalog.components.keys(), ...catalog.connections.flatMap(({ from, to }) => [from, to])];
  const names = fc.uniqueArray(componentName, { minLength: 4, maxLength: 9, size: "max" });
  return names
    .chain((chosen) => fc.tuple(...chosen.map((name) => component(name, kinds, catalog))))
    .chain((components) => {
      const candidates = possibleArrows(components, catalog);
      return fc.record({
        name: fc.constant("generated"),
        stages: fc.constant(MODEL_STAGES),
        components: fc.constant(Object.fromEntries(components.map(({ name, body }) => [name, body]))),
        flow: fc
          .subarray(candidates, {
            minLength: Math.min(4, candidates.length),
            maxLength: Math.min(12, candidates.length),
          })
          .map(oneFailureQueue)
          .chain((arrows) => fc.tuple(...arrows.map(flowItem))),
      });
    });
}

export function pipelineText(model: PipelineModel): string {
  return stringify(model, { aliasDuplicateObjects: false });
}

interface ModelComponent {
  readonly name: string;
  readonly kind: string;
  readonly body: Options;
}

interface ModelArrow {
  readonly from: string;
  readonly to: string;
  readonly connection: ConnectionTemplate;
}

function component(name: string, kinds: readonly string[], catalog: Catalog): fc.Arbitrary<ModelComponent> {
  return fc.constantFrom(...kinds).chain((kind) => {
    const template = catalog.components.get(kind);
    const options = template ? optionsOf(template) : [];
    // Unique in the pipeline, as the component's name is.
    const physical = fc.option(fc.constant(`${name}-{stage}`), {
      nil: undefined,
    });
    return optionsArbitrary(options.filter((option) => option.name !== NAME_PARAMETER))
      .chain((set) => physical.map((value) => (value === undefined ? set : { ...set, name: value })))
      .map((set) => {
        const named = options.some((option) => option.name === NAME_PARAMETER);
        const { name: _unused, ...unnamed } = set as { name?: unknown };
        return { name, kind, body: { kind, ...(named ? set : unnamed) } };
      });
  });
}

/** Functions call only functions after them: a circle is no valid pipeline. */
function possibleArrows(components: readonly ModelComponent[], catalog: Catalog): ModelArrow[] {
  return components.flatMap((from, index) =>
    components.flatMap((to, other) =>
      catalog.connections
        .filter((connection) => connection.from === from.kind && connection.to === to.kind)
        .filter(() => from.kind !== to.kind || index < other)
        .map((connection) => ({ from: from.name, to: to.name, connection })),
    ),
  );
}

/** A function has one place for what fails. */
function oneFailureQueue(arrows: readonly ModelArrow[]): ModelArrow[] {
  const seen = new Set<string>();
  return arrows.filter(({ from, connection }) => {
    if (connection.verb !== "failure") return true;
    const first = !seen.has(from);
    seen.add(from);
    return first;
  });
}

function flowItem({ from, to, connection }: ModelArrow): fc.Arbitrary<string | Options> {
  const arrow = `${from} ${connection.verb === "" ? "->" : `-${connection.verb}->`} ${to}`;
  return optionsArbitrary(optionsOf(connection)).chain((options) =>
    fc.constantFrom<string | Options>(arrow, { arrow, ...options }),
  );
}

function optionsArbitrary(parameters: readonly Parameter[]): fc.Arbitrary<Options> {
  const entries = parameters
    .filter(({ name }) => !LEFT_OUT.has(name))
    .map((parameter) => {
      const entry = fc.tuple(
        fc.constantFrom(kebabCase(parameter.name), camelCase(parameter.name)),
        valueOf(parameter),
      );
      return parameter.default === undefined ? entry : fc.option(entry, { nil: undefined });
    });
  return fc
    .tuple(...entries)
    .map((set) => Object.fromEntries(set.filter((entry): entry is [string, unknown] => entry !== undefined)));
}

function valueOf(parameter: Parameter): fc.Arbitrary<unknown> {
  const { name, type, allowedValues, minValue = 0, maxValue = 100 } = parameter;
  if (isBoolean(parameter)) return fc.boolean();
  if (allowedValues) return fc.constantFrom(...allowedValues);
  if (type === "Number") return fc.integer({ min: minValue, max: maxValue });
  const known = (type === "String" ? TEXTS : LISTS)[name];
  if (!known) throw new Error(`the generator knows no value for option ${name}`);
  return type === "String" ? fc.constantFrom(...known) : fc.subarray([...known], { minLength: 1 });
}
