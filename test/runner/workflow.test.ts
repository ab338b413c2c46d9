/**
 * The committed workflow files by the real runner, `npm ci` and the Action's build included. One run takes about fifteen
 * seconds, so these are samples; life.test.ts takes all the other ways.
 */
import { cp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { startGitHub } from "../../action/local/github/server.ts";
import { startOidc } from "../../action/local/oidc.ts";
import { Checkout } from "../../action/local/runner/checkout.ts";
import { type DeliveredJob, deliver } from "../../action/local/runner/deliver.ts";
import type { Payload } from "../../action/local/runner/payload.ts";
import { buildBundle } from "../action/step.ts";

// With an empty cache `npm ci` fetches 80 MB: the job's own bound of ten minutes decides, not the test's.
const TIMEOUT_MS = 660_000;

/** Opened, and all that it came to. */
async function strangersPullRequest(checkout: Checkout): Promise<{
  readonly job: DeliveredJob | undefined;
  readonly tokens: number;
  readonly writes: readonly unknown[];
}> {
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
  const writes = github.routes.filter(({ method }) => method !== "GET");
  return { job: jobs[0], tokens: oidc.issued.length, writes };
}

test(
  "a stranger's pull request is built, rendered and checked: green, with no identity and nothing written",
  async () => {
    await using checkout = await Checkout.create();
    const { job, tokens, writes } = await strangersPullRequest(checkout);
    expect(job).toMatchObject({ code: 0, outputs: { result: "checked", reason: "fork" } });
    expect(job?.summary).toContain("rabbit-hole");
    expect({ tokens, writes }).toEqual({ tokens: 0, writes: [] });
  },
  TIMEOUT_MS,
);

test(
  "a release is run from its dist/, without its sources, and nothing is built for it",
  async () => {
    await using bundle = await buildBundle();
    await using checkout = await Checkout.create();
    await cp(dirname(bundle.main), join(checkout.root, "dist"), { recursive: true });
    for (const sources of ["action", "scripts"]) await rm(join(checkout.root, sources), { recursive: true });
    // act leaves out what Git ignores, though a release holds it.
    await checkout.commit("A release", { ".gitignore": (text) => text.replace(/^\/?dist\/?$/m, "") });
    const { job } = await strangersPullRequest(checkout);
    expect(job).toMatchObject({ code: 0, outputs: { result: "checked", reason: "fork" } });
    expect(job?.log).toContain("actions/unpack");
    expect(job?.log).not.toContain("-> index.cjs");
  },
  TIMEOUT_MS,
);
