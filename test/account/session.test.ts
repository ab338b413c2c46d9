import { array, assert, property, record, string, stringMatching } from "fast-check";
import { describe, expect, test } from "vitest";
import { roleFor, roleName, serviceRoleOf, useOf } from "../../action/core/access.ts";
import { sessionName, sessionPolicy } from "../../action/core/session-policy.ts";

const ROLE = "arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy";
const base = { role: ROLE, pipeline: "rabbit-hole", serviceRole: serviceRoleOf(ROLE) };

describe("a session's name", () => {
  test("tells repository, run and commit", () => {
    const run = { repository: "rabbits/rabbit-hole", runId: "4711", sha: "0123456789abcdef" };
    expect(sessionName(run)).toBe("rabbits+rabbit-hole@4711@0123456789ab");
  });

  test("is one that STS takes, whatever it is made of", () => {
    const anything = record({
      repository: string({ unit: "binary", maxLength: 150 }),
      runId: string({ unit: "binary", maxLength: 40 }),
      sha: string({ unit: "binary", maxLength: 64 }),
    });
    assert(
      property(anything, (run) => {
        expect(sessionName(run)).toMatch(/^[\w+=,.@-]{2,64}$/);
      }),
    );
  });

  test("keeps the end of a repository that is too long", () => {
    const run = {
      repository: `${"o".repeat(39)}/${"r".repeat(100)}`,
      runId: "12345678901",
      sha: "a".repeat(40),
    };
    expect(sessionName(run)).toMatch(/^r{39}@12345678901@a{12}$/);
  });
});

describe("a session's policy", () => {
  const statements = (
    text: string,
  ): readonly { Action?: unknown; NotAction?: unknown; Resource: unknown }[] =>
    (JSON.parse(text) as { Statement: [] }).Statement;

  test("names the stacks, and no other may be changed", () => {
    expect(statements(sessionPolicy({ ...base, stacks: ["rabbit-hole-prod"] }))[0]).toEqual({
      Effect: "Allow",
      Action: "cloudformation:*",
      Resource: ["arn:aws:cloudformation:*:111122223333:stack/rabbit-hole-prod/*"],
    });
  });

  test("allows nothing to be changed when there is no stack", () => {
    const read = statements(sessionPolicy({ ...base, stacks: [] }));
    expect(read[0]?.Action).toEqual([
      "cloudformation:BatchDescribeTypeConfigurations",
      "cloudformation:DescribeStackDriftDetectionStatus",
      "cloudformation:DescribeStacks",
      "cloudformation:GetHookResult",
      "cloudformation:ListHookResults",
      "cloudformation:ListStacks",
    ]);
  });

  test("leaves the services to a role with which CloudFormation has to act itself", () => {
    const own = sessionPolicy({ ...base, stacks: ["x"], serviceRole: undefined });
    expect(statements(own).at(-1)?.NotAction).toBe("cloudformation:*");
  });

  test("is within STS's limit for any number of stacks", () => {
    const names = array(stringMatching(/^[a-z][a-z-]{1,64}$/), { maxLength: 100 });
    assert(
      property(names, (stacks) => {
        expect(sessionPolicy({ ...base, stacks }).length).toBeLessThanOrEqual(2_048);
      }),
    );
    const many = Array.from({ length: 100 }, (_, index) => `rabbit-hole-branch-${index}`);
    expect(sessionPolicy({ ...base, stacks: many })).toContain(":stack/rabbit-hole-*/*");
  });
});

describe("a role's ARN leads to the others", () => {
  test("by its use", () => {
    expect(useOf(ROLE)).toBe("deploy");
    expect(roleFor(ROLE, "plan")).toBe("arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-plan");
    expect(serviceRoleOf(ROLE)).toBe("arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-stacks");
    expect(serviceRoleOf(roleFor(ROLE, "preview"))).toMatch(/-us-east-1-preview-stacks$/);
  });

  test("but to none for a plan, which makes nothing, nor for somebody else's role", () => {
    const other = "arn:aws:iam::111122223333:role/github-deploy";
    expect(serviceRoleOf(roleFor(ROLE, "plan"))).toBeUndefined();
    expect(serviceRoleOf(other)).toBeUndefined();
    expect(roleFor(other, "plan")).toBe(other);
  });

  test("and every name is within IAM's 64 characters", () => {
    expect(roleName("p".repeat(32), "ap-southeast-1", "preview-stacks").length).toBeLessThanOrEqual(64);
  });
});
