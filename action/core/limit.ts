/** CloudFormation's quotas for one template, checked before anything is touched. */
import type { Pipeline } from "./pipeline.ts";
import type { Problem } from "./problem.ts";
import { type ValueMap, canonicalJson } from "./value.ts";

const MAX_RESOURCES = 500;
const MAX_BYTES = 1_000_000;

export function limitProblems(template: ValueMap, pipeline: Pipeline): Problem[] {
  const place = { file: pipeline.file, line: 1, column: 1 };
  const hint = "Split it into two pipelines.";
  const count = Object.keys(template["Resources"] ?? {}).length;
  const bytes = byteLength(canonicalJson(template));
  return [
    ...(count > MAX_RESOURCES
      ? [
          {
            place,
            message: `the stack would have ${count} resources; CloudFormation allows ${MAX_RESOURCES}`,
            hint,
          },
        ]
      : []),
    ...(bytes > MAX_BYTES
      ? [
          {
            place,
            message: `the template would have ${bytes} bytes; CloudFormation allows ${MAX_BYTES}`,
            hint,
          },
        ]
      : []),
  ];
}

/** UTF-8 bytes without Buffer or TextEncoder, which core/ does not have. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
