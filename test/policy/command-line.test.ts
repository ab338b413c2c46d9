/** `warren check` with cfn-lint and cfn-guard on the PATH. */
import { delimiter } from "node:path";
import { expect, test } from "vitest";
import { type Repository, SMALLEST, repository } from "../support/command-line.ts";
import { readOutcome } from "../support/documents.ts";
import { GUARD_FOLDER, LINT_FOLDER, PATH_WITHOUT_JUDGES } from "../support/judges.ts";

const absent = GUARD_FOLDER === undefined;
const skipped = absent ? " (skipped: cfn-guard is not here; `cargo install cfn-guard`)" : "";
const PATH = [PATH_WITHOUT_JUDGES, GUARD_FOLDER ?? ""].join(delimiter);

const pipeline = SMALLEST["config/pipeline.yaml"] ?? "";
const OPEN = pipeline.replace(
  "{ kind: queue }",
  "{ kind: queue, overrides: { Queue: { SqsManagedSseEnabled: false } } }",
);

function files(more: Readonly<Record<string, string>>): Repository {
  return repository({ ...SMALLEST, ...more });
}

test("without the judges a check says what they would see, and is all right", async () => {
  using small = files({});
  const { code, stderr } = await small.warren(["check"]);
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^cfn-lint and cfn-guard not on the PATH: .*`pip install cfn-lint`.*`cargo install cfn-guard`/m,
  );
});

test("cfn-lint's warnings are shown, its errors fail the check", async () => {
  using small = files({
    "config/pipeline.yaml": pipeline.replace(
      "{ kind: queue }",
      "{ kind: queue, overrides: { Queue: { NoSuchProperty: 1 } } }",
    ),
  });
  const { code, stderr } = await small.warren(["check"], { PATH: `${LINT_FOLDER}:${PATH_WITHOUT_JUDGES}` });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^PROBLEM config\/pipeline\.yaml:6:3: queue of `inbox` \(InboxQueue\).*NoSuchProperty.*\(cfn-lint E3002\)$/m,
  );
  expect(stderr).toMatch(/^1 problem to mend/m);
});

test.skipIf(absent)(
  `a shipped rule fails the check at its line, and an own file takes it away${skipped}`,
  async () => {
    using small = files({ "config/pipeline.yaml": OPEN });
    const broken = await small.warren(["check"], { PATH });
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain("PROBLEM config/pipeline.yaml:6:3: queue of `inbox` (InboxQueue)");
    expect(broken.stderr).toContain(
      "(cfn-guard queue_is_encrypted)\n    Leave `SqsManagedSseEnabled: false` out",
    );
    small.write("config/rules/encryption.guard", "# We encrypt elsewhere.\n");
    expect((await small.warren(["check"], { PATH })).code).toBe(0);
  },
);

test.skipIf(absent)(
  `the repository's own rules count, and machines are told the same${skipped}`,
  async () => {
    using small = files({
      "config/rules/delay.guard":
        'let queues = Resources.*[ Type == "AWS::SQS::Queue" ]\nrule queue_waits when %queues !empty {\n  %queues.Properties.DelaySeconds >= 5 <<give the queue a delay>>\n}\n',
    });
    const { code, stdout } = await small.warren(["check", "--json"], { PATH });
    expect(code).toBe(1);
    expect(readOutcome(stdout)).toMatchObject({
      kind: "checked",
      policy: {
        ran: ["cfn-guard"],
        absent: ["cfn-lint"],
        findings: expect.arrayContaining([
          {
            kind: "problem",
            what: "queue of `inbox` (InboxQueue) at DelaySeconds, `delay`: breaks the rule `queue_waits`",
            fix: "Give the queue a delay.",
            place: { file: "config/pipeline.yaml", line: 6, column: 3 },
            rule: "cfn-guard queue_waits",
          },
        ]),
      },
    });
  },
);

test.skipIf(absent)(`a rule that cannot be read is a problem${skipped}`, async () => {
  using small = files({ "config/rules/own.guard": "rule { oh\n" });
  const { code, stderr } = await small.warren(["check"], { PATH });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^PROBLEM .*cfn-guard could not judge the templates/m);
});
