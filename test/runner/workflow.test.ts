/**
 * The committed workflow files by the real runner, `npm ci` and the Action's build included. One run takes about fifteen
 * seconds, so these are samples; life.test.ts takes all the other ways.
 */
import { expect, test } from "vitest";
import { startGitHub } from "../../action/local/github/server.ts";
import { startOidc } from "../../action/local/oidc.ts";
import { Checkout } from "../../action/local/runner/checkout.ts";
import { type DeliveredJob, deliver } from "../../action/local/runner/deliver.ts";
import type { Payload } from "../../action/local/runner/payload.ts";

// With an empty cache `npm ci` fetches 80 MB: the job's own bound of ten minutes decides, not the test's.
const TIMEOUT_MS = 660_000;

/** The step of that name is in the log of a job that runs it. */
const INSTALL = 'eval "$INSTALL"';

/** Opened, and all that it came to. */
async function strangersPullRequest(
  checkout: Checkout,
  action = "opened",
): Promise<{
  readonly job: DeliveredJob | undefined;
  readonly tokens: number;
  readonly writes: readonly unknown[];
}> {
  await using github = await startGitHub({ sha: await checkout.head(), visibility: "public" });
  await using oidc = await startOidc();
  const { number } = github.createPullRequest({ branch: "main", fork: "stranger/rabbit-hole" });
  const payload = {
    action,
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
  const writes = github.routes.filter(({ method }) => method !== "GET");
  return { job: jobs[0], tokens: oidc.issued.length, writes };
}

test(
  "a stranger's pull request is built, rendered and checked: green, with no identity and nothing written",
  async () => {
    await using checkout = await Checkout.create("sources");
    const { job, tokens, writes } = await strangersPullRequest(checkout);
    expect(job).toMatchObject({ code: 0, outputs: { result: "checked", reason: "fork" } });
    expect(job?.summary).toContain("rabbit-hole");
    expect(job?.log).toContain(INSTALL);
    expect({ tokens, writes }).toEqual({ tokens: 0, writes: [] });
  },
  TIMEOUT_MS,
);

test(
  "a job that builds nothing installs nothing first, and what Warren itself is built of only where it is no release",
  async () => {
    await using checkout = await Checkout.create("sources");
    const { job, tokens } = await strangersPullRequest(checkout, "closed");
    expect({ code: job?.code, tokens }).toEqual({ code: 0, tokens: 0 });
    expect(job?.log).toContain("actions/unpack");
    expect(job?.log).toContain("-> index.cjs");
    expect(job?.log).not.toContain(INSTALL);
  },
  TIMEOUT_MS,
);
