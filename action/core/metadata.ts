/**
 * `Metadata: Warren` of a template: what CloudFormation itself cannot say. The schema below is the whole
 * vocabulary; templates/README.md explains it for people.
 */
import type { Value, ValueMap } from "./value.ts";

export interface Slot {
  /** `<Resource>.<property>.<property>`: where in the component's resources the slot lies. */
  readonly At: string;
  readonly Combine: "Merge" | "Append" | "Max";
  /** `OtherEnd`: keys become environment variable names that begin with the other end's name. */
  readonly Keys?: "OtherEnd";
}

/** How a smoke run gets at a component: AWS's calls in IAM's words, and resources of the template. */
export interface Probe {
  readonly Put?: ProbeCall<PutCall>;
  readonly See?: ProbeCall<SeeCall>;
  /** Starts others by itself, and cannot be told to. */
  readonly Starts?: Starter;
}

export interface ProbeCall<Call> {
  readonly Call: Call;
  readonly On: string;
}

export interface Starter {
  /** `<Resource>.<property>`: the list of those it starts. */
  readonly List: string;
  /** Properties of an entry: whom it starts, and the JSON text that it sends. */
  readonly Whom: string;
  readonly Input: string;
  /** What it sends where an entry has no such text. */
  readonly Event: ValueMap;
}

export const PUT_CALLS = [
  "dynamodb:PutItem",
  "lambda:InvokeFunction",
  "s3:PutObject",
  "sqs:SendMessage",
] as const;
export const SEE_CALLS = ["dynamodb:Scan", "logs:FilterLogEvents", "s3:ListBucket"] as const;
export type PutCall = (typeof PUT_CALLS)[number];
export type SeeCall = (typeof SEE_CALLS)[number];

export interface ComponentMetadata {
  readonly Stateful?: readonly string[];
  readonly Slots?: Readonly<Record<string, Slot>>;
  readonly Artifact?: {
    readonly Source: string;
    readonly Runtime: string;
    readonly Architecture: string;
    readonly Format?: string;
    readonly AllowNewerLibstdcxx?: string;
  };
  readonly Items?: {
    readonly File: string;
    readonly Table: string;
    /** Parameter that names an attribute of the key -> Parameter that says its type: S, N or B. */
    readonly Keys?: Readonly<Record<string, string>>;
  };
  readonly Publish?: readonly string[];
  readonly Shape?: string;
  readonly Probe?: Probe;
}

export type End = "From" | "To";

export interface Fill {
  /** `From.<Slot>` or `To.<Slot>`. */
  readonly Slot: string;
  readonly Value: Value;
}

export interface ConnectionMetadata {
  readonly Fills?: readonly Fill[];
  /** Policy resource of this template -> the end whose code decides what is left of it. */
  readonly Grants?: Readonly<Record<string, End>>;
  /** `Read`: an item comes along only when the other end reads it. `Off`: none ever does. Else it comes by itself. */
  readonly Probe?: "Read" | "Off";
}

const id = { type: "string", pattern: "^[A-Z][A-Za-z0-9]*$" };
const path = { type: "string", pattern: "^[A-Z][A-Za-z0-9]*(\\.[A-Za-z0-9]+)+$" };
const probeCall = (calls: readonly string[]) =>
  ({
    type: "object",
    additionalProperties: false,
    required: ["Call", "On"],
    properties: { Call: { enum: calls }, On: id },
  }) as const;
const ids = { type: "array", items: id, uniqueItems: true };

export const componentMetadataSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    Stateful: ids,
    Publish: ids,
    Shape: { type: "string", pattern: "^[a-z-]+$" },
    Probe: {
      type: "object",
      additionalProperties: false,
      properties: {
        Put: probeCall(PUT_CALLS),
        See: probeCall(SEE_CALLS),
        Starts: {
          type: "object",
          additionalProperties: false,
          required: ["List", "Whom", "Input", "Event"],
          properties: { List: path, Whom: id, Input: id, Event: { type: "object" } },
        },
      },
    },
    Slots: {
      type: "object",
      propertyNames: id,
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        required: ["At", "Combine"],
        properties: {
          At: path,
          Combine: { enum: ["Merge", "Append", "Max"] },
          Keys: { const: "OtherEnd" },
        },
      },
    },
    Artifact: {
      type: "object",
      additionalProperties: false,
      required: ["Source", "Runtime", "Architecture"],
      properties: { Source: id, Runtime: id, Architecture: id, Format: id, AllowNewerLibstdcxx: id },
    },
    Items: {
      type: "object",
      additionalProperties: false,
      required: ["File", "Table"],
      properties: {
        File: id,
        Table: id,
        Keys: { type: "object", propertyNames: id, additionalProperties: id },
      },
    },
  },
} as const;

export const connectionMetadataSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    Fills: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["Slot", "Value"],
        properties: { Slot: { type: "string", pattern: "^(From|To)\\.[A-Z][A-Za-z0-9]*$" }, Value: {} },
      },
    },
    Grants: { type: "object", propertyNames: id, additionalProperties: { enum: ["From", "To"] } },
    Probe: { enum: ["Read", "Off"] },
  },
} as const;

/** Parameters that Warren fills in itself; they are never options of a component or an arrow. */
export const RESERVED_PARAMETERS: readonly string[] = [
  "Component",
  "Stage",
  "Protected",
  "Timers",
  "ArtifactBucket",
  "ArtifactKey",
  "ArtifactHandler",
  "FromComponent",
  "ToComponent",
];

/** The one option whose value is a physical name. It is used in protected stages only. */
export const NAME_PARAMETER = "Name";
