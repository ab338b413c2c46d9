import { describe, expect, test } from "vitest";
import { startGitHub } from "../../action/local/github/server.ts";
import type { MergeMethod } from "../../action/local/github/state.ts";
import { clientOf, here } from "./standin.ts";

describe("branches", () => {
  test("are listed over all pages, which Link names by the repository's id", async () => {
    await using github = await startGitHub({ repositoryId: 4711 });
    for (let i = 0; i < 7; i += 1) github.pushBranch(`feature/${i}`);
    const { rest, paginate } = clientOf(github);
    const names = (await paginate(rest.repos.listBranches, { ...here, per_page: 3 })).map(({ name }) => name);
    expect(names).toEqual([...Array.from({ length: 7 }, (_, i) => `feature/${i}`), "main"]);

    const { headers } = await rest.repos.listBranches({ ...here, per_page: 3, page: 2 });
    const page = (number: number, relation: string): string =>
      `<${github.url}/repositories/4711/branches?per_page=3&page=${number}>; rel="${relation}"`;
    expect(headers.link).toBe(
      [page(1, "prev"), page(1, "first"), page(3, "next"), page(3, "last")].join(", "),
    );
  });

  test("come 30 a page, and never more than 100", async () => {
    await using github = await startGitHub();
    for (let i = 0; i < 119; i += 1) github.pushBranch(`b${i}`);
    const { rest } = clientOf(github);
    expect((await rest.repos.listBranches(here)).data).toHaveLength(30);
    expect((await rest.repos.listBranches({ ...here, per_page: 500 })).data).toHaveLength(100);
    expect((await rest.repos.listBranches({ ...here, per_page: 100, page: 3 })).data).toEqual([]);
  });

  test("are read by name, whatever is in it", async () => {
    await using github = await startGitHub();
    const { rest } = clientOf(github);
    for (const branch of ["feature/a b", "$(curl x)", "emoji-🐇", "a".repeat(250), "100%"]) {
      const sha = github.pushBranch(branch);
      expect((await rest.repos.getBranch({ ...here, branch })).data).toMatchObject({
        name: branch,
        commit: { sha },
      });
      expect((await rest.git.getRef({ ...here, ref: `heads/${branch}` })).data.object.sha).toBe(sha);
    }
    await expect(rest.repos.getBranch({ ...here, branch: "none" })).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("Branch not found") as string,
    });
    await expect(rest.git.getRef({ ...here, ref: "heads/none" })).rejects.toMatchObject({ status: 404 });
  });

  test("are made, and refused when they are there or their commit is not", async () => {
    await using github = await startGitHub();
    const { rest } = clientOf(github);
    const sha = github.pushBranch("main");
    await rest.git.createRef({ ...here, ref: "refs/heads/new", sha });
    expect(github.state.branches.get("new")).toBe(sha);
    const refused = (ref: string, commit: string): Promise<unknown> =>
      expect(rest.git.createRef({ ...here, ref, sha: commit })).rejects.toMatchObject({ status: 422 });
    await refused("refs/heads/new", sha);
    await refused("refs/heads/other", "0".repeat(40));
    await refused("heads/other", sha);
  });
});

describe("the comparison of two commits", () => {
  test("says how one stands to the other", async () => {
    await using github = await startGitHub();
    const first = github.state.branches.get("main") ?? "";
    const second = github.pushBranch("main");
    const side = github.pushBranch("side", undefined, [first]);
    const stranger = github.pushBranch("stranger", undefined, []);
    const { rest } = clientOf(github);
    const compare = async (base: string, head: string): Promise<unknown> => {
      const { data } = await rest.repos.compareCommitsWithBasehead({
        ...here,
        basehead: `${base}...${head}`,
      });
      return [
        data.status,
        data.ahead_by,
        data.behind_by,
        data.merge_base_commit.sha,
        data.commits.map(({ sha }) => sha),
      ];
    };
    expect(await compare("main", "main")).toEqual(["identical", 0, 0, second, []]);
    expect(await compare(first, "main")).toEqual(["ahead", 1, 0, first, [second]]);
    expect(await compare("main", first)).toEqual(["behind", 0, 1, first, []]);
    expect(await compare(second, "side")).toEqual(["diverged", 1, 1, first, [side]]);
    await expect(compare("main", stranger)).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("No common ancestor") as string,
    });
    await expect(compare("main", "0".repeat(40))).rejects.toMatchObject({ status: 404 });
  });
});

describe("pull requests", () => {
  test("are listed open and newest first, unless asked for others", async () => {
    await using github = await startGitHub();
    for (const name of ["a", "b", "c"]) {
      github.pushBranch(name);
      github.createPullRequest({ branch: name });
    }
    github.closePullRequest(2);
    const { rest, paginate } = clientOf(github);
    const numbers = async (query: object): Promise<number[]> =>
      (await paginate(rest.pulls.list, { ...here, per_page: 1, ...query })).map(({ number }) => number);
    expect(await numbers({})).toEqual([3, 1]);
    expect(await numbers({ state: "all", direction: "asc" })).toEqual([1, 2, 3]);
    expect(await numbers({ state: "closed" })).toEqual([2]);
    expect(await numbers({ head: "warren:a" })).toEqual([1]);
    expect(await numbers({ base: "other" })).toEqual([]);
  });

  test("follow what is pushed to their branch", async () => {
    await using github = await startGitHub();
    github.pushBranch("x");
    const { number } = github.createPullRequest({ branch: "x", title: "`|` @team", draft: true });
    const sha = github.pushBranch("x");
    const { data } = await clientOf(github).rest.pulls.get({ ...here, pull_number: number });
    expect(data).toMatchObject({ title: "`|` @team", draft: true, state: "open", merged: false, commits: 2 });
    expect(data.head).toMatchObject({
      ref: "x",
      sha,
      label: "warren:x",
      repo: { full_name: "warren/rabbit-hole" },
    });
    expect(data.base.sha).toBe(github.state.branches.get("main"));
  });

  test("of forks say so, also when the fork is gone", async () => {
    await using github = await startGitHub();
    const pull = github.createPullRequest({ branch: "main", fork: "mallory/rabbit-hole" });
    const { rest } = clientOf(github);
    const repository = async (): Promise<unknown> =>
      (await rest.pulls.get({ ...here, pull_number: pull.number })).data.head.repo;
    expect(await repository()).toMatchObject({ full_name: "mallory/rabbit-hole", fork: true });
    pull.headRepository = null;
    expect(await repository()).toBeNull();
  });

  test("are closed with their branch, by the API as well, and keep its name and commit", async () => {
    await using github = await startGitHub();
    const sha = github.pushBranch("x");
    github.createPullRequest({ branch: "x" });
    github.createPullRequest({ branch: "x", fork: "mallory/rabbit-hole" });
    const { rest } = clientOf(github);
    await rest.git.deleteRef({ ...here, ref: "heads/x" });
    const { data } = await rest.pulls.get({ ...here, pull_number: 1 });
    expect(data).toMatchObject({ state: "closed", merged: false, head: { ref: "x", sha } });
    expect((await rest.pulls.list(here)).data.map(({ number }) => number)).toEqual([2]);
    await expect(rest.git.deleteRef({ ...here, ref: "heads/x" })).rejects.toMatchObject({ status: 422 });
    expect(() => github.reopenPullRequest(1)).toThrow("cannot be reopened");
  });

  test.each<[MergeMethod, number]>([
    ["merge", 2],
    ["squash", 1],
    ["rebase", 1],
  ])("merged by %s are found by the commit that came of it", async (how, parents) => {
    await using github = await startGitHub();
    const change = github.pushBranch("x");
    github.createPullRequest({ branch: "x" });
    github.pushBranch("main");
    const { rest } = clientOf(github);
    const found = async (commit_sha: string): Promise<number[]> =>
      (await rest.repos.listPullRequestsAssociatedWithCommit({ ...here, commit_sha })).data.map(
        ({ number }) => number,
      );
    expect(await found(change)).toEqual([1]);

    const merged = github.closePullRequest(1, how);
    expect(github.state.branches.get("main")).toBe(merged);
    expect(github.state.commits.get(merged)?.parents).toHaveLength(parents);
    const { data } = await rest.pulls.get({ ...here, pull_number: 1 });
    expect(data).toMatchObject({ state: "closed", merged: true, merge_commit_sha: merged });
    github.deleteBranch("x");
    expect(await found(merged)).toEqual([1]);
    expect(await found(change)).toEqual([1]);
    expect(await found(github.pushBranch("main"))).toEqual([]);
  });

  test("that were closed unmerged are not found by their commits", async () => {
    await using github = await startGitHub();
    const sha = github.pushBranch("x");
    github.createPullRequest({ branch: "x" });
    github.closePullRequest(1);
    const { rest } = clientOf(github);
    expect(
      (await rest.repos.listPullRequestsAssociatedWithCommit({ ...here, commit_sha: sha })).data,
    ).toEqual([]);
    github.reopenPullRequest(1);
    expect((await rest.pulls.list(here)).data).toHaveLength(1);
  });
});

describe("comments", () => {
  test("are made, edited, listed oldest first over all pages, and removed", async () => {
    await using github = await startGitHub();
    github.pushBranch("x");
    github.createPullRequest({ branch: "x" });
    for (let i = 0; i < 5; i += 1) github.addComment(1, "alice", `word ${i}`);
    const { rest, paginate } = clientOf(github);
    const issue = { ...here, issue_number: 1 };
    const { data } = await rest.issues.createComment({ ...issue, body: "ours" });
    expect(data.user).toMatchObject({ login: "github-actions[bot]", type: "Bot" });
    await rest.issues.updateComment({ ...here, comment_id: data.id, body: "ours again" });
    const bodies = (await paginate(rest.issues.listComments, { ...issue, per_page: 2 })).map(
      ({ body }) => body,
    );
    expect(bodies).toEqual(["word 0", "word 1", "word 2", "word 3", "word 4", "ours again"]);
    expect(github.comments(1).at(-1)).toMatchObject({ id: data.id, author: "github-actions[bot]", edits: 1 });
    await rest.issues.deleteComment({ ...here, comment_id: data.id });
    await expect(rest.issues.getComment({ ...here, comment_id: data.id })).rejects.toMatchObject({
      status: 404,
    });
  });

  test("of 65,536 characters are taken, longer and blank ones are not", async () => {
    await using github = await startGitHub();
    github.pushBranch("x");
    github.createPullRequest({ branch: "x" });
    const { rest } = clientOf(github);
    const issue = { ...here, issue_number: 1 };
    const { data } = await rest.issues.createComment({ ...issue, body: "x".repeat(65_536) });
    const tooLong = {
      status: 422,
      response: {
        data: {
          message: "Validation Failed",
          errors: [
            {
              resource: "IssueComment",
              code: "unprocessable",
              field: "data",
              message: "Body is too long (maximum is 65536 characters)",
            },
          ],
        },
      },
    };
    const body = "x".repeat(65_537);
    await expect(rest.issues.createComment({ ...issue, body })).rejects.toMatchObject(tooLong);
    await expect(rest.issues.updateComment({ ...here, comment_id: data.id, body })).rejects.toMatchObject(
      tooLong,
    );
    await expect(rest.issues.createComment({ ...issue, body: " " })).rejects.toMatchObject({ status: 422 });
    await expect(rest.issues.createComment({ ...here, issue_number: 9, body: "x" })).rejects.toMatchObject({
      status: 404,
    });
    expect(github.comments(1)).toHaveLength(1);
  });
});

describe("issues", () => {
  test("are made, closed and listed together with pull requests, which share their numbers", async () => {
    await using github = await startGitHub();
    github.pushBranch("x");
    github.createPullRequest({ branch: "x" });
    const { rest } = clientOf(github);
    const { data } = await rest.issues.create({
      ...here,
      title: "Drift",
      body: "in prod",
      labels: ["warren"],
    });
    expect(data).toMatchObject({ number: 2, state: "open", title: "Drift" });
    const list = async (query: object): Promise<unknown> =>
      (await rest.issues.listForRepo({ ...here, ...query })).data.map(({ number, pull_request }) => [
        number,
        pull_request !== undefined,
      ]);
    expect(await list({})).toEqual([
      [2, false],
      [1, true],
    ]);
    expect(await list({ labels: "warren" })).toEqual([[2, false]]);
    await rest.issues.update({ ...here, issue_number: 2, state: "closed", body: "mended" });
    expect(await list({ labels: "warren" })).toEqual([]);
    expect((await rest.issues.get({ ...here, issue_number: 2 })).data).toMatchObject({
      body: "mended",
      state: "closed",
    });
    await expect(rest.issues.create({ ...here, title: "x", body: "x".repeat(65_537) })).rejects.toMatchObject(
      {
        status: 422,
      },
    );
  });
});
