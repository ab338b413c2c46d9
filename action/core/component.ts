/** A component of pipeline.yaml: what is said of it there, and the template of its kind. */
import type { Options } from "./option.ts";
import type { Place } from "./problem.ts";
import type { ComponentTemplate } from "./template.ts";
import type { ValueMap } from "./value.ts";

export interface Component {
  readonly name: string;
  readonly template: ComponentTemplate;
  /** The name that its logical ids are made of: `was:`, or its own. */
  readonly idName: string;
  /** What pipeline.yaml sets, by the Parameter's name. Defaults are not in here. */
  readonly options: Options;
  /** Resource id of the template -> raw properties. */
  readonly overrides: ValueMap;
  readonly place: Place;
  /** Where an option's value stands; the component's own place for an option that is not set. */
  readonly placeOf: (parameter: string) => Place;
  readonly placeOfOverride: (resource: string) => Place;
}
