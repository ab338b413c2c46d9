/** A JSON value's type, said once: TypeScript reads it as a type, and a JSON Schema is made of it, so they cannot differ. */
import type { Value, ValueMap } from "./value.ts";

export interface JsonType<T> {
  /** Draft 7 of JSON Schema. */
  readonly schema: ValueMap;
  /** Never there: it only carries `T`. */
  readonly type?: T;
}

export interface OptionalType<T> extends JsonType<T> {
  readonly optional: true;
}

export type TypeOf<J> = J extends JsonType<infer T> ? T : never;

type Properties = Readonly<Record<string, JsonType<unknown>>>;
type OptionalKey<P extends Properties> = {
  [K in keyof P]: P[K] extends OptionalType<unknown> ? K : never;
}[keyof P];
type ObjectOf<P extends Properties> = {
  readonly [K in Exclude<keyof P, OptionalKey<P>>]: TypeOf<P[K]>;
} & { readonly [K in OptionalKey<P>]?: TypeOf<P[K]> };

export function textType(description?: string): JsonType<string> {
  return { schema: { type: "string", ...described(description) } };
}

export function integerType(description?: string): JsonType<number> {
  return { schema: { type: "integer", ...described(description) } };
}

export function flagType(description?: string): JsonType<boolean> {
  return { schema: { type: "boolean", ...described(description) } };
}

/** Any JSON at all: what is not Warren's to describe. */
export function anyType(description?: string): JsonType<Value> {
  return { schema: { ...described(description) } };
}

export function wordType<const W extends string>(words: readonly W[], description?: string): JsonType<W> {
  return { schema: { enum: words, ...described(description) } };
}

export function constantType<const C extends string | number | true>(constant: C): JsonType<C> {
  return { schema: { const: constant } };
}

export function listType<T>(of: JsonType<T>, description?: string): JsonType<readonly T[]> {
  return { schema: { type: "array", items: of.schema, ...described(description) } };
}

export function mapType<T>(of: JsonType<T>, description?: string): JsonType<Readonly<Record<string, T>>> {
  return { schema: { type: "object", additionalProperties: of.schema, ...described(description) } };
}

/** Nothing but these, and all of them that are not optional. */
export function objectType<P extends Properties>(properties: P, description?: string): JsonType<ObjectOf<P>> {
  const all = Object.entries(properties);
  return {
    schema: {
      type: "object",
      ...described(description),
      additionalProperties: false,
      required: all.flatMap(([name, type]) => ("optional" in type ? [] : [name])),
      properties: Object.fromEntries(all.map(([name, type]) => [name, type.schema])),
    },
  };
}

export function optional<T>(type: JsonType<T>): OptionalType<T> {
  return { schema: type.schema, optional: true };
}

export function unionType<U extends readonly JsonType<unknown>[]>(...types: U): JsonType<TypeOf<U[number]>> {
  return { schema: { oneOf: types.map(({ schema }) => schema) } };
}

function described(description: string | undefined): ValueMap {
  return description === undefined ? {} : { description };
}
