/** What deploy and plan ask CloudFormation after a failure, and when: by a CloudFormation that plays its part. */
import { expect, test } from "vitest";
import type { FailedEvent } from "../../action/core/failed-event.ts";
import { OperationFailure } from "../../action/core/operation-failure.ts";
import { deploy } from "../../action/deploy.ts";
import type { DeployPorts } from "../../action/deploy.ts";
import { plan } from "../../action/plan.ts";
import { formatProblem } from "../../action/core/problem.ts";
import type { ChangeSet } from "../../action/aws-ports.ts";
import { STACK_ID, type Script, fakeClock, fakeStacks } from "../deploy/fake-stacks.ts";
import { failureOf, queue, renderedAs, sha256 } from "../deploy/world.ts";
import { failedEvent } from "./told.ts";

const rendered = renderedAs("fake", { resources: { Jobs: queue(), Results: queue() } });
const ready: ChangeSet = { kind: "ready", id: "change-set", stackId: STACK_ID, changes: [] };
const failed: ChangeSet = {
  kind: "failed",
  id: "change-set",
  stackId: STACK_ID,
  reason: "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation].",
};
const UPDATED = {
  events: [{ logicalId: "Jobs", status: "UPDATE_FAILED", reason: "Rate exceeded" }],
  end: "UPDATE_ROLLBACK_COMPLETE",
};

function world(script: Script) {
  const tags = { "warren:pipeline": "rabbit-hole" };
  const stacks = fakeStacks({ stack: { tags }, ...script });
  const lines: string[] = [];
  const note = (text: string): void => void lines.push(text);
  const never = (): never => {
    throw new Error("not needed here");
  };
  const ports: DeployPorts = {
    log: { info: note, warn: note, error: note, progress: () => undefined },
    clock: fakeClock(),
    workspace: { sha256 },
    stacks,
    artifacts: { bucket: async () => "artifacts", present: never, put: never, has: never },
    items: { load: never },
  };
  return { ports, stacks, lines };
}

test("what a hook only warns of is told with the plan that it lets pass, before AWS forgets it", async () => {
  const asked: string[] = [];
  const { ports, stacks } = world({
    changeSets: [ready],
    failedEvents: () => {
      asked.push(...stacks.calls);
      return [
        failedEvent({
          kind: "HOOK_INVOCATION_ERROR",
          logicalId: "Results",
          reason: "it is not encrypted",
          by: "Private::Guard::Queues",
          warning: true,
        }),
        failedEvent({ logicalId: "Results", reason: "no warning" }),
      ];
    },
  });
  const { risk } = await plan(rendered, ports);
  expect(risk.stops).toEqual([]);
  expect(risk.notes.map(formatProblem)).toEqual([
    "config/pipeline.yaml:11:3: results (thing, AWS::SQS::Queue) is doubted by the hook `Private::Guard::Queues`, which stops nothing: it is not encrypted",
  ]);
  expect(asked).toEqual(["find", "createChangeSet UPDATE"]);
  expect(stacks.calls).toContain("deleteChangeSet");
});

test("early validation is asked for before the change set goes, and the shell of a new stack goes as well", async () => {
  const asked: string[][] = [];
  const { ports, stacks } = world({
    stack: { status: "REVIEW_IN_PROGRESS" },
    changeSets: [failed],
    failedEvents: (of) => {
      asked.push([JSON.stringify(of), ...stacks.calls.slice(-1)]);
      return [failedEvent({ kind: "VALIDATION_ERROR", logicalId: "Results", reason: "too long" })];
    },
  });
  const error = await failureOf(deploy({ rendered, artifacts: [] }, ports));
  expect(error.reason).toBe("change-set-failed");
  expect(error.message).toBe(
    "config/pipeline.yaml:11:3: results (thing, AWS::SQS::Queue) was refused before anything was made: too long",
  );
  expect(asked).toEqual([['{"stackName":"fake","changeSetId":"change-set"}', "createChangeSet CREATE"]]);
  expect(stacks.calls.at(-1)).toBe("deleteChangeSet");
});

test("a plan says the same as the deploy that would fail", async () => {
  const failedEvents = (): readonly FailedEvent[] => [
    failedEvent({ kind: "VALIDATION_ERROR", logicalId: "Jobs", reason: "too long" }),
  ];
  const { ports } = world({ changeSets: [failed], failedEvents });
  const error = await failureOf(plan(rendered, ports));
  expect([error.reason, error.problems[0]?.place?.line]).toEqual(["plan-failed", 10]);
});

test("a hook's findings are asked for when early validation has none", async () => {
  const { ports } = world({
    changeSets: [failed],
    failedEvents: () => [],
    hookRemedies: (of) => {
      expect(of).toEqual({ changeSetId: "change-set" });
      return [
        { hook: "A::B::C", logicalId: "", rule: "R", reason: "Jobs is bad", remedy: "be good", link: "" },
      ];
    },
  });
  const error = await failureOf(deploy({ rendered, artifacts: [] }, ports));
  expect(error.problems[0]).toMatchObject({
    place: { line: 10 },
    message: "the change set was stopped by the hook `A::B::C` of this account: Jobs is bad",
    details: expect.arrayContaining(["to do: be good"]),
  });
});

test("a template that is refused at once is led back as well", async () => {
  const { ports } = world({
    changeSets: [{ kind: "refused", reason: "Unresolved resource dependencies [Results]" }],
  });
  const error = await failureOf(deploy({ rendered, artifacts: [] }, ports));
  expect([error.reason, error.problems[0]?.place?.line]).toEqual(["change-set-failed", 11]);
});

test("an operation that failed has its timeline with it, with what failed in it", async () => {
  const { ports } = world({ changeSets: [ready], plays: [UPDATED] });
  const error = await failureOf(deploy({ rendered, artifacts: [] }, ports));
  if (!(error instanceof OperationFailure)) throw error;
  expect(error.stackId).toBe(STACK_ID);
  expect(error.timeline?.bars).toMatchObject([{ component: "jobs", failed: true }]);
});

test("a role that may not ask, or an old failure of the stack, hides nothing", async () => {
  const denied = Object.assign(new Error("not authorized to perform: cloudformation:DescribeEvents"), {
    name: "AccessDenied",
    $metadata: {},
  });
  const { ports, lines } = world({
    changeSets: [ready],
    plays: [UPDATED],
    failedEvents: () => {
      throw denied;
    },
  });
  const error = await failureOf(deploy({ rendered, artifacts: [] }, ports));
  expect(error.message).toMatch(
    /^config\/pipeline\.yaml:10:3: jobs \(thing, AWS::SQS::Queue\) could not be updated: Rate exceeded/,
  );
  expect(lines).toContain(`CloudFormation gives no details: ${denied.message}`);

  // Hooks may be shut while the rest is open.
  const half = world({
    changeSets: [failed],
    failedEvents: () => [failedEvent({ logicalId: "Results", reason: "only a warning", warning: true })],
    hookRemedies: () => {
      throw denied;
    },
  });
  expect((await failureOf(deploy({ rendered, artifacts: [] }, half.ports))).message).toContain(
    "refuses the template",
  );

  const old = failedEvent({ logicalId: "Results", reason: "long ago", time: new Date(-1) });
  const again = world({ changeSets: [ready], plays: [UPDATED], failedEvents: () => [old] });
  expect((await failureOf(deploy({ rendered, artifacts: [] }, again.ports))).problems).toHaveLength(1);
});

test("a bug in the question is no lack of details", async () => {
  const { ports } = world({
    changeSets: [failed],
    failedEvents: () => {
      throw new TypeError("x is undefined");
    },
  });
  await expect(deploy({ rendered, artifacts: [] }, ports)).rejects.toThrow(TypeError);
});
