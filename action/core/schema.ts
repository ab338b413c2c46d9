/**
 * The JSON Schema of pipeline.yaml, made from the templates' Parameters. Editors complete from it and
 * `warren check` validates with it, so a new kind is known everywhere by its template alone.
 */
import { type Catalog, optionsOf } from "./catalog.ts";
import { NAME_PARAMETER } from "./metadata.ts";
import {
  MAX_COMPONENT_NAME,
  MAX_PIPELINE_NAME,
  MAX_STAGE_NAME,
  NAME_PATTERN,
  RESERVED_WORDS,
  camelCase,
  kebabCase,
} from "./names.ts";
import { RELEASES_KEPT } from "./garbage.ts";
import { smokeSchema } from "./smoke-schema.ts";
import type { ComponentTemplate, Parameter } from "./template.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

const NAME_HINT = "Use lower-case words joined by `-`, each beginning with a letter: `every-five-minutes`.";
const RESERVED_HINT = `The words ${RESERVED_WORDS.map((word) => `\`${word}\``).join(" and ")} are kept for the names of what arrows make.`;

/** True for `AllowedValues: ["true", "false"]` in any order: an option that is a boolean in pipeline.yaml. */
export function isBoolean(parameter: Parameter): boolean {
  const values = parameter.allowedValues?.map(String).toSorted();
  return parameter.type === "String" && values?.length === 2 && values[0] === "false" && values[1] === "true";
}

export function pipelineSchema(catalog: Catalog): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A Warren pipeline",
    type: "object",
    additionalProperties: false,
    required: ["name", "stages", "components", "flow"],
    properties: {
      name: {
        ...nameSchema(MAX_PIPELINE_NAME),
        type: "string",
        description: "The pipeline's name. Every stack is named after it: <name>-<stage>.",
      },
      stages: {
        type: "object",
        minProperties: 1,
        description: "Where the pipeline runs: one stack a stage.",
        propertyNames: nameSchema(MAX_STAGE_NAME),
        additionalProperties: stageSchema,
      },
      components: {
        type: "object",
        minProperties: 1,
        description: "What the pipeline is made of.",
        propertyNames: {
          ...nameSchema(MAX_COMPONENT_NAME),
          allOf: [
            {
              pattern: `^(?!(?:.*-)?(?:${RESERVED_WORDS.join("|")})(?:-|$))`,
              patternErrorMessage: RESERVED_HINT,
            },
          ],
        },
        additionalProperties: {
          type: "object",
          required: ["kind"],
          discriminator: { propertyName: "kind" },
          oneOf: [...catalog.components.values()].map(componentSchema),
        },
      },
      flow: {
        type: "array",
        description:
          "The arrows, each in the direction of the data: `a -> b -> c`, with a verb `a -stream-> b`.",
        items: {
          type: ["string", "object"],
          minLength: 1,
          required: ["arrow"],
          properties: {
            arrow: { type: "string", description: "One arrow, `a -> b`, whose options stand beside it." },
            ...arrowOptionSchemas(catalog),
          },
          additionalProperties: false,
        },
      },
      waivers: { type: "array", description: WAIVERS, items: waiverSchema },
      smoke: smokeSchema,
      releases: {
        type: "integer",
        minimum: 2,
        maximum: 1_000,
        default: RELEASES_KEPT,
        description:
          "How many releases of a stage can be gone back to, what runs included. Sweeps delete older ones, and artifacts that nothing else needs.",
      },
    },
  };
}

const WAIVERS =
  "What may happen to data in protected stages. A plan that would replace or remove what holds data stops without one.";

const waiverSchema: JsonSchema = {
  type: "object",
  additionalProperties: false,
  required: ["component", "allow", "until", "why"],
  properties: {
    component: {
      ...nameSchema(MAX_COMPONENT_NAME),
      type: "string",
      description: "The component whose data may go. It may have left the pipeline already.",
    },
    allow: { enum: ["replace", "remove"], description: "What may happen to it." },
    until: {
      type: "string",
      pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
      patternErrorMessage: "Write year-month-day: `2026-12-31`.",
      description: "The last day on which the waiver counts (UTC).",
    },
    why: { type: "string", minLength: 1, description: "The reason, for those who review it." },
  },
};

/** What any of the connections takes: which one an arrow is, a schema cannot know. */
function arrowOptionSchemas(catalog: Catalog): Record<string, JsonSchema> {
  const all = catalog.connections.flatMap((connection) =>
    Object.entries(optionSchemas(optionsOf(connection))),
  );
  const entries = [...Map.groupBy(all, ([name]) => name)].map(([name, options]): [string, JsonSchema] => {
    const different = new Map(options.map(([, schema]) => [JSON.stringify(schema), schema]));
    const [first = {}, ...others] = different.values();
    return [name, others.length === 0 ? first : { anyOf: [first, ...others] }];
  });
  return Object.fromEntries(entries);
}

/** The options of one connection, for arrows that carry some. */
export function arrowSchema(options: readonly Parameter[]): JsonSchema {
  return {
    type: "object",
    additionalProperties: false,
    properties: { arrow: { type: "string" }, ...optionSchemas(options) },
  };
}

function nameSchema(maxLength: number): JsonSchema {
  return { pattern: NAME_PATTERN, maxLength, patternErrorMessage: NAME_HINT };
}

const stageSchema: JsonSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    branch: { type: "string", minLength: 1, description: "A push to this branch deploys the stage." },
    "pull-requests": { type: "boolean", description: "Every pull request gets a stack of its own." },
    environment: {
      type: "string",
      minLength: 1,
      description: "The GitHub environment that guards the stage.",
    },
    protected: {
      type: "boolean",
      default: false,
      description:
        "Data outlives the stack (Retain), termination protection is on, and `warren destroy` refuses.",
    },
    ttl: {
      type: "string",
      pattern: "^[1-9][0-9]* (minute|hour|day|week)s?$",
      patternErrorMessage: "Write a number and a unit: `7 days`.",
      description: "How long a preview lives after its last deploy, for example `7 days`.",
    },
    timers: {
      enum: ["on", "off", true, false],
      default: "on",
      description: "`off`: timers exist but do not fire.",
    },
    region: {
      type: "string",
      pattern: "^[a-z]{2}(-[a-z]+)+-[0-9]$",
      description: "The AWS region of the stage, for example eu-central-1.",
    },
    role: {
      type: "string",
      pattern: "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$",
      patternErrorMessage: "Write the role's ARN: `warren bootstrap` prints it.",
      description: "The AWS role that the Action assumes, for a stage in an account of its own.",
    },
  },
};

function componentSchema(template: ComponentTemplate): JsonSchema {
  const options = optionsOf(template);
  const needed = options.filter((option) => option.default === undefined);
  const required = needed.map(({ name }) => kebabCase(name)).filter((name) => !name.includes("-"));
  // A name of several words has two spellings, and either will do.
  const eitherSpelling = needed
    .filter(({ name }) => kebabCase(name).includes("-"))
    .map(({ name, description }) => ({
      anyOf: [{ required: [kebabCase(name)], description }, { required: [camelCase(name)] }],
    }));
  const resources = Object.keys(template.resources).map((id) => [id, { type: "object" }]);
  return {
    title: template.kind,
    description: template.description.trim(),
    type: "object",
    additionalProperties: false,
    required: ["kind", ...required],
    ...(eitherSpelling.length > 0 ? { allOf: eitherSpelling } : {}),
    properties: {
      kind: { const: template.kind, description: template.description.trim() },
      ...optionSchemas(options),
      was: {
        ...nameSchema(MAX_COMPONENT_NAME),
        type: "string",
        description:
          "What the component was called before. It keeps its resources, and so its data, under the new name.",
      },
      overrides: {
        type: "object",
        description: "Raw CloudFormation properties, merged into the component's resources.",
        additionalProperties: false,
        properties: Object.fromEntries(resources),
      },
    },
  };
}

/** Both spellings of each option. */
function optionSchemas(options: readonly Parameter[]): Record<string, JsonSchema> {
  const entries = options.flatMap((option): [string, JsonSchema][] => {
    const schema = optionSchema(option);
    const [kebab, camel] = [kebabCase(option.name), camelCase(option.name)];
    return kebab === camel
      ? [[kebab, schema]]
      : [
          [kebab, schema],
          [camel, schema],
        ];
  });
  return Object.fromEntries(entries);
}

function optionSchema(option: Parameter): JsonSchema {
  const { description } = option;
  if (isBoolean(option)) return { type: "boolean", ...withDefault(option.default === "true"), description };
  if (option.type === "CommaDelimitedList") {
    // CloudFormation holds every entry against the pattern. A comma would make two entries of one.
    const pattern =
      option.allowedPattern === undefined ? "^[^,]+$" : `^(?=[^,]+$)(?:${option.allowedPattern})$`;
    return {
      type: "array",
      minItems: option.default === undefined ? 1 : 0,
      items: option.allowedValues ? { enum: option.allowedValues } : { type: "string", pattern, description },
      description,
    };
  }
  if (option.type === "Number") {
    return {
      type: "integer",
      ...(option.allowedValues ? { enum: option.allowedValues } : {}),
      ...(option.minValue === undefined ? {} : { minimum: option.minValue }),
      ...(option.maxValue === undefined ? {} : { maximum: option.maxValue }),
      ...withDefault(option.default),
      description,
    };
  }
  if (option.allowedValues) {
    // YAML 1.1 readers take `on` and `off` for booleans; both mean the same here.
    const words = option.allowedValues.map(String);
    const booleans = words.includes("on") && words.includes("off") ? [true, false] : [];
    return { enum: [...words, ...booleans], ...withDefault(option.default), description };
  }
  return {
    type: "string",
    ...(option.minLength === undefined ? {} : { minLength: option.minLength }),
    ...(option.maxLength === undefined ? {} : { maxLength: option.maxLength }),
    // A physical name may hold the placeholder {stage}: its pattern is checked after that is filled in.
    ...(option.allowedPattern === undefined || option.name === NAME_PARAMETER
      ? {}
      : { pattern: wholePattern(option.allowedPattern) }),
    ...withDefault(option.default),
    description,
  };
}

/** CloudFormation's AllowedPattern must match the whole value. */
export function wholePattern(pattern: string): string {
  return `^(?:${pattern})$`;
}

function withDefault(value: unknown): { default?: unknown } {
  return value === undefined || value === "" ? {} : { default: value };
}
