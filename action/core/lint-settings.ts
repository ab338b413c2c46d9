/**
 * The two settings of a repository's .cfnlintrc that say which rules count. Not its `append_rules`: those are Python
 * programs, which would run beside the job's token.
 */
import { parse } from "yaml";
import { type Value, isValueList, isValueMap } from "./value.ts";

export interface LintSettings {
  readonly ignored: readonly string[];
  readonly included: readonly string[];
}

/** Throws what `yaml` throws. Anything that is no rule's name is left out: it must not become a flag. */
export function readLintSettings(text: string): LintSettings {
  const settings = parse(text) as Value;
  const rules = (key: string): readonly string[] => {
    const value = isValueMap(settings) ? settings[key] : undefined;
    const names = isValueList(value) ? value : [];
    return names.filter((name) => typeof name === "string").filter((name) => /^[EWI]\d*$/.test(name));
  };
  return { ignored: rules("ignore_checks"), included: rules("include_checks") };
}
