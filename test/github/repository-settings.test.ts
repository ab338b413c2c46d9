/** What the doctor asks of GitHub, over HTTP, of a stand-in that is held to GitHub's own description. */
import { expect, test } from "vitest";
import { createGitHubApi } from "../../action/edge/github-api.ts";
import { createRepositorySettings } from "../../action/edge/repository-settings.ts";
import type { Permissions } from "../../action/local/github/permissions.ts";
import { type GitHub, startGitHub } from "../../action/local/github/server.ts";
import type { RepositorySettings } from "../../action/github-ports.ts";
import { failureOf } from "../deploy/world.ts";

/** As warren.yml grants them. */
const JOB: Permissions = { actions: "read", contents: "read" };

function settingsOf(github: GitHub, permissions = JOB): RepositorySettings {
  const { url: apiUrl, repository } = github;
  const token = github.issueToken(permissions);
  const clock = { now: () => Date.now(), sleep: async () => {} };
  return createRepositorySettings(createGitHubApi({ token, repository, apiUrl, runUrl: "" }, clock));
}

test("environments as their owner has protected them", async () => {
  await using github = await startGitHub();
  const patterns = Array.from({ length: 120 }, (_, index) => `release/${index}`);
  github.protectEnvironment("open", {});
  github.protectEnvironment("reviewed", { reviewers: ["bob", "carol"], waitMinutes: 5 });
  github.protectEnvironment("a b/c", { branches: patterns });
  github.protectEnvironment("guarded", { branches: "protected" });
  const settings = settingsOf(github);
  expect(await settings.environment("none")).toBeUndefined();
  expect(await settings.environment("open")).toEqual({ reviewers: 0, branches: "all" });
  expect(await settings.environment("reviewed")).toEqual({ reviewers: 2, branches: "all" });
  expect(await settings.environment("a b/c")).toEqual({ reviewers: 0, branches: patterns });
  expect(await settings.environment("guarded")).toEqual({ reviewers: 0, branches: "protected" });
});

test("which branches are protected, and what subjects are made of", async () => {
  await using github = await startGitHub();
  github.pushBranch("other");
  github.state.protectedBranches.add("main");
  const settings = settingsOf(github);
  expect([await settings.isProtected("main"), await settings.isProtected("other")]).toEqual([true, false]);
  expect(await settings.subjectClaims()).toBeUndefined();
});

test("a job that lacks `actions: read` is told so; the setting of permissions no job may see", async () => {
  await using github = await startGitHub();
  const refused = await failureOf(settingsOf(github, { contents: "read" }).environment("production"));
  expect(refused.message).toContain("Add `actions: read` to the job's `permissions:`.");
  expect((await failureOf(settingsOf(github).defaultPermissions())).reason).toBe("github-permission-missing");
});
