/**
 * A file of templates/ -> Template: long form, with places, fully checked. What is accepted here can be
 * instantiated without looking again.
 */
import { type ParsedDocument, type Path, type SourceText, parseDocument } from "./document.ts";
import { type ConnectionMetadata, type ComponentMetadata } from "./metadata.ts";
import { componentMetadataSchema, connectionMetadataSchema } from "./metadata.ts";
import { MAX_PROBLEMS, type Problem, atMost } from "./problem.ts";
import { checkReferences } from "./reference.ts";
import { type ShapeError, shapeProblem } from "./shape.ts";
import { cloudFormationTags } from "./tags.ts";
import type { Output, Parameter, Resource, Template } from "./template.ts";
import { type Value, type ValueMap, isValueMap, textOf } from "./value.ts";
import { schemaCompiler } from "./schema-compiler.ts";

export type TemplateResult =
  | { readonly kind: "template"; readonly template: Template }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

const KIND = "[a-z][a-z0-9]*(?:-(?!to-)[a-z][a-z0-9]*)*";
const COMPONENT_FILE = new RegExp(`(?:^|/)components/(${KIND})\\.yaml$`);
const CONNECTION_FILE = new RegExp(
  `(?:^|/)connections/(${KIND})-to-(${KIND})(?:\\.([a-z]+(?:-[a-z]+)*))?\\.yaml$`,
);

const text = { type: "string", minLength: 1 };
const scalar = { type: ["string", "number", "boolean"] };
const named = (item: object): object => ({
  type: "object",
  propertyNames: { pattern: "^[A-Z][A-Za-z0-9]*$" },
  additionalProperties: item,
});

/** The subset of CloudFormation that a template may use. All else is refused, which keeps rendering pure. */
const templateSchema = {
  type: "object",
  additionalProperties: false,
  required: ["Description", "Resources"],
  properties: {
    AWSTemplateFormatVersion: { const: "2010-09-09" },
    Description: text,
    Metadata: { type: "object", additionalProperties: true, properties: { Warren: { type: "object" } } },
    Parameters: named({
      type: "object",
      additionalProperties: false,
      required: ["Type", "Description"],
      properties: {
        Type: { enum: ["String", "Number", "CommaDelimitedList"] },
        Description: text,
        Default: scalar,
        AllowedValues: { type: "array", items: scalar, minItems: 1 },
        AllowedPattern: text,
        ConstraintDescription: text,
        MinValue: { type: "number" },
        MaxValue: { type: "number" },
        MinLength: { type: "integer" },
        MaxLength: { type: "integer" },
      },
    }),
    Conditions: named({}),
    Resources: {
      ...named({
        type: "object",
        additionalProperties: false,
        required: ["Type"],
        properties: {
          Type: { type: "string", pattern: "^[A-Za-z0-9]+(::[A-Za-z0-9]+)+$" },
          Condition: text,
          DependsOn: { anyOf: [text, { type: "array", items: text }] },
          Properties: { type: "object" },
          Metadata: { type: "object" },
        },
      }),
      minProperties: 1,
    },
    Outputs: named({
      type: "object",
      additionalProperties: false,
      required: ["Value"],
      properties: { Description: text, Value: {}, Condition: text },
    }),
  },
};

const ajv = schemaCompiler({ allErrors: true, allowUnionTypes: true, strict: true, verbose: true });
const validateTemplate = ajv.compile(templateSchema);
const validateMetadata = {
  component: ajv.compile(componentMetadataSchema),
  connection: ajv.compile(connectionMetadataSchema),
};

export function parseTemplate(source: SourceText): TemplateResult {
  const component = COMPONENT_FILE.exec(source.file);
  const connection = CONNECTION_FILE.exec(source.file);
  if (!component && !connection) {
    const message = "this file's name is neither `<kind>.yaml` nor `<from>-to-<to>[.<verb>].yaml`";
    return failed([{ place: { file: source.file, line: 1, column: 1 }, message }]);
  }
  const document = parseDocument(source, cloudFormationTags);
  if (document.problems.length > 0) return failed(document.problems);
  const shape = shapeProblems(document, validateTemplate, []);
  if (shape.length > 0) return failed(shape);

  const body = document.value as ValueMap;
  const type = component ? "component" : "connection";
  const metadataPath = ["Metadata", "Warren"];
  const metadata = ((body["Metadata"] as ValueMap | undefined)?.["Warren"] ?? {}) as ValueMap;
  const metadataShape = shapeProblems(document, validateMetadata[type], metadataPath, metadata);
  if (metadataShape.length > 0) return failed(metadataShape);

  const template: Template = {
    file: source.file,
    description: textOf(body["Description"]),
    parameters: readParameters(section(body, "Parameters")),
    conditions: section(body, "Conditions"),
    resources: section(body, "Resources") as unknown as Record<string, Resource>,
    outputs: section(body, "Outputs") as unknown as Record<string, Output>,
    ...(component
      ? { type: "component", kind: component[1] ?? "", metadata: metadata as unknown as ComponentMetadata }
      : {
          type: "connection",
          from: connection?.[1] ?? "",
          to: connection?.[2] ?? "",
          verb: connection?.[3] ?? "",
          metadata: metadata as unknown as ConnectionMetadata,
        }),
  };
  const problems = checkReferences(template, (path) => document.placeOf(path));
  return problems.length > 0 ? failed(problems) : { kind: "template", template };
}

function failed(problems: readonly Problem[]): TemplateResult {
  return { kind: "problems", problems: atMost(problems) };
}

function section(body: ValueMap, name: string): ValueMap {
  const value = body[name];
  return isValueMap(value) ? value : {};
}

type Validate = { (value: unknown): unknown; errors?: ShapeError[] | null };

function shapeProblems(
  document: ParsedDocument,
  validate: Validate,
  at: Path,
  value = document.value,
): Problem[] {
  if (validate(value)) return [];
  const problems: Problem[] = [];
  for (const error of validate.errors ?? []) {
    const problem = problems.length > MAX_PROBLEMS ? undefined : shapeProblem(error, document, at);
    if (problem) problems.push(problem);
  }
  return problems;
}

function readParameters(parameters: ValueMap): Record<string, Parameter> {
  const read = ([name, body]: [string, Value]): [string, Parameter] => {
    const map = body as ValueMap;
    const numeric = map["Type"] === "Number";
    const literal = (item: Value | undefined): string | number => (numeric ? Number(item) : textOf(item));
    const optional = <T>(key: string, to: string, convert: (item: Value) => T): Record<string, T> => {
      const item = map[key];
      return item === undefined ? {} : { [to]: convert(item) };
    };
    return [
      name,
      {
        name,
        type: map["Type"] as Parameter["type"],
        description: textOf(map["Description"]).trim(),
        ...optional("Default", "default", literal),
        ...optional("AllowedValues", "allowedValues", (list) => (list as readonly Value[]).map(literal)),
        ...optional("AllowedPattern", "allowedPattern", String),
        ...optional("MinValue", "minValue", Number),
        ...optional("MaxValue", "maxValue", Number),
        ...optional("MinLength", "minLength", Number),
        ...optional("MaxLength", "maxLength", Number),
      },
    ];
  };
  return Object.fromEntries(Object.entries(parameters).map(read));
}
