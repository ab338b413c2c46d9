/** What a reader of the job's summary, of the log's end, and of `warren explain` sees. */
import { expect, test } from "vitest";
import { whereabouts } from "../../action/core/action-source.ts";
import { explain, reasonsPage } from "../../action/core/explain.ts";
import { failureSummary, firstLine } from "../../action/core/failure-summary.ts";
import { OperationFailure } from "../../action/core/operation-failure.ts";
import { type Problem, UserError, formatProblem } from "../../action/core/problem.ts";
import { REASONS, type Reason, exitCodeOf } from "../../action/core/reason.ts";
import { STACK_ID } from "../deploy/fake-stacks.ts";

const RUNNER = {
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "alice/burrow",
  GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
  GITHUB_ACTION_REPOSITORY: "rabbits/warren",
  GITHUB_ACTION_REF: "v1",
};
const PROBLEM: Problem = {
  place: { file: "config/pipeline.yaml", line: 6, column: 3 },
  message: "2 resources could not be created: not authorized to perform: iam:CreateRole",
  details: ["config/pipeline.yaml:6:3: jobs (queue)", "config/pipeline.yaml:7:3: more | @everybody (queue)"],
  hint: "Run `warren bootstrap` again.",
  link: "https://example.com/why",
};

function summary(error: UserError, environment = RUNNER): string {
  return failureSummary(error, error.problems, whereabouts(error.reason, environment));
}

test("first why, then what to do at each line, then how the operation went, last what the reason means", () => {
  const bar = {
    logicalId: "JobsQueue",
    component: "jobs",
    label: "queue",
    fromMs: 0,
    toMs: 3_000,
    failed: true,
  };
  const error = new OperationFailure("deploy-failed", [PROBLEM], {
    stackId: STACK_ID,
    timeline: { totalMs: 4_000, bars: [bar] },
  });
  expect(summary(error)).toMatchInlineSnapshot(`
    "### Warren failed: 2 resources could not be created&#58; not authorized to perform&#58; iam&#58;CreateRole ❌

    | where | what | what to do |
    | - | - | - |
    | [\`config/pipeline.yaml:6\`](https://github.com/alice/burrow/blob/0123456789abcdef0123456789abcdef01234567/config/pipeline.yaml#L6) | 2 resources could not be created&#58; not authorized to perform&#58; iam&#58;CreateRole<br>config/pipeline&#46;yaml&#58;6&#58;3&#58; jobs &#40;queue&#41;<br>config/pipeline&#46;yaml&#58;7&#58;3&#58; more &#124; &#64;&#8203;everybody &#40;queue&#41; | Run \`warren bootstrap\` again&#46;<br>[more](https://example.com/why) |

    \`\`\`mermaid
    gantt
        title fake: 4.0 s
        dateFormat x
        axisFormat %S.%L s
        todayMarker off
        section jobs
        3.0 s queue :crit, 0, 3000
    \`\`\`

    Reason: [deploy-failed](https://github.com/rabbits/warren/blob/v1/docs/reasons.md#deploy-failed)
    "
  `);
});

test("what needs its lines keeps them, below the table", () => {
  const log: Problem = {
    message: "it did not get through",
    details: ["the end of its log:\nline 1\nline 2"],
  };
  const text = summary(new UserError("smoke-failed", [log, PROBLEM]));
  expect(text).toContain("### Warren failed: it did not get through &#40;and 1 more&#41; ❌");
  expect(text.indexOf("iam&#58;CreateRole")).toBeLessThan(text.indexOf("line 1\nline 2"));
});

test("a thousand problems have a limit, and their number", () => {
  const problems = Array.from({ length: 1_000 }, () => PROBLEM);
  const text = summary(new UserError("config-invalid", problems));
  expect(text.split("\n").filter((line) => line.startsWith("| [")).length).toBe(50);
  expect(text).toContain("950 more problems are in the log.");
});

test("without the runner's words there are no addresses, and none is made up", () => {
  const text = failureSummary(
    new UserError("deploy-failed", PROBLEM),
    [PROBLEM],
    whereabouts("deploy-failed", {}),
  );
  expect(text).toContain("| `config/pipeline.yaml:6` |");
  expect(text).toContain("Reason: `deploy-failed`");
  expect(text.match(/https?:\/\/\S+/g)).toEqual(["https://example.com/why)"]);
});

test("the first line is one line, and not longer than people read", () => {
  expect(firstLine([{ message: "a\nb" }])).toBe("a");
  expect(firstLine([])).toBe("");
  expect(firstLine([{ message: "x".repeat(400) }, PROBLEM])).toMatch(/^x{299}… \(and 1 more\)$/);
});

test("a problem in a terminal: what, details, how to mend it, where to read on", () => {
  expect(formatProblem(PROBLEM)).toMatchInlineSnapshot(`
    "config/pipeline.yaml:6:3: 2 resources could not be created: not authorized to perform: iam:CreateRole
        config/pipeline.yaml:6:3: jobs (queue)
        config/pipeline.yaml:7:3: more | @everybody (queue)
        Run \`warren bootstrap\` again.
        https://example.com/why"
  `);
});

test("details are looked through for secrets like every message", () => {
  const key = ["AKIA", "IOSFODNN7", "EXAMPLQ"].join("");
  const error = new UserError("deploy-failed", { message: "m", details: [`key ${key}`] });
  expect(JSON.stringify(error.problems)).not.toContain(key);
});

const ALL = Object.keys(REASONS) as Reason[];

test("every reason is a page of its own, in whole sentences", () => {
  const page = reasonsPage();
  for (const reason of ALL) {
    const { meaning, mend } = REASONS[reason];
    for (const text of [meaning, mend])
      expect([reason, text]).toEqual([reason, expect.stringMatching(/^\S[^]{10,}\.$/)]);
    expect(page).toContain(`\n## ${reason}\n\n${meaning}\n`);
    expect(explain(reason, false)).toContain(meaning);
    expect(explain(undefined, false)).toMatch(new RegExp(`^${reason} +\\S`, "m"));
  }
  expect(ALL).toEqual(ALL.toSorted());
});

test("what may pass by itself has another exit code than what has to be mended", () => {
  expect([exitCodeOf("throttled"), exitCodeOf("config-invalid")]).toEqual([75, 1]);
  expect(JSON.parse(explain("throttled", true))).toMatchObject({ reason: "throttled", exitCode: 75 });
});

test("a slip in a reason is told as one", () => {
  expect(() => explain("deploy-faild", false)).toThrow("Did you mean `deploy-failed`?");
});
