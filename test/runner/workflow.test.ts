/**
 * The committed workflow file by the real runner, `npm ci` and the Action's build included. One run of it takes about
 * fifteen seconds, so this is the sample; `npm run demo` takes all its other ways.
 */
import { expect, test } from "vitest";
import { startGitHub } from "../../action/local/github/server.ts";
import { startOidc } from "../../action/local/oidc.ts";
import { Checkout } from "../../action/local/runner/checkout.ts";
import { deliver } from "../../action/local/runner/deliver.ts";
import type { Payload } from "../../action/local/runner/payload.ts";

// With an empty cache `npm ci` fetches 80 MB: the job's own bound of ten minutes decides, not the test's.
const TIMEOUT_MS = 660_000;

test(
  "a stranger's pull request is built, rendered and checked: green, with no identity and nothing written",
  async () => {
    await using checkout = await Checkout.create();
    await using github = await startGitHub({ sha: await checkout.head(), visibility: "public" });
    await using oidc = await startOidc();
    const { number } = github.createPullRequest({ branch: "main", fork: "stranger/rabbit-hole" });
    const payload = {
      action: "opened",
      number,
      pull_request: github.pullRequestBody(number),
      repository: github.repositoryBody(),
      sender: { login: "stranger" },
    } as unknown as Payload;
    const environment = { AWS_ENDPOINT_URL: "http://127.0.0.1:9" };
    const variables = { WARREN_ROLE: "arn:aws:iam::111122223333:role/warren/rabbit-hole-us-east-1-deploy" };

    const jobs = await deliver(
      { eventName: "pull_request", payload, root: checkout.root },
      { github, oidc, environment, variables },
    );

    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({ code: 0, outputs: { result: "checked", reason: "fork" } });
    expect(jobs[0]?.summary).toContain("rabbit-hole");
    expect(oidc.issued).toEqual([]);
    expect(github.routes.filter(({ method }) => method !== "GET")).toEqual([]);
  },
  TIMEOUT_MS,
);
