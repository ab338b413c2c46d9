/** CloudFormation's drift detection over the SDK: started, waited for and read to the last page. */
import type {
  DescribeStackDriftDetectionStatusOutput,
  PropertyDifference as SdkDifference,
  StackResourceDrift,
} from "@aws-sdk/client-cloudformation";
import { onward } from "../core/aws-answer.ts";
import type { Detection, PropertyDifference, ResourceDifference } from "../core/detection.ts";
import { UserError } from "../core/problem.ts";
import type { Drift } from "../aws-ports.ts";
import type { Clock } from "../ports.ts";
import type { Clients } from "./clients.ts";

const FIRST_POLL_MS = 500;
const SLOWEST_POLL_MS = 5_000;
/** AWS says "several minutes". https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DetectStackDrift.html */
const LIMIT_MS = 15 * 60_000;

const KINDS = { MODIFIED: "modified", DELETED: "deleted", UNKNOWN: "unknown" } as const;
const DIFFERENCES = { ADD: "added", REMOVE: "removed", NOT_EQUAL: "changed" } as const;

/** Makes no call yet. */
export function createDrift(clients: Clients, clock: Clock): Drift {
  /** Throws UserError `drift-timeout`: then nobody knows, which is not the same as no drift. */
  async function ended(id: string, stackName: string): Promise<DescribeStackDriftDetectionStatusOutput> {
    const { client, sdk } = await clients.cloudformation();
    const deadline = clock.now() + LIMIT_MS;
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 1.5, SLOWEST_POLL_MS)) {
      const answer = await client.send(
        new sdk.DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId: id }),
      );
      if (answer.DetectionStatus !== "DETECTION_IN_PROGRESS") return answer;
      if (clock.now() > deadline) {
        throw new UserError("drift-timeout", {
          message: `CloudFormation still compares ${stackName} with its template after ${LIMIT_MS / 60_000} minutes`,
          hint: "Nothing was changed: run the same command again.",
        });
      }
      await clock.sleep(wait);
    }
  }

  async function differences(stackName: string): Promise<readonly ResourceDifference[]> {
    const { client, sdk } = await clients.cloudformation();
    const found: ResourceDifference[] = [];
    const query = {
      StackName: stackName,
      StackResourceDriftStatusFilters: Object.keys(KINDS) as (keyof typeof KINDS)[],
    };
    const pages = sdk.paginateDescribeStackResourceDrifts({ client }, query);
    for await (const page of onward(pages, ({ NextToken }) => NextToken)) {
      found.push(...(page.StackResourceDrifts ?? []).flatMap(toResource));
    }
    return found;
  }

  return {
    async detect(stackName): Promise<Detection> {
      const { client, sdk } = await clients.cloudformation();
      let id: string;
      try {
        const answer = await client.send(new sdk.DetectStackDriftCommand({ StackName: stackName }));
        id = answer.StackDriftDetectionId ?? "";
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "ValidationError") throw error;
        return { kind: "refused", reason: error.message };
      }
      const { DetectionStatus: status, DetectionStatusReason: reason } = await ended(id, stackName);
      return {
        kind: status === "DETECTION_COMPLETE" ? "complete" : "partial",
        reason: reason || "",
        resources: await differences(stackName),
      };
    },
  };
}

function toResource(drift: StackResourceDrift): ResourceDifference[] {
  const kind = KINDS[drift.StackResourceDriftStatus as keyof typeof KINDS];
  if (kind === undefined) return [];
  return [
    {
      kind,
      logicalId: drift.LogicalResourceId ?? "",
      physicalId: drift.PhysicalResourceId || "",
      type: drift.ResourceType ?? "",
      properties: (drift.PropertyDifferences ?? []).map(toDifference),
      reason: drift.DriftStatusReason || "",
    },
  ];
}

function toDifference(difference: SdkDifference): PropertyDifference {
  return {
    kind: DIFFERENCES[difference.DifferenceType ?? "NOT_EQUAL"],
    path: difference.PropertyPath ?? "",
    expected: difference.ExpectedValue ?? "",
    actual: difference.ActualValue ?? "",
  };
}
