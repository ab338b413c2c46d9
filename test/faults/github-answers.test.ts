/** Whatever GitHub answers: a value of the port's shape, or an error that says what GitHub did. */
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../action/core/problem.ts";
import { createGitHubApi } from "../../action/edge/github-api.ts";
import { createGitHub } from "../../action/edge/github.ts";
import { createRepositorySettings } from "../../action/edge/repository-settings.ts";
import type { GitHub, RepositorySettings } from "../../action/github-ports.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";
import recorded from "./github.json" with { type: "json" };
import { hold } from "./held.ts";
import { type Json, changedJson } from "./json-changes.ts";

const ANSWERS: Readonly<Record<string, Json>> = recorded;
let answers = ANSWERS;
/** Instead of JSON, for some. */
let whole: string | undefined;

/** `GET /repos/o/r/pulls/7` is `GET pulls/#`. */
function routeOf(method: string, url: string): string {
  const path = url.split("?")[0] ?? "";
  return `${method} ${path.replace(/^\/repos\/octo\/burrow\/?/, "").replaceAll(/\/(?:\d+|[0-9a-f]{40}(?:\.\.\.\w+)?|heads%2F[^/]+|main|production)(?=\/|$)/g, "/#")}`;
}

const unknown = new Set<string>();
const server = createServer((request, response) => {
  const route = routeOf(request.method ?? "", request.url ?? "");
  if (!Object.hasOwn(ANSWERS, route)) unknown.add(route);
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  response.end(whole ?? JSON.stringify(answers[route] ?? {}));
  request.resume();
});
let github: GitHub;
let settings: RepositorySettings;

beforeAll(async () => {
  const apiUrl = await listenLocally(server);
  const api = createGitHubApi(
    { token: "t0ken", repository: "octo/burrow", apiUrl, runUrl: "https://example.com/runs/1" },
    { now: () => 1_000_000, sleep: async () => {} },
  );
  github = createGitHub(api);
  settings = createRepositorySettings(api);
});
afterAll(() => closeLocally(server));

const SHA = "a".repeat(40);
const text = (value: unknown): boolean => typeof value === "string";
const flag = (value: unknown): boolean => typeof value === "boolean";
const none = (is: (value: unknown) => boolean) => (value: unknown) => value === undefined || is(value);
const list = (is: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(is);
const number = (value: unknown): boolean => Number.isSafeInteger(value);
function pullRequest(value: unknown): boolean {
  const one = value as Record<string, unknown>;
  return (
    number(one["number"]) &&
    ["branch", "headSha", "baseBranch"].every((name) => text(one[name])) &&
    ["open", "draft", "merged", "fromFork"].every((name) => flag(one[name]))
  );
}

/** What is asked, and what the port says that it is. */
const QUESTIONS: Readonly<Record<string, readonly [() => Promise<unknown>, (value: unknown) => boolean]>> = {
  pullRequest: [() => github.pullRequest(7), none(pullRequest)],
  openPullRequests: [() => github.openPullRequests(), list(pullRequest)],
  pullRequestsOf: [() => github.pullRequestsOf(SHA), list(pullRequest)],
  mergedBetween: [() => github.mergedBetween("main", SHA, "main"), list(pullRequest)],
  branches: [() => github.branches(), list(text)],
  head: [() => github.head("main"), none(text)],
  isAncestor: [() => github.isAncestor(SHA, "main"), flag],
  comment: [() => github.comment(7, "<!-- warren"), none(text)],
  upsertComment: [() => github.upsertComment(7, "<!-- warren", "<!-- warren --> x"), text],
  upsertIssue: [
    () => github.upsertIssue({ marker: "<!-- drift", title: "t", body: "<!-- drift --> x" }),
    text,
  ],
  closeIssue: [() => github.closeIssue("<!-- drift"), none(number)],
  createDeployment: [
    () =>
      github.createDeployment({
        environment: "production",
        sha: SHA,
        transient: false,
        production: true,
        stack: "s",
      }),
    number,
  ],
  activeDeployments: [() => github.activeDeployments("production", "s"), list(number)],
  environment: [
    () => settings.environment("production"),
    none((value) => number((value as Record<string, unknown>)["reviewers"])),
  ],
  isProtected: [() => settings.isProtected("main"), flag],
  subjectClaims: [() => settings.subjectClaims(), none(list(text))],
  defaultPermissions: [() => settings.defaultPermissions(), text],
};

async function outcomesOf(): Promise<string[]> {
  const outcomes: string[] = [];
  for (const [name, [ask, fits]] of Object.entries(QUESTIONS)) {
    try {
      const value = await ask();
      if (!fits(value)) throw new Error(`${name} is ${JSON.stringify(value)}`);
      outcomes.push("answered");
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`${name}: ${String(error)}`, { cause: error });
      outcomes.push(error.reason);
    }
  }
  return outcomes;
}

// What is recorded must be enough, or the changes to it would test nothing.
test("every question is answered by what is recorded", async () => {
  expect(new Set(await outcomesOf())).toEqual(new Set(["answered"]));
  expect([...unknown]).toEqual([]);
});

test(
  "answers of GitHub with anything missing, moved, renamed, of another type or strange",
  { timeout: 1_200_000 },
  async () => {
    const seen = new Set<string>();
    await hold(
      "answers of GitHub, changed",
      changedJson([ANSWERS]),
      { sample: 25, all: 500 },
      async (changed) => {
        answers = typeof changed === "object" && changed !== null ? changed : {};
        for (const outcome of await outcomesOf()) seen.add(outcome);
      },
    );
    answers = ANSWERS;
    expect([...seen].toSorted()).toEqual(["answered", "github-unreadable"]);
  },
);

test.each([
  ["a proxy's page", "<html>please sign in</html>"],
  ["half of its JSON", JSON.stringify(ANSWERS).slice(0, 200)],
  ["nothing", ""],
  ["null", "null"],
  ["a text", '"ok"'],
  ["deep lists", "[".repeat(100_000)],
])("a proxy answers with %s", async (_what, answer) => {
  whole = answer;
  const outcomes = new Set(await outcomesOf());
  whole = undefined;
  expect([...outcomes]).toEqual(["github-unreadable"]);
});
