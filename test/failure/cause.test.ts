/** Why it failed, from what AWS has told: recorded shapes, no AWS. */
import { describe, expect, test } from "vitest";
import { namedIds, plainMessage } from "../../action/core/aws-message.ts";
import { type Account, failureProblems, refusalProblems } from "../../action/core/cause.ts";
import { formatProblem } from "../../action/core/problem.ts";
import { STACK_ID } from "../deploy/fake-stacks.ts";
import { ORIGINS, failedEvent, originAt, stackEvents } from "./told.ts";

function told(lines: readonly string[], account: Partial<Account> = {}, origins = ORIGINS): string {
  const all = { failed: [], remedies: [], ...account };
  return failureProblems(stackEvents(...lines), STACK_ID, origins, all)
    .map(formatProblem)
    .join("\n");
}

function refused(reason: string, account: Partial<Account> = {}): string {
  return refusalProblems(reason, ORIGINS, { failed: [], remedies: [], ...account })
    .map(formatProblem)
    .join("\n");
}

const DENIED = (name: string): string =>
  `Resource handler returned message: "User: arn:aws:sts::111122223333:assumed-role/deploy/run is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111122223333:role/prod-${name} because no identity-based policy allows the iam:CreateRole action (Service: Iam, Status Code: 403, Request ID: 0a1b2c3d-1111-2222-3333-444455556666)" (RequestToken: 9f8e, HandlerErrorCode: AccessDenied)`;

describe("a stack's events", () => {
  test("the first failure that followed from no other, at its line; what was cancelled is left out", () => {
    const lines = [
      "own UPDATE_IN_PROGRESS: User Initiated",
      "MoreQueue UPDATE_FAILED: Resource update cancelled",
      "JobsQueue UPDATE_FAILED: Invalid value for the parameter VisibilityTimeout. (Service: Sqs, Status Code: 400, Request ID: 1)",
      "own UPDATE_ROLLBACK_IN_PROGRESS: The following resource(s) failed to update: [JobsQueue, MoreQueue].",
    ];
    expect(told(lines)).toMatchInlineSnapshot(`
      "config/pipeline.yaml:6:3: jobs (queue, AWS::SQS::Queue) could not be updated: Invalid value for the parameter VisibilityTimeout
          AWS does not accept a value: correct the component's options or its \`overrides:\`."
    `);
  });

  test("twelve resources that failed for one cause are one problem, with all of their lines", () => {
    const ids = Array.from({ length: 12 }, (_, index) => `Worker${index}Role`);
    const origins = Object.fromEntries(
      ids.map((id, index) => [id, originAt(`worker-${index}`, 20 + index, { label: "role" })]),
    );
    const problems = failureProblems(
      stackEvents("own CREATE_IN_PROGRESS", ...ids.map((id) => `${id} CREATE_FAILED: ${DENIED(id)}`)),
      STACK_ID,
      origins,
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      place: { line: 20 },
      message: "12 resources could not be created: not authorized to perform: iam:CreateRole",
      hint: expect.stringContaining("lacks this permission"),
    });
    expect(problems[0].details).toHaveLength(12);
    expect(problems[0].details?.at(-1)).toBe("config/pipeline.yaml:31:3: worker-11 (role, AWS::SQS::Queue)");
  });

  test("different causes stay apart, in the order in which they came", () => {
    const lines = [
      "own UPDATE_IN_PROGRESS",
      `WorkerRole UPDATE_FAILED: ${DENIED("Worker")}`,
      "MoreQueue UPDATE_FAILED: Rate exceeded",
      "JobsQueue UPDATE_FAILED: Rate exceeded",
    ];
    const [first, second, ...none] = failureProblems(stackEvents(...lines), STACK_ID, ORIGINS);
    expect(none).toEqual([]);
    expect(first.message).toContain("worker (role, AWS::SQS::Queue) could not be updated: User: arn:");
    expect(second).toMatchObject({
      message: "2 resources could not be updated: Rate exceeded",
      place: { line: 7 },
    });
  });

  test("without a failed resource it is the stack's own reason, not the last repetition of it", () => {
    const lines = [
      "own UPDATE_IN_PROGRESS: User Initiated",
      "own UPDATE_ROLLBACK_IN_PROGRESS: Output Zork cannot be resolved",
      "own UPDATE_ROLLBACK_COMPLETE",
    ];
    expect(told(lines)).toBe("the stack ended as UPDATE_ROLLBACK_COMPLETE: Output Zork cannot be resolved");
    expect(told([])).toBe("the stack ended as unknown: no reason was given");
  });

  test("a resource that pipeline.yaml has no line for keeps its CloudFormation name; nothing known is no hint", () => {
    expect(told(["Strange CREATE_FAILED: the moon is full"])).toBe(
      "Strange (AWS::SQS::Queue) could not be created: the moon is full",
    );
  });
});

describe("DescribeEvents", () => {
  const own = failedEvent({
    logicalId: "prod",
    physicalId: STACK_ID,
    status: "CREATE_FAILED",
    reason: "Validation failed with 2 error(s). Call DescribeEvents",
  });
  const lines = [
    "own CREATE_IN_PROGRESS",
    "own CREATE_FAILED: Validation failed with 2 error(s). Call DescribeEvents",
  ];

  test("says what early validation found, with the property and its option; warnings have stopped nothing", () => {
    const failed = [
      own,
      failedEvent({
        kind: "VALIDATION_ERROR",
        by: "PROPERTY_VALIDATION",
        path: "/Resources/JobsQueue/Properties/VisibilityTimeout",
        reason: "Value 999999 is greater than the maximum 43200",
      }),
      failedEvent({
        kind: "VALIDATION_ERROR",
        logicalId: "MoreQueue",
        by: "BUCKET_EMPTINESS_VALIDATION",
        path: "/Resources/MoreQueue",
        reason: "The bucket 'more' is not empty.",
        warning: true,
      }),
    ];
    expect(told(lines, { failed })).toMatchInlineSnapshot(`
      "config/pipeline.yaml:6:3: jobs (queue, AWS::SQS::Queue) was refused before anything was made: Value 999999 is greater than the maximum 43200
          at VisibilityTimeout, in pipeline.yaml \`visibility-timeout\`
          AWS does not accept a value: correct the component's options or its \`overrides:\`."
    `);
  });

  test("is completed by the stack's events, and what both tell is told once", () => {
    const reason = "Rate exceeded";
    const failed = [failedEvent({ status: "UPDATE_FAILED", reason, time: new Date(2_000) })];
    const both = [
      "own UPDATE_IN_PROGRESS",
      "MoreQueue UPDATE_FAILED: no room",
      `JobsQueue UPDATE_FAILED: ${reason}`,
    ];
    const problems = failureProblems(stackEvents(...both), STACK_ID, ORIGINS, { failed, remedies: [] });
    expect(problems.map(({ message }) => message)).toEqual([
      "more (queue, AWS::SQS::Queue) could not be updated: no room",
      "jobs (queue, AWS::SQS::Queue) could not be updated: Rate exceeded",
    ]);
  });
});

describe("hooks", () => {
  const remedy = {
    hook: "Private::Guard::Buckets",
    logicalId: "JobsQueue",
    rule: "QUEUE_ENCRYPTED",
    reason: "The queue is not encrypted.",
    remedy: "Set KmsMasterKeyId",
    link: "https://example.com/rules/7",
  };

  test('a Guard hook\'s rule, its remedy and its page stand in the place of "the following hooks failed"', () => {
    const events = stackEvents(
      "own CREATE_IN_PROGRESS",
      "JobsQueue CREATE_FAILED: The following hook(s) failed: [Private::Guard::Buckets]",
    );
    const problems = failureProblems(events, STACK_ID, ORIGINS, { failed: [], remedies: [remedy] });
    expect(problems.map(formatProblem).join("\n")).toMatchInlineSnapshot(`
      "config/pipeline.yaml:6:3: jobs (queue, AWS::SQS::Queue) was stopped by the hook \`Private::Guard::Buckets\` of this account: The queue is not encrypted
          QUEUE_ENCRYPTED: The queue is not encrypted
          to do: Set KmsMasterKeyId
          A hook is a rule that somebody has set for this account: do as it says, or ask whoever looks after the account.
          https://example.com/rules/7"
    `);
  });

  test("a hook without rules has its reason in the event", () => {
    const hook = {
      name: "Private::Lambda::Ports",
      reason: "Ingress must not allow 0.0.0.0/0",
      invocation: "",
    };
    const [begun, failure] = stackEvents(
      "JobsQueue CREATE_IN_PROGRESS",
      "JobsQueue CREATE_FAILED: The following hook(s) failed: [Private::Lambda::Ports]",
    );
    const problems = failureProblems([{ ...begun!, hook }, failure!], STACK_ID, ORIGINS);
    expect(problems[0].message).toContain(
      "`Private::Lambda::Ports` of this account: Ingress must not allow 0.0.0.0/0",
    );
  });

  test("a hook that stops the change set leads to what it names", () => {
    const text = refused("The following hook(s) failed: [Private::Guard::Buckets]", {
      remedies: [{ ...remedy, logicalId: "", reason: "JobsQueue is not encrypted." }],
    });
    expect(text).toMatch(
      /^config\/pipeline\.yaml:6:3: the change set was stopped by the hook `Private::Guard::Buckets`/,
    );
  });
});

describe("a refused change set", () => {
  test("leads to the line of the resource that AWS names", () => {
    expect(
      refused(
        "Template format error: Unresolved resource dependencies [MoreQueue] in the Resources block of the template",
      ),
    ).toMatchInlineSnapshot(`
      "config/pipeline.yaml:7:3: CloudFormation refuses the template: Template format error: Unresolved resource dependencies [MoreQueue] in the Resources block of the template
          MoreQueue is more (queue)
          An \`overrides:\` names something that is not in the stack: \`warren render\` shows what is."
    `);
  });

  test("says all that early validation found, instead of where to look it up", () => {
    const reason =
      "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.";
    const name = (logicalId: string, identifier: string) =>
      failedEvent({
        kind: "VALIDATION_ERROR",
        logicalId,
        by: "NAME_CONFLICT_VALIDATION",
        path: `/Resources/${logicalId}`,
        reason: `Resource of type 'AWS::SQS::Queue' with identifier '${identifier}' already exists.`,
      });
    expect(refused(reason, { failed: [name("JobsQueue", "jobs")] })).toMatchInlineSnapshot(`
      "config/pipeline.yaml:6:3: jobs (queue, AWS::SQS::Queue) was refused before anything was made: Resource of type 'AWS::SQS::Queue' with identifier 'jobs' already exists
          Something outside this stack has that name: delete it, or take \`name:\` off the component."
    `);
    expect(refused(reason)).toContain("cloudformation:DescribeEvents");
  });

  test("without any name it has no line, but its reason", () => {
    expect(refused("Limit for stack has been exceeded")).toMatch(
      /^CloudFormation refuses the template: Limit for stack has been exceeded\n {4}A quota/,
    );
  });
});

test.each([
  [
    'Resource handler returned message: "Invalid request provided: Queue visibility timeout: 30 seconds is less than Function timeout: 120 seconds (Service: Lambda, Status Code: 400, Request ID: 14ed)" (RequestToken: cabb, HandlerErrorCode: InvalidRequest)',
    "Queue visibility timeout: 30 seconds is less than Function timeout: 120 seconds",
  ],
  [
    "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty; Request ID: 0; S3 Extended Request ID: P9=; Proxy: null)",
    "The bucket you tried to delete is not empty",
  ],
  [
    'Resource handler returned message: "Unzipped size (Service: Lambda, Status Code: 400, Request ID: c1) (SDK Attempt Count: 1)" (RequestToken: 4, HandlerErrorCode: InvalidRequest)',
    "Unzipped size",
  ],
  // Cut off by AWS.
  [
    'Resource handler returned message: "Model validation failed (#/Name: too long',
    "Model validation failed (#/Name: too long",
  ],
  ["Rate exceeded", "Rate exceeded"],
])("of %s people read: %s", (text, plain) => {
  expect(plainMessage(text)).toBe(plain);
});

test("a logical id is found as a whole word", () => {
  const ids = ["Jobs", "JobsQueue", "MoreQueue"];
  expect(namedIds("in [MoreQueue, JobsQueue]: JobsQueueX, /Resources/JobsQueue/Properties", ids)).toEqual([
    "MoreQueue",
    "JobsQueue",
  ]);
});
