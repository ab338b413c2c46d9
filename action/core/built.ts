/** Components and arrows on their way into one stack: instantiated, and not yet tied together. */
import type { Arrow } from "./arrow.ts";
import type { Component } from "./component.ts";
import type { Instance } from "./instantiate.ts";
import type { Value } from "./value.ts";

export interface Built {
  readonly component: Component;
  readonly instance: Instance;
  readonly parameters: Readonly<Record<string, Value>>;
}

export interface Joined {
  readonly arrow: Arrow;
  readonly instance: Instance;
}
