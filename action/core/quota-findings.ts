/** What of an account and region is nearly used up. */
import type { DoctorFacts } from "./doctor-facts.ts";
import { type Finding, ok } from "./finding.ts";

/** From here on it is time to ask for more: AWS takes days to answer. */
const NEARLY = 0.9;
/** What AWS gives new accounts is 10 to 50; a pipeline and its previews then throttle each other. */
const AT_ONCE_MIN = 100;

export function quotaFindings({
  stacks,
  stackMax,
  code,
}: Pick<DoctorFacts, "stacks" | "stackMax" | "code">): readonly Finding[] {
  const found: Finding[] = [];
  // A role that may not look at these deploys all the same.
  if (stacks.kind === "seen" && stackMax.kind === "seen") {
    const what = `${stacks.value} of ${stackMax.value} stacks`;
    const fix =
      "Ask AWS for more (Service Quotas, CloudFormation, `Stack count`), or close old pull requests.";
    found.push(
      stacks.value < stackMax.value * NEARLY ? ok(what) : { kind: "warning", what: `${what} are used`, fix },
    );
  }
  if (code.kind === "seen") {
    const { bytes, bytesMax, atOnceMax } = code.value;
    const what = `${gibibytes(bytes)} of ${gibibytes(bytesMax)} GiB of code`;
    const fix =
      "Delete functions that nobody uses, or ask AWS for more (Service Quotas, Lambda, `Function and layer storage`).";
    found.push(bytes < bytesMax * NEARLY ? ok(what) : { kind: "warning", what: `${what} are used`, fix });
    if (atOnceMax < AT_ONCE_MIN) {
      found.push({
        kind: "warning",
        what: `only ${atOnceMax} functions of the account may run at the same time in this region`,
        fix: "Ask AWS for 1,000 (Service Quotas, Lambda, `Concurrent executions`): new accounts have few, and previews take of the same.",
      });
    }
  }
  return found;
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1).replace(/\.0$/, "");
}
