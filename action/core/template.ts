/** A checked file of templates/, in long form: what is in here can be instantiated without looking again. */
import type { ComponentMetadata, ConnectionMetadata } from "./metadata.ts";
import type { Value, ValueMap } from "./value.ts";

export interface Parameter {
  readonly name: string;
  readonly type: "String" | "Number" | "CommaDelimitedList";
  readonly description: string;
  readonly default?: string | number;
  readonly allowedValues?: readonly (string | number)[];
  readonly allowedPattern?: string;
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly Properties?: ValueMap;
}

export interface Output {
  readonly Value: Value;
  readonly Condition?: string;
}

interface TemplateBody {
  readonly file: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly conditions: Readonly<Record<string, Value>>;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, Output>>;
}

export interface ComponentTemplate extends TemplateBody {
  readonly type: "component";
  readonly kind: string;
  readonly metadata: ComponentMetadata;
}

export interface ConnectionTemplate extends TemplateBody {
  readonly type: "connection";
  readonly from: string;
  readonly to: string;
  /** Empty for the plain arrow. */
  readonly verb: string;
  readonly metadata: ConnectionMetadata;
}

export type Template = ComponentTemplate | ConnectionTemplate;
